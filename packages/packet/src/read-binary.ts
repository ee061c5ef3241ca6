import { Status } from '@stmp/contract';
import { type PacketFields, PacketKind, type PacketLimits } from './fields.js';
import { FLAG_HEADER, FLAG_METHOD, FLAG_PAYLOAD } from './flags.js';
import { isHeaderBlock } from './header-block.js';
import { decodeUtf8 } from './utf8.js';
import { bigVarint, CUT, OVERFLOW, readVarint, varintEnd } from './varint.js';

const NEED_MORE = 0;

/**
 * By head byte: the bytes of the fields that every packet with this head has, or 0 for a head that is
 * invalid (FIN not set, RSV set, kind 6 or 7, a flag that the kind does not allow).
 */
const SMALLEST: Uint8Array = /* @__PURE__ */ smallestByHead();

function smallestByHead(): Uint8Array {
  const table = new Uint8Array(256);
  const call = FLAG_PAYLOAD | FLAG_HEADER | FLAG_METHOD;
  // ping, pong, request, notify, response, close
  const flags = [0, 0, call, call, FLAG_PAYLOAD | FLAG_HEADER, FLAG_PAYLOAD];
  const sizes = [1, 1, 4, 2, 4, 2];
  for (let kind = 0; kind < flags.length; kind++) {
    for (let bits = 0; bits <= 0x0e; bits += 2) {
      if ((bits & ~flags[kind]!) === 0) table[0x80 | (kind << 4) | bits] = sizes[kind]!;
    }
  }
  return table;
}

/**
 * Reads one packet from a byte stream, `bytes[offset, end)`. Nothing is copied or allocated, except a
 * method name and an action above `Number.MAX_SAFE_INTEGER`. Header blocks are checked, not parsed.
 *
 * @returns the offset after the packet; 0 when more bytes are needed (see `into.needed`); or the status
 * to close with, negative (-0x24: a length over its limit), as soon as it is certain. Source: STMP 1.0, section 2.
 */
export function readStreamPacket(
  bytes: Uint8Array,
  offset: number,
  end: number,
  limits: PacketLimits,
  into: PacketFields,
): number {
  return read(bytes, offset, end, true, limits, into);
}

/**
 * Reads a binary message that holds exactly one packet; otherwise as {@link readStreamPacket}.
 * @returns 0, or -3 for every fault: messages know no other status. Source: STMP 1.0, section 2.
 */
export function readMessagePacket(bytes: Uint8Array, limits: PacketLimits, into: PacketFields): number {
  const end = bytes.length;
  const next = read(bytes, 0, end, false, limits, into);
  // An unfinished packet is a fault here, and so are bytes after it.
  return next === end && end > 0 ? 0 : -Status.ProtocolError;
}

function read(
  bytes: Uint8Array,
  offset: number,
  end: number,
  stream: boolean,
  limits: PacketLimits,
  into: PacketFields,
): number {
  if (offset >= end) {
    into.needed = 1;
    return NEED_MORE;
  }
  const head = bytes[offset]!;
  const smallest = SMALLEST[head]!;
  if (smallest === 0) return -Status.ProtocolError;
  if (end - offset < smallest) {
    into.needed = smallest;
    return NEED_MORE;
  }
  const kind = (head >> 4) & 7;
  let at = offset + 1;
  let mid = 0;
  let status = 0;
  let methodStart = 0;
  let methodEnd = -1;
  let action: number | bigint | string = 0;
  let headerStart = 0;
  let headerEnd = -1;
  let start = 0;
  let payloadEnd = -1;
  let skip = -1;
  let room = limits.maxPacketBytes;

  if (kind === PacketKind.Request || kind === PacketKind.Response) {
    mid = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
  }
  if (kind === PacketKind.Request || kind === PacketKind.Notify) {
    const value = readVarint(bytes, at, end);
    if (value < 0) return unfinished(value, offset, end, into);
    if ((head & FLAG_METHOD) === 0) {
      action = value <= Number.MAX_SAFE_INTEGER ? value : bigVarint(bytes, at, varintEnd);
      at = varintEnd;
    } else {
      at = varintEnd;
      if (value > room) return -Status.RequestEntityTooLarge;
      room -= value;
      if (value > end - at) {
        into.needed = at - offset + value;
        return NEED_MORE;
      }
      methodStart = at;
      at += value;
      methodEnd = at;
    }
  } else if (kind >= PacketKind.Response) {
    status = bytes[at++]!;
  }

  if ((head & FLAG_HEADER) !== 0) {
    const length = readVarint(bytes, at, end);
    if (length < 0) return unfinished(length, offset, end, into);
    if (length > room || length > limits.maxHeaderBytes) return -Status.RequestEntityTooLarge;
    room -= length;
    at = varintEnd;
    if (length > end - at) {
      into.needed = at - offset + length;
      return NEED_MORE;
    }
    headerStart = at;
    at += length;
    headerEnd = at;
    if (!isHeaderBlock(bytes, headerStart, at)) return -Status.BadRequest;
  }

  if ((head & FLAG_PAYLOAD) !== 0) {
    let length = end - at;
    if (stream) {
      length = readVarint(bytes, at, end);
      if (length < 0) return unfinished(length, offset, end, into);
      at = varintEnd;
    }
    if (length > room) return -Status.RequestEntityTooLarge;
    if (limits.maxPacketBytesOf !== undefined && kind <= PacketKind.Notify) {
      const max = limits.maxPacketBytesOf(methodEnd < 0 ? action : decodeUtf8(bytes, methodStart, methodEnd));
      if (limits.maxPacketBytes - room + length > max) skip = stream ? length : 0;
    }
    if (skip < 0 && length > end - at) {
      into.needed = at - offset + length;
      return NEED_MORE;
    }
    if (skip < 0) {
      start = at;
      at += length;
      payloadEnd = at;
    } else if (!stream) at = end;
  }

  into.kind = kind;
  into.mid = mid;
  into.status = status;
  // Decoded last, so that an unfinished packet costs no string per try.
  into.action = methodEnd < 0 ? action : decodeUtf8(bytes, methodStart, methodEnd);
  into.headerStart = headerStart;
  into.headerEnd = headerEnd;
  into.start = start;
  into.end = payloadEnd;
  into.skip = skip;
  return at;
}

function unfinished(varint: number, offset: number, end: number, into: PacketFields): number {
  if (varint === OVERFLOW) return -Status.NetworkError;
  if (varint === CUT) into.needed = end - offset + 1;
  return NEED_MORE;
}
