export { createKcp } from './create.js';
export type { Kcp, KcpCounters, KcpFailure } from './kcp.js';
export {
  KCP_DEFAULTS,
  type KcpOptions,
  type KcpTuning,
  kcpPresets,
  MAX_FRAGMENTS,
  type ResolvedKcpOptions,
  resolveKcpOptions,
} from './options.js';
export { HEADER_BYTES, openingConv } from './segment.js';
