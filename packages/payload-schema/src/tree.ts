import type { EnumType, MessageType, ScalarType } from '@stmp/contract';
import { elementCost, meet, spend, UNIT } from './budget.js';
import { at, checkDepth, Fault, fault } from './fault.js';
import { ruleOf } from './known.js';
import { upperFirst } from './names.js';
import { EMPTY, keyValue } from './scalars.js';
import { isObject } from './send.js';
import { type FieldShape, fill, memo, type Shape, setKey, shapeOf } from './shape.js';
import { adapterOf, isNullValue, plainCopy } from './well-known.js';

/** How a format that parses into plain values (JSON, MessagePack) says what the schema knows better. */
export interface TreeFormat {
  /** Each takes what the format gave and returns the value in memory, or faults. */
  readonly scalars: { readonly [K in ScalarType]: (value: unknown) => unknown };
  readonly enumeration: (value: unknown, type: EnumType) => number;
  /** A leaf of a Value. */
  readonly leaf: (value: unknown) => unknown;
  /** For a type that comes in forms other than objects: what makes objects of them, and passes the rest on. */
  readonly form: (shape: Shape) => ((tree: unknown, depth: number) => unknown) | undefined;
  /** A name more under which a field may arrive. */
  readonly otherName: (field: FieldShape) => string;
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

const holdsMemory = (kind: FieldShape['kind']): boolean => kind === 'string' || kind === 'bytes' || kind === 'message';

/** Meets the members of what no type asks for. */
export function pass(tree: unknown): void {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return;
  const items = Object.values(tree);
  if (!Array.isArray(tree)) meet(items.length);
  items.forEach(pass);
}

/** Makes readers of message types for one format. */
export function treeReaders(format: TreeFormat): (type: MessageType) => TreeReader {
  const counted = (kind: ScalarType): ((value: unknown) => unknown) => {
    const scalar = format.scalars[kind];
    if (!holdsMemory(kind)) return scalar;
    return (value) => {
      spend(UNIT);
      return scalar(value);
    };
  };

  const valueReader = ({ kind, enumType, messageType }: FieldShape): Read => {
    if (kind === 'enum') {
      const numeric: Read = (value) => format.enumeration(value, enumType!);
      return isNullValue(enumType) ? (value) => (value === null ? 0 : numeric(value, 0)) : numeric;
    }
    if (kind !== 'message') {
      const scalar = counted(kind);
      // Go writes a nil slice inside a list or a map as null.
      return kind === 'bytes' ? (value) => scalar(value === null ? EMPTY : value) : scalar;
    }
    let reader: TreeReader | undefined;
    return (value, depth) => {
      reader ??= readerOf(messageType!());
      return reader.read(value, depth + 1);
    };
  };

  const listReader = (field: FieldShape): Read => {
    const read = valueReader(field);
    const cost = holdsMemory(field.kind) ? 0 : elementCost(field.kind);
    return (tree, depth) => {
      if (!Array.isArray(tree)) return fault('list', tree);
      spend(cost * tree.length);
      const items: unknown[] = new Array(tree.length);
      let i = 0;
      try {
        for (; i < items.length; i++) items[i] = read(tree[i], depth);
      } catch (error) {
        throw at(error, `[${i}]`);
      }
      return items;
    };
  };

  const mapReader =
    (key: ScalarType, read: Read): Read =>
    (tree, depth) => {
      if (!isObject(tree)) return fault('object', tree);
      const map = {};
      const keys = Object.keys(tree);
      meet(keys.length);
      for (const name of keys) {
        spend(UNIT);
        try {
          setKey(map, String(keyValue(key, name)), read(tree[name], depth));
        } catch (error) {
          throw at(error, '{}');
        }
      }
      return map;
    };

  const fieldReader = (field: FieldShape): Read => {
    if (field.list) return listReader(field);
    const read = valueReader(field);
    return field.key !== undefined ? mapReader(field.key, read) : read;
  };

  /** Whether null is a value of the field, where for others it means that the field is not set. */
  const takesNull = (field: FieldShape): boolean =>
    !field.list &&
    field.key === undefined &&
    (isNullValue(field.enumType) ||
      (field.messageType !== undefined && field.messageType().typeName === 'google.protobuf.Value'));

  const messageReader = (type: MessageType): TreeReader => {
    const shape = shapeOf(type);
    const { slots, cost } = shape;
    const form = format.form(shape);
    const rule = ruleOf(type);
    // The slots that the message being read has set: the first 32 as bits.
    let set = 0;
    let setMore: Set<number> | undefined;
    const setOnce = (slot: number): void => {
      if (slot < 32) {
        if ((set & (1 << slot)) !== 0) throw new Fault('set twice');
        set |= 1 << slot;
      } else {
        setMore ??= new Set();
        if (setMore.has(slot)) throw new Fault('set twice');
        setMore.add(slot);
      }
    };
    const names = new Map<string, Target>();
    const targets = shape.fields.map((field): Target => ({ ...field, read: fieldReader(field), field }));
    const add = (name: string, target: Target): void => {
      if (!names.has(name)) names.set(name, target);
    };
    for (const target of targets) add(target.name, target);
    for (const target of targets) add(target.field.protoName, target);
    for (const target of targets) add(format.otherName(target.field), target);
    for (const { oneof, name, fields } of slots) {
      if (oneof) add(upperFirst(name), { name, slot: fields[0]!.slot, read: undefined, field: fields[0]! });
    }

    const into = (
      message: Record<string, unknown>,
      tree: Record<string, unknown>,
      depth: number,
      from: number,
    ): number => {
      let next = from;
      const keys = Object.keys(tree);
      meet(keys.length);
      for (const key of keys) {
        const target = names.get(key);
        const value = tree[key];
        if (target === undefined) {
          pass(value);
          continue;
        }
        const { slot, name, read, field } = target;
        if (value === null && (read === undefined || !takesNull(field))) continue;
        try {
          if (read === undefined) {
            checkDepth(depth);
            if (!isObject(value)) fault('object', value);
            next = into(message, value, depth + 1, next);
            continue;
          }
          setOnce(slot);
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
      spend(cost);
      const parsed = form === undefined ? tree : form(tree, depth);
      if (!isObject(parsed)) return fault('object', tree);
      const message = {};
      // The type may contain itself. After a fault nothing goes on.
      const outer = set;
      const outerMore = setMore;
      set = 0;
      setMore = undefined;
      fill(message, slots, into(message, parsed, depth, 0), slots.length);
      // What a form made of something else has members that the source had not.
      if (parsed !== tree) meet(-Object.keys(parsed).length);
      set = outer;
      setMore = outerMore;
      rule?.received(message);
      return message;
    };
    return { read, zero: () => read({}, 1) };
  };

  const readerOf = memo((type: MessageType): TreeReader => {
    const adapter = adapterOf(type);
    if (adapter === undefined) return messageReader(type);
    const { isPlain, fromMessage } = adapter;
    const message = messageReader(type);
    const kind = type.fields[0]![2] as ScalarType;
    const asMessage: Read = (tree, depth) => fromMessage(message.read(tree, depth) as Record<string, unknown>);
    const scalar = counted(kind);
    const read: Read = isPlain
      ? (tree, depth) => plainCopy(type, tree, depth, format.leaf, true)
      : (tree, depth) => {
          // The original makes a wrapper an object like any other.
          if (isObject(tree)) return asMessage(tree, depth);
          spend(UNIT);
          return tree === '' ? format.scalars[kind](tree) : scalar(tree);
        };
    return { read, zero: () => asMessage({}, 1) };
  });
  return readerOf;
}
