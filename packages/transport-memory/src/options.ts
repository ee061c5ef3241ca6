import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';

/** Default of `highWaterBytes`. */
export const DEFAULT_HIGH_WATER_BYTES = 65_536;

export interface MemoryOptions {
  /** `stream` loses boundaries on demand (see `chunk`), `message` keeps them and takes text. Default `stream`. */
  readonly kind?: 'stream' | 'message' | undefined;
  /** `send` returns false above this many bytes that the other end has not taken. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** How a stream cuts each unit for its reader; the pieces put together must be the unit. Default: one piece. */
  readonly chunk?: ((unit: Uint8Array) => Iterable<Uint8Array>) | undefined;
}

export interface ResolvedMemoryOptions {
  readonly kind: 'stream' | 'message';
  readonly highWaterBytes: number;
  readonly chunk: ((unit: Uint8Array) => Iterable<Uint8Array>) | undefined;
}

/** Fills in the defaults and checks the ranges. */
export function resolveMemoryOptions(options: MemoryOptions = {}): ResolvedMemoryOptions {
  const { kind = 'stream', highWaterBytes = DEFAULT_HIGH_WATER_BYTES, chunk } = options;
  if (kind !== 'stream' && kind !== 'message') {
    throw new TypeError(`kind must be 'stream' or 'message', got ${String(kind)}`);
  }
  if (chunk !== undefined && typeof chunk !== 'function') {
    throw new TypeError(`chunk must be a function, got ${typeof chunk}`);
  }
  checkBytes('highWaterBytes', highWaterBytes);
  return { kind, highWaterBytes, chunk };
}

/** Checks a limit on one message and fills in its default. */
export function resolveMaxUnitBytes(maxUnitBytes: number | undefined): number {
  if (maxUnitBytes === undefined) return DEFAULT_MAX_PACKET_BYTES;
  checkBytes('maxUnitBytes', maxUnitBytes);
  return maxUnitBytes;
}

function checkBytes(name: string, value: unknown): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} must be an integer of at least 1, got ${value}`);
  }
}
