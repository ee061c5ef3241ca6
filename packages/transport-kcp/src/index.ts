export { kcpDialer } from './dialer.js';
export { kcpLink } from './kcp-link.js';
export { kcpListener } from './listener.js';
export {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_KCP_HIGH_WATER_BYTES,
  KCP_SAFE_WRITE_BYTES,
  type KcpDialerOptions,
  type KcpLinkOptions,
  type KcpListenerOptions,
  type ResolvedKcpLinkOptions,
  resolveKcpLinkOptions,
} from './options.js';
