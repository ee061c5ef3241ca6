import { Status } from '@stmp/contract';
import { type PacketFields, PacketKind, type PacketLimits } from './fields.js';
import { isHeaderText, unescapeText } from './header-block.js';
import { decodeUtf8, exceedsUtf8, utf8Length } from './utf8.js';

const FAULT: number = -Status.ProtocolError;
const NEWLINE = 0x0a;
const LETTER_H = 0x48;
const LETTER_P = 0x50;
const METHOD_PREFIX = 'M:';

/**
 * Reads one packet of the text format. All offsets of `into` index into `text`. Method, header block and
 * payload are counted in UTF-8 bytes, as they travel.
 * @returns 0, or -3 for every fault. Source: STMP 1.0, section 2, text framing.
 */
export function readTextPacket(text: string, limits: PacketLimits, into: PacketFields): number {
  if (text.length === 0) return FAULT;
  into.mid = 0;
  into.status = 0;
  into.action = 0;
  into.headerStart = 0;
  into.headerEnd = -1;
  into.start = 0;
  into.end = -1;
  into.skip = -1;

  let lineEnd = text.indexOf('\n');
  if (lineEnd < 0) lineEnd = text.length;
  let at = 1;
  let counted = lineEnd;
  switch (text.charCodeAt(0)) {
    case 0x49: // I
    case 0x4f: // O
      into.kind = text.charCodeAt(0) === 0x49 ? PacketKind.Ping : PacketKind.Pong;
      return text.length === 1 ? 0 : FAULT;
    case 0x51: // Q
      into.kind = PacketKind.Request;
      at = readMid(text, lineEnd, into);
      if (at < 0) return FAULT;
      break;
    case 0x4e: // N
      into.kind = PacketKind.Notify;
      break;
    case 0x53: // S
      into.kind = PacketKind.Response;
      at = readMid(text, lineEnd, into);
      if (at < 0) return FAULT;
      break;
    case 0x43: // C
      into.kind = PacketKind.Close;
      break;
    default:
      return FAULT;
  }
  if (into.kind >= PacketKind.Response) {
    into.status = readHex(text, at, lineEnd, 2);
    if (into.status < 0) return FAULT;
  } else if (text.startsWith(METHOD_PREFIX, at)) {
    counted = at + METHOD_PREFIX.length;
    into.action = unescapeText(text.slice(counted, lineEnd));
  } else {
    const action = readAction(text, at, lineEnd);
    if (action === undefined) return FAULT;
    into.action = action;
  }

  at = lineEnd;
  if (text.charCodeAt(at + 1) === LETTER_H && into.kind !== PacketKind.Close) {
    into.headerStart = at + 2;
    at = text.indexOf('\n', at + 2);
    if (at < 0) at = text.length;
    into.headerEnd = at;
    if (exceedsUtf8(text, into.headerStart, at, limits.maxHeaderBytes)) return FAULT;
    if (!isHeaderText(text, into.headerStart, at)) return FAULT;
  }
  if (text.charCodeAt(at + 1) === LETTER_P) {
    into.start = at + 2;
    into.end = text.length;
  } else if (at + 1 < text.length) {
    return FAULT;
  }
  if (isOverLimit(text, counted, lineEnd, limits.maxPacketBytes, into)) return FAULT;
  if (limits.maxPacketBytesOf !== undefined && into.kind <= PacketKind.Notify) {
    if (isOverLimit(text, counted, lineEnd, limits.maxPacketBytesOf(into.action), into)) {
      into.skip = 0;
      into.end = -1;
    }
  }
  return 0;
}

/**
 * {@link readTextPacket} for a packet that came as bytes, as the original sends them: all offsets are byte
 * offsets, and the payload may be any bytes.
 */
export function readTextPacketBytes(bytes: Uint8Array, limits: PacketLimits, into: PacketFields): number {
  // Everything before the payload is text. Its end is the first line break, or the second after a header.
  let cut = bytes.indexOf(NEWLINE);
  let headerStart = -1;
  if (cut >= 0 && bytes[cut + 1] === LETTER_H) {
    headerStart = cut + 2;
    cut = bytes.indexOf(NEWLINE, headerStart);
  }
  const hasPayload = cut >= 0 && bytes[cut + 1] === LETTER_P;
  const textEnd = hasPayload ? cut : bytes.length;
  const payloadBytes = hasPayload ? bytes.length - cut - 2 : 0;
  const { maxPacketBytesOf } = limits;
  const room = limits.maxPacketBytes - payloadBytes;
  if (room < 0) return FAULT;
  const result = readTextPacket(
    decodeUtf8(bytes, 0, textEnd),
    {
      maxPacketBytes: room,
      maxHeaderBytes: limits.maxHeaderBytes,
      maxPacketBytesOf: maxPacketBytesOf && ((action) => maxPacketBytesOf(action) - payloadBytes),
    },
    into,
  );
  if (result < 0) return result;
  if (into.headerEnd >= 0) {
    into.headerStart = headerStart;
    into.headerEnd = cut < 0 ? bytes.length : cut;
  }
  if (hasPayload) {
    // A ping is whole before its line ends.
    if (into.kind <= PacketKind.Pong) return FAULT;
    if (into.skip >= 0) return 0;
    into.start = cut + 2;
    into.end = bytes.length;
  }
  return 0;
}

/** Reads `<mid>:` behind the letter. @returns the offset after it, or -1. */
function readMid(text: string, end: number, into: PacketFields): number {
  const colon = text.indexOf(':', 1);
  if (colon < 0 || colon >= end) return -1;
  into.mid = readHex(text, 1, colon, 4);
  return into.mid < 0 ? -1 : colon + 1;
}

function readAction(text: string, start: number, end: number): number | bigint | undefined {
  const digits = end - start;
  if (digits <= 13) {
    const value = readHex(text, start, end, 13);
    return value < 0 ? undefined : value;
  }
  // More than 16 digits leave more than eight for the upper half.
  const high = readHex(text, start, end - 8, 8);
  const low = readHex(text, end - 8, end, 8);
  if (high < 0 || low < 0) return undefined;
  const value = high * 0x1_0000_0000 + low;
  return value <= Number.MAX_SAFE_INTEGER ? value : (BigInt(high) << 32n) | BigInt(low);
}

/** The value of 1 to `max` hex digits of either case (13 at most are exact), or -1. */
export function readHex(text: string, start: number, end: number, max: number): number {
  if (end <= start || end - start > max) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    const lower = code | 0x20;
    if (code >= 0x30 && code <= 0x39) value = value * 16 + (code - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + (lower - 0x57);
    else return -1;
  }
  return value;
}

function isOverLimit(text: string, method: number, lineEnd: number, max: number, into: PacketFields): boolean {
  // No character takes more than three bytes per unit of the string: nearly always that settles it.
  if (text.length * 3 <= max) return false;
  let size = utf8Length(text, method, lineEnd);
  if (into.headerEnd >= 0) size += utf8Length(text, into.headerStart, into.headerEnd);
  if (into.end >= 0) {
    if (into.end - into.start > max) return true;
    size += utf8Length(text, into.start, into.end);
  }
  return size > max;
}
