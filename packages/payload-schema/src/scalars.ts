import type { ScalarType } from '@stmp/contract';
import { Fault, fault } from './fault.js';

/** The empty bytes: the default of every field of type `bytes`, and the same array for all. */
export const EMPTY: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** Whether UTF-8 can carry the text: no surrogate lacks its partner. */
export function isWellFormed(text: string): boolean {
  const native = (text as { isWellFormed?(): boolean }).isWellFormed;
  return native === undefined ? !/\p{Surrogate}/u.test(text) : native.call(text);
}

/** Text as UTF-8 can carry it: a surrogate without its partner becomes U+FFFD. */
export function wellFormed(text: string): string {
  const native = (text as { toWellFormed?(): string }).toWellFormed;
  return native === undefined ? text.replace(/\p{Surrogate}/gu, '\ufffd') : native.call(text);
}

function int32(value: unknown): number {
  return typeof value === 'number' && (value | 0) === value ? value | 0 : fault('int32', value);
}

function uint32(value: unknown): number {
  return typeof value === 'number' && value >>> 0 === value ? value >>> 0 : fault('uint32', value);
}

function big(value: unknown, name: string, wrap: (bits: number, value: bigint) => bigint): bigint {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Fault(`expected ${name}, got unsafe number`);
    // Safe integers fit, but for signs.
    if (value >= 0) return BigInt(value);
  }
  const exact = typeof value === 'number' ? BigInt(value) : value;
  if (typeof exact !== 'bigint') return fault(name, value);
  if (wrap(64, exact) !== exact) throw new Fault(`expected ${name}, got bigint out of range`);
  return exact;
}

function int64(value: unknown): bigint {
  return big(value, 'int64', BigInt.asIntN);
}

function uint64(value: unknown): bigint {
  return big(value, 'uint64', BigInt.asUintN);
}

function double(value: unknown): number {
  return typeof value === 'number' ? value : fault('number', value);
}

function float(value: unknown): number {
  const exact = double(value);
  if (Number.isFinite(exact) && !Number.isFinite(Math.fround(exact))) fault('number', value);
  return exact;
}

function bool(value: unknown): boolean {
  return typeof value === 'boolean' ? value : fault('boolean', value);
}

function string(value: unknown): string {
  return typeof value === 'string' ? wellFormed(value) : fault('string', value);
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) return fault('bytes', value);
  return value.length === 0 ? EMPTY : value;
}

/**
 * Checks of values to be sent. Each returns the value in the one form that the codecs write: 64-bit integers as
 * `bigint`, text well formed, empty bytes as {@link EMPTY}; so a default equals `ZEROS` by `===`.
 */
export const CHECKS: { readonly [K in ScalarType | 'enum']: (value: unknown) => unknown } = {
  double,
  float,
  int32,
  int64,
  uint32,
  uint64,
  sint32: int32,
  sint64: int64,
  fixed32: uint32,
  fixed64: uint64,
  sfixed32: int32,
  sfixed64: int64,
  bool,
  string,
  bytes,
  enum: int32,
};

const is64 = (kind: string): boolean => kind.endsWith('64');

/** The default of a scalar or enum. */
export function zeroOf(kind: ScalarType | 'enum'): unknown {
  if (kind === 'string') return '';
  if (kind === 'bytes') return EMPTY;
  if (kind === 'bool') return false;
  return is64(kind) ? 0n : 0;
}

/** A map key from memory, where all keys are strings, to a value of its type. */
export function keyValue(kind: ScalarType, key: string): unknown {
  if (kind === 'string') return wellFormed(key);
  if (kind === 'bool') return key === 'true' || (key !== 'false' && fault('bool as map key', key));
  if (!/^-?\d+$/.test(key)) fault(`${kind} as map key`, key);
  return CHECKS[kind](is64(kind) ? BigInt(key) : Number(key));
}

/** Whether a checked value is the default `zero`; -0 is not, since it differs on the wire. */
export function isZero(checked: unknown, zero: unknown): boolean {
  return checked === zero && !Object.is(checked, -0);
}
