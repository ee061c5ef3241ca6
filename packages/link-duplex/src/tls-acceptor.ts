import type { Duplex } from 'node:stream';
import { createServer, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
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

const RAW: unique symbol = Symbol('raw');

interface Intake extends Server {
  readonly [RAW]?: NodeDuplex;
}

const ignore = (): void => {};

/** The word of Node.js for what went wrong with a client's certificate is on the socket, and OpenSSL's messages are long. */
function failure(error: Error & { reason?: string }, socket: TLSSocket): Error {
  const why = socket.authorizationError as unknown as string | Error | null;
  if (why) return new Error(`the client's certificate was refused: ${String(why)}`, { cause: error });
  return error.reason ? new Error(error.reason, { cause: error }) : error;
}

/** @throws TypeError or RangeError as `resolveTlsServerOptions` does. */
export function createTlsAcceptor(options: TlsServerOptions, events: TlsAcceptorEvents): TlsAcceptor {
  let current = options;
  // Never listens itself: connections are put into it, which node:tls documents for duplexes of any kind.
  const server = createServer(resolveTlsServerOptions(options) as TlsOptions);
  server.on('secureConnection', function (this: Intake, secured) {
    events.onSecure(secured, this[RAW] ?? secured);
  });
  server.on('tlsClientError', function (this: Intake, error, secured) {
    const raw = this[RAW] ?? secured;
    secured.on('error', ignore);
    secured.destroy();
    raw.destroy();
    events.onFail(failure(error, secured), raw);
  });
  return {
    accept(duplex: NodeDuplex): void {
      duplex.allowHalfOpen = true;
      // Its errors come out of the secured socket, too.
      duplex.on('error', ignore);
      // The events of a connection come from the emitter it was put into, so each gets a view of the server of its own.
      const intake = Object.create(server, { [RAW]: { value: duplex } }) as Server;
      intake.emit('connection', duplex as unknown as Duplex);
    },
    reload(changed: TlsServerOptions): void {
      const merged = { ...current, ...changed };
      server.setSecureContext(resolveTlsServerOptions(merged) as SecureContextOptions);
      current = merged;
    },
  };
}
