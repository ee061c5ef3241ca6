import type { Link } from '@stmp/contract';
import { createStreamEngine } from '@stmp/engine';
import * as base from './client/client.js';
import type { ClientOptions } from './client/options.js';

// Clients where there are byte streams, as in Node.js; the entry for browsers has those of client.ts.

const withStreams = <O extends ClientOptions>(options: O): O => ({
  ...options,
  streamEngine: options.streamEngine ?? createStreamEngine,
});

/** A client that outlives its connections. It starts idle: declare listeners and services, then `connect()`. */
export function createClient(url: string, options: ClientOptions): base.Client {
  return base.createClient(url, withStreams(options));
}

/**
 * One connection: tries once, and does not reconnect unless `reconnect` is given.
 * @throws StmpError `dial_failed`, `handshake_failed` with the server's status, `handshake_timeout`, `aborted`, `unsupported`.
 */
export function connect(
  url: string,
  options: ClientOptions & { readonly signal?: AbortSignal | undefined },
): Promise<base.Client> {
  return base.connect(url, withStreams(options));
}

/** As {@link connect}, over a ready link. */
export function connectLink(link: Link, options: ClientOptions): Promise<base.Client> {
  return base.connectLink(link, withStreams(options));
}
