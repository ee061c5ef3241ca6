import type { MessageType, ScalarType } from '@stmp/contract';
import {
  CHECKS,
  EMPTY,
  fault,
  goName,
  plainLeaf,
  type Shape,
  type TreeReader,
  treeReaders,
  upperFirst,
} from '@stmp/payload-schema';
import { textOf } from './parse.js';

/** Integers arrive in any width: those of 64 bits as bigint, also where the value is small. */
const narrow = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

const int32 = (value: unknown): unknown => CHECKS.int32(narrow(value));
const uint32 = (value: unknown): unknown => CHECKS.uint32(narrow(value));

const SCALARS: { readonly [K in ScalarType]: (value: unknown) => unknown } = {
  double: (value) => CHECKS.double(narrow(value)),
  float: (value) => Math.fround(CHECKS.float(narrow(value)) as number),
  int32,
  int64: CHECKS.int64,
  uint32,
  uint64: CHECKS.uint64,
  sint32: int32,
  sint64: CHECKS.int64,
  fixed32: uint32,
  fixed64: CHECKS.uint64,
  sfixed32: int32,
  sfixed64: CHECKS.int64,
  bool: CHECKS.bool,
  string: (value) => {
    const text = value instanceof Uint8Array ? textOf(value, 0, value.length) : value;
    return typeof text === 'string' ? text : fault('string', value);
  },
  bytes: (value) => {
    if (value === '') return EMPTY;
    return CHECKS.bytes(typeof value === 'string' ? new TextEncoder().encode(value) : value);
  },
};

/** A leaf of a Value: what a JSON value cannot hold is no part of one. */
const leaf = (value: unknown): unknown => plainLeaf(narrow(value));

/** Messages also come as their values in the order of the fields. */
function inOrder({ slots }: Shape): (tree: unknown) => unknown {
  const names = slots.map(({ name, oneof }) => (oneof ? upperFirst(name) : name));
  return (tree) =>
    Array.isArray(tree) ? Object.fromEntries(tree.slice(0, names.length).map((item, i) => [names[i], item])) : tree;
}

/** The readers of message types out of parsed MessagePack. */
export const readerOf: (type: MessageType) => TreeReader = /* @__PURE__ */ treeReaders({
  scalars: SCALARS,
  enumeration: (value) => CHECKS.int32(narrow(value)) as number,
  leaf,
  form: inOrder,
  otherName: ({ goName: given, protoName }) => given ?? goName(protoName),
});
