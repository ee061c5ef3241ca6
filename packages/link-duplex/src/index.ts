export { duplexLink } from './duplex-link.js';
export type { NodeDuplex } from './node-duplex.js';
export {
  DEFAULT_HIGH_WATER_BYTES,
  type DuplexLinkOptions,
  type ResolvedDuplexLinkOptions,
  resolveDuplexLinkOptions,
  TCP_SAFE_UNREAD_BYTES,
  TCP_SAFE_WRITE_BYTES,
  TLS_SAFE_WRITE_BYTES,
} from './options.js';
export {
  createTlsAcceptor,
  type TlsAcceptor,
  type TlsAcceptorEvents,
} from './tls-acceptor.js';
export { createTlsClient, type TlsClient } from './tls-client.js';
export {
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  nodeTlsOptions,
  resolveTlsServerOptions,
  type TlsBytes,
  type TlsClientOptions,
  type TlsOptions,
  type TlsServerOptions,
} from './tls-options.js';
