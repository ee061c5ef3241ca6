import { StmpError } from '@stmp/contract';
import { type GzipCompression, gzipOver } from '../gzip.js';
import { type GzipOptions, resolveGzipOptions } from '../options.js';
import { pakoEngine } from '../pako-engine.js';
import { zlibEngine } from './zlib-engine.js';
import { isZlibUsable } from './zlib-trial.js';

/**
 * gzip as STMP 1.0, section 6, wants it: one stream per direction and connection, a sync flush per write. Pass it in
 * the list of compressions of a client or server. It has no state of its own and serves any number of connections.
 * @throws RangeError or TypeError for an option out of range; StmpError `unsupported` for an engine not to be had.
 */
export function gzipCompression(options?: GzipOptions): GzipCompression {
  const resolved = resolveGzipOptions(options);
  if (resolved.engine === 'pako') return gzipOver(() => pakoEngine, resolved);
  if (resolved.engine === 'zlib') {
    if (!isZlibUsable()) {
      throw new StmpError('unsupported', 'the engine zlib does not work on this platform');
    }
    return gzipOver(() => zlibEngine, resolved);
  }
  return gzipOver(() => (isZlibUsable() ? zlibEngine : pakoEngine), resolved);
}
