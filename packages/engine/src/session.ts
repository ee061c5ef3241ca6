import type { Compression, Headers } from '@stmp/contract';
import { decodeHeaderBlock, encodeHeaderBlock } from '@stmp/packet';
import { EXTENSIONS } from './negotiation.js';
import type { Session } from './types.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the two sides agreed on; see {@link Session}. */
interface Agreement {
  readonly contentType: string;
  readonly compression: Compression | undefined;
  readonly packetFormat: 'text' | 'binary' | undefined;
  /** What the peer named; undefined when it did not send the header at all. */
  readonly extensions: readonly string[] | undefined;
}

/** The session made last: clients of one kind mostly say the same, and then share one object. */
let last: AgreedSession | undefined;

export function createSession(agreement: Agreement, peerHeaders: Headers, peerMessage: string): Session {
  const block = encodeHeaderBlock(peerHeaders);
  if (last === undefined || !last.isOf(agreement, block, peerMessage)) {
    last = new AgreedSession(agreement, block, peerMessage);
  }
  return last;
}

/** Lives as long as its connection: the headers, which few ever read again, are kept as one string. */
class AgreedSession implements Session {
  readonly contentType: string;
  readonly compression: Compression | undefined;
  readonly text: boolean;
  readonly packetFormat: 'text' | 'binary' | undefined;
  readonly extensions: readonly string[];
  readonly peerIsOurs: boolean;
  readonly peerMessage: string;
  readonly #block: string;

  constructor({ contentType, compression, packetFormat, extensions }: Agreement, block: string, message: string) {
    this.contentType = contentType;
    this.compression = compression;
    this.text = packetFormat === 'text';
    this.packetFormat = packetFormat;
    this.extensions = EXTENSIONS.every((name) => extensions?.includes(name))
      ? EXTENSIONS
      : EXTENSIONS.filter((name) => extensions?.includes(name));
    this.peerIsOurs = extensions !== undefined;
    this.peerMessage = message;
    // Through bytes, because a string that was put together keeps all its parts alive, four times the memory.
    this.#block = decoder.decode(encoder.encode(block));
  }

  /** Whether the same was agreed on with a peer that said the same. Extensions are in the header block. */
  isOf({ contentType, compression, packetFormat }: Agreement, block: string, message: string): boolean {
    return (
      this.#block === block &&
      this.peerMessage === message &&
      this.contentType === contentType &&
      this.compression === compression &&
      this.packetFormat === packetFormat
    );
  }

  get peerHeaders(): Headers {
    return decodeHeaderBlock(this.#block);
  }
}
