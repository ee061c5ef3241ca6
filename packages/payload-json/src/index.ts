export { type JsonCodecOptions, jsonCodec } from './codec.js';
