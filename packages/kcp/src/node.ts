export { dialKcp } from './node/dial.js';
export type { KcpErrorCode } from './node/errors.js';
export { listenKcp } from './node/listener.js';
export {
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_LINGER_MS,
  DEFAULT_MAX_SESSIONS,
  DEFAULT_MAX_SESSIONS_PER_ADDRESS,
  DEFAULT_MAX_UNPROVEN,
  type KcpDialOptions,
  type KcpFactory,
  type KcpListenOptions,
  type KcpLookup,
  type KcpSessionOptions,
} from './node/options.js';
export type { KcpListener, KcpListenerHandler, KcpSession } from './node/types.js';
