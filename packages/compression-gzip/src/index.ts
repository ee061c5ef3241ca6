export { type GzipCompression, gzipCompression } from './gzip.js';
export { DEFAULT_GZIP_LEVEL, type GzipOptions } from './options.js';
