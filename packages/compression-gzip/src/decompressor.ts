import { type Decompressor, StmpError } from '@stmp/contract';
import type { ResolvedGzipOptions } from './options.js';
import {
  broken,
  closedError,
  NO_BYTES,
  SYNC_FLUSH,
  sharedOutput,
  type ZlibEngine,
  type ZlibStream,
} from './zlib-stream.js';

export class GzipDecompressor implements Decompressor {
  readonly #engine: ZlibEngine;
  readonly #options: ResolvedGzipOptions;
  #stream: ZlibStream | undefined;
  #input = NO_BYTES;
  #at = 0;
  /** The last piece was full, so zlib may hold more without any input. */
  #hasMore = false;
  #failure: unknown;
  #isClosed = false;

  constructor(engine: ZlibEngine, options: ResolvedGzipOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  push(bytes: Uint8Array): void {
    if (this.#isClosed) throw closedError('decompressor');
    if (this.#at < this.#input.length || this.#hasMore) {
      throw new StmpError('bad_state', 'pull until undefined before the next push');
    }
    this.#input = bytes;
    this.#at = 0;
  }

  pull(): Uint8Array | undefined {
    if (this.#isClosed) throw closedError('decompressor');
    if (this.#failure !== undefined) throw this.#failure;
    const input = this.#input;
    if (this.#at === input.length && !this.#hasMore) return undefined;
    try {
      this.#stream ??= this.#engine.inflate(this.#options);
      const output = sharedOutput();
      const written = this.#stream.run(SYNC_FLUSH, input, this.#at, input.length, output);
      const left = this.#stream.availIn;
      // zlib leaves input over only for want of room, or because it is past the end of a member.
      if (left > 0 && written < output.length) throw broken('bytes after the end of a member');
      this.#at = input.length - left;
      this.#hasMore = written === output.length;
      if (left === 0) {
        this.#input = NO_BYTES;
        this.#at = 0;
      }
      return written > 0 ? output.slice(0, written) : undefined;
    } catch (error) {
      this.#failure = error;
      this.#input = NO_BYTES;
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#input = NO_BYTES;
    this.#stream?.close();
    this.#stream = undefined;
  }
}
