import { type Decompressor, Status, type StmpError } from '@stmp/contract';
import { readStreamPacket } from '@stmp/packet';
import { compressionError } from './compression-error.js';
import type { Handshake } from './handshake.js';
import type { Inbound } from './inbound.js';
import { type Input, READ_BUSY, type Unfinished } from './input.js';
import type { ResolvedEngineOptions } from './options.js';
import type { Session } from './types.js';

const NO_BYTES = new Uint8Array(0);
const FIRST_TAIL_BYTES = 256;
/** So many bytes are made out of compressed ones before others have their turn. */
const BUSY_BYTES = 262_144;

/** The unfinished packet at the end of a chunk. */
interface Tail extends Unfinished {
  bytes: Uint8Array;
  length: number;
  /** Bytes it needs before reading it again makes sense. */
  needs: number;
}

interface Inflate {
  readonly stream: Decompressor;
  fault: StmpError | undefined;
  /** True once it has said that it wants input. */
  hungry: boolean;
}

/** Input of byte streams, which may be split anywhere: only an unfinished packet is copied. */
export class StreamInput implements Input {
  bytesIn = 0;
  readonly #options: ResolvedEngineOptions;
  // The chunk being read, chunks behind it, and the unfinished packet at the end of the one before.
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #waiting: Uint8Array[] | undefined = undefined;
  #tail: Tail | undefined = undefined;
  /** Bytes of a refused packet that are passed over. */
  #skip = 0;
  #inflate: Inflate | undefined = undefined;

  constructor(options: ResolvedEngineOptions) {
    this.#options = options;
  }

  get fault(): StmpError | undefined {
    return this.#inflate?.fault;
  }

