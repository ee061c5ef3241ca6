import * as connection from '@stmp/connection';
import type { PayloadCodec } from '@stmp/contract';
import type { KcpListenerOptions } from '@stmp/transport-kcp';
import type { TcpListenerOptions } from '@stmp/transport-tcp';
import type { UnixListenerOptions } from '@stmp/transport-unix';
import type { WsListenerOptions } from '@stmp/transport-ws/server';
import { defaultCodecs } from '../options.js';
import { refuseReplaced } from '../replaced.js';
import { type DefaultListenerOptions, defaultCompressions, defaultListeners } from './defaults.js';

/** What one `listen` may add, with the transports that are there: the options of the one that its address names. */
export type ListenOptions = TcpListenerOptions | WsListenerOptions | KcpListenerOptions | UnixListenerOptions;

export interface ServerOptions<Identity = undefined, State = undefined>
  extends Omit<connection.ServerOptions<Identity, State>, 'codecs' | 'listeners'>,
    DefaultListenerOptions {
  /** Default: protobuf, MessagePack, JSON. */
  readonly codecs?: readonly PayloadCodec[] | undefined;
  /** Replaces the default transports; `[...defaultListeners(), mine]` adds to them. */
  readonly listeners?: connection.ServerOptions['listeners'];
  /** Lets clients on byte streams choose gzip. Default false. */
  readonly gzip?: boolean | undefined;
}

export type Server<Identity = unknown, State = unknown> = connection.Server<Identity, State>;

/** A server for `tcp:`, `tls:`, `ws:`, `wss:`, `kcp:`, `kcps:` and `unix:` addresses, with all payloads. */
export function createServer<Identity = undefined, State = undefined>(
  options: ServerOptions<Identity, State> = {},
): Server<Identity, State> {
  refuseReplaced(options, 'listeners', ['tls', 'tcp', 'ws', 'kcp', 'unix'], 'defaultListeners(options)');
  refuseReplaced(options, 'compressions', ['gzip'], 'defaultCompressions()');
  return connection.createServer<Identity, State>({
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    compressions: options.compressions ?? (options.gzip ? defaultCompressions() : []),
    listeners: options.listeners ?? defaultListeners(options),
  });
}
