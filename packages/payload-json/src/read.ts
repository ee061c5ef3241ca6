import type { EnumType, MessageType, ScalarType } from '@stmp/contract';
import { CHECKS, EMPTY, Fault, fault, plainLeaf, type TreeReader, treeReaders } from '@stmp/payload-schema';
import { type AnyTypes, anyForm } from './any.js';
import { fromBase64 } from './base64.js';
import { integerOf } from './big.js';
import { formParser } from './forms.js';

/** Begins the strings that stand for big numbers; see `markBigNumbers`. Nobody can foresee it. */
let mark = '';

/** Runs `read` while strings that begin with `marked` stand for numbers. */
export function withMark<T>(marked: string, read: () => T): T {
  mark = marked;
  try {
    return read();
  } finally {
    mark = '';
  }
}

const isMarked = (value: unknown): value is string =>
  mark !== '' && typeof value === 'string' && value.startsWith(mark);

const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;

/** A number, or its digits in a string. */
function decimal(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = isMarked(value) ? value.slice(mark.length) : value;
  return DECIMAL.test(text) ? Number(text) : fault('number', value);
}

/** An integer without loss: as digits, or as a number that is safe. */
function exact(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = isMarked(value) ? value.slice(mark.length) : value;
  // By way of a number it is faster, as long as that is exact.
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text.length <= 15 ? Number(text) : text);
  return DECIMAL.test(text) ? (integerOf(text) ?? fault('integer', value)) : fault('number', value);
}

function floating(kind: 'float' | 'double'): (value: unknown) => unknown {
  return (value) => {
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
    const number = CHECKS[kind](decimal(value)) as number;
    // JSON has no infinity, but digits may be too many for a double.
    if (!Number.isFinite(number)) fault('number', value);
    return kind === 'float' ? Math.fround(number) : number;
  };
}

function text(value: unknown): string {
  return typeof value === 'string' && !isMarked(value) ? value : fault('string', isMarked(value) ? 0 : value);
}

const int32 = (value: unknown): unknown => CHECKS.int32(decimal(value));
const uint32 = (value: unknown): unknown => CHECKS.uint32(decimal(value));
const int64 = (value: unknown): unknown => CHECKS.int64(exact(value));
const uint64 = (value: unknown): unknown => CHECKS.uint64(exact(value));

const SCALARS: { readonly [K in ScalarType]: (value: unknown) => unknown } = {
  double: floating('double'),
  float: floating('float'),
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
  bool: CHECKS.bool,
  string: text,
  bytes: (value) => {
    // An Any was made from its message before.
    if (value instanceof Uint8Array) return value;
    return value === '' ? EMPTY : fromBase64(text(value));
  },
};

function enumeration(value: unknown, type: EnumType): number {
  if (typeof value !== 'string' || isMarked(value)) return CHECKS.int32(decimal(value)) as number;
  if (!Object.hasOwn(type, value)) throw new Fault('expected enum, got unknown name');
  return type[value]!;
}

/** A leaf of a Value, where big integers are numbers like any other. */
const leaf = (value: unknown): unknown => plainLeaf(isMarked(value) ? decimal(value) : value);

/** Makes readers of message types out of what `JSON.parse` gives, where `types` may be held by an Any. */
export function readers(types?: AnyTypes): (type: MessageType) => TreeReader {
  const readerOf: (type: MessageType) => TreeReader = treeReaders({
    scalars: SCALARS,
    enumeration,
    leaf,
    form: ({ typeName }) =>
      typeName === 'google.protobuf.Any' ? anyForm(types, (type) => readerOf(type)) : formParser(typeName),
    otherName: ({ protoName }) => protoName,
  });
  return readerOf;
}
