import type { Compression, Headers } from '@stmp/contract';
import { decodeHeaderBlock, encodeHeaderBlock } from '@stmp/packet';
import type { Extension } from './extensions.js';
import type { TextFormat } from './text-format.js';
import type { Session } from './types.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the two sides agreed on; see {@link Session}. */
interface Agreement {
  readonly contentType: string;
  readonly compression: Compression | undefined;
  readonly packetFormat: 'text' | 'binary' | undefined;
  /** How packets are read and written, where the format is text. */
  readonly textFormat: TextFormat | undefined;
  /** What the peer named; undefined when it did not send the header at all. */
  readonly extensions: readonly string[] | undefined;
  /** What the peer says that it takes. */
  readonly peerMaxPacketBytes: number | undefined;
  /** What we know. */
  readonly known: readonly Extension[];
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
  readonly textFormat: TextFormat | undefined;
  readonly packetFormat: 'text' | 'binary' | undefined;
  readonly controls: readonly Extension[];
  readonly peerIsOurs: boolean;
  readonly peerMaxPacketBytes: number | undefined;
  readonly peerMessage: string;
  readonly #block: string;

  readonly #known: readonly Extension[];

  constructor(
    { contentType, compression, packetFormat, textFormat, extensions, known, peerMaxPacketBytes }: Agreement,
    block: string,
    message: string,
  ) {
    this.contentType = contentType;
    this.compression = compression;
    this.textFormat = textFormat;
    this.packetFormat = packetFormat;
    const isAgreed = ({ name }: Extension): boolean => extensions?.includes(name) ?? false;
    this.controls = known.every(isAgreed) ? known : known.filter(isAgreed);
    this.#known = known;
    this.peerIsOurs = extensions !== undefined;
    this.peerMaxPacketBytes = peerMaxPacketBytes;
    this.peerMessage = message;
    // Through bytes, because a string that was put together keeps all its parts alive, four times the memory.
    this.#block = decoder.decode(encoder.encode(block));
  }

  /** Whether the same was agreed on with a peer that said the same. Extensions and limits are in the header block. */
  isOf({ contentType, compression, packetFormat, known }: Agreement, block: string, message: string): boolean {
    return (
      this.#block === block &&
      this.peerMessage === message &&
      this.contentType === contentType &&
      this.compression === compression &&
      this.packetFormat === packetFormat &&
      this.#known === known
    );
  }

  get extensions(): readonly string[] {
    return this.controls.map(({ name }) => name);
  }

  get text(): boolean {
    return this.textFormat !== undefined;
  }

  get peerHeaders(): Headers {
    return decodeHeaderBlock(this.#block);
  }
}
