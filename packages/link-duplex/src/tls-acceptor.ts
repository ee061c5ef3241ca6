import type { Duplex } from 'node:stream';
import { createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import type { NodeDuplex } from './node-duplex.js';
import { resolveTlsServerOptions, type TlsServerOptions } from './tls-options.js';

export interface TlsAcceptorEvents {
  /** The handshake is done. Use `secured` in the same turn, or data may be lost; `raw` is what `accept` was given. */
  onSecure(secured: NodeDuplex, raw: NodeDuplex): void;
  /** The handshake failed; both are destroyed. */
  onFail(error: Error, raw: NodeDuplex): void;
}

/** The server's end of TLS over duplexes of any kind. */
export interface TlsAcceptor {
  /** Begins the handshake over `duplex`, which belongs to the acceptor from here on. */
  accept(duplex: NodeDuplex): void;
  /**
   * Replaces options for new connections; those not given stay.
   * @throws TypeError for certificates and keys that cannot be read; the old ones then stay.
   */
  reload(options: TlsServerOptions): void;
}

/** The word of Node.js for what went wrong with a client's certificate is on the socket, not in the error. */
function failure(error: Error, socket: TLSSocket): Error {
  const why = socket.authorizationError as unknown as string | Error | null;
  return why ? new Error(`the client's certificate was refused: ${String(why)}`, { cause: error }) : error;
}

/** @throws TypeError or RangeError as `resolveTlsServerOptions` does. */
export function createTlsAcceptor(options: TlsServerOptions, events: TlsAcceptorEvents): TlsAcceptor {
  let current = options;
  // Never listens itself: connections are put into it, which node:tls documents for duplexes of any kind.
  const server = createServer(resolveTlsServerOptions(options) as TlsOptions);
  const rawOf = (socket: TLSSocket): NodeDuplex => (socket as unknown as { _parent?: NodeDuplex })._parent ?? socket;
  server.on('secureConnection', (socket) => events.onSecure(socket, rawOf(socket)));
  server.on('tlsClientError', (error, socket) => {
    const raw = rawOf(socket);
    socket.on('error', () => {});
    socket.destroy();
    raw.destroy();
    events.onFail(failure(error, socket), raw);
  });
  return {
    accept(duplex: NodeDuplex): void {
      duplex.allowHalfOpen = true;
      // Its errors come out of the secured socket, too.
      duplex.on('error', () => {});
      server.emit('connection', duplex as unknown as Duplex);
    },
    reload(changed: TlsServerOptions): void {
      const merged = { ...current, ...changed };
      server.setSecureContext(resolveTlsServerOptions(merged) as SecureContextOptions);
      current = merged;
    },
  };
}
