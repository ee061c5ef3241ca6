import type { EnumType, JsonValue, MessageType, ScalarType } from '@stmp/contract';
import { at, checkDepth, fault } from './fault.js';
import { wellFormed } from './scalars.js';
import { isObject } from './send.js';
import { setKey } from './shape.js';

/** For a wrapper such as `google.protobuf.StringValue`, which in memory is its value: the type of that. */
export function wrappedKind(type: MessageType): ScalarType | undefined {
  const isWrapper = /^google\.protobuf\.(Double|Float|U?Int(32|64)|Bool|String|Bytes)Value$/.test(type.typeName);
  return isWrapper ? (type.fields[0]![2] as ScalarType) : undefined;
}

/** For the types that in memory are plain JSON values: which one. */
export function plainKind(typeName: string): 'Value' | 'Struct' | 'ListValue' | undefined {
  return /^google\.protobuf\.(Value|Struct|ListValue)$/.exec(typeName)?.[1] as 'Value' | undefined;
}

/** The plain value that stands for an empty message of this kind. */
export function plainZero(kind: 'Value' | 'Struct' | 'ListValue'): JsonValue {
  return kind === 'Value' ? null : kind === 'Struct' ? {} : [];
}

/** Whether the enum is `google.protobuf.NullValue`, which JSON writes as null. */
export function isNullValue(type: EnumType | undefined): boolean {
  return type !== undefined && 'NULL_VALUE' in type;
}

/** Refuses what is no Value, no Struct or no ListValue at its outermost. */
export function checkPlain(kind: 'Value' | 'Struct' | 'ListValue', value: unknown): void {
  if (kind === 'Struct' && !isObject(value)) fault('object', value);
  if (kind === 'ListValue' && !Array.isArray(value)) fault('list', value);
}

/** A copy of a plain JSON value, every part of it checked; members that are undefined are left out. */
export function plainCopy(value: unknown, depth: number, leaf: (value: unknown) => unknown = plainLeaf): unknown {
  if (Array.isArray(value)) {
    checkDepth(depth);
    return value.map((item, i) => {
      try {
        return plainCopy(item, depth + 1, leaf);
      } catch (error) {
        throw at(error, `[${i}]`);
      }
    });
  }
  if (!isObject(value)) return leaf(value);
  checkDepth(depth);
  const copy = {};
  for (const key of Object.keys(value)) {
    try {
      if (value[key] !== undefined) setKey(copy, wellFormed(key), plainCopy(value[key], depth + 1, leaf));
    } catch (error) {
      throw at(error, '{}');
    }
  }
  return copy;
}

/** The leaves that JSON knows, as they are written. */
export function plainLeaf(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  // JSON writes -0 as 0, and what is plain is to be the same in all formats.
  if (value === 0) return 0;
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value;
  return fault('JSON value', value);
}
