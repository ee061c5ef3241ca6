export { type JsonCodecOptions, jsonCodec } from './codec.js';
export { plainJsonCodec } from './plain.js';