  get bytes(): number {
    let bytes = this.#chunk.length - this.#at;
    if (this.#tail !== undefined) bytes += this.#tail.bytes.length;
    if (this.#waiting !== undefined) for (const { length } of this.#waiting) bytes += length;
    return bytes;
  }

  get unfinished(): Unfinished | undefined {
    return this.#tail;
  }

  get hasMore(): boolean {
    return (
      this.#at < this.#chunk.length ||
      this.#waiting !== undefined ||
      (this.#inflate !== undefined && !this.#inflate.hungry)
    );
  }

  store(unit: Uint8Array | string): void {
    if (typeof unit === 'string') throw new TypeError('a byte stream carries no strings');
    if (unit.length === 0) return;
    if (this.#inflate === undefined) this.bytesIn += unit.length;
    if (this.#inflate === undefined && this.#at === this.#chunk.length) {
      this.#chunk = unit;
      this.#at = 0;
    } else if (this.#waiting === undefined) this.#waiting = [unit];
    else this.#waiting.push(unit);
  }

  drop(): void {
    this.#chunk = NO_BYTES;
    this.#at = 0;
    this.#waiting = undefined;
    this.#tail = undefined;
    this.#skip = 0;
    this.#inflate?.stream.close();
    this.#inflate = undefined;
  }

  /** Moves on to the next chunk of plain bytes. @returns false when there is none. */
  #nextChunk(): boolean {
    const inflate = this.#inflate;
    if (inflate === undefined) return this.#take(this.#nextUnit());
    for (;;) {
      if (!inflate.hungry) {
        const piece = inflate.stream.pull();
        if (piece !== undefined) {
          this.bytesIn += piece.length;
          return this.#take(piece);
        }
        inflate.hungry = true;
      }
      const unit = this.#nextUnit();
      if (unit === undefined) return this.#take(undefined);
      inflate.stream.push(unit);
      inflate.hungry = false;
    }
  }

  #take(chunk: Uint8Array | undefined): boolean {
    this.#chunk = chunk ?? NO_BYTES;
    this.#at = 0;
    return chunk !== undefined;
  }

  #nextUnit(): Uint8Array | undefined {
    const unit = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    return unit;
  }

  readHandshake(handshake: Handshake): Session | undefined {
    do {
      const rest = this.#chunk.length - this.#at;
      if (rest === 0) continue;
      const tail = this.#tailWithRoom(rest, Number.POSITIVE_INFINITY);
      const before = tail.length;
      tail.bytes.set(this.#at === 0 ? this.#chunk : this.#chunk.subarray(this.#at), before);
      tail.length += rest;
      const read = handshake.readBytes(tail.bytes, 0, tail.length, this.#options, true);
      if (read !== undefined) {
        // What lies behind the handshake is read from the chunk.
        this.#at += read.next - before;
        this.#tail = undefined;
        return read.session;
      }
    } while (this.#nextChunk());
    return undefined;
  }

  agreed({ compression }: Session): void {
    if (compression === undefined) return;
    this.#inflate = { stream: compression.createDecompressor(), hungry: true, fault: undefined };
    const rest = this.#chunk.subarray(this.#at);
    this.#take(undefined);
    if (rest.length > 0) this.#waiting = [rest, ...(this.#waiting ?? [])];
    for (const unit of this.#waiting ?? []) this.bytesIn -= unit.length;
  }

  readPacket(into: Inbound): number {
    const mostBytes = this.bytesIn + BUSY_BYTES;
    for (;;) {
      if (this.#skip > 0) this.#passOver();
      if (this.#tail !== undefined) {
        const read = this.#readTail(into, this.#tail);
        if (read !== 0) return read;
      } else if (this.#at < this.#chunk.length) {
        const next = readStreamPacket(this.#chunk, this.#at, this.#chunk.length, this.#options, into);
        if (next > 0) {
          this.#at = next;
          this.#skip = Math.max(0, into.skip);
          into.bytes = this.#chunk;
          into.text = undefined;
          return 1;
        }
        if (next < 0) return next;
        this.#beginTail(into.needed);
      }
      if (this.#at >= this.#chunk.length) {
        // Only what is inflated here can be so much.
        if (this.bytesIn >= mostBytes) return READ_BUSY;
        try {
          if (!this.#nextChunk()) return 0;
        } catch (error) {
          this.#inflate!.fault = compressionError(error);
          return -Status.ProtocolError;
        }
      }
    }
  }

  #passOver(): void {
    const count = Math.min(this.#skip, this.#chunk.length - this.#at);
    this.#skip -= count;
    this.#at += count;
  }

  /** Copies the unfinished packet at the end of the chunk, so that the chunk can be let go. */
  #beginTail(needed: number): void {
    const rest = this.#chunk.length - this.#at;
    const tail = this.#tailWithRoom(rest, needed);
    tail.bytes.set(this.#chunk.subarray(this.#at));
    tail.length = rest;
    tail.needs = needed;
    this.#take(undefined);
  }

  /** Goes on with the packet in the tail, never taking more than it is known to need. */
  #readTail(into: Inbound, tail: Tail): number {
    while (this.#at < this.#chunk.length) {
      const count = Math.min(tail.needs - tail.length, this.#chunk.length - this.#at);
      const { bytes } = this.#tailWithRoom(count, tail.needs);
      bytes.set(this.#chunk.subarray(this.#at, this.#at + count), tail.length);
      tail.length += count;
      this.#at += count;
      if (tail.length < tail.needs) return 0;
      const next = readStreamPacket(bytes, 0, tail.length, this.#options, into);
      if (next < 0) return next;
      if (next > 0) {
        this.#tail = undefined;
        this.#skip = Math.max(0, into.skip);
        into.bytes = bytes;
        into.text = undefined;
        return 1;
      }
      tail.needs = into.needed;
    }
    return 0;
  }

  /**
   * The tail with room for `count` more of the `needed` bytes. It grows with what has arrived, to twice
   * that at most, never with what was announced.
   */
  #tailWithRoom(count: number, needed: number): Tail {
    const tail = this.#tail ?? { bytes: NO_BYTES, length: 0, needs: 0, sinceMs: -1 };
    this.#tail = tail;
    const length = tail.length + count;
    if (length > tail.bytes.length) {
      const grown = new Uint8Array(Math.max(FIRST_TAIL_BYTES, Math.min(needed, length * 2)));
      grown.set(tail.bytes.subarray(0, tail.length));
      tail.bytes = grown;
    }
    return tail;
  }
}
