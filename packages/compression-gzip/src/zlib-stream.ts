import { Status, StmpError } from '@stmp/contract';
import type { ResolvedGzipOptions } from './options.js';

// The flush values of zlib, the same in every implementation.
export const NO_FLUSH = 0;
export const SYNC_FLUSH = 2;
export const FINISH = 4;

/** One zlib stream with the gzip wrapper, of either direction; what is above it does not know whose zlib it is. */
export interface ZlibStream {
  /** Input bytes that the last {@link run} left over. */
  availIn: number;
  /**
   * Runs zlib once over `input[start, end)` and writes to `output` from its beginning; neither is kept.
   * Inflating goes on through the members that follow one another.
   * @returns bytes written; all of `output` means that there may be more.
   * @throws StmpError `compression_failed`; the stream is of no use then.
   */
  run(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array): number;
  /** Begins a new member with the memory of the old one. For deflating only. */
  reset(): void;
  close(): void;
}

/** Makes streams. */
export interface ZlibEngine {
  readonly name: 'zlib' | 'pako';
  deflate(options: ResolvedGzipOptions): ZlibStream;
  inflate(options: ResolvedGzipOptions): ZlibStream;
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** No more than this is handed out, or gathered, at once. */
export const PIECE_BYTES = 65_536;

let output: Uint8Array | undefined;

/**
 * Where all streams write; results are copied out before anything else runs. Shared, since it would be most of
 * what an idle connection costs.
 */
export function sharedOutput(): Uint8Array {
  output ??= new Uint8Array(PIECE_BYTES);
  return output;
}

export function broken(why: string): StmpError {
  return new StmpError('compression_failed', `gzip stream is broken: ${why}`, {
    origin: 'link',
    status: Status.ProtocolError,
  });
}

export function closedError(what: string): StmpError {
  return new StmpError('bad_state', `${what} is closed`);
}
