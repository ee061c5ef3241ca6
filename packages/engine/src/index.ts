export { type ClientHandshakeOptions, type ClientOffer, clientHandshake, clientHeaders } from './client-handshake.js';
export type { NewEngine } from './conversation.js';
export { CANCEL, DRAIN, EXTENSIONS, type Extension } from './extensions.js';
export type { Handshake } from './handshake.js';
export { createInbound, EngineEvent, type Inbound } from './inbound.js';
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
export { checkSize } from './packet-writer.js';
export { EMPTY_PAYLOAD, encodeNotify, type PacketForm } from './payload.js';
export { retryAfterHeader, retryAfterOf } from './retry-after.js';
export { type ServerHandshakeOptions, serverHandshake } from './server-handshake.js';
export { createStreamEngine } from './stream-engine.js';
export { type TextFormat, textPackets } from './text-format.js';
export type {
  Ending,
  Engine,
  EngineOptions,
  EnginePhase,
  HelloAnswer,
  Keepalive,
  Patience,
  Session,
} from './types.js';
