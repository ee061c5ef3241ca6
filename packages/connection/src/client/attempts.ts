import { type Dialer, type Headers, isStmpError, type Link, Status, StmpError } from '@stmp/contract';
import { type ClientOffer, clientHandshake, clientHeaders, type Handshake, textPackets } from '@stmp/engine';
import { checkLink } from '../pipe/link-faults.js';
import { checkSchemes, partFor, schemeOf, schemesOf } from '../schemes.js';
import type { Shared } from '../shared.js';
import { textOf } from '../thrown.js';
import { checkHeaders } from './headers.js';
import type { ClientOptions } from './options.js';
import { hookError } from './retry.js';

/** A link that is open, and what is to be said on it first. */
export interface Opening {
  readonly link: Link;
  readonly handshake: Handshake;
}

/** Opens one link to the client's server; or takes the one that is given, which is used up then. */
export class Attempts {
  readonly #url: string;
  readonly #options: ClientOptions;
  readonly #shared: Shared;
  #link: Link | undefined;

  constructor(url: string, options: ClientOptions, shared: Shared, link: Link | undefined) {
    checkSchemes('dialers', options.dialers);
    this.#url = url;
    this.#options = options;
    this.#shared = shared;
    this.#link = link;
  }

  /** @throws StmpError. */
  async open(signal: AbortSignal): Promise<Opening> {
    const { codecs, compressions, engine } = this.#shared.options;
    const { packetFormat, acceptAll, message } = this.#options;
    const headers = await this.#headers();
    const text = packetFormat === 'text' ? textPackets() : undefined;
    const { maxPacketBytes } = engine;
    const offer: ClientOffer = { content: codecs, compressions, text, acceptAll, maxPacketBytes, headers };
    const link = checkLink(this.#link ?? (await this.#dial(offer, signal)));
    this.#link = undefined;
    if (link.kind === 'stream' && this.#shared.streamEngine === undefined) {
      letGo(link);
      throw new StmpError('unsupported', 'a byte stream needs the option streamEngine here');
    }
    return { link, handshake: clientHandshake({ ...offer, outOfBand: link.hello !== undefined, message }) };
  }

  async #headers(): Promise<Headers | undefined> {
    const { headers } = this.#options;
    if (typeof headers !== 'function') return headers;
    try {
      return checkHeaders(await headers());
    } catch (error) {
      throw hookError('the headers function', error);
    }
  }

  async #dial(offer: ClientOffer, signal: AbortSignal): Promise<Link> {
    const dialer = this.#dialer();
    try {
      return await dialer.dial(this.#url, {
        signal,
        hello: { headers: clientHeaders(offer, 'message') },
        maxUnitBytes: this.#shared.options.engine.maxPacketBytes + 128,
      });
    } catch (error) {
      if (isStmpError(error)) throw error;
      // A wrong address or option does not become right by trying again.
      if (error instanceof TypeError)
        throw new StmpError('unsupported', error.message, { status: Status.BadRequest, cause: error });
      throw new StmpError('dial_failed', `cannot connect to ${this.#url}: ${textOf(error)}`, { cause: error });
    }
  }

  #dialer(): Dialer {
    const scheme = schemeOf(this.#url);
    const { dialers = [] } = this.#options;
    const dialer = partFor(dialers, scheme);
    if (dialer === undefined)
      throw new StmpError('unsupported', `no transport for "${scheme}:"; known schemes: ${schemesOf(dialers)}`, {
        status: Status.BadRequest,
      });
    return dialer;
  }
}

/** Ends a link that is not to be used. */
export function letGo(link: Link): void {
  try {
    link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    link.abort(new StmpError('aborted', 'nobody wants the link any more'));
  } catch {
    // It is broken, and nobody wants it.
  }
}
