export type { Context } from './answering/context.js';
export type { IncomingCall, Middleware, Reply } from './answering/middleware.js';
export type {
  Awaitable,
  CallOptions,
  EmitOptions,
  EventSender,
  Implementation,
  Listeners,
  ServiceClient,
  SlowReaderPolicy,
  UntypedCalls,
} from './api.js';
export {
  type Backoff,
  type BackoffFunction,
  type ExponentialBackoffOptions,
  exponentialBackoff,
  UPSTREAM_BACKOFF,
} from './client/backoff.js';
export type { Client } from './client/client.js';
export type { ClientState } from './client/client-state.js';
export type { ClientHooks, ClientOptions, FailedAttempt } from './client/options.js';
export { DEFAULT_RETRY_ON, type Retry } from './client/retry.js';
export type { SessionHook, SessionInfo } from './client/session-hooks.js';
export { type Clock, SYSTEM_CLOCK } from './clock.js';
export {
  DEFAULT_CALL_TIMEOUT_MS,
  DEFAULT_MAX_CONCURRENT_HANDLERS,
  DEFAULT_MAX_INBOX_BYTES,
  DEFAULT_MAX_INBOX_COUNT,
  DEFAULT_MAX_PENDING_CALLS,
  DEFAULT_MAX_QUEUED_BYTES,
  DEFAULT_SERVER_MAX_PACKET_BYTES,
  DEFAULT_STALL_TIMEOUT_MS,
} from './options.js';
export type { AccessLogOptions } from './server/access-log.js';
export { type AddressOf, addressKey, socketAddress } from './server/address.js';
export { type ForwardedAddressOptions, forwardedAddress } from './server/forwarded.js';
export {
  type Authenticated,
  type AuthenticationRequest,
  createServer,
  DEFAULT_MAX_CONNECTIONS,
  type DrainOptions,
  type Server,
  type ServerOptions,
} from './server/server.js';
export type { Counters } from './shared.js';
export { connect, connectLink, createClient } from './stream-client.js';
export type {
  AddressRates,
  CloseOptions,
  Connection,
  ConnectionEnd,
  ConnectionOptions,
  DroppedEvent,
  Hooks,
  Logger,
  PacketInfo,
  Rates,
} from './types.js';
export { type PreparedEvent, prepareEvent, type WireKey } from './wire/wire.js';
