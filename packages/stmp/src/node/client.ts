import * as connection from '@stmp/connection';
import type { Link } from '@stmp/contract';
import { onWake } from '@stmp/transport-ws';
import { type BrowserClientOptions, defaultCodecs } from '../options.js';
import { refuseReplaced } from '../replaced.js';
import { type DefaultDialerOptions, defaultCompressions, defaultDialers } from './defaults.js';

export interface ClientOptions extends BrowserClientOptions, DefaultDialerOptions {
  /** Asks for gzip on byte streams (`tcp:`, `tls:`, `kcp:`, `kcps:`). Default false. */
  readonly gzip?: boolean | undefined;
}

function assemble(options: ClientOptions): connection.ClientOptions {
  refuseReplaced(options, 'dialers', ['tls', 'tcp', 'ws', 'kcp', 'unix'], 'defaultDialers(options)');
  refuseReplaced(options, 'compressions', ['gzip'], 'defaultCompressions()');
  return {
    onWake,
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    compressions: options.compressions ?? (options.gzip ? defaultCompressions() : []),
    dialers: options.dialers ?? defaultDialers(options),
  };
}

/** A client that outlives its connections, over `tcp:`, `tls:`, `ws:`, `wss:`, `kcp:`, `kcps:` and `unix:`. Declare listeners, then `connect()`. */
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
