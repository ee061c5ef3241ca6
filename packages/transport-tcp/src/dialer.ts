import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { createTlsClient, duplexLink, type NodeDuplex, type TlsClient } from '@stmp/link-duplex';
import { formatTcpAddress, parseTcpAddress, type TcpAddress } from './address.js';
import { type ResolvedTcpDialerOptions, resolveTcpDialerOptions, type TcpDialerOptions } from './options.js';
import { tune } from './tcp-link.js';

/** Dials `tcp://host:port` and `tls://host:port`. */
export function tcpDialer(options: TcpDialerOptions = {}): Dialer {
  const resolved = resolveTcpDialerOptions(options);
  const tls = createTlsClient(resolved.tls);
  return {
    schemes: ['tcp', 'tls'],
    async dial(address: string, dialOptions: DialOptions = {}): Promise<Link> {
      const target = parseTcpAddress(address);
      if (target.host === '' || !target.port) {
        throw new TypeError(`address must have a host and a port, got ${JSON.stringify(address)}`);
      }
      return dial(target, target.port, resolved, tls, dialOptions.signal);
    },
  };
}

async function dial(
  target: TcpAddress,
  port: number,
  options: ResolvedTcpDialerOptions,
  tls: TlsClient,
  signal: AbortSignal | undefined,
): Promise<Link> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  const timer =
    options.connectTimeoutMs > 0
      ? setTimeout(
          () => stop.abort(new Error(`no connection within ${options.connectTimeoutMs} ms`)),
          options.connectTimeoutMs,
        )
      : undefined;
  try {
    if (signal?.aborted) throw signal.reason;
    signal?.addEventListener('abort', onAbort, { once: true });
    const socket = await open(target.host, port, options, stop.signal);
    tune(socket, options);
    const stream: NodeDuplex = target.secure ? await tls.connect(socket, target.host, stop.signal) : socket;
    return duplexLink(stream, options.link);
  } catch (error) {
    const address = formatTcpAddress(target.secure, target.host, port);
    if (signal?.aborted) throw new StmpError('aborted', `dialing ${address} was aborted`, { cause: error });
    const why = (error as { code?: unknown }).code ?? (error as Error).message;
    throw new StmpError('dial_failed', `cannot dial ${address}: ${String(why)}`, { origin: 'link', cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function open(host: string, port: number, options: ResolvedTcpDialerOptions, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const all: TcpNetConnectOpts = { host, port, allowHalfOpen: true };
    if (options.localAddress !== undefined) all.localAddress = options.localAddress;
    if (options.lookup !== undefined) all.lookup = options.lookup as NonNullable<TcpNetConnectOpts['lookup']>;
    const socket = connect(all);
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('connect', onConnect);
      socket.removeListener('error', onError);
    };
    const onConnect = (): void => {
      settle();
      // Until the link listens; an error in between reaches the link through `socket.errored`.
      socket.on('error', () => {});
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => onError(signal.reason as Error);
    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal.addEventListener('abort', onAbort);
  });
}
