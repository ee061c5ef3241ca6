import { at, checkDepth, Fault } from './fault.js';
import { isObject } from './send.js';

/** What a format has for plain values, beyond lists and objects. */
export interface PlainFormat {
  /** Faults where the format has nothing for a value, and says whether {@link map} has another for it. */
  readonly check: (leaf: unknown) => boolean;
  readonly map?: (leaf: unknown) => unknown;
  /** Whether an object is a leaf, though it has members. */
  readonly isLeaf: (value: object) => boolean;
}

/** A plain value as it can be sent: mostly itself. Faults where a format would lose something. */
export function plainValue(value: unknown, format: PlainFormat): unknown {
  return check(value, format, 1) ? copy(value, format) : value;
}

function check(value: unknown, format: PlainFormat, depth: number): boolean {
  const isList = Array.isArray(value);
  if (!isList && (!isObject(value) || format.isLeaf(value))) return format.check(value);
  checkDepth(depth);
  const keys = Object.keys(value);
  if (!isList && keys.length === 0 && !isPlain(value)) {
    throw new Fault('expected a plain value, got an object of a class without members');
  }
  let isChanged = false;
  for (let i = 0; i < (isList ? value.length : keys.length); i++) {
    try {
      const item = isList ? value[i] : (value as Record<string, unknown>)[keys[i]!];
      if (check(item, format, depth + 1)) isChanged = true;
      if (!isList && format.check(keys[i])) isChanged = true;
    } catch (error) {
      throw at(error, isList ? `[${i}]` : '{}');
    }
  }
  return isChanged;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function copy(value: unknown, format: PlainFormat): unknown {
  const map = format.map ?? ((leaf: unknown) => leaf);
  if (Array.isArray(value)) return value.map((item) => copy(item, format));
  if (!isObject(value) || format.isLeaf(value)) return map(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), copy(item, format)]));
}
