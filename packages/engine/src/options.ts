import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';
import { DEFAULT_MAX_HANDSHAKE_BYTES, DEFAULT_MAX_HEADER_BYTES } from '@stmp/packet';
import type { EngineOptions, Keepalive, Patience } from './types.js';

export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;
export const DEFAULT_PACKET_TIMEOUT_MS = 30_000;
/** A {@link Patience} without gaps. */
export type ResolvedPatience = { readonly [K in keyof Patience]-?: number };
/** Source: STMP 1.0, section 4. */
export const DEFAULT_KEEPALIVE: ResolvedPatience & { readonly waiting: ResolvedPatience } = {
  pingIntervalMs: 25_000,
  staleMs: 35_000,
  idleTimeoutMs: 45_000,
  waiting: { pingIntervalMs: 5_000, staleMs: 10_000, idleTimeoutMs: 20_000 },
};
/** The intervals of the original, whether calls wait or not. Source: STMP 1.0, section 4. */
export const UPSTREAM_KEEPALIVE: { readonly client: Keepalive; readonly server: Keepalive } = {
  client: { pingIntervalMs: 60_000, idleTimeoutMs: 120_000 },
  server: { pingIntervalMs: 1_800_000, idleTimeoutMs: 3_600_000 },
};
/** A connection with more calls given up and unanswered than this is closed. */
export const MAX_ABANDONED_CALLS = 32_768;

/** Options with defaults filled in and checked; one object serves any number of engines. */
export interface ResolvedEngineOptions {
  readonly handshakeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly packetTimeoutMs: number;
  readonly idle: ResolvedPatience;
  readonly waiting: ResolvedPatience;
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
  const least = min === Number.MIN_VALUE ? 'above 0 and up' : `from ${min}`;
  throw new RangeError(`${name} must be a number ${least} to ${max}, got ${String(value)}`);
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
  return options !== undefined && 'waiting' in options ? options : resolveEngineOptions(options);
}

const MAX_BYTES = 0x7fff_ffff;

export function resolveEngineOptions(options: EngineOptions = {}): ResolvedEngineOptions {
  return {
    ...resolveNumbers(options, {
      handshakeTimeoutMs: [DEFAULT_HANDSHAKE_TIMEOUT_MS, 0],
      closeTimeoutMs: [DEFAULT_CLOSE_TIMEOUT_MS, 0],
      packetTimeoutMs: [DEFAULT_PACKET_TIMEOUT_MS, 0],
      maxPacketBytes: [DEFAULT_MAX_PACKET_BYTES, 1, MAX_BYTES],
      maxHeaderBytes: [DEFAULT_MAX_HEADER_BYTES, 1, MAX_BYTES],
      maxHandshakeBytes: [DEFAULT_MAX_HANDSHAKE_BYTES, 1, MAX_BYTES],
    }),
    ...resolveKeepalive(options.keepalive ?? {}),
    maxSendBytes: options.maxPacketBytes,
  };
}

function resolveKeepalive(given: Keepalive): { readonly idle: ResolvedPatience; readonly waiting: ResolvedPatience } {
  const idle = resolvePatience(given, DEFAULT_KEEPALIVE, 'keepalive.');
  // Who names times means them, whatever waits.
  const isDefault = [given.pingIntervalMs, given.staleMs, given.idleTimeoutMs].every((ms) => ms === undefined);
  const waiting = resolvePatience(
    given.waiting ?? {},
    isDefault ? DEFAULT_KEEPALIVE.waiting : idle,
    'keepalive.waiting.',
  );
  return { idle, waiting };
}

function resolvePatience(given: Patience, preset: ResolvedPatience, prefix: string): ResolvedPatience {
  const { pingIntervalMs, idleTimeoutMs } = resolveNumbers(
    given,
    { pingIntervalMs: [preset.pingIntervalMs, 0], idleTimeoutMs: [preset.idleTimeoutMs, 0] },
    prefix,
  );
  const isPreset = given.pingIntervalMs === undefined && given.idleTimeoutMs === undefined;
  const staleMs = isPreset ? preset.staleMs : halfWay(pingIntervalMs, idleTimeoutMs);
  return { pingIntervalMs, idleTimeoutMs, ...resolveNumbers(given, { staleMs: [staleMs, 0] }, prefix) };
}

/** When a ping has been unanswered for long enough to say so. */
function halfWay(pingMs: number, deadMs: number): number {
  if (deadMs === 0) return 2 * pingMs;
  return pingMs < deadMs ? (pingMs + deadMs) / 2 : deadMs;
}
