import { checkNumber, resolveNumbers } from '@stmp/engine';

/**
 * How long to wait before the next attempt.
 * @param attempt 1 for the first one after a failure.
 * @param random 0 up to, not including, 1.
 * @returns milliseconds, or undefined to give up.
 */
export type BackoffFunction = (attempt: number, random: number) => number | undefined;

export interface Backoff {
  readonly delayMs: BackoffFunction;
  /** Its longest step: the least wait after TooManyRequests. */
  readonly longestMs: number;
}

export interface ExponentialBackoffOptions {
  /** Upper end of the first wait. Default 500. */
  readonly baseMs?: number | undefined;
  /** Upper end of the longest wait. Default 30_000. */
  readonly maxMs?: number | undefined;
  /** Default 2. */
  readonly factor?: number | undefined;
  /** Attempts before giving up. Default: no limit. */
  readonly maxAttempts?: number | undefined;
}

/** Exponential with full jitter: each wait is drawn from 0 to the step, so that clients that lost one server do not come back as one. */
export function exponentialBackoff(options: ExponentialBackoffOptions = {}): Backoff {
  const { baseMs, maxMs, factor, maxAttempts } = resolveNumbers(options, {
    baseMs: [500, 1],
    maxMs: [30_000, 1],
    factor: [2, 1],
    maxAttempts: [Number.MAX_SAFE_INTEGER, 0],
  });
  return {
    longestMs: maxMs,
    delayMs: (attempt, random) =>
      attempt > maxAttempts ? undefined : Math.min(maxMs, baseMs * factor ** (attempt - 1)) * random,
  };
}

/** The original's: 1 s, 200 ms more each time, 20 % up or down, 7 tries. */
export const UPSTREAM_BACKOFF: Backoff = {
  longestMs: (1_000 + 6 * 200) * 1.2,
  delayMs: (attempt, random) => (attempt > 7 ? undefined : (1_000 + (attempt - 1) * 200) * (0.8 + 0.4 * random)),
};

/** Of a function on its own, whose longest step we cannot know. */
const LONGEST_MS = 30_000;

/** @param report Gets what the user's function throws, or returns and may not; the wait is the longest step then. */
export function resolveBackoff(
  backoff: Backoff | BackoffFunction | undefined,
  report: (error: unknown) => void,
): Backoff {
  if (backoff === undefined) return exponentialBackoff();
  const given = typeof backoff === 'function' ? { delayMs: backoff, longestMs: LONGEST_MS } : backoff;
  const longestMs = checkNumber('reconnect.longestMs', given.longestMs, 0);
  return {
    longestMs,
    delayMs(attempt, random) {
      try {
        const delayMs = given.delayMs(attempt, random);
        return delayMs === undefined ? undefined : checkNumber('reconnect.delayMs', delayMs, 0);
      } catch (error) {
        report(error);
        return longestMs;
      }
    },
  };
}
