export {
  createPacketFields,
  DEFAULT_MAX_HEADER_BYTES,
  DEFAULT_PACKET_LIMITS,
  type Framing,
  type PacketFields,
  PacketKind,
  type PacketLimits,
} from './fields.js';
export {
  type ClientHandshake,
  DEFAULT_MAX_HANDSHAKE_BYTES,
  encodeClientHandshake,
  encodeServerHandshake,
  HANDSHAKE_MAGIC,
  type HandshakeLimits,
  type ReadHandshake,
  readClientHandshake,
  readServerHandshake,
  type ServerHandshake,
} from './handshake.js';
export {
  encodeClientHandshakeText,
  encodeServerHandshakeText,
  readClientHandshakeText,
  readServerHandshakeText,
} from './handshake-text.js';
export { decodeHeaderBlock, decodeHeaderBytes, encodeHeaderBlock, headerBlockBytes } from './header-block.js';
export { createHeaders, getHeader, type HeaderMap } from './header-map.js';
export { decodePacket, decodeTextPacket, encodePacket, encodeTextPacket, type Packet } from './packet.js';
export { readMessagePacket, readStreamPacket } from './read-binary.js';
export { readTextPacket, readTextPacketBytes } from './read-text.js';
export {
  MAX_PACKET_OVERHEAD,
  PING,
  PONG,
  writeCloseHead,
  writeEmptyPayload,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from './write-binary.js';
export { TEXT_PING, TEXT_PONG, textClose, textNotify, textRequest, textResponse } from './write-text.js';
