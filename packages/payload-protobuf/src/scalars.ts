import type { ScalarType } from '@stmp/contract';
import { Fault } from '@stmp/payload-schema';
import type { Reader, Writer } from 'protobufjs/minimal.js';

/** The wire types that STMP payloads contain; groups are only skipped. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

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

export interface Scalar {
  readonly wire: number;
  /** Writes a value that was checked. */
  readonly put: (writer: Writer, value: unknown) => unknown;
  readonly get: (reader: Reader) => unknown;
}

export const SCALARS: { readonly [K in ScalarType | 'enum']: Scalar } = {
  double: { wire: FIXED64, put: (w, v) => w.double(v as number), get: (r) => r.double() },
  float: { wire: FIXED32, put: (w, v) => w.float(v as number), get: (r) => r.float() },
  int32: { wire: VARINT, put: (w, v) => w.int32(v as number), get: (r) => r.int32() },
  int64: { wire: VARINT, put: (w, v) => w.int64(toLong(v)), get: (r) => signed(r.int64()) },
  uint32: { wire: VARINT, put: (w, v) => w.uint32(v as number), get: (r) => r.uint32() },
  uint64: { wire: VARINT, put: (w, v) => w.uint64(toLong(v)), get: (r) => unsigned(r.uint64()) },
  sint32: { wire: VARINT, put: (w, v) => w.sint32(v as number), get: (r) => r.sint32() },
  sint64: { wire: VARINT, put: (w, v) => w.sint64(toLong(v)), get: (r) => signed(r.sint64()) },
  fixed32: { wire: FIXED32, put: (w, v) => w.fixed32(v as number), get: (r) => r.fixed32() },
  fixed64: { wire: FIXED64, put: (w, v) => w.fixed64(toLong(v)), get: (r) => unsigned(r.fixed64()) },
  sfixed32: { wire: FIXED32, put: (w, v) => w.sfixed32(v as number), get: (r) => r.sfixed32() },
  sfixed64: { wire: FIXED64, put: (w, v) => w.sfixed64(toLong(v)), get: (r) => signed(r.sfixed64()) },
  bool: { wire: VARINT, put: (w, v) => w.bool(v as boolean), get: (r) => r.bool() },
  string: { wire: BYTES, put: (w, v) => w.string(v as string), get: (r) => r.stringVerify() },
  // A copy, since what protobufjs gives is a view of the chunk, and in Node.js a Buffer.
  bytes: { wire: BYTES, put: (w, v) => w.bytes(v as Uint8Array), get: (r) => new Uint8Array(r.bytes()) },
  enum: { wire: VARINT, put: (w, v) => w.int32(v as number), get: (r) => r.int32() },
};

/** Bounds the reader to the next length-delimited value. @returns the bound to restore. */
export function enter(reader: Reader): number {
  const outer = reader.len;
  const size = reader.size();
  if (size > outer - reader.pos) throw new Fault('truncated');
  reader.len = reader.pos + size;
  return outer;
}
