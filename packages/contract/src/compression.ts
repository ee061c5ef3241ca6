export interface CompressorOptions {
  /**
   * Set towards peers whose reader breaks on a packet that crosses a multiple of this many plain bytes within
   * one compressed member: a new member is begun before such a packet. Source: STMP 1.0, section 6.
   */
  readonly memberBytes?: number | undefined;
}

/** One direction of one connection, compressing. State is made at the first packet. */
export interface Compressor {
  /** Adds one whole packet, `bytes[start, end)`; read before the call returns. */
  add(bytes: Uint8Array, start: number, end: number): void;
  /** Ends the write: all that was added becomes readable for the peer. The result is the caller's. Empty when nothing was added. */
  flush(): Uint8Array;
  /** Frees the state; nothing may follow. */
  close(): void;
}

/** One direction of one connection, decompressing. It is pulled, so that a bomb costs one piece at most. */
export interface Decompressor {
  /** Takes input, kept by reference until used up. Only after {@link pull} returned undefined. */
  push(bytes: Uint8Array): void;
  /**
   * The next piece of plain bytes, at most 64 KiB, the caller's; undefined: push more.
   * @throws StmpError `compression_failed`.
   */
  pull(): Uint8Array | undefined;
  close(): void;
}

/** A content encoding for byte streams. Pass a list of them, preferred first. */
export interface Compression {
  /** As in `Accept-Encoding`; lower case: `gzip`. */
  readonly encoding: string;
  createCompressor(options?: CompressorOptions): Compressor;
  createDecompressor(): Decompressor;
}
