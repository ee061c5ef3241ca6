import { FLAG_HEADER, FLAG_METHOD, FLAG_PAYLOAD } from './flags.js';
import { writeBigVarint, writeVarint } from './varint.js';

/** A whole ping packet. */
export const PING = 0x80;
/** A whole pong packet. */
export const PONG = 0x90;

const REQUEST = 0xa0;
const NOTIFY = 0xb0;
const RESPONSE = 0xc0;
const CLOSE = 0xd0;

/** Most bytes that a head takes beside its header block and method name: head, id, status or action, and two lengths. */
export const MAX_PACKET_OVERHEAD = 32;

/**
 * Writes everything of a request but its payload, which belongs at the offset that is returned.
 * Arguments are not checked, and `slab` must have room: {@link MAX_PACKET_OVERHEAD}, header block, method.
 *
 * @param stream True for byte streams: the payload's length is written.
 * @param action A method name is given in UTF-8.
 * @param header An encoded block; undefined or empty for none.
 * @param payloadLength 0 or less for none.
 * @returns the offset after what was written.
 */
export function writeRequestHead(
  slab: Uint8Array,
  at: number,
  stream: boolean,
  mid: number,
  action: number | bigint | Uint8Array,
  header: Uint8Array | undefined,
  payloadLength: number,
): number {
  slab[at] = REQUEST | flags(header, payloadLength) | (typeof action === 'object' ? FLAG_METHOD : 0);
  slab[at + 1] = mid;
  slab[at + 2] = mid >> 8;
  return writeRest(slab, writeAction(slab, at + 3, action), stream, header, payloadLength);
}

/** As {@link writeRequestHead}, for a notify. */
export function writeNotifyHead(
  slab: Uint8Array,
  at: number,
  stream: boolean,
  action: number | bigint | Uint8Array,
  header: Uint8Array | undefined,
  payloadLength: number,
): number {
  slab[at] = NOTIFY | flags(header, payloadLength) | (typeof action === 'object' ? FLAG_METHOD : 0);
  return writeRest(slab, writeAction(slab, at + 1, action), stream, header, payloadLength);
}

/** As {@link writeRequestHead}, for a response. */
export function writeResponseHead(
  slab: Uint8Array,
  at: number,
  stream: boolean,
  mid: number,
  status: number,
  header: Uint8Array | undefined,
  payloadLength: number,
): number {
  slab[at] = RESPONSE | flags(header, payloadLength);
  slab[at + 1] = mid;
  slab[at + 2] = mid >> 8;
  slab[at + 3] = status;
  return writeRest(slab, at + 4, stream, header, payloadLength);
}

/** As {@link writeRequestHead}, for a Close packet. */
export function writeCloseHead(
  slab: Uint8Array,
  at: number,
  stream: boolean,
  status: number,
  payloadLength: number,
): number {
  slab[at] = CLOSE | flags(undefined, payloadLength);
  slab[at + 1] = status;
  return writeRest(slab, at + 2, stream, undefined, payloadLength);
}

/**
 * Gives a packet that was written without payload one of no bytes: the empty message towards the original, by
 * section 2 of STMP 1.0.
 *
 * @param start Offset of the packet's head.
 * @param at Offset after it.
 * @returns the offset after what was written.
 */
export function writeEmptyPayload(slab: Uint8Array, start: number, at: number, stream: boolean): number {
  slab[start] = slab[start]! | FLAG_PAYLOAD;
  return stream ? writeVarint(slab, at, 0) : at;
}

// Senders never set a flag for an empty block.
function flags(header: Uint8Array | undefined, payloadLength: number): number {
  return (header !== undefined && header.length > 0 ? FLAG_HEADER : 0) | (payloadLength > 0 ? FLAG_PAYLOAD : 0);
}

function writeAction(slab: Uint8Array, at: number, action: number | bigint | Uint8Array): number {
  if (typeof action === 'number') return writeVarint(slab, at, action);
  if (typeof action === 'bigint') return writeBigVarint(slab, at, action);
  const next = writeVarint(slab, at, action.length);
  slab.set(action, next);
  return next + action.length;
}

function writeRest(
  slab: Uint8Array,
  at: number,
  stream: boolean,
  header: Uint8Array | undefined,
  payloadLength: number,
): number {
  let next = at;
  if (header !== undefined && header.length > 0) {
    next = writeVarint(slab, next, header.length);
    slab.set(header, next);
    next += header.length;
  }
  return stream && payloadLength > 0 ? writeVarint(slab, next, payloadLength) : next;
}
