/** Time and chance, as the package uses them; tests pass their own. */
export interface Clock {
  /** Milliseconds of any clock that does not run backwards. */
  nowMs(): number;
  setTimer(fn: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
  /** 0 up to, not including, 1. */
  random(): number;
}

/** Longest delay a platform timer takes; longer waits are cut and looked at again. */
export const MAX_TIMER_MS = 2_147_483_647;

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  setTimer: (fn, ms) => setTimeout(fn, Math.min(ms, MAX_TIMER_MS)),
  clearTimer: (timer) => clearTimeout(timer as Parameters<typeof clearTimeout>[0]),
  random: Math.random,
};
