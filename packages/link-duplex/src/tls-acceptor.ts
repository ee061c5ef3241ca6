import type { Duplex } from 'node:stream';
import { createServer, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { NodeDuplex } from './node-duplex.js';
import { resolveTlsServerOptions, type TlsServerOptions } from './tls-options.js';

export interface TlsAcceptorEvents {
  /** The handshake is done. Use `secured` in the same turn, or data may be lost; `raw` is what `accept` was given. */
  onSecure(secured: NodeDuplex, raw: NodeDuplex): void;
  /** The handshake failed; both are destroyed, or on their way. */
  onFail(error: Error, raw: NodeDuplex): void;
}

/** The server's end of TLS over duplexes of any kind. */
export interface TlsAcceptor {
  /**
   * Begins the handshake over `duplex`, which belongs to the acceptor from here on.
   * @param silent True where a peer does not notice that `duplex` is destroyed: a handshake that fails then ends it
   * with an alert, within a second.
   */
  accept(duplex: NodeDuplex, silent?: boolean): void;
  /** Destroys every duplex whose handshake is not done. */
  abandon(): void;
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

/** TLS's fatal `handshake_failure`, in the clear. */
const FATAL_ALERT = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40);
/** For a duplex that does not end by itself. */
const ALERT_LINGER_MS = 1_000;

/** Until the handshake is done, the end of `duplex` is an alert, in case that TLS has sent none. */
function endWithAlert(duplex: NodeDuplex): void {
  duplex.destroy = (error) => {
    Reflect.deleteProperty(duplex, 'destroy');
    if (duplex.destroyed || duplex.writableEnded) return duplex.destroy(error);
    duplex.write(FATAL_ALERT);
    duplex.end();
    setTimeout(() => duplex.destroy(), ALERT_LINGER_MS).unref();
    return duplex;
  };
}

/** @throws TypeError or RangeError as `resolveTlsServerOptions` does. */
export function createTlsAcceptor(options: TlsServerOptions, events: TlsAcceptorEvents): TlsAcceptor {
  let current = options;
  const securing = new Set<NodeDuplex>();
  // Never listens itself: connections are put into it, which node:tls documents for duplexes of any kind.
  const server = createServer(resolveTlsServerOptions(options) as TlsOptions);
  server.on('secureConnection', function (this: Intake, secured) {
    const raw = this[RAW] ?? secured;
    Reflect.deleteProperty(raw, 'destroy');
    securing.delete(raw);
    events.onSecure(secured, raw);
  });
  server.on('tlsClientError', function (this: Intake, error, secured) {
    const raw = this[RAW] ?? secured;
    secured.on('error', ignore);
    const destroy = (): void => {
      secured.destroy();
      raw.destroy();
    };
    // TLS's own alert, which says why, may still be on its way through a duplex that is no socket.
    if (Object.hasOwn(raw, 'destroy')) setImmediate(destroy);
    else destroy();
    events.onFail(failure(error, secured), raw);
  });
  function forget(this: NodeDuplex): void {
    securing.delete(this);
  }
  return {
    abandon(): void {
      for (const duplex of securing) duplex.destroy();
    },
    accept(duplex, silent = false): void {
      duplex.allowHalfOpen = true;
      if (silent) endWithAlert(duplex);
      securing.add(duplex);
      duplex.on('close', forget);
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
