import type { Headers, LinkPeer, Refusal } from '@stmp/contract';
import type { Session } from '@stmp/engine';
import { getHeader } from '@stmp/packet';
import { printable } from '../printable.js';
import type { Logger } from '../types.js';

export interface AccessLogOptions {
  readonly logger: Logger;
  /** Handshake headers to write down, from STMP or HTTP. Default none. */
  readonly headers?: readonly string[] | undefined;
  /**
   * Headers written as `***`. Names that hold `auth`, `cookie`, `credential`, `jwt`, `key`, `passw`, `secret`, `session`,
   * `signature` or `token`, and those that end in `sid`, always are.
   */
  readonly masked?: readonly string[] | undefined;
}

const SECRET = /auth|bearer|cookie|credential|jwt|key|passw|secret|session|signature|token|(^|[-_.])sid$/i;

/** One structured record for each handshake, however it ends. The results are those of the logger. */
export class AccessLog {
  readonly #logger: Logger;
  readonly #headers: readonly string[];
  readonly #masked: ReadonlySet<string>;

  constructor(options: AccessLogOptions) {
    this.#logger = options.logger;
    this.#headers = options.headers ?? [];
    this.#masked = new Set((options.masked ?? []).map((name) => name.toLowerCase()));
  }

  handshake(
    remoteAddress: string,
    peer: LinkPeer,
    session: Session | undefined,
    status: number,
    message: string,
    durationMs: number,
  ): unknown {
    const record = {
      event: 'handshake',
      remoteAddress,
      status,
      ...(message === '' ? {} : { message: printable(message) }),
      durationMs: Math.round(durationMs * 1000) / 1000,
      contentType: session?.contentType,
      encoding: session?.compression?.encoding,
      format: session === undefined ? undefined : session.text ? 'text' : 'binary',
      extensions: session?.extensions,
      headers: this.#pick(session?.peerHeaders ?? [], peer.http?.headers ?? []),
    };
    return status === 0
      ? this.#logger.info(record, 'connection accepted')
      : this.#logger.warn(record, 'connection refused');
  }

  refusal(refusal: Refusal): unknown {
    return this.#logger.warn(
      {
        event: 'refused',
        reason: printable(refusal.reason),
        remoteAddress: refusal.remoteAddress,
        headers: this.#pick(refusal.headers ?? [], []),
      },
      printable(refusal.message),
    );
  }

  #isSecret(name: string): boolean {
    return SECRET.test(name) || this.#masked.has(name.toLowerCase());
  }

  #pick(headers: Headers, more: Headers): Record<string, string> {
    const picked: Record<string, string> = {};
    for (const name of this.#headers) {
      const value = getHeader(headers, name) ?? getHeader(more, name);
      if (value !== undefined) picked[name] = this.#isSecret(name) ? '***' : printable(value);
    }
    return picked;
  }
}
