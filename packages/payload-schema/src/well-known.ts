import type { EnumType, MessageType } from '@stmp/contract';
import { meet, spend, UNIT } from './budget.js';
import { at, checkDepth, fault } from './fault.js';
import { jsonName } from './names.js';
import { wellFormed } from './scalars.js';
import { isObject } from './send.js';
import { setKey } from './shape.js';

/** How a well-known type whose values in memory are no messages is made into a message, and back. */
export interface Adapter {
  /** True for Value, Struct and ListValue, in memory plain JSON values; the others are wrappers of a scalar. */
  readonly isPlain: boolean;
  toMessage(value: unknown): Record<string, unknown>;
  fromMessage(message: Record<string, unknown>): unknown;
}

const valueAdapter: Adapter = {
  isPlain: true,
  toMessage(value) {
    const picked = Array.isArray(value) ? 'list' : isObject(value) ? 'struct' : value === null ? 'null' : typeof value;
    const checked = picked === 'list' || picked === 'struct' ? value : plainLeaf(value);
    return { kind: { case: picked === 'boolean' ? 'boolValue' : `${picked}Value`, value: checked ?? 0 } };
  },
  fromMessage({ kind }) {
    const { case: picked, value } = (kind ?? {}) as { case?: string; value?: unknown };
    if (picked === 'nullValue') return null;
    return picked === 'numberValue' ? plainLeaf(value) : (value ?? null);
  },
};

export function adapterOf({ typeName, fields }: MessageType): Adapter | undefined {
  const match = /^google\.protobuf\.((Double|Float|U?Int(32|64)|Bool|String|Bytes|List)?Value|Struct)$/.exec(typeName);
  if (match === null) return undefined;
  if (match[1] === 'Value') return valueAdapter;
  const only = jsonName(fields[0]![1]);
  return {
    isPlain: match[2] === undefined || match[2] === 'List',
    toMessage: (value) => ({ [only]: value }),
    fromMessage: (message) => message[only],
  };
}

/** Whether the enum is `google.protobuf.NullValue`, which JSON writes as null. */
export function isNullValue(type: EnumType | undefined): boolean {
  return type !== undefined && 'NULL_VALUE' in type;
}

/**
 * A copy of a plain JSON value, for a type that {@link adapterOf} calls plain, every part of it checked. Members that
 * are undefined are left out. Each list or object counts as two levels, as in Protocol Buffers, and so it takes
 * units of the decoding budget where `isRead`.
 */
export function plainCopy(
  { typeName }: MessageType,
  value: unknown,
  depth: number,
  leaf: (value: unknown) => unknown = plainLeaf,
  isRead = false,
): unknown {
  const cost = (sixteenths: number): void => {
    if (isRead) spend(sixteenths);
  };
  if (typeName.endsWith('Struct') && !isObject(value)) fault('object', value);
  if (typeName.endsWith('ListValue') && !Array.isArray(value)) fault('list', value);
  const copy = (part: unknown, level: number): unknown => {
    const isList = Array.isArray(part);
    if (typeof part === 'string') cost(UNIT);
    if (!isList && !isObject(part)) return leaf(part);
    checkDepth(level);
    cost(UNIT);
    const whole: Record<string, unknown> | unknown[] = isList ? [] : {};
    const entries = Object.entries(part);
    if (isRead && !isList) meet(entries.length);
    for (const [key, item] of entries) {
      if (item === undefined && !isList) continue;
      cost(isList ? UNIT : 2 * UNIT);
      try {
        setKey(whole as Record<string, unknown>, wellFormed(key), copy(item, level + 2));
      } catch (error) {
        throw at(error, isList ? `[${key}]` : '{}');
      }
    }
    return whole;
  };
  const isValue = typeName.endsWith('.Value');
  if (isValue) cost(UNIT);
  return copy(value, isValue ? depth + 1 : depth);
}

/** The leaves that JSON knows, as they are written. */
export function plainLeaf(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  // JSON writes -0 as 0, and what is plain is to be the same in all formats.
  if (value === 0) return 0;
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value;
  return fault('JSON value', value);
}
