import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';
import { DEFAULT_MAX_HANDSHAKE_BYTES, DEFAULT_MAX_HEADER_BYTES } from '@stmp/packet';
import type { EngineOptions, Keepalive } from './types.js';

export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;
export const DEFAULT_KEEPALIVE: { readonly pingIntervalMs: number; readonly idleTimeoutMs: number } = {
  pingIntervalMs: 30_000,
  idleTimeoutMs: 90_000,
};
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
  /** Of single actions, where not all have the same; at most `maxPacketBytes`. */
  readonly maxPacketBytesOf?: ((action: number | bigint | string) => number) | undefined;
  /** What may be sent, whatever the peer takes; undefined: what the peer takes. */
  readonly maxSendBytes: number | undefined;
  readonly maxHeaderBytes: number;
  readonly maxHandshakeBytes: number;
}

/** Throws, naming the option, unless `value` is a number in the range. */
export function checkNumber(name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  // Not true for NaN either.
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`${name} must be a number from ${min} to ${max}, got ${String(value)}`);
}

/** Default, smallest and, if there is one, largest value of each option. */
export type NumberRules<K extends string> = Readonly<Record<K, readonly [preset: number, min: number, max?: number]>>;

/** Options that are numbers, with their defaults, checked. `prefix` goes before their names in errors. */
export function resolveNumbers<K extends string>(
  given: Readonly<Partial<Record<NoInfer<K>, number | undefined>>>,
  rules: NumberRules<K>,
  prefix = '',
): Record<K, number> {
  const resolved = {} as Record<K, number>;
  for (const name in rules) {
    const [preset, min, max] = rules[name];
    resolved[name] = checkNumber(prefix + name, given[name] ?? preset, min, max);
  }
  return resolved;
}

/** Options as engines are given them, with defaults. */
export function resolvedOptions(options: EngineOptions | ResolvedEngineOptions | undefined): ResolvedEngineOptions {
  return options !== undefined && 'pingIntervalMs' in options ? options : resolveEngineOptions(options);
}

const MAX_BYTES = 0x7fff_ffff;

export function resolveEngineOptions(options: EngineOptions = {}): ResolvedEngineOptions {
  return {
    ...resolveNumbers(options, {
      handshakeTimeoutMs: [DEFAULT_HANDSHAKE_TIMEOUT_MS, 0],
      closeTimeoutMs: [DEFAULT_CLOSE_TIMEOUT_MS, 0],
      maxPacketBytes: [DEFAULT_MAX_PACKET_BYTES, 1, MAX_BYTES],
      maxHeaderBytes: [DEFAULT_MAX_HEADER_BYTES, 1, MAX_BYTES],
      maxHandshakeBytes: [DEFAULT_MAX_HANDSHAKE_BYTES, 1, MAX_BYTES],
    }),
    ...resolveNumbers(
      options.keepalive ?? {},
      {
        pingIntervalMs: [DEFAULT_KEEPALIVE.pingIntervalMs, 0],
        idleTimeoutMs: [DEFAULT_KEEPALIVE.idleTimeoutMs, 0],
      },
      'keepalive.',
    ),
    maxSendBytes: options.maxPacketBytes,
  };
}
