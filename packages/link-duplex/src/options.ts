import type { LinkPeer, StmpError } from '@stmp/contract';
import type { NodeDuplex } from './node-duplex.js';

/** Default of `highWaterBytes`. */
export const DEFAULT_HIGH_WATER_BYTES = 65_536;
/** Largest write that loopback TCP keeps whole towards a reader that does not put pieces together. Source: STMP 1.0, section 7. */
export const TCP_SAFE_WRITE_BYTES = 65_536;
/** Half of what such a reader has room for in its socket. */
export const TCP_SAFE_UNREAD_BYTES = 65_536;
/** The same as {@link TCP_SAFE_WRITE_BYTES} for TLS: one record. */
export const TLS_SAFE_WRITE_BYTES = 16_384;

export interface DuplexLinkOptions {
  /** `send` returns false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** See `StreamLink.safeWriteBytes`. Default 16_384 when `secure`, else 65_536. */
  readonly safeWriteBytes?: number | undefined;
  /** See `StreamLink.safeUnreadBytes`; not while `secure`. Default: no limit. */
  readonly safeUnreadBytes?: number | undefined;
  /** True when the data travels encrypted. Default: the duplex says so (`encrypted`, as a `TLSSocket` does). */
  readonly secure?: boolean | undefined;
  /** Ends the duplex at once and tells the peer, where the platform can; for `abort`. Default: `duplex.destroy()`. */
  readonly reset?: ((duplex: NodeDuplex) => void) | undefined;
  /** Who is there. Default: the addresses and the certificate that the duplex has. */
  readonly peer?: LinkPeer | undefined;
  /**
   * What an error of the duplex means to `onClose`, where this knows better; undefined: an orderly end. Default:
   * `link_failed` with the error as cause, or nothing for one that may follow the beginning of the end, such as `EPIPE`.
   */
  readonly reasonOf?: ((error: Error) => StmpError | undefined) | undefined;
}

/** {@link DuplexLinkOptions} checked once, to be shared by many links. */
export interface ResolvedDuplexLinkOptions {
  readonly highWaterBytes: number;
  readonly safeWriteBytes: number | undefined;
  readonly safeUnreadBytes: number | undefined;
  readonly secure: boolean | undefined;
  readonly reset: ((duplex: NodeDuplex) => void) | undefined;
  readonly peer: LinkPeer | undefined;
  readonly reasonOf: ((error: Error) => StmpError | undefined) | undefined;
  readonly resolved: true;
}

/** Fills in the defaults and checks the ranges. Pass the result to many `duplexLink` calls. */
export function resolveDuplexLinkOptions(
  options: DuplexLinkOptions | ResolvedDuplexLinkOptions = {},
): ResolvedDuplexLinkOptions {
  if ('resolved' in options) return options;
  const { highWaterBytes = DEFAULT_HIGH_WATER_BYTES, safeWriteBytes, safeUnreadBytes } = options;
  const { secure, reset, peer, reasonOf } = options;
  positiveInteger('highWaterBytes', highWaterBytes);
  if (safeWriteBytes !== undefined) positiveInteger('safeWriteBytes', safeWriteBytes);
  if (safeUnreadBytes !== undefined) positiveInteger('safeUnreadBytes', safeUnreadBytes);
  return { highWaterBytes, safeWriteBytes, safeUnreadBytes, secure, reset, peer, reasonOf, resolved: true };
}

function positiveInteger(name: string, value: unknown): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} must be an integer of at least 1, got ${value}`);
  }
}
