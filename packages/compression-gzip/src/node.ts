export type { GzipCompression } from './gzip.js';
export { gzipCompression } from './node/gzip.js';
export { DEFAULT_GZIP_LEVEL, type GzipOptions } from './options.js';
