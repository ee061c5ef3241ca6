import { type Compression, StmpError } from '@stmp/contract';
import { GzipCompressor } from './compressor.js';
import { GzipDecompressor } from './decompressor.js';
import { type GzipOptions, type ResolvedGzipOptions, resolveGzipOptions } from './options.js';
import { pakoEngine } from './pako-engine.js';
import type { ZlibEngine } from './zlib-stream.js';

export interface GzipCompression extends Compression {
  readonly encoding: 'gzip';
  /** Whose code runs. Reading it makes the trial that `auto` stands for. */
  readonly engine: 'zlib' | 'pako';
}

/**
 * gzip as STMP 1.0, section 6, wants it: one stream per direction and connection, a sync flush per write. Pass it in
 * the list of compressions of a client or server. It has no state of its own and serves any number of connections.
 * @throws RangeError or TypeError for an option out of range; StmpError `unsupported` for an engine not to be had.
 */
export function gzipCompression(options?: GzipOptions): GzipCompression {
  const resolved = resolveGzipOptions(options);
  if (resolved.engine === 'zlib') {
    throw new StmpError('unsupported', 'the engine zlib needs Node.js');
  }
  return gzipOver(() => pakoEngine, resolved);
}

/** The same over any engine, found when it is first needed. */
export function gzipOver(engine: () => ZlibEngine, options: ResolvedGzipOptions): GzipCompression {
  return {
    encoding: 'gzip',
    get engine() {
      return engine().name;
    },
    createCompressor(of) {
      const memberBytes = of?.memberBytes ?? Number.POSITIVE_INFINITY;
      if (memberBytes !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(memberBytes) && memberBytes > 0)) {
        throw new RangeError(`memberBytes must be a positive integer, got ${String(memberBytes)}`);
      }
      return new GzipCompressor(engine(), options, memberBytes);
    },
    createDecompressor: () => new GzipDecompressor(engine(), options),
  };
}
