import { isStmpError, Status, StmpError } from '@stmp/contract';
import { textOf } from '../thrown.js';
import type { ConnectionEnd } from '../types.js';
import type { Backoff } from './backoff.js';

/**
 * What a client does after an attempt failed or a connection ended.
 *
 * - `final`: it closes.
 * - `backoff`: it tries again, when the backoff says.
 * - `longest`: it tries again, not before the longest step of the backoff.
 * - `fresh-headers`: it tries again once, if `headers` is a function, which is asked anew; else it closes.
 */
export type Retry = 'final' | 'backoff' | 'longest' | 'fresh-headers';

/** By status. What is not in the table is final. Source: STMP 1.0, section 4. */
export const DEFAULT_RETRY_ON: Readonly<Record<number, Retry>> = {
  [Status.NetworkError]: 'backoff',
  [Status.InternalServerError]: 'backoff',
  [Status.ServerShutdown]: 'backoff',
  [Status.Unavailable]: 'backoff',
  [Status.TooManyRequests]: 'longest',
  [Status.Unauthorized]: 'fresh-headers',
};

/** The same for an upgrade that HTTP refused, by its status there. What is not in the table may pass: `longest`. */
const REFUSED_UPGRADES: Readonly<Record<number, Retry>> = {
  [Status.BadRequest]: 'final',
  [Status.Unauthorized]: 'fresh-headers',
  [Status.Forbidden]: 'fresh-headers',
};

/** No peer may send a client away for longer. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export function retryOf(error: StmpError, status: number, retryOn: Readonly<Record<number, Retry>> | undefined): Retry {
  const isRefusedUpgrade = error.code === 'dial_failed' && error.origin === 'peer';
  const own = retryOn?.[status];
  if (own !== undefined) return own;
  return isRefusedUpgrade ? (REFUSED_UPGRADES[status] ?? 'longest') : (DEFAULT_RETRY_ON[status] ?? 'final');
}

/** Milliseconds until the next attempt, undefined: no more. `longest` and what the server asks for come below the usual wait, so that clients do not come back all at once. */
export function delayOf(
  retry: 'backoff' | 'longest',
  backoff: Backoff,
  failures: number,
  random: number,
  retryAfterMs = 0,
): number | undefined {
  const delayMs = backoff.delayMs(failures, random);
  if (delayMs === undefined) return undefined;
  const leastMs = retry === 'longest' ? backoff.longestMs : 0;
  return delayMs + Math.max(leastMs, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

/** Why a connection ended, as an error. */
export function reasonOf(end: ConnectionEnd): StmpError {
  const { error, message, status, origin } = end;
  return error ?? new StmpError('connection_closed', message, { status, origin });
}

/** The end of an attempt that came to no connection. */
export function endOf(error: StmpError): ConnectionEnd {
  const { status = error.code === 'unsupported' ? Status.BadRequest : Status.NetworkError, message, origin } = error;
  return { status, message, origin, error };
}

/** What a hook of the application threw. A status it chose stands; anything else is InternalServerError, and may pass. */
export function hookError(what: string, error: unknown): StmpError {
  if (isStmpError(error) && error.code === 'status') return error;
  return new StmpError('status', `${what} failed: ${textOf(error)}`, {
    status: Status.InternalServerError,
    cause: error,
  });
}
