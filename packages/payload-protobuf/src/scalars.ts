import type { ScalarType } from '@stmp/contract';
import { checkDepth, Fault, shortAscii } from '@stmp/payload-schema';
import { Reader, Writer } from 'protobufjs/minimal.js';

/** The wire types that STMP payloads contain; groups are only skipped. */
const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;

/** protobufjs takes 64-bit integers in halves and knows nothing of bigint. */
const HALVES = /* @__PURE__ */ new Int32Array(2);
const SIGNED = /* @__PURE__ */ new BigInt64Array(HALVES.buffer);
const UNSIGNED = /* @__PURE__ */ new BigUint64Array(HALVES.buffer);
const LOW_FIRST = /* @__PURE__ */ (() => new Uint8Array(new Uint32Array([1]).buffer)[0] === 1)();
const LOW = LOW_FIRST ? 0 : 1;
const HIGH = LOW_FIRST ? 1 : 0;
const long: Long = { low: 0, high: 0, unsigned: false };

interface Long {
  low: number;
  high: number;
  unsigned: boolean;
}

function toLong(value: unknown): Long {
  SIGNED[0] = value as bigint;
  long.low = HALVES[LOW]!;
  long.high = HALVES[HIGH]!;
  return long;
}

function signed(value: Long): bigint {
  HALVES[LOW] = value.low;
  HALVES[HIGH] = value.high;
  return SIGNED[0]!;
}

function unsigned(value: Long): bigint {
  HALVES[LOW] = value.low;
  HALVES[HIGH] = value.high;
  return UNSIGNED[0]!;
}

/** How a scalar is written, after its check, and read. protobufjs names its methods as proto3 does its types. */
export interface Scalar {
  readonly wire: number;
  readonly put: (writer: Writer, value: unknown) => unknown;
  readonly get: (reader: Reader) => unknown;
}

export function scalarOf(kind: ScalarType | 'enum'): Scalar {
  const name = kind === 'enum' ? 'int32' : kind;
  // What kind of writer there is depends on the platform.
  const write = (Object.getPrototypeOf(Writer.create()) as Writer)[name] as (value: unknown) => unknown;
  const read = Reader.prototype[name === 'string' ? 'stringVerify' : name] as () => unknown;
  if (name === 'string') {
    return { wire: BYTES, put: (w, v) => write.call(w, v), get: (r) => shortText(r) ?? read.call(r) };
  }
  // A copy, since what protobufjs gives is a view of the chunk, and in Node.js a Buffer.
  if (name === 'bytes')
    return { wire: BYTES, put: (w, v) => w.bytes(v as Uint8Array), get: (r) => new Uint8Array(r.bytes()) };
  const wire = /^double$|fixed64$/.test(name) ? FIXED64 : /^float$|fixed32$/.test(name) ? FIXED32 : VARINT;
  if (!name.endsWith('64')) return { wire, put: (w, v) => write.call(w, v), get: (r) => read.call(r) };
  const toBig = /^u|^f/.test(name) ? unsigned : signed;
  const get = (reader: Reader): bigint => toBig(read.call(reader) as Long);
  const isPlain = name === 'int64' || name === 'uint64';
  return {
    wire,
    put: (w, v) => write.call(w, toLong(v)),
    get: isPlain ? (reader) => shortVarint(reader) ?? get(reader) : get,
  };
}

/** A varint of one to four bytes, which protobufjs would make three objects of; undefined, and nothing read, if it is longer. */
function shortVarint(reader: Reader): bigint | undefined {
  const { buf, pos, len } = reader;
  const end = Math.min(pos + 4, len);
  let value = 0;
  for (let i = pos, shift = 0; i < end; i++, shift += 7) {
    const byte = buf[i]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      reader.pos = i + 1;
      return BigInt(value);
    }
  }
  return undefined;
}

/** What is put together of pieces is flat up to here, and a tree of them above. */
const FLAT_LENGTH = 12;
const FEW_PIECES = 4;

/**
 * A short text of ASCII, of which protobufjs would make many pieces: it takes eight letters at a time, and single ones at
 * the end. Undefined, and nothing read, if it is another.
 */
function shortText(reader: Reader): string | undefined {
  const { buf, pos, len } = reader;
  const size = buf[pos]!;
  if (size <= FLAT_LENGTH || (size & 7) < FEW_PIECES) return undefined;
  const end = pos + 1 + size;
  if (pos >= len || end > len) return undefined;
  const text = shortAscii(buf, pos + 1, end);
  if (text !== undefined) reader.pos = end;
  return text;
}

/** Bounds the reader to the next length-delimited value. @returns the bound to restore. */
export function enter(reader: Reader): number {
  const outer = reader.len;
  const size = reader.size();
  if (size > outer - reader.pos) throw new Fault('truncated');
  reader.len = reader.pos + size;
  return outer;
}

/** Skips an unknown field; groups too, though proto3 has none. */
export function skip(reader: Reader, tag: number, depth = 0): void {
  const no = tag >>> 3;
  if (no === 0) throw new Fault('field number 0');
  const wire = tag & 7;
  if (wire === VARINT) skipVarint(reader);
  else if (wire === BYTES) move(reader, reader.size());
  else if (wire === FIXED32 || wire === FIXED64) move(reader, wire === FIXED32 ? 4 : 8);
  else if (wire === GROUP) skipGroup(reader, no, depth);
  else
    throw new Fault(wire === GROUP_END ? 'a group ends that did not begin' : 'a wire type that protobuf does not use');
}

function move(reader: Reader, size: number): void {
  if (size > reader.len - reader.pos) throw new Fault('truncated');
  reader.pos += size;
}

function skipVarint(reader: Reader): void {
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    if (reader.pos >= reader.len) throw new Fault('truncated');
    if (reader.buf[reader.pos++]! < 0x80) return;
  }
  throw new Fault('a varint of more than 10 bytes');
}

function skipGroup(reader: Reader, no: number, depth: number): void {
  checkDepth(depth + 1);
  let tag = reader.tag();
  for (; (tag & 7) !== GROUP_END; tag = reader.tag()) skip(reader, tag, depth + 1);
  if (tag >>> 3 !== no) throw new Fault('a group ends that did not begin');
}
