import { Status, StmpError } from '@stmp/contract';
import type { Unfinished } from './input.js';
import type { ResolvedEngineOptions } from './options.js';

/** A peer that sends at this rate has all the time that it needs. */
const LEAST_BYTES_PER_MS = 8;

/** When a packet that was begun has to be whole: a while, and more with each byte that has come. */
export function dueMs(
  unfinished: Unfinished | undefined,
  { packetTimeoutMs }: Pick<ResolvedEngineOptions, 'packetTimeoutMs'>,
): number {
  if (packetTimeoutMs === 0 || unfinished === undefined || unfinished.sinceMs < 0) return Number.POSITIVE_INFINITY;
  return unfinished.sinceMs + packetTimeoutMs + Math.floor(unfinished.length / LEAST_BYTES_PER_MS);
}

export function tooSlow(packetTimeoutMs: number): StmpError {
  return new StmpError('link_failed', `the peer did not finish a packet within ${packetTimeoutMs} ms`, {
    origin: 'peer',
    status: Status.NetworkError,
  });
}
