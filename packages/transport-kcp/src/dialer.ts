import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { resolveKcpOptions } from '@stmp/kcp';
import { dialKcp, type KcpSession } from '@stmp/kcp/node';
import { createTlsClient, type TlsClient } from '@stmp/link-duplex';
import { formatKcpAddress, type KcpAddress, parseKcpAddress } from './address.js';
import { linkOver } from './kcp-link.js';
import {
  type KcpDialerOptions,
  type ResolvedKcpLinkOptions,
  resolveConnectTimeout,
  resolveKcpLinkOptions,
} from './options.js';

/**
 * Dials `kcp://host:port` and `kcps://host:port`. KCP has no handshake, so a dial of `kcp://` succeeds whether
 * somebody is there or not; that shows in the STMP handshake. With TLS it shows in the dial.
 */
export function kcpDialer(options: KcpDialerOptions = {}): Dialer {
  const resolved = resolveKcpLinkOptions(options);
  const { conv = 0, openingBytes } = options;
  resolveKcpOptions({ conv, openingBytes, mtuBytes: resolved.mtuBytes, output() {} });
  const timeoutMs = resolveConnectTimeout(options.connectTimeoutMs);
  const tls = createTlsClient(options.tls);
  return {
    schemes: ['kcp', 'kcps'],
    async dial(address: string, { signal }: DialOptions = {}): Promise<Link> {
      const target = parseKcpAddress(address);
      if (target.port === 0) throw new TypeError(`address must have a port above 0, got ${JSON.stringify(address)}`);
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal?.reason);
      const timer =
        timeoutMs > 0
          ? setTimeout(() => stop.abort(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
          : undefined;
      try {
        if (signal?.aborted) throw signal.reason;
        signal?.addEventListener('abort', onAbort, { once: true });
        return await dial(target, options, resolved, tls, stop.signal);
      } catch (error) {
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        const name = formatKcpAddress(target.secure, target.host, target.port);
        if (signal?.aborted) throw new StmpError('aborted', `dialing ${name} was aborted`, { cause: error });
        const why = (error as { code?: unknown }).code ?? (error as Error).message;
        throw new StmpError('dial_failed', `cannot dial ${name}: ${String(why)}`, { origin: 'link', cause: error });
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      }
    },
  };
}

async function dial(
  target: KcpAddress,
  { conv, openingBytes, localAddress, lookup }: KcpDialerOptions,
  options: ResolvedKcpLinkOptions,
  tls: TlsClient,
  signal: AbortSignal,
): Promise<Link> {
  const session: KcpSession = await dialKcp({
    ...options.session,
    host: target.host,
    port: target.port,
    conv,
    openingBytes,
    localAddress,
    lookup,
    signal,
    // The peer may be the original, and gone once it has said Close: see KcpSessionOptions.
    linger: 'answer',
  });
  return linkOver(session, target.secure ? await tls.connect(session, target.host, signal) : undefined, options);
}
