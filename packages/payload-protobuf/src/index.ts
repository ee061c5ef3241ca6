export { type ProtobufCodecOptions, protobufCodec } from './codec.js';
