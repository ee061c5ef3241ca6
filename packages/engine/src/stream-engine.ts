import { type Compression, type Compressor, type Decompressor, Status, StmpError } from '@stmp/contract';
import { MAX_PACKET_OVERHEAD, PING, PONG, readStreamPacket } from '@stmp/packet';
import { EngineCore } from './core.js';
import type { Handshake } from './handshake.js';
import { type ResolvedEngineOptions, resolveEngineOptions } from './options.js';
import { shared } from './output.js';
import type { Engine, EngineOptions, Inbound, Session } from './types.js';

const NO_BYTES = new Uint8Array(0);
const PING_UNIT = Uint8Array.of(PING);
const PONG_UNIT = Uint8Array.of(PONG);
const FIRST_TAIL_BYTES = 256;
/** The original breaks on a packet that crosses a multiple of this within one member. Source: STMP 1.0, section 6. */
const UPSTREAM_MEMBER_BYTES = 32_768;

export interface NewEngine {
  readonly handshake: Handshake;
  /** Options with or without defaults; {@link resolveEngineOptions} once for many engines saves memory. */
  readonly options?: EngineOptions | ResolvedEngineOptions | undefined;
  readonly nowMs: number;
}

/** The engine for links that lose boundaries: TCP, TLS, KCP. Source: STMP 1.0, sections 1, 2, 6 and 7. */
export function createStreamEngine({ handshake, options, nowMs }: NewEngine): Engine {
  const resolved = options !== undefined && 'pingIntervalMs' in options ? options : resolveEngineOptions(options);
  return new StreamEngine(handshake, resolved, nowMs);
}

/** The unfinished packet at the end of a chunk. */
interface Tail {
  bytes: Uint8Array;
  length: number;
  /** Bytes it needs before reading it again makes sense. */
  needs: number;
}

interface Inflate {
  readonly stream: Decompressor;
  /** True once it has said that it wants input. */
  hungry: boolean;
}

class StreamEngine extends EngineCore<Uint8Array> {
  // Input: the chunk being read, chunks behind it, and the unfinished packet at the end of the one before.
  #chunk: Uint8Array = NO_BYTES;
  #at = 0;
  #waiting: Uint8Array[] | undefined = undefined;
  #tail: Tail | undefined = undefined;
  #inflate: Inflate | undefined = undefined;

  // Output: a run of packets in the shared slab that can still grow.
  #openSlab: Uint8Array = NO_BYTES;
  #openStart = 0;
  #openEnd = 0;
  #deflate: Compressor | undefined = undefined;

  constructor(handshake: Handshake, options: ResolvedEngineOptions, nowMs: number) {
    super(handshake, options, nowMs);
    this.begin();
  }

  protected get stream(): boolean {
    return true;
  }

  // --- input -------------------------------------------------------------------

