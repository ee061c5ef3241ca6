import { type Headers, Status, StmpError, statusName } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  type Framing,
  type PacketFields,
  PacketKind,
  type PacketLimits,
} from './fields.js';
import { decodeHeaderBlock, decodeHeaderBytes, encodeHeaderBlock, headerBlockBytes } from './header-block.js';
import { readMessagePacket, readStreamPacket } from './read-binary.js';
import { readTextPacket } from './read-text.js';
import { encodeUtf8, tryDecodeUtf8 } from './utf8.js';
import {
  MAX_PACKET_OVERHEAD,
  PING,
  PONG,
  writeCloseHead,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from './write-binary.js';
import { TEXT_PING, TEXT_PONG, textClose, textNotify, textRequest, textResponse } from './write-text.js';

/** A packet as one object: for tools, tests and people. Connections use the readers and writers, which make no objects. */
export interface Packet {
  readonly kind: 'ping' | 'pong' | 'request' | 'notify' | 'response' | 'close';
  /** 0 to 65535. Request, response. */
  readonly mid?: number | undefined;
  /** 0 to 255. Response, close. */
  readonly status?: number | undefined;
  /** A number up to 2^64 - 1 (`bigint` above `Number.MAX_SAFE_INTEGER`), or a method name. Request, notify. */
  readonly action?: number | bigint | string | undefined;
  /** Request, notify, response. Not written when empty. */
  readonly header?: Headers | undefined;
  /** All but ping and pong. Not written when empty. */
  readonly payload?: Uint8Array | undefined;
}

const KINDS = ['ping', 'pong', 'request', 'notify', 'response', 'close'] as const;
const FIELDS = ['mid', 'status', 'action', 'header', 'payload'] as const;
const FIELDS_OF: Readonly<Record<Packet['kind'], readonly (typeof FIELDS)[number][]>> = {
  ping: [],
  pong: [],
  request: ['mid', 'action', 'header', 'payload'],
  notify: ['action', 'header', 'payload'],
  response: ['mid', 'status', 'header', 'payload'],
  close: ['status', 'payload'],
};

/**
 * One packet in bytes.
 * @throws TypeError for a kind that does not exist and for a field that its kind lacks or must have; RangeError for a number out of range.
 */
export function encodePacket(packet: Packet, framing: Framing): Uint8Array {
  check(packet);
  const { mid = 0, status = 0, payload } = packet;
  const header = headerBlockBytes(packet.header ?? []);
  const action = typeof packet.action === 'string' ? encodeUtf8(packet.action) : (packet.action ?? 0);
  const length = payload?.length ?? 0;
  const method = typeof action === 'object' ? action.length : 0;
  const bytes = new Uint8Array(MAX_PACKET_OVERHEAD + method + (header?.length ?? 0) + length);
  const stream = framing === 'stream';
  let end = 1;
  switch (packet.kind) {
    case 'ping':
      bytes[0] = PING;
      break;
    case 'pong':
      bytes[0] = PONG;
      break;
    case 'request':
      end = writeRequestHead(bytes, 0, stream, mid, action, header, length);
      break;
    case 'notify':
      end = writeNotifyHead(bytes, 0, stream, action, header, length);
      break;
    case 'response':
      end = writeResponseHead(bytes, 0, stream, mid, status, header, length);
      break;
    case 'close':
      end = writeCloseHead(bytes, 0, stream, status, length);
      break;
  }
  if (payload !== undefined) bytes.set(payload, end);
  return bytes.slice(0, end + length);
}

/**
 * One packet of the text format.
 * @throws StmpError `payload_invalid` when the payload is not UTF-8; otherwise as {@link encodePacket}.
 */
export function encodeTextPacket(packet: Packet): string {
  check(packet);
  const { mid = 0, status = 0, action = 0 } = packet;
  const header = encodeHeaderBlock(packet.header ?? []);
  const payload = packet.payload && tryDecodeUtf8(packet.payload);
  if (packet.payload !== undefined && payload === undefined) {
    throw new StmpError('payload_invalid', 'payload: expected UTF-8 for the text format, got other bytes');
  }
  switch (packet.kind) {
    case 'ping':
      return TEXT_PING;
    case 'pong':
      return TEXT_PONG;
    case 'request':
      return textRequest(mid, action, header, payload);
    case 'notify':
      return textNotify(action, header, payload);
    case 'response':
      return textResponse(mid, status, header, payload);
    case 'close':
      return textClose(status, payload);
  }
}

/**
 * Reads bytes that hold exactly one packet. The result owns its memory.
 * @throws StmpError `too_large` or `protocol_error` with the status that the peer is to be sent.
 */
export function decodePacket(
  bytes: Uint8Array,
  framing: Framing,
  limits: PacketLimits = DEFAULT_PACKET_LIMITS,
): Packet {
  const fields = createPacketFields();
  if (framing === 'message') {
    const result = readMessagePacket(bytes, limits, fields);
    if (result < 0) throw fault(-result);
  } else {
    const next = readStreamPacket(bytes, 0, bytes.length, limits, fields);
    if (next < 0) throw fault(-next);
    if (next !== bytes.length) {
      const got = next === 0 ? 'the beginning of one' : `${bytes.length - next} bytes after it`;
      throw new StmpError('protocol_error', `packet: expected a whole packet, got ${got}`, {
        status: Status.ProtocolError,
      });
    }
  }
  return toPacket(
    fields,
    () => decodeHeaderBytes(bytes, fields.headerStart, fields.headerEnd),
    () => bytes.slice(fields.start, fields.end),
  );
}

/** Reads one packet of the text format; as {@link decodePacket}. */
export function decodeTextPacket(text: string, limits: PacketLimits = DEFAULT_PACKET_LIMITS): Packet {
  const fields = createPacketFields();
  const result = readTextPacket(text, limits, fields);
  if (result < 0) throw fault(-result);
  return toPacket(
    fields,
    () => decodeHeaderBlock(text.slice(fields.headerStart, fields.headerEnd)),
    () => encodeUtf8(text.slice(fields.start, fields.end)),
  );
}

function toPacket(fields: PacketFields, header: () => Headers, payload: () => Uint8Array): Packet {
  const { kind, mid, status, action } = fields;
  return {
    kind: KINDS[kind]!,
    ...((kind === PacketKind.Request || kind === PacketKind.Response) && { mid }),
    ...(kind >= PacketKind.Response && { status }),
    ...((kind === PacketKind.Request || kind === PacketKind.Notify) && { action }),
    ...(fields.headerEnd > fields.headerStart && { header: header() }),
    ...(fields.end >= 0 && { payload: payload() }),
  };
}

function fault(status: Status): StmpError {
  return status === Status.RequestEntityTooLarge
    ? new StmpError('too_large', 'packet: expected lengths within the limits, got more', { status })
    : new StmpError('protocol_error', `packet: expected STMP 1.0, got bytes that end in ${statusName(status)}`, {
        status,
      });
}

function check(packet: Packet): void {
  if (!KINDS.includes(packet.kind))
    throw new TypeError(`kind must be one of ${KINDS.join(', ')}, got ${String(packet.kind)}`);
  const allowed = FIELDS_OF[packet.kind];
  for (const field of FIELDS) {
    const given = packet[field] !== undefined;
    if (given && !allowed.includes(field)) throw new TypeError(`${field}: a ${packet.kind} has none`);
    if (!given && allowed.includes(field) && field !== 'header' && field !== 'payload') {
      throw new TypeError(`${field}: a ${packet.kind} needs one`);
    }
  }
  checkRange('mid', packet.mid ?? 0, 0xffff);
  checkRange('status', packet.status ?? 0, 0xff);
  const { action = 0 } = packet;
  if (typeof action === 'number') checkRange('action', action, Number.MAX_SAFE_INTEGER);
  else if (typeof action === 'bigint' && BigInt.asUintN(64, action) !== action) {
    throw new RangeError(`action must be 0 to 2^64 - 1, got ${action}`);
  }
}

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${name} must be an integer from 0 to ${max}, got ${String(value)}`);
  }
}
