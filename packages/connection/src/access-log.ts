import type { Headers, LinkPeer, Refusal } from '@stmp/contract';
import type { Session } from '@stmp/engine';
import { getHeader } from '@stmp/packet';
import type { Logger } from './types.js';

export interface AccessLogOptions {
  readonly logger: Logger;
  /** Handshake headers to write down, from STMP or HTTP. Default none. */
  readonly headers?: readonly string[] | undefined;
  /** Headers written as `***`. `Authorization`, `Cookie`, `Token` and names that hold `secret`, `password`, `token` or `key` always are. */
  readonly masked?: readonly string[] | undefined;
}

const SECRET = /authorization|cookie|secret|password|token|key/i;

/** One structured record for each handshake, however it ends. */
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
  ): void {
    const record = {
      event: 'handshake',
      remoteAddress,
      status,
      ...(message === '' ? {} : { message }),
      durationMs: Math.round(durationMs * 1000) / 1000,
      contentType: session?.contentType,
      encoding: session?.compression?.encoding,
      format: session === undefined ? undefined : session.text ? 'text' : 'binary',
      extensions: session?.extensions,
      headers: this.#pick(session?.peerHeaders ?? [], peer.http?.headers ?? []),
    };
    if (status === 0) this.#logger.info(record, 'connection accepted');
    else this.#logger.warn(record, 'connection refused');
  }

  refusal(refusal: Refusal): void {
    this.#logger.warn(
      {
        event: 'refused',
        reason: refusal.reason,
        remoteAddress: refusal.remoteAddress,
        headers: this.#pick(refusal.headers ?? [], []),
      },
      refusal.message,
    );
  }

  #pick(headers: Headers, more: Headers): Record<string, string> {
    const picked: Record<string, string> = {};
    for (const name of this.#headers) {
      const value = getHeader(headers, name) ?? getHeader(more, name);
      if (value !== undefined) picked[name] = SECRET.test(name) || this.#masked.has(name.toLowerCase()) ? '***' : value;
    }
    return picked;
  }
}
