import { Status, statusError } from '@stmp/contract';

/**
 * When an identity expires that has just been given.
 * @param expiresInMs undefined or Infinity: never.
 * @returns undefined: never.
 * @throws RangeError for what is no number; StmpError Unauthorized for one that is over already.
 */
export function expiryOf(expiresInMs: number | undefined, nowMs: number): number | undefined {
  if (expiresInMs === undefined || expiresInMs === Number.POSITIVE_INFINITY) return undefined;
  if (typeof expiresInMs !== 'number' || Number.isNaN(expiresInMs))
    throw new RangeError(
      `expiresInMs must be a number, got ${typeof expiresInMs === 'number' ? 'NaN' : typeof expiresInMs}`,
    );
  if (expiresInMs <= 0) throw statusError(Status.Unauthorized, 'the authentication has expired');
  return nowMs + expiresInMs;
}
