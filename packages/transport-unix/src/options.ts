import type { LinkPeer, StreamLink } from '@stmp/contract';
import { duplexLink, type NodeDuplex, type ResolvedDuplexLinkOptions } from '@stmp/link-duplex';

/** Options of every link, at either end. */
export interface UnixLinkOptions {
  /** `send` returns false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
}

export interface UnixListenerOptions extends UnixLinkOptions {
  /**
   * Who may connect, as the permission bits of a file, such as `0o600`. On Windows the bits for others tell whether all
   * users may. Default: what the process gives its files.
   */
  readonly mode?: number | undefined;
  /** Connections that may wait to be accepted. Default: that of Node.js, 511. */
  readonly backlog?: number | undefined;
}

/** @throws TypeError, RangeError naming the option. */
export function checkInteger(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}

let links = 0;

/** The system does not say who is there: a number tells the links apart. */
export function unixLink(socket: NodeDuplex, options: ResolvedDuplexLinkOptions): StreamLink {
  const peer: LinkPeer = { address: 'unix', port: ++links };
  return duplexLink(socket, { ...options, peer });
}

declare module '@stmp/contract' {
  interface ListenOptionsByScheme {
    readonly unix: UnixListenerOptions;
  }
}
