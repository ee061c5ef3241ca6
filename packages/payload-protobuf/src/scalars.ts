import type { ScalarType } from '@stmp/contract';
import { Fault } from '@stmp/payload-schema';
import { Reader, Writer } from 'protobufjs/minimal.js';

/** The wire types that STMP payloads contain; groups are only skipped. */
const VARINT = 0;
const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

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
  if (name === 'string') return { wire: BYTES, put: (w, v) => write.call(w, v), get: (r) => read.call(r) };
  // A copy, since what protobufjs gives is a view of the chunk, and in Node.js a Buffer.
  if (name === 'bytes')
    return { wire: BYTES, put: (w, v) => w.bytes(v as Uint8Array), get: (r) => new Uint8Array(r.bytes()) };
  const wire = /^double$|fixed64$/.test(name) ? FIXED64 : /^float$|fixed32$/.test(name) ? FIXED32 : VARINT;
  if (!name.endsWith('64')) return { wire, put: (w, v) => write.call(w, v), get: (r) => read.call(r) };
  const toBig = /^u|^f/.test(name) ? unsigned : signed;
  return { wire, put: (w, v) => write.call(w, toLong(v)), get: (r) => toBig(read.call(r) as Long) };
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
export function skip(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new Fault('field number 0');
  reader.skipType(tag & 7, 0, tag >>> 3);
}
