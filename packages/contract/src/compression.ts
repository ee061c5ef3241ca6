export interface CompressorOptions {
  /**
   * Set towards peers whose reader breaks on a packet that crosses a multiple of this many plain bytes within
   * one compressed member: a new member is begun before such a packet. The original's reader of gzip is one; an
   * encoding that the original does not know may ignore it. Source: STMP 1.0, section 6.
   */
  readonly memberBytes?: number | undefined;
}

/** One direction of one connection, compressing. State is made at the first packet. */
export interface Compressor {
  /** Adds one whole packet, `bytes[start, end)`; read before the call returns. */
  add(bytes: Uint8Array, start: number, end: number): void;
  /** Ends the write: all that was added becomes readable for the peer. The result is the caller's. Empty when nothing was added. */
  flush(): Uint8Array;
  /** Frees the state and all that was added, in whatever state the stream is, also while the object is held. Nothing may follow. */
  close(): void;
}

/**
 * One direction of one connection, decompressing. It is pulled, so that a bomb costs one piece at most. Members that
 * follow each other are one stream, wherever the input is cut between or inside them.
 */
export interface Decompressor {
  /** Takes input, kept by reference until used up. Only after {@link pull} returned undefined. */
  push(bytes: Uint8Array): void;
  /**
   * The next piece of plain bytes, at most 64 KiB, the caller's; undefined: push more. Input that is cut waits for more.
   * @throws StmpError `compression_failed` for broken input, and for what is no stream of this encoding at all; once
   * thrown, every further pull throws it, whatever is pushed.
   */
  pull(): Uint8Array | undefined;
  /** As of a {@link Compressor}: also input that waits is let go. */
  close(): void;
}

/**
 * A content encoding for byte streams. Pass a list of them, preferred first.
 *
 * It works at once, in the caller's turn: packets keep their order without a queue, and a write costs no promise.
 * Libraries that answer by callback or promise do not fit. What fits: one in WASM or JavaScript, with a flush per write
 * and an output that can be bounded; in Node.js the handle below each stream of `node:zlib`, whose `writeSync` also the
 * `…Sync` functions use (`@stmp/compression-gzip` does so, after a trial at run time).
 */
export interface Compression {
  /** As in `Accept-Encoding`; lower case: `gzip`. */
  readonly encoding: string;
  createCompressor(options?: CompressorOptions): Compressor;
  createDecompressor(): Decompressor;
}