  get hasInput(): boolean {
    return (
      this.#at < this.#chunk.length ||
      this.#waiting !== undefined ||
      (this.#inflate !== undefined && !this.#inflate.hungry)
    );
  }

  protected store(unit: Uint8Array | string): void {
    if (typeof unit === 'string') throw new TypeError('a byte stream carries no strings');
    if (unit.length === 0) return;
    if (this.#inflate === undefined) this.bytesIn += unit.length;
    if (this.#inflate === undefined && this.#at === this.#chunk.length) {
      this.#chunk = unit;
      this.#at = 0;
    } else if (this.#waiting === undefined) this.#waiting = [unit];
    else this.#waiting.push(unit);
  }

  protected dropInput(): void {
    this.#chunk = NO_BYTES;
    this.#at = 0;
    this.#waiting = undefined;
    this.#tail = undefined;
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

  protected readHandshake(): Session | undefined {
    do {
      const rest = this.#chunk.length - this.#at;
      if (rest === 0) continue;
      const tail = this.#tailWithRoom(rest, Number.POSITIVE_INFINITY);
      const before = tail.length;
      tail.bytes.set(this.#at === 0 ? this.#chunk : this.#chunk.subarray(this.#at), before);
      tail.length += rest;
      const read = this.handshake!.readBytes(tail.bytes, 0, tail.length, this.options, true);
      if (read !== undefined) {
        // What lies behind the handshake is read from the chunk.
        this.#at += read.next - before;
        this.#tail = undefined;
        this.#startCompression(read.session);
        return read.session;
      }
    } while (this.#nextChunk());
    return undefined;
  }

  #startCompression(session: Session): void {
    if (session.compression === undefined) return;
    this.#inflate = { stream: session.compression.createDecompressor(), hungry: true };
    const rest = this.#chunk.subarray(this.#at);
    this.#take(undefined);
    if (rest.length > 0) this.#waiting = [rest, ...(this.#waiting ?? [])];
    for (const unit of this.#waiting ?? []) this.bytesIn -= unit.length;
  }

  protected readPacket(into: Inbound): number {
    for (;;) {
      if (this.#tail !== undefined) {
        const read = this.#readTail(into, this.#tail);
        if (read !== 0) return read;
      } else if (this.#at < this.#chunk.length) {
        const next = readStreamPacket(this.#chunk, this.#at, this.#chunk.length, this.options, into);
        if (next > 0) {
          this.#at = next;
          into.bytes = this.#chunk;
          into.text = undefined;
          return 1;
        }
        if (next < 0) return next;
        this.#beginTail(into.needed);
      }
      if (this.#at >= this.#chunk.length) {
        try {
          if (!this.#nextChunk()) return 0;
        } catch (error) {
          this.fail(compressionError(error));
          return 0;
        }
      }
    }
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
      const next = readStreamPacket(bytes, 0, tail.length, this.options, into);
      if (next < 0) return next;
      if (next > 0) {
        this.#tail = undefined;
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
    const tail = this.#tail ?? { bytes: NO_BYTES, length: 0, needs: 0 };
    this.#tail = tail;
    const length = tail.length + count;
    if (length > tail.bytes.length) {
      const grown = new Uint8Array(Math.max(FIRST_TAIL_BYTES, Math.min(needed, length * 2)));
      grown.set(tail.bytes.subarray(0, tail.length));
      tail.bytes = grown;
    }
    return tail;
  }

  // --- output ------------------------------------------------------------------

  protected greet(handshake: Uint8Array | string): void {
    if (typeof handshake === 'string') throw new TypeError('a byte stream has no text handshake');
    this.greeting = handshake;
  }

  protected put(slab: Uint8Array, start: number, end: number): number {
    // Peers that are not ours read a packet with one call: their packets stay apart, to be cut between.
    // So do large and held ones, which have a slab to themselves.
    if (!this.peerIsOurs || slab !== shared.slab) {
      this.#seal();
      return this.enqueue(slab.subarray(start, end));
    }
    if (this.#openSlab === slab && this.#openEnd === start) {
      this.#openEnd = end;
      return 0;
    }
    this.#seal();
    this.#openSlab = slab;
    this.#openStart = start;
    this.#openEnd = end;
    return 0;
  }

  writeEncoded(packet: Uint8Array | string): number {
    if (this.phase !== 'ready') return 0;
    this.checkSize(packet.length - MAX_PACKET_OVERHEAD, 0);
    const bytes = packet as Uint8Array;
    if (
      !this.hold &&
      this.#openEnd === this.#openStart &&
      this.single === undefined &&
      (this.parts === undefined || this.parts.empty)
    ) {
      this.single = bytes;
      return 0;
    }
    this.#seal();
    return this.enqueue(bytes);
  }

  /** Puts what is open behind the parts, so that order holds. */
  #seal(): void {
    if (this.single !== undefined) {
      const { single } = this;
      this.single = undefined;
      this.enqueue(single);
    }
    if (this.#openEnd > this.#openStart) {
      this.enqueue(this.#openSlab.subarray(this.#openStart, this.#openEnd));
      this.#letGo();
    }
  }

  /** An idle connection must not keep a slab alive. */
  #letGo(): void {
    this.#openSlab = NO_BYTES;
    this.#openStart = this.#openEnd = 0;
  }

  protected dropOutput(): void {
    this.single = undefined;
    this.parts?.clear();
    this.#letGo();
    this.pings = this.pongs = 0;
  }

  get outputBytes(): number {
    return (
      (this.greeting?.length ?? 0) +
      this.pings +
      this.pongs +
      (this.single?.length ?? 0) +
      (this.parts?.bytes ?? 0) +
      this.#openEnd -
      this.#openStart
    );
  }

  takeOutput(maxBytes: number): Uint8Array | undefined {
    const { greeting } = this;
    if (greeting !== undefined) {
      this.greeting = undefined;
      return greeting;
    }
    const compression = this.session?.compression;
    if (compression !== undefined) {
      try {
        return this.#takeCompressed(compression, maxBytes);
      } catch (error) {
        // The peer could not read a Close either.
        this.receiveError(compressionError(error));
        return undefined;
      }
    }
    if (this.pings + this.pongs === 0 && (this.parts === undefined || this.parts.empty)) return this.#takeOpen();
    const control = this.#takeControl();
    this.#seal();
    return this.#merge(control ?? this.parts?.shift(), maxBytes);
  }

  #takeControl(): Uint8Array | undefined {
    const { pings, pongs } = this;
    this.pings = this.pongs = 0;
    if (pings + pongs > 1) return new Uint8Array(pongs + pings).fill(PONG).fill(PING, pongs);
    return pings > 0 ? PING_UNIT : pongs > 0 ? PONG_UNIT : undefined;
  }

  #takeOpen(): Uint8Array | undefined {
    const { single } = this;
    if (single !== undefined) {
      this.single = undefined;
      return single;
    }
    if (this.#openEnd === this.#openStart) return undefined;
    const unit = this.#openSlab.subarray(this.#openStart, this.#openEnd);
    this.#letGo();
    return unit;
  }

  /** `first` and the whole parts that follow it, up to `maxBytes`. */
  #merge(first: Uint8Array | undefined, maxBytes: number): Uint8Array | undefined {
    const { parts } = this;
    let next = parts?.peek();
    if (first === undefined || next === undefined || first.length + next.length > maxBytes) return first;
    const taken = [first];
    let total = first.length;
    while (next !== undefined && total + next.length <= maxBytes) {
      taken.push(next);
      total += next.length;
      parts!.shift();
      next = parts!.peek();
    }
    const unit = new Uint8Array(total);
    let at = 0;
    for (const part of taken) {
      unit.set(part, at);
      at += part.length;
    }
    return unit;
  }

  #takeCompressed(compression: Compression, maxBytes: number): Uint8Array | undefined {
    if (this.outputBytes === 0) return undefined;
    if (this.#deflate === undefined) {
      this.#deflate = compression.createCompressor(
        this.peerIsOurs ? undefined : { memberBytes: UPSTREAM_MEMBER_BYTES },
      );
    }
    const deflate = this.#deflate;
    const control = this.#takeControl();
    let total = control?.length ?? 0;
    for (let at = 0; at < total; at++) deflate.add(control!, at, at + 1);
    this.#seal();
    for (let part = this.parts?.peek(); part !== undefined; part = this.parts!.peek()) {
      if (total > 0 && total + part.length > maxBytes) break;
      total += part.length;
      deflate.add(part, 0, part.length);
      this.parts!.shift();
    }
    const unit = deflate.flush();
    if (this.phase === 'closed' && this.outputBytes === 0) this.release();
    return unit;
  }

  protected release(): void {
    this.#deflate?.close();
    this.#deflate = undefined;
  }
}

function compressionError(cause: unknown): StmpError {
  return cause instanceof StmpError
    ? cause
    : new StmpError('compression_failed', 'compression failed', { status: Status.ProtocolError, cause });
}
