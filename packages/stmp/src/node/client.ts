import { gzipCompression } from '@stmp/compression-gzip';
import * as connection from '@stmp/connection';
import type { Link } from '@stmp/contract';
import type { TlsClientOptions } from '@stmp/link-duplex';
import { type KcpDialerOptions, kcpDialer } from '@stmp/transport-kcp';
import { type TcpDialerOptions, tcpDialer } from '@stmp/transport-tcp';
import { onWake, wsDialer } from '@stmp/transport-ws';
import { type BrowserClientOptions, defaultCodecs } from '../options.js';

export interface ClientOptions extends BrowserClientOptions {
  /** For `tls:`, `wss:` and `kcps:`; other addresses take no notice of it. */
  readonly tls?: TlsClientOptions | undefined;
  /** Asks for gzip on byte streams (`tcp:`, `tls:`, `kcp:`, `kcps:`). Default false. */
  readonly gzip?: boolean | undefined;
  readonly tcp?: TcpDialerOptions | undefined;
  readonly kcp?: KcpDialerOptions | undefined;
}

function assemble(options: ClientOptions): connection.ClientOptions {
  const { tls } = options;
  return {
    onWake,
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    compressions: options.compressions ?? (options.gzip ? [gzipCompression()] : []),
    dialers: options.dialers ?? [
      tcpDialer({ tls, ...options.tcp }),
      wsDialer({ tls, ...options.ws }),
      kcpDialer({ tls, ...options.kcp }),
    ],
  };
}

/** A client that outlives its connections, over `tcp:`, `tls:`, `ws:`, `wss:`, `kcp:` and `kcps:`. Declare listeners, then `connect()`. */
export function createClient(url: string, options: ClientOptions = {}): connection.Client {
  return connection.createClient(url, assemble(options));
}

/** One connection: tries once and rejects, and does not reconnect unless `reconnect` is given. */
export function connect(
  url: string,
  options: ClientOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<connection.Client> {
  return connection.connect(url, { ...assemble(options), signal: options.signal });
}

/** As {@link connect}, over a ready link. */
export function connectLink(link: Link, options: ClientOptions = {}): Promise<connection.Client> {
  return connection.connectLink(link, assemble(options));
}
