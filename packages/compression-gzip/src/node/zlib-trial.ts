import { createGzip } from 'node:zlib';
import { isStmpError } from '@stmp/contract';
import { GzipCompressor } from '../compressor.js';
import { GzipDecompressor } from '../decompressor.js';
import { resolveGzipOptions } from '../options.js';
import { type ZlibHandle, type ZlibOwner, zlibEngine } from './zlib-engine.js';

let isUsable: boolean | undefined;

/** True when Node's zlib can be driven on the calling thread. Found out once, by a trial of about a millisecond. */
export function isZlibUsable(): boolean {
  isUsable ??= isShapeKnown() && doesRoundTrip();
  return isUsable;
}

/** Wrong arguments to a native function may end the process, so first watch how Node.js itself calls it. */
export function isShapeKnown(create: () => unknown = () => createGzip({ chunkSize: 64 })): boolean {
  try {
    const owner = create() as ZlibOwner & {
      on(event: 'error', listener: () => void): unknown;
      _processChunk(bytes: Uint8Array, flush: number): Uint8Array;
    };
    owner.on('error', () => {});
    const handle = owner._handle;
    const left = owner._writeState;
    if (!(left instanceof Uint32Array && left.length === 2)) return false;
    if (typeof handle.reset !== 'function' || typeof handle.onerror !== 'function') return false;
    const native: unknown = handle.writeSync;
    if (typeof native !== 'function') return false;
    const input = Uint8Array.of(1, 2, 3);
    let wasSeen = false;
    handle.writeSync = function (this: ZlibHandle, ...args: unknown[]): void {
      const [flush, bytes, at, length, output, outputAt, outputLength] = args;
      wasSeen =
        args.length === 7 &&
        flush === 2 &&
        bytes === input &&
        at === 0 &&
        length === input.length &&
        output instanceof Uint8Array &&
        outputAt === 0 &&
        outputLength === output.length;
      if (!wasSeen) throw new Error('unknown arguments');
      Reflect.apply(native, this, args);
      wasSeen = left[0]! < Number(outputLength) && left[1] === 0;
    } as ZlibHandle['writeSync'];
    owner._processChunk(input, 2);
    return wasSeen;
  } catch {
    return false;
  }
}

function doesRoundTrip(): boolean {
  try {
    const options = resolveGzipOptions({ windowBits: 10, memLevel: 1 });
    // A member of two writes, then, as the packets no longer fit, one of its own.
    const compressor = new GzipCompressor(zlibEngine, options, 8);
    const decompressor = new GzipDecompressor(zlibEngine, options);
    for (const text of ['aaa', 'aaaa', 'bbb']) {
      const plain = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      compressor.add(plain, 0, plain.length);
      decompressor.push(compressor.flush());
      if (String(decompressor.pull()) !== String(plain) || decompressor.pull() !== undefined) return false;
    }
    compressor.close();
    decompressor.push(Uint8Array.of(0xff, 0xff, 0xff));
    return isRefused(decompressor);
  } catch {
    return false;
  }
}

function isRefused(decompressor: GzipDecompressor): boolean {
  try {
    decompressor.pull();
    return false;
  } catch (error) {
    return isStmpError(error) && error.code === 'compression_failed';
  } finally {
    decompressor.close();
  }
}
