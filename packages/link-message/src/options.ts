import { DEFAULT_MAX_PACKET_BYTES, type Hello, type LinkPeer } from '@stmp/contract';

/** Default of `highWaterBytes`. */
export const DEFAULT_HIGH_WATER_BYTES = 65_536;
/** Default of `windowBytes`. */
export const DEFAULT_WINDOW_BYTES = 262_144;

export interface MessageLinkOptions {
  /** `send` returns false above this many bytes that wait here for the peer to read. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** Largest unit to accept, checked before it is put together: more closes with `too_large`. Default 16 MiB. */
  readonly maxUnitBytes?: number | undefined;
  /** Bytes that the peer may post ahead of what was read here; one unit more may come. Default 262_144, at least 1. */
  readonly windowBytes?: number | undefined;
  /** Largest message that the path posts: longer units travel in pieces. Default: no limit. At least 16. */
  readonly maxPostBytes?: number | undefined;
  /** Who is there. Default: nothing is known. */
  readonly peer?: LinkPeer | undefined;
  /** True when the data travels encrypted. Default false. */
  readonly secure?: boolean | undefined;
  /** What the client said outside the data. Default: the handshake goes in band. */
  readonly hello?: Hello | undefined;
}

export interface ResolvedMessageLinkOptions {
  readonly highWaterBytes: number;
  readonly maxUnitBytes: number;
  readonly windowBytes: number;
  readonly maxPostBytes: number;
}

/** Fills in the defaults and checks the ranges. */
export function resolveMessageLinkOptions(options: MessageLinkOptions): ResolvedMessageLinkOptions {
  const {
    highWaterBytes = DEFAULT_HIGH_WATER_BYTES,
    maxUnitBytes = DEFAULT_MAX_PACKET_BYTES,
    windowBytes = DEFAULT_WINDOW_BYTES,
    maxPostBytes = Number.MAX_SAFE_INTEGER,
  } = options;
  atLeast('highWaterBytes', highWaterBytes, 1);
  atLeast('maxUnitBytes', maxUnitBytes, 1);
  atLeast('windowBytes', windowBytes, 1);
  atLeast('maxPostBytes', maxPostBytes, 16);
  return { highWaterBytes, maxUnitBytes, windowBytes, maxPostBytes };
}

function atLeast(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} must be an integer of at least ${least}, got ${value}`);
  }
}
