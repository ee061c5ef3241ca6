import { gzipCompression } from '@stmp/compression-gzip';
import * as connection from '@stmp/connection';
import type { Listener, PayloadCodec } from '@stmp/contract';
import type { TlsServerOptions } from '@stmp/link-duplex';
import { type KcpListenerOptions, kcpListener } from '@stmp/transport-kcp';
import { type TcpListenerOptions, tcpListener } from '@stmp/transport-tcp';
import { type WsListenerOptions, wsListener } from '@stmp/transport-ws/server';
import { defaultCodecs } from '../options.js';

/** What one `listen` may add: the options of the transport that its address names. */
export type ListenOptions = TcpListenerOptions | WsListenerOptions | KcpListenerOptions;

export interface ServerOptions<Identity = undefined, State = undefined>
  extends Omit<connection.ServerOptions<Identity, State, ListenOptions>, 'codecs' | 'listeners'> {
  /** Default: protobuf, MessagePack, JSON. */
  readonly codecs?: readonly PayloadCodec[] | undefined;
  /** Replaces the default transports. */
  readonly listeners?: readonly Listener<ListenOptions>[] | undefined;
  /** Lets clients on byte streams choose gzip. Default false. */
  readonly gzip?: boolean | undefined;
  /** Certificate and key for `tls:`, `wss:` and `kcps:`, where a `listen` brings none of its own; other addresses take no notice of it. */
  readonly tls?: TlsServerOptions | undefined;
  readonly tcp?: TcpListenerOptions | undefined;
  readonly ws?: WsListenerOptions | undefined;
  readonly kcp?: KcpListenerOptions | undefined;
}

export type Server<Identity = unknown, State = unknown> = connection.Server<Identity, State, ListenOptions>;

/** A server for `tcp:`, `tls:`, `ws:`, `wss:`, `kcp:` and `kcps:` addresses, with all payloads. */
export function createServer<Identity = undefined, State = undefined>(
  options: ServerOptions<Identity, State> = {},
): Server<Identity, State> {
  const { tls } = options;
  return connection.createServer<Identity, State, ListenOptions>({
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    compressions: options.compressions ?? (options.gzip ? [gzipCompression()] : []),
    listeners: options.listeners ?? [
      tcpListener({ tls, ...options.tcp }),
      wsListener({ tls, ...options.ws }),
      kcpListener({ tls, ...options.kcp }),
    ],
  });
}
