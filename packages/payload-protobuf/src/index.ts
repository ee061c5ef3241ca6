export { protobufCodec } from './codec.js';
