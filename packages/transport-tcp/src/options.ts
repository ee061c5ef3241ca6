import {
  DEFAULT_HIGH_WATER_BYTES,
  type NodeDuplex,
  type ResolvedDuplexLinkOptions,
  resolveDuplexLinkOptions,
  TCP_SAFE_UNREAD_BYTES,
  type TlsClientOptions,
  type TlsServerOptions,
} from '@stmp/link-duplex';

/** Default of `connectTimeoutMs`. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Options of every TCP link, at either end. */
export interface TcpLinkOptions {
  /** `send` returns false above this many queued bytes. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** Silence after which the system begins to probe the peer. Default 0: off, as STMP has pings of its own. */
  readonly keepAliveMs?: number | undefined;
}

/** Finds the addresses of a host, as `dns.lookup` does. */
export type TcpLookup = (
  hostname: string,
  // biome-ignore lint/suspicious/noExplicitAny: as in node:dns, whose types stay out of this interface
  options: any,
  // biome-ignore lint/suspicious/noExplicitAny: as in node:dns
  callback: (error: any, address: any, family?: number) => void,
) => void;

export interface TcpDialerOptions extends TcpLinkOptions {
  /** Time for the look-up and the TCP and TLS handshakes together. Default 10_000; 0 disables. */
  readonly connectTimeoutMs?: number | undefined;
  /** For `tls://` addresses; others take no notice of it. Default: the authorities of Node.js, and the host of the address as the name to check. */
  readonly tls?: TlsClientOptions | undefined;
  /** Replaces `dns.lookup`. */
  readonly lookup?: TcpLookup | undefined;
  /** The own address to dial from. */
  readonly localAddress?: string | undefined;
}

/** What is needed of a ready `net.Server` or `tls.Server`. */
export interface TcpServer {
  readonly listening: boolean;
  address(): string | { readonly address: string; readonly port: number } | null;
  // biome-ignore lint/suspicious/noExplicitAny: events carry anything
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: events carry anything
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
}

export interface TcpListenerOptions extends TcpLinkOptions {
  /** Needed for `tls://` addresses: `cert` and `key`, or `pfx`. Others take no notice of it. */
  readonly tls?: TlsServerOptions | undefined;
  /** Connections that may wait to be accepted. Default: that of Node.js, 511. */
  readonly backlog?: number | undefined;
  /** Do not accept IPv4 on an IPv6 address. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /**
   * A `net.Server` that is listening already. The address then names the scheme only (`tcp://`, `tls://`), and
   * closing detaches from the server and leaves it open.
   */
  readonly server?: TcpServer | undefined;
}

export interface ResolvedTcpLinkOptions {
  readonly link: ResolvedDuplexLinkOptions;
  readonly keepAliveMs: number;
}

export interface ResolvedTcpDialerOptions extends ResolvedTcpLinkOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsClientOptions | undefined;
  readonly lookup: TcpLookup | undefined;
  readonly localAddress: string | undefined;
}

export interface ResolvedTcpListenerOptions extends ResolvedTcpLinkOptions {
  readonly tls: TlsServerOptions | undefined;
  readonly backlog: number | undefined;
  readonly ipv6Only: boolean;
  readonly server: TcpServer | undefined;
}

const MAX_TIMER_MS = 0x7fffffff;

function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
  return value;
}

interface ResettableSocket extends NodeDuplex {
  readonly resetAndDestroy?: unknown;
  /** What `resetAndDestroy` itself sets; a Node.js without it closes in the usual way. */
  resetAndClosing?: boolean;
  readonly remoteAddress?: string;
  readonly encrypted?: boolean;
}

/**
 * Ends a plain socket with a reset, so that a reader that has stalled does not keep our unsent data in the system's
 * memory. `socket.resetAndDestroy()` would first wait for what is queued. Once the end was sent the system refuses a reset.
 */
function reset(duplex: NodeDuplex): void {
  const socket = duplex as ResettableSocket;
  const isTcp = socket.resetAndDestroy !== undefined && socket.remoteAddress !== undefined && socket.encrypted !== true;
  if (isTcp && (!socket.writableEnded || socket.writableLength > 0)) socket.resetAndClosing = true;
  socket.destroy();
}

/** Fills in the defaults and checks the ranges. */
export function resolveTcpLinkOptions(options: TcpLinkOptions = {}): ResolvedTcpLinkOptions {
  const { highWaterBytes = DEFAULT_HIGH_WATER_BYTES, keepAliveMs = 0 } = options;
  return {
    link: resolveDuplexLinkOptions({ highWaterBytes, safeUnreadBytes: TCP_SAFE_UNREAD_BYTES, reset }),
    keepAliveMs: integer('keepAliveMs', keepAliveMs, 0, MAX_TIMER_MS),
  };
}

/** Fills in the defaults and checks the ranges. */
export function resolveTcpDialerOptions(options: TcpDialerOptions = {}): ResolvedTcpDialerOptions {
  const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, tls, lookup, localAddress } = options;
  if (lookup !== undefined && typeof lookup !== 'function') {
    throw new TypeError(`lookup must be a function, got ${typeof lookup}`);
  }
  return {
    ...resolveTcpLinkOptions(options),
    connectTimeoutMs: integer('connectTimeoutMs', connectTimeoutMs, 0, MAX_TIMER_MS),
    tls,
    lookup,
    localAddress,
  };
}

/** Fills in the defaults and checks the ranges. */
export function resolveTcpListenerOptions(options: TcpListenerOptions = {}): ResolvedTcpListenerOptions {
  const { tls, backlog, ipv6Only = false, server } = options;
  return {
    ...resolveTcpLinkOptions(options),
    tls,
    backlog: backlog === undefined ? undefined : integer('backlog', backlog, 1, 65_535),
    ipv6Only,
    server,
  };
}

declare module '@stmp/contract' {
  interface ListenOptionsByScheme {
    readonly tcp: TcpListenerOptions;
    readonly tls: TcpListenerOptions;
  }
}
