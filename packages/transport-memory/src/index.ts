export {
  createMemoryHub,
  type MemoryHub,
  type MemoryTransport,
  memoryDialer,
  memoryListener,
  memoryTransport,
} from './memory-hub.js';
export { type MemoryPairOptions, memoryPair } from './memory-pair.js';
export { DEFAULT_HIGH_WATER_BYTES, type MemoryOptions } from './options.js';
