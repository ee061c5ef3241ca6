import type { StreamLink } from '@stmp/contract';
import { duplexLink, type NodeDuplex } from '@stmp/link-duplex';
import { type ResolvedTcpLinkOptions, resolveTcpLinkOptions, type TcpLinkOptions } from './options.js';

interface Tunable extends NodeDuplex {
  setNoDelay?(on: boolean): unknown;
  setKeepAlive?(on: boolean, delayMs: number): unknown;
}

/** Nagle's algorithm would hold a packet back until the one before was acknowledged. */
export function tune(socket: NodeDuplex, options: ResolvedTcpLinkOptions): void {
  const tunable = socket as Tunable;
  tunable.setNoDelay?.(true);
  if (options.keepAliveMs > 0) tunable.setKeepAlive?.(true, options.keepAliveMs);
}

/** A link over a connected `net.Socket` or `tls.TLSSocket`, which belongs to the link from here on. */
export function tcpLink(socket: NodeDuplex, options: TcpLinkOptions = {}): StreamLink {
  const resolved = resolveTcpLinkOptions(options);
  tune(socket, resolved);
  return duplexLink(socket, resolved.link);
}
