import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';
import { DEFAULT_MAX_HANDSHAKE_BYTES, DEFAULT_MAX_HEADER_BYTES } from '@stmp/packet';
import type { EngineOptions, Keepalive } from './types.js';

export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;
export const DEFAULT_KEEPALIVE: Required<Keepalive> = { pingIntervalMs: 30_000, idleTimeoutMs: 90_000 };
/** The intervals of the original. Source: STMP 1.0, section 4. */
export const UPSTREAM_KEEPALIVE: { readonly client: Required<Keepalive>; readonly server: Required<Keepalive> } = {
  client: { pingIntervalMs: 60_000, idleTimeoutMs: 120_000 },
  server: { pingIntervalMs: 1_800_000, idleTimeoutMs: 3_600_000 },
};
/** A connection with more calls given up and unanswered than this is closed. */
export const MAX_ABANDONED_CALLS = 32_768;

/** Options with defaults filled in and checked; one object serves any number of engines. */
export interface ResolvedEngineOptions {
  readonly handshakeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly maxPacketBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHandshakeBytes: number;
}

export function checkNumber(name: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || Number.isNaN(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a number from ${min} to ${max}, got ${String(value)}`);
  }
  return value;
}

const MAX_TIME = Number.MAX_SAFE_INTEGER;

export function resolveEngineOptions(options: EngineOptions = {}): ResolvedEngineOptions {
  const { keepalive = {} } = options;
  const time = (name: string, value: number | undefined, preset: number | undefined): number =>
    checkNumber(name, value ?? preset ?? 0, 0, MAX_TIME);
  const bytes = (name: string, value: number | undefined, preset: number): number =>
    checkNumber(name, value ?? preset, 1, 0x7fff_ffff);
  return {
    handshakeTimeoutMs: time('handshakeTimeoutMs', options.handshakeTimeoutMs, DEFAULT_HANDSHAKE_TIMEOUT_MS),
    closeTimeoutMs: time('closeTimeoutMs', options.closeTimeoutMs, DEFAULT_CLOSE_TIMEOUT_MS),
    pingIntervalMs: time('keepalive.pingIntervalMs', keepalive.pingIntervalMs, DEFAULT_KEEPALIVE.pingIntervalMs),
    idleTimeoutMs: time('keepalive.idleTimeoutMs', keepalive.idleTimeoutMs, DEFAULT_KEEPALIVE.idleTimeoutMs),
    maxPacketBytes: bytes('maxPacketBytes', options.maxPacketBytes, DEFAULT_MAX_PACKET_BYTES),
    maxHeaderBytes: bytes('maxHeaderBytes', options.maxHeaderBytes, DEFAULT_MAX_HEADER_BYTES),
    maxHandshakeBytes: bytes('maxHandshakeBytes', options.maxHandshakeBytes, DEFAULT_MAX_HANDSHAKE_BYTES),
  };
}
