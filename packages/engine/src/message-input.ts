import { readMessagePacket } from '@stmp/packet';
import type { Handshake } from './handshake.js';
import type { Inbound } from './inbound.js';
import type { Input } from './input.js';
import type { ResolvedEngineOptions } from './options.js';
import type { TextFormat } from './text-format.js';
import type { Session } from './types.js';

type Unit = Uint8Array | string;

const encoder = new TextEncoder();

/** Input of links that keep boundaries: a unit is a packet. */
export class MessageInput implements Input {
  bytesIn = 0;
  readonly #options: ResolvedEngineOptions;
  /** How packets are read, where text was agreed on. */
  #text: TextFormat | undefined = undefined;
  #unit: Unit | undefined = undefined;
  #waiting: Unit[] | undefined = undefined;

  constructor(options: ResolvedEngineOptions) {
    this.#options = options;
  }

  agreed({ textFormat }: Session): void {
    this.#text = textFormat;
  }

  get fault(): undefined {
    return undefined;
  }

  get bytes(): number {
    let bytes = this.#unit === undefined ? 0 : this.#unit.length;
    if (this.#waiting !== undefined) for (const { length } of this.#waiting) bytes += length;
    return bytes;
  }

  get unfinished(): undefined {
    return undefined;
  }

  get hasMore(): boolean {
    return this.#unit !== undefined;
  }

  store(unit: Unit): void {
    this.bytesIn += unit.length;
    if (this.#unit === undefined) this.#unit = unit;
    else if (this.#waiting === undefined) this.#waiting = [unit];
    else this.#waiting.push(unit);
  }

  drop(): void {
    this.#unit = undefined;
    this.#waiting = undefined;
  }

  #next(): Unit | undefined {
    const unit = this.#unit;
    this.#unit = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    return unit;
  }

  readHandshake(handshake: Handshake): Session | undefined {
    const unit = this.#next();
    if (unit === undefined) return undefined;
    if (typeof unit === 'string') return handshake.readText(unit, this.#options);
    const read = handshake.readBytes(unit, 0, unit.length, this.#options, false);
    // A message holds a whole handshake or a broken one.
    if (read?.next !== unit.length) throw new RangeError('expected one handshake, the whole message');
    return read.session;
  }

  readPacket(into: Inbound): number {
    const unit = this.#next();
    if (unit === undefined) return 0;
    let read: number;
    // The negotiated format decides, not the type of the message.
    if (this.#text !== undefined) read = this.#text.read(unit, this.#options, into);
    else {
      const bytes = typeof unit === 'string' ? encoder.encode(unit) : unit;
      into.text = undefined;
      into.bytes = bytes;
      read = readMessagePacket(bytes, this.#options, into);
    }
    return read < 0 ? read : 1;
  }
}
