import { gzipCompression } from '@stmp/compression-gzip';
import type { Compression, Dialer, Listener } from '@stmp/contract';
import type { TlsClientOptions, TlsServerOptions } from '@stmp/link-duplex';
import { type KcpDialerOptions, type KcpListenerOptions, kcpDialer, kcpListener } from '@stmp/transport-kcp';
import { type TcpDialerOptions, type TcpListenerOptions, tcpDialer, tcpListener } from '@stmp/transport-tcp';
import { type UnixLinkOptions, type UnixListenerOptions, unixDialer, unixListener } from '@stmp/transport-unix';
import { type WsDialerOptions, wsDialer } from '@stmp/transport-ws';
import { type WsListenerOptions, wsListener } from '@stmp/transport-ws/server';

export interface DefaultDialerOptions {
  /** For `tls:`, `wss:` and `kcps:`; other addresses take no notice of it. */
  readonly tls?: TlsClientOptions | undefined;
  readonly tcp?: TcpDialerOptions | undefined;
  readonly ws?: WsDialerOptions | undefined;
  readonly kcp?: KcpDialerOptions | undefined;
  readonly unix?: UnixLinkOptions | undefined;
}

export interface DefaultListenerOptions {
  /** Certificate and key for `tls:`, `wss:` and `kcps:`, where a `listen` brings none of its own; other addresses take no notice of it. */
  readonly tls?: TlsServerOptions | undefined;
  readonly tcp?: TcpListenerOptions | undefined;
  readonly ws?: WsListenerOptions | undefined;
  readonly kcp?: KcpListenerOptions | undefined;
  readonly unix?: UnixListenerOptions | undefined;
}

/** The transports of clients, to add to: `dialers: [...defaultDialers(), myDialer()]`. */
export function defaultDialers({ tls, tcp, ws, kcp, unix }: DefaultDialerOptions = {}): Dialer[] {
  return [tcpDialer({ tls, ...tcp }), wsDialer({ tls, ...ws }), kcpDialer({ tls, ...kcp }), unixDialer(unix)];
}

/** The transports of servers, to add to: `listeners: [...defaultListeners(), myListener()]`. */
// biome-ignore lint/suspicious/noExplicitAny: each has options of its own
export function defaultListeners({ tls, tcp, ws, kcp, unix }: DefaultListenerOptions = {}): Listener<any>[] {
  return [tcpListener({ tls, ...tcp }), wsListener({ tls, ...ws }), kcpListener({ tls, ...kcp }), unixListener(unix)];
}

/** What `gzip: true` stands for, to add to: `compressions: [...defaultCompressions(), myCompression()]`. */
export function defaultCompressions(): Compression[] {
  return [gzipCompression()];
}
