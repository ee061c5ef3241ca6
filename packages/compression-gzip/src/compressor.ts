import type { Compressor } from '@stmp/contract';
import type { ResolvedGzipOptions } from './options.js';
import {
  closedError,
  FINISH,
  NO_BYTES,
  NO_FLUSH,
  PIECE_BYTES,
  SYNC_FLUSH,
  sharedOutput,
  type ZlibEngine,
  type ZlibStream,
} from './zlib-stream.js';

// Packets are gathered, and zlib runs once per write: a run costs as much as some small packets. All compressors
// share one slab, since a write is made in one go. Where it is not, the one that comes makes the last one spill.
let slab: Uint8Array | undefined;
let slabOwner: GzipCompressor | undefined;

export class GzipCompressor implements Compressor {
  readonly #engine: ZlibEngine;
  readonly #options: ResolvedGzipOptions;
  /** Infinity: members have no end. */
  readonly #memberBytes: number;
  #stream: ZlibStream | undefined;
  /** Plain bytes in the slab, while it is ours. */
  #gathered = 0;
  /** Plain bytes in the present member, the gathered ones among them. */
  #memberLength = 0;
  /** Compressed bytes since the last flush. */
  #chunks: Uint8Array[] = [];
  #failure: unknown;
  #isEmpty = true;
  #isClosed = false;

  constructor(engine: ZlibEngine, options: ResolvedGzipOptions, memberBytes: number) {
    this.#engine = engine;
    this.#options = options;
    this.#memberBytes = memberBytes;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) throw closedError('compressor');
    const length = end - start;
    if (length === 0) return;
    // STMP 1.0, section 6: members end before a packet that would cross, never after one.
    if (this.#memberLength > 0 && (this.#memberLength % this.#memberBytes) + length > this.#memberBytes) {
      this.#endMember();
    }
    this.#memberLength += length;
    this.#isEmpty = false;
    if (slabOwner !== this) {
      slabOwner?.spill();
      slabOwner = this;
    }
    if (this.#gathered + length > PIECE_BYTES) this.spill();
    if (length > PIECE_BYTES) {
      this.#deflate(NO_FLUSH, bytes, start, end);
      return;
    }
    slab ??= new Uint8Array(PIECE_BYTES);
    if (length < 32) {
      let at = this.#gathered;
      for (let i = start; i < end; i++) slab[at++] = bytes[i]!;
    } else {
      slab.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#gathered);
    }
    this.#gathered += length;
  }

  flush(): Uint8Array {
    if (this.#isClosed) throw closedError('compressor');
    if (this.#isEmpty) return NO_BYTES.slice();
    this.#isEmpty = true;
    this.#run(SYNC_FLUSH);
    if (slabOwner === this) slabOwner = undefined;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? chunks[0]! : join(chunks);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (slabOwner === this) slabOwner = undefined;
    this.#chunks = [];
    this.#stream?.close();
    this.#stream = undefined;
  }

  /** Leaves the slab to somebody else; what goes wrong is told to our own caller, later. */
  spill(): void {
    if (this.#gathered === 0) return;
    try {
      this.#run(NO_FLUSH);
    } catch (error) {
      this.#failure = error;
    }
  }

  #endMember(): void {
    this.#run(FINISH);
    this.#stream!.reset();
    this.#memberLength = 0;
  }

  #run(flush: number): void {
    const length = this.#gathered;
    this.#gathered = 0;
    this.#deflate(flush, length > 0 ? slab! : NO_BYTES, 0, length);
  }

  #deflate(flush: number, input: Uint8Array, start: number, end: number): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#stream ??= this.#engine.deflate(this.#options);
      const stream = this.#stream;
      const output = sharedOutput();
      for (let from = start, written = output.length; written === output.length; from = end - stream.availIn) {
        written = stream.run(flush, input, from, end, output);
        if (written > 0) this.#chunks.push(output.slice(0, written));
      }
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
