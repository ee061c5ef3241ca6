export { type ClientHandshakeOptions, type ClientOffer, clientHandshake, clientHeaders } from './client-handshake.js';
export { createInbound } from './core.js';
export type { Handshake } from './handshake.js';
export { createMessageEngine } from './message-engine.js';
export type { OfferedContent } from './negotiation.js';
export {
  checkNumber,
  DEFAULT_CLOSE_TIMEOUT_MS,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_KEEPALIVE,
  MAX_ABANDONED_CALLS,
  type ResolvedEngineOptions,
  resolveEngineOptions,
  resolveNumbers,
  UPSTREAM_KEEPALIVE,
} from './options.js';
export { encodeNotify, type PacketForm } from './payload.js';
export { type ServerHandshakeOptions, serverHandshake } from './server-handshake.js';
export { createStreamEngine, type NewEngine } from './stream-engine.js';
export {
  type Ending,
  type Engine,
  EngineEvent,
  type EngineOptions,
  type EnginePhase,
  type HelloAnswer,
  type Inbound,
  type Keepalive,
  type Session,
} from './types.js';
