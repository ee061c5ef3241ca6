import * as connection from '@stmp/connection';
import type { Dialer, Link } from '@stmp/contract';
import { onWake, type WsDialerOptions, wsDialer } from '@stmp/transport-ws';
import { type BrowserClientOptions, defaultCodecs } from './options.js';
import { refuseReplaced } from './replaced.js';

/** The transports of clients in pages, to add to: `dialers: [...defaultDialers(), myDialer()]`. */
export function defaultDialers({ ws }: { readonly ws?: WsDialerOptions | undefined } = {}): Dialer[] {
  return [wsDialer(ws)];
}

function assemble(options: BrowserClientOptions): connection.ClientOptions {
  refuseReplaced(options, 'dialers', ['ws'], 'defaultDialers(options)');
  return {
    onWake,
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    dialers: options.dialers ?? defaultDialers(options),
  };
}

/** A client that outlives its connections, over `ws:` and `wss:`. Declare listeners, then `connect()`. */
export function createClient(url: string, options: BrowserClientOptions = {}): connection.Client {
  return connection.createClient(url, assemble(options));
}

/** One connection over `ws:` or `wss:`: tries once and rejects, and does not reconnect unless `reconnect` is given. */
export function connect(
  url: string,
  options: BrowserClientOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<connection.Client> {
  return connection.connect(url, { ...assemble(options), signal: options.signal });
}

/** As {@link connect}, over a ready link. */
export function connectLink(link: Link, options: BrowserClientOptions = {}): Promise<connection.Client> {
  return connection.connectLink(link, assemble(options));
}
