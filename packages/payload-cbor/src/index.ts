export { type CborCodecOptions, cborCodec } from './codec.js';
