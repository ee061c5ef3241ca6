export { tcpDialer } from './dialer.js';
export { tcpListener } from './listener.js';
export {
  DEFAULT_CONNECT_TIMEOUT_MS,
  type ResolvedTcpDialerOptions,
  type ResolvedTcpLinkOptions,
  type ResolvedTcpListenerOptions,
  resolveTcpDialerOptions,
  resolveTcpLinkOptions,
  resolveTcpListenerOptions,
  type TcpDialerOptions,
  type TcpLinkOptions,
  type TcpListenerOptions,
  type TcpLookup,
  type TcpServer,
} from './options.js';
export { tcpLink } from './tcp-link.js';
