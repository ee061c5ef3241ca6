import cluster from 'node:cluster';
import { type Acceptor, type Listener, type Listening, StmpError } from '@stmp/contract';
import { type KcpListener, type KcpListenerHandler, type KcpSession, listenKcp } from '@stmp/kcp/node';
import { createTlsAcceptor, type TlsAcceptor, type TlsServerOptions } from '@stmp/link-duplex';
import { formatKcpAddress, type KcpAddress, parseKcpAddress } from './address.js';
import { linkOver } from './kcp-link.js';
import { type KcpListenerOptions, type ResolvedKcpLinkOptions, resolveKcpLinkOptions } from './options.js';

/**
 * Listens on `kcp://host:port` and `kcps://host:port`; port 0 takes a free one. KCP has no handshake: a link is
 * accepted once its peer has sent something and has shown, in one round trip, that it receives at its address.
 *
 * All links share the UDP socket. So `close()` of what `listen` gives stops accepting and resolves at once
 * while links are open; the address is free when the last of them has ended.
 * @param defaults For all addresses; `listen` may add to them and override.
 */
export function kcpListener(defaults: KcpListenerOptions = {}): Listener<KcpListenerOptions> {
  resolveKcpLinkOptions(defaults);
  return {
    schemes: ['kcp', 'kcps'],
    async listen(address: string, acceptor: Acceptor, options: KcpListenerOptions = {}): Promise<Listening> {
      const all = { ...defaults, ...options };
      const resolved = resolveKcpLinkOptions(all);
      const target = parseKcpAddress(address);
      if (target.secure && all.tls === undefined) throw new TypeError(`tls must be given to listen on ${address}`);
      return listen(target, all, resolved, acceptor);
    },
  };
}

async function listen(
  target: KcpAddress,
  options: KcpListenerOptions,
  resolved: ResolvedKcpLinkOptions,
  acceptor: Acceptor,
): Promise<Listening> {
  const tls = target.secure ? acceptTls(options.tls as TlsServerOptions, resolved, acceptor) : undefined;
  const handler: KcpListenerHandler = {
    onSession: (session) => {
      if (tls !== undefined) tls.accept(session, true);
      else acceptor.onLink(linkOver(session, undefined, resolved));
    },
    onRefuse: (limit, remoteAddress) =>
      acceptor.onRefuse?.({ reason: 'limit', message: `${limit} is reached: raise it, or end links`, remoteAddress }),
    onError: (error) => acceptor.onError?.(error),
  };
  const { ipv6Only, maxSessionsCount, maxSessionsPerAddressCount, maxUnprovenCount, provenTimeoutMs } = options;
  let listener: KcpListener;
  try {
    listener = await listenKcp(
      {
        ...resolved.session,
        host: target.host,
        port: target.port,
        ipv6Only,
        maxSessionsCount,
        maxSessionsPerAddressCount,
        maxUnprovenCount,
        provenTimeoutMs,
        // TLS begins with its own words.
        greeting: tls === undefined ? acceptor.greeting : undefined,
        linger: 'resend',
      },
      handler,
    );
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
    const code = (cause as { code?: unknown }).code;
    const hint =
      code === 'EADDRINUSE' && cluster.isWorker
        ? ': workers of node:cluster do not share a port of KCP; give each its own'
        : '';
    const why = `${String(code ?? (cause as Error).message)}${hint}`;
    const address = formatKcpAddress(target.secure, target.host, target.port);
    throw new StmpError('listen_failed', `cannot listen on ${address}: ${why}`, { cause });
  }
  return {
    address: formatKcpAddress(target.secure, target.host, listener.port),
    ...(tls && { reloadTls: (changed: object) => tls.reload(changed as TlsServerOptions) }),
    async close() {
      const closed = listener.close();
      tls?.abandon();
      if (listener.sessionCount === 0) await closed;
    },
  };
}

function acceptTls(options: TlsServerOptions, resolved: ResolvedKcpLinkOptions, acceptor: Acceptor): TlsAcceptor {
  return createTlsAcceptor(options, {
    onSecure: (secured, raw) => acceptor.onLink(linkOver(raw as unknown as KcpSession, secured, resolved)),
    onFail: (error, raw) =>
      acceptor.onRefuse?.({
        reason: 'tls',
        message: `the TLS handshake failed: ${error.message}`,
        remoteAddress: (raw as unknown as KcpSession).remoteAddress,
        cause: error,
      }),
  });
}
