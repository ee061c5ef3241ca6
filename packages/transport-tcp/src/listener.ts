import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import {
  createTlsAcceptor,
  duplexLink,
  type NodeDuplex,
  type TlsAcceptor,
  type TlsServerOptions,
} from '@stmp/link-duplex';
import { formatTcpAddress, parseTcpAddress, type TcpAddress } from './address.js';
import {
  type ResolvedTcpListenerOptions,
  resolveTcpListenerOptions,
  type TcpListenerOptions,
  type TcpServer,
} from './options.js';
import { tune } from './tcp-link.js';

/**
 * Listens on `tcp://host:port` and `tls://host:port`; port 0 takes a free one.
 * @param defaults For all addresses; `listen` may add to them and override.
 */
export function tcpListener(defaults: TcpListenerOptions = {}): Listener<TcpListenerOptions> {
  resolveTcpListenerOptions(defaults);
  return {
    schemes: ['tcp', 'tls'],
    async listen(address: string, acceptor: Acceptor, options: TcpListenerOptions = {}): Promise<Listening> {
      const resolved = resolveTcpListenerOptions({ ...defaults, ...options });
      const target = parseTcpAddress(address);
      if (target.secure && resolved.tls === undefined) throw new TypeError(`tls must be given to listen on ${address}`);
      if (resolved.server !== undefined) return attach(resolved.server, target, resolved, acceptor);
      if (target.host === '' || target.port === undefined) {
        throw new TypeError(`address must have a host and a port, got ${JSON.stringify(address)}`);
      }
      return listen(target, target.port, resolved, acceptor);
    },
  };
}

interface Intake {
  readonly onConnection: (socket: Socket) => void;
  readonly tls: TlsAcceptor | undefined;
}

/** What happens to each accepted socket. */
function createIntake(secure: boolean, options: ResolvedTcpListenerOptions, acceptor: Acceptor): Intake {
  const toLink = (socket: NodeDuplex): void => acceptor.onLink(duplexLink(socket, options.link));
  if (!secure) {
    return {
      tls: undefined,
      onConnection: (socket) => {
        tune(socket, options);
        toLink(socket);
      },
    };
  }
  const tls = createTlsAcceptor(options.tls as TlsServerOptions, {
    onSecure: toLink,
    onFail: (error, raw) =>
      acceptor.onRefuse?.({
        reason: 'tls',
        message: `the TLS handshake failed: ${error.message}`,
        remoteAddress: (raw as Socket).remoteAddress,
        cause: error,
      }),
  });
  return {
    tls,
    onConnection: (socket) => {
      tune(socket, options);
      // Makes the socket remember it for a refusal.
      void socket.remoteAddress;
      tls.accept(socket);
    },
  };
}

function withReload(listening: Listening, tls: TlsAcceptor | undefined): Listening {
  return tls === undefined
    ? listening
    : { ...listening, reloadTls: (options) => tls.reload(options as TlsServerOptions) };
}

async function listen(
  target: TcpAddress,
  port: number,
  options: ResolvedTcpListenerOptions,
  acceptor: Acceptor,
): Promise<Listening> {
  const intake = createIntake(target.secure, options, acceptor);
  const server = createServer({ allowHalfOpen: true }, intake.onConnection);
  const where: ListenOptions = { host: target.host, port, ipv6Only: options.ipv6Only };
  if (options.backlog !== undefined) where.backlog = options.backlog;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  }).catch((cause: Error & { code?: string }) => {
    const address = formatTcpAddress(target.secure, target.host, port);
    throw new StmpError('listen_failed', `cannot listen on ${address}: ${cause.code ?? cause.message}`, { cause });
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeServer(server);
    intake.tls?.abandon();
    return closed;
  };
  server.on('error', (error) => {
    void close();
    acceptor.onError?.(error);
  });
  const bound = server.address() as { port: number };
  return withReload({ address: formatTcpAddress(target.secure, target.host, bound.port), close }, intake.tls);
}

/** `server.close` calls back only when all connections have ended; the address is free as soon as the handle is closed. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close();
    // The handle is closed by the end of this turn of the event loop.
    setImmediate(resolve);
  });
}

function attach(
  server: TcpServer,
  target: TcpAddress,
  options: ResolvedTcpListenerOptions,
  acceptor: Acceptor,
): Listening {
  if (target.host !== '') throw new TypeError('server is set, so the address must name the scheme only');
  const bound = server.address();
  if (!server.listening || bound === null) throw new StmpError('listen_failed', 'server must be listening already');
  const intake = createIntake(target.secure, options, acceptor);
  const onError = (error: Error): void => {
    detach();
    acceptor.onError?.(error);
  };
  const detach = (): void => {
    server.removeListener('connection', intake.onConnection);
    server.removeListener('error', onError);
  };
  server.on('connection', intake.onConnection);
  server.on('error', onError);
  const address =
    typeof bound === 'string' ? `unix:${bound}` : formatTcpAddress(target.secure, bound.address, bound.port);
  const close = async (): Promise<void> => {
    detach();
    intake.tls?.abandon();
  };
  return withReload({ address, close }, intake.tls);
}
