import type { EnumType, MessageType, ScalarType } from '@stmp/contract';
import { at, checkDepth, fault } from './fault.js';
import { goName } from './names.js';
import { EMPTY, keyValue, zeroOf } from './scalars.js';
import { isObject } from './send.js';
import { type FieldShape, fill, memo, type Shape, setKey, shapeOf } from './shape.js';
import { checkPlain, isNullValue, plainCopy, plainKind, plainZero, wrappedKind } from './well-known.js';

/** How a format that parses into plain values (JSON, MessagePack) says what the schema knows better. */
export interface TreeFormat {
  /** Each takes what the format gave and returns the value in memory, or faults. */
  readonly scalars: { readonly [K in ScalarType]: (value: unknown) => unknown };
  readonly enumeration: (value: unknown, type: EnumType) => number;
  /** A leaf of a Value. */
  readonly leaf: (value: unknown) => unknown;
  /** Forms that the format has for some types instead of objects, by type name: returns undefined for others. */
  readonly special?: (typeName: string, value: unknown) => Record<string, unknown> | undefined;
}

/** Reads one message type out of parsed values. */
export interface TreeReader {
  read(tree: unknown, depth: number): unknown;
  /** The empty message. */
  zero(): unknown;
}

type Read = (tree: unknown, depth: number) => unknown;

/** What a name in a parsed object stands for. */
interface Target {
  readonly name: string;
  readonly slot: number;
  /** Undefined for the name of a oneof, which the original makes an object of its own. */
  readonly read: Read | undefined;
  readonly field: FieldShape;
}

/** A message as the original's MessagePack may also give it: its values in the order of the fields. */
function fromList(shape: Shape, list: readonly unknown[]): Record<string, unknown> {
  const { slots } = shape;
  return Object.fromEntries(
    list.slice(0, slots.length).map((item, i) => [slots[i]!.oneof ? goName(slots[i]!.name) : slots[i]!.name, item]),
  );
}

/** Makes readers of message types for one format. */
export function treeReaders(format: TreeFormat): (type: MessageType) => TreeReader {
  const valueReader = ({ kind, enumType, messageType }: FieldShape): Read => {
    if (kind === 'enum') {
      const numeric: Read = (value) => format.enumeration(value, enumType!);
      return isNullValue(enumType) ? (value) => (value === null ? 0 : numeric(value, 0)) : numeric;
    }
    if (kind !== 'message') {
      const scalar = format.scalars[kind];
      // Go writes a nil slice inside a list or a map as null.
      return kind === 'bytes' ? (value) => (value === null ? EMPTY : scalar(value)) : scalar;
    }
    let reader: TreeReader | undefined;
    return (value, depth) => {
      reader ??= readerOf(messageType!());
      return reader.read(value, depth + 1);
    };
  };

  const listReader =
    (read: Read): Read =>
    (tree, depth) => {
      if (!Array.isArray(tree)) return fault('list', tree);
      return tree.map((item, i) => {
        try {
          return read(item, depth);
        } catch (error) {
          throw at(error, `[${i}]`);
        }
      });
    };

  const mapReader =
    (key: ScalarType, read: Read): Read =>
    (tree, depth) => {
      if (!isObject(tree)) return fault('object', tree);
      const map = {};
      for (const name of Object.keys(tree)) {
        try {
          setKey(map, String(keyValue(key, name)), read(tree[name], depth));
        } catch (error) {
          throw at(error, '{}');
        }
      }
      return map;
    };

  const fieldReader = (field: FieldShape): Read => {
    const read = valueReader(field);
    return field.key !== undefined ? mapReader(field.key, read) : field.list ? listReader(read) : read;
  };

  /** Whether null is a value of the field, where for others it means that the field is not set. */
  const takesNull = (field: FieldShape): boolean =>
    !field.list &&
    field.key === undefined &&
    (isNullValue(field.enumType) ||
      (field.messageType !== undefined && plainKind(field.messageType().typeName) === 'Value'));

  const messageReader = (type: MessageType): TreeReader => {
    const shape = shapeOf(type);
    const { typeName, slots } = shape;
    const names = new Map<string, Target>();
    const targets = shape.fields.map((field): Target => ({ ...field, read: fieldReader(field), field }));
    const add = (name: string, target: Target): void => {
      if (!names.has(name)) names.set(name, target);
    };
    for (const target of targets) add(target.name, target);
    for (const target of targets) add(target.field.protoName, target);
    for (const target of targets) add(target.field.goName ?? goName(target.field.protoName), target);
    for (const { oneof, name, fields } of slots) {
      if (oneof) add(goName(name), { name, slot: fields[0]!.slot, read: undefined, field: fields[0]! });
    }

    const into = (
      message: Record<string, unknown>,
      tree: Record<string, unknown>,
      depth: number,
      from: number,
    ): number => {
      let next = from;
      for (const key of Object.keys(tree)) {
        const target = names.get(key);
        if (target === undefined) continue;
        const value = tree[key];
        const { slot, name, read, field } = target;
        if (value === null && (read === undefined || !takesNull(field))) continue;
        try {
          if (read === undefined) {
            checkDepth(depth);
            if (!isObject(value)) fault('object', value);
            next = into(message, value, depth + 1, next);
            continue;
          }
          const item = read(value, depth);
          if (slot >= next) {
            fill(message, slots, next, slot);
            next = slot + 1;
          }
          message[slots[slot]!.name] = field.oneof === undefined ? item : { case: name, value: item };
        } catch (error) {
          throw at(error, `.${name}`);
        }
      }
      return next;
    };

    const read: Read = (tree, depth) => {
      checkDepth(depth);
      const parsed = Array.isArray(tree) ? fromList(shape, tree) : (format.special?.(typeName, tree) ?? tree);
      if (!isObject(parsed)) return fault('object', tree);
      const message = {};
      fill(message, slots, into(message, parsed, depth, 0), slots.length);
      return message;
    };
    return { read, zero: () => read({}, 1) };
  };

  const wrapperReader = (type: MessageType, kind: ScalarType): TreeReader => {
    const scalar = format.scalars[kind];
    const whole = messageReader(type);
    const read: Read = (tree, depth) =>
      isObject(tree) ? (whole.read(tree, depth) as { value: unknown }).value : scalar(tree);
    return { read, zero: () => zeroOf(kind) };
  };

  const readerOf = memo((type: MessageType): TreeReader => {
    const wrapped = wrappedKind(type);
    if (wrapped !== undefined) return wrapperReader(type, wrapped);
    const plain = plainKind(type.typeName);
    if (plain === undefined) return messageReader(type);
    const read: Read = (tree, depth) => {
      checkPlain(plain, tree);
      return plainCopy(tree, depth, format.leaf);
    };
    return { read, zero: () => plainZero(plain) };
  });
  return readerOf;
}
