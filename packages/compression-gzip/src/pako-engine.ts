import {
  ZStream,
  zlibDeflate,
  zlibDeflateEnd,
  zlibDeflateInit2,
  zlibDeflateReset,
  zlibInflate,
  zlibInflateEnd,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako';
import type { ResolvedGzipOptions } from './options.js';
import { broken, NO_BYTES, type ZlibEngine, type ZlibStream } from './zlib-stream.js';

const DEFLATED = 8;
const DEFAULT_STRATEGY = 0;
/** Added to the window bits: the gzip wrapper, and no other. */
const GZIP_WRAPPER = 16;
const STREAM_END = 1;
const BUF_ERROR = -5;

const NO_OUTPUT = new Uint8Array(0);

type Flush = Parameters<typeof zlibDeflate>[1];

abstract class PakoStream implements ZlibStream {
  availIn = 0;
  protected readonly strm: ZStream = new ZStream();

  run(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array): number {
    const strm = this.strm;
    strm.input = input;
    strm.next_in = start;
    strm.avail_in = end - start;
    strm.output = output as Uint8Array<ArrayBuffer>;
    strm.next_out = 0;
    strm.avail_out = output.length;
    const status = this.step(flush as Flush);
    // Not a failure: there was nothing to do.
    if (status < 0 && status !== BUF_ERROR) throw broken(strm.msg || `status ${status}`);
    this.availIn = strm.avail_in;
    strm.input = NO_BYTES;
    strm.output = NO_OUTPUT;
    return strm.next_out;
  }

  protected abstract step(flush: Flush): number;
  abstract reset(): void;
  abstract close(): void;
}

class PakoDeflate extends PakoStream {
  constructor(options: ResolvedGzipOptions) {
    super();
    const { level, windowBits, memLevel } = options;
    // The newer hash takes 64 kB whatever memLevel says; the older one heeds it.
    const legacyHash = memLevel < 8;
    zlibDeflateInit2(this.strm, level, DEFLATED, windowBits + GZIP_WRAPPER, memLevel, DEFAULT_STRATEGY, legacyHash);
  }

  protected step(flush: Flush): number {
    return zlibDeflate(this.strm, flush);
  }

  reset(): void {
    zlibDeflateReset(this.strm);
  }

  close(): void {
    zlibDeflateEnd(this.strm);
  }
}

class PakoInflate extends PakoStream {
  constructor(options: ResolvedGzipOptions) {
    super();
    zlibInflateInit2(this.strm, options.readWindowBits + GZIP_WRAPPER);
  }

  protected step(flush: Flush): number {
    const strm = this.strm;
    let status: number = zlibInflate(strm, flush);
    // As Node's zlib does: a zero, which fills up files, begins no member and is left over.
    while (status === STREAM_END && strm.avail_in > 0 && strm.input[strm.next_in] !== 0) {
      this.reset();
      status = zlibInflate(strm, flush);
    }
    return status;
  }

  reset(): void {
    zlibInflateReset(this.strm);
  }

  close(): void {
    zlibInflateEnd(this.strm);
  }
}

export const pakoEngine: ZlibEngine = {
  name: 'pako',
  deflate: (options) => new PakoDeflate(options),
  inflate: (options) => new PakoInflate(options),
};
