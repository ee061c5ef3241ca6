import * as connection from '@stmp/connection';
import type { Link } from '@stmp/contract';
import { onWake, wsDialer } from '@stmp/transport-ws';
import { type BrowserClientOptions, defaultCodecs } from './options.js';

function assemble(options: BrowserClientOptions): connection.ClientOptions {
  return {
    onWake,
    ...options,
    codecs: options.codecs ?? defaultCodecs(),
    dialers: options.dialers ?? [wsDialer(options.ws)],
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
