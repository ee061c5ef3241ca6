import type { EnumType, Field, MessageType } from '@stmp/contract';

// biome-ignore lint/suspicious/noExplicitAny: the kit compares values, their types do not matter here
export type AnyType = MessageType<any, any>;

const type = (typeName: string, fields: readonly Field[]): AnyType => ({ typeName, fields });

export const COLOR: EnumType = { COLOR_NONE: 0, COLOR_RED: 1, COLOR_BLUE: 7, COLOR_LOW: -2 };

/** One field of each scalar type. */
export const SCALARS: AnyType = type('stmp.conformance.Scalars', [
  [1, 'a_double', 'double'],
  [2, 'a_float', 'float'],
  [3, 'an_int32', 'int32'],
  [4, 'an_int64', 'int64'],
  [5, 'a_uint32', 'uint32'],
  [6, 'a_uint64', 'uint64'],
  [7, 'a_sint32', 'sint32'],
  [8, 'a_sint64', 'sint64'],
  [9, 'a_fixed32', 'fixed32'],
  [10, 'a_fixed64', 'fixed64'],
  [11, 'a_sfixed32', 'sfixed32'],
  [12, 'a_sfixed64', 'sfixed64'],
  [13, 'a_bool', 'bool'],
  [14, 'a_string', 'string'],
  [15, 'a_bytes', 'bytes'],
  [16, 'a_color', COLOR],
]);

export const SCALAR_DEFAULTS: object = {
  aDouble: 0,
  aFloat: 0,
  anInt32: 0,
  anInt64: 0n,
  aUint32: 0,
  aUint64: 0n,
  aSint32: 0,
  aSint64: 0n,
  aFixed32: 0,
  aFixed64: 0n,
  aSfixed32: 0,
  aSfixed64: 0n,
  aBool: false,
  aString: '',
  aBytes: new Uint8Array(0),
  aColor: 0,
};

/** A message that contains itself, so that tables must be read lazily. */
export const NODE: AnyType = type('stmp.conformance.Node', [
  [1, 'name', 'string'],
  [2, 'child', () => NODE],
  [3, 'children', () => NODE, { repeated: true }],
]);

/** Lists, maps, oneof, presence. */
export const COMPOUND: AnyType = type('stmp.conformance.Compound', [
  [1, 'numbers', 'int32', { repeated: true }],
  [2, 'big_numbers', 'uint64', { repeated: true }],
  [3, 'unpacked', 'sint64', { repeated: true, packed: false }],
  [4, 'texts', 'string', { repeated: true }],
  [5, 'blobs', 'bytes', { repeated: true }],
  [6, 'doubles', 'double', { repeated: true }],
  [7, 'colors', COLOR, { repeated: true }],
  [8, 'nodes', () => NODE, { repeated: true }],
  [9, 'by_name', 'int32', { key: 'string' }],
  [10, 'by_number', 'string', { key: 'int32' }],
  [11, 'by_big', 'bytes', { key: 'uint64' }],
  [12, 'by_flag', COLOR, { key: 'bool' }],
  [13, 'node_by_name', () => NODE, { key: 'string' }],
  [14, 'maybe_number', 'int32', { optional: true }],
  [15, 'maybe_text', 'string', { optional: true }],
  [16, 'pick_text', 'string', { oneof: 'pick' }],
  [17, 'pick_number', 'int64', { oneof: 'pick' }],
  [18, 'pick_node', () => NODE, { oneof: 'pick' }],
  [19, 'pick_flag', 'bool', { oneof: 'pick' }],
  [20, 'renamed', 'string', { jsonName: 'otherName' }],
  [1000, 'far', 'uint32'],
]);

export const COMPOUND_DEFAULTS: object = {
  numbers: [],
  bigNumbers: [],
  unpacked: [],
  texts: [],
  blobs: [],
  doubles: [],
  colors: [],
  nodes: [],
  byName: {},
  byNumber: {},
  byBig: {},
  byFlag: {},
  nodeByName: {},
  maybeNumber: undefined,
  maybeText: undefined,
  pick: undefined,
  otherName: '',
  far: 0,
};

/** Two versions of one message: the newer has more fields, before, between and after. */
export const NEWER: AnyType = type('stmp.conformance.Versioned', [
  [1, 'first', 'bytes'],
  [2, 'kept', 'string'],
  [3, 'middle', () => NODE],
  [4, 'also_kept', 'uint32'],
  [5, 'list', 'double', { repeated: true }],
  [6, 'map', () => NODE, { key: 'string' }],
  [7, 'fixed', 'fixed32'],
]);
export const OLDER: AnyType = type('stmp.conformance.Versioned', [
  [2, 'kept', 'string'],
  [4, 'also_kept', 'uint32'],
]);

export const PROTO_MAP: AnyType = type('stmp.conformance.ProtoMap', [[1, 'map', 'string', { key: 'string' }]]);
