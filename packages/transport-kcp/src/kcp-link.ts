import type { LinkPeer, StreamLink } from '@stmp/contract';
import type { KcpSession } from '@stmp/kcp/node';
import { duplexLink, type NodeDuplex } from '@stmp/link-duplex';
import { type KcpLinkOptions, type ResolvedKcpLinkOptions, resolveKcpLinkOptions } from './options.js';

interface Secured extends NodeDuplex {
  readonly authorized?: boolean;
  getPeerCertificate?(): object | null;
}

/** The addresses are those of the session, also inside TLS. */
class SessionPeer implements LinkPeer {
  readonly #session: KcpSession;
  readonly #secured: Secured | undefined;
  #certificate: unknown;

  constructor(session: KcpSession, secured: Secured | undefined) {
    this.#session = session;
    this.#secured = secured;
  }

  get address(): string {
    return this.#session.remoteAddress;
  }

  get port(): number {
    return this.#session.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#session.localAddress;
  }

  get localPort(): number {
    return this.#session.localPort;
  }

  get certificate(): unknown {
    if (this.#certificate === undefined) {
      const certificate = this.#secured?.getPeerCertificate?.();
      // Node.js gives an empty object when there is none.
      if (certificate && Object.keys(certificate).length > 0) this.#certificate = certificate;
    }
    return this.#certificate;
  }

  get authorized(): boolean | undefined {
    return this.#secured?.authorized;
  }
}

/**
 * TLS says goodbye when it ends, which would be a datagram after the last one that STMP allows: the original takes it
 * for a new conversation. STMP's own Close says the same, inside TLS.
 */
function endWithoutGoodbye(secured: NodeDuplex, session: KcpSession): void {
  (secured as unknown as { _final(callback: () => void): void })._final = (callback) => {
    session.end();
    callback();
  };
}

export function linkOver(
  session: KcpSession,
  secured: NodeDuplex | undefined,
  options: ResolvedKcpLinkOptions,
): StreamLink {
  if (secured !== undefined) endWithoutGoodbye(secured, session);
  return duplexLink(secured ?? session, {
    highWaterBytes: options.highWaterBytes,
    safeWriteBytes: secured === undefined ? options.safeWriteBytes : options.tlsSafeWriteBytes,
    secure: secured !== undefined,
    peer: new SessionPeer(session, secured),
  });
}

/** A link over a session of `@stmp/kcp/node`, which belongs to the link from here on. */
export function kcpLink(session: KcpSession, options: KcpLinkOptions = {}): StreamLink {
  return linkOver(session, undefined, resolveKcpLinkOptions(options));
}
