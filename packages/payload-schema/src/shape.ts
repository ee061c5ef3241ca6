import type { EnumType, FieldType, MessageType, ScalarType } from '@stmp/contract';
import { messageCost } from './budget.js';
import { jsonName } from './names.js';
import { zeroOf } from './scalars.js';

/** One field of a table, with what its options leave unsaid filled in. */
export interface FieldShape {
  readonly no: number;
  /** Its name in memory and in JSON. */
  readonly name: string;
  readonly protoName: string;
  /** Its name in the original's structs, where the table gives one. */
  readonly goName: string | undefined;
  readonly kind: ScalarType | 'enum' | 'message';
  readonly enumType: EnumType | undefined;
  /** The message type; called late, since types may contain each other. */
  readonly messageType: (() => MessageType) | undefined;
  readonly list: boolean;
  readonly packed: boolean;
  /** The type of the keys, when the field is a map. */
  readonly key: ScalarType | undefined;
  readonly oneof: string | undefined;
  /** Without presence: the default is not sent. */
  readonly implicit: boolean;
  /** The default of one value; undefined for messages. */
  readonly zero: unknown;
  /** Its place in {@link Shape.slots}. */
  readonly slot: number;
}

/** One property of a message in memory: a field, or a oneof with its fields. */
export interface Slot {
  readonly name: string;
  /** True when every object inherits a property of this name, such as `constructor`. */
  readonly inherited: boolean;
  readonly fields: readonly FieldShape[];
  readonly oneof: boolean;
  /** What it holds when nothing was received, unless that is a new list or map. */
  readonly zero: unknown;
  readonly list: boolean;
  readonly map: boolean;
}

export interface Shape {
  readonly typeName: string;
  readonly fields: readonly FieldShape[];
  readonly slots: readonly Slot[];
  /** What each message takes of the decoding budget. */
  readonly cost: number;
}

/** Computes once per type, and forgets with the type. */
export function memo<V>(compute: (type: MessageType) => V): (type: MessageType) => V {
  const known = new WeakMap<MessageType, V>();
  return (type) => {
    let value = known.get(type);
    if (value === undefined) {
      value = compute(type);
      known.set(type, value);
    }
    return value;
  };
}

const kindOf = (type: FieldType): FieldShape['kind'] =>
  typeof type === 'string' ? type : typeof type === 'function' ? 'message' : 'enum';

/** A table made ready for a codec. */
export function shapeOf(type: MessageType): Shape {
  const slots: (Slot & { fields: FieldShape[] })[] = [];
  const byName = new Map<string, number>();
  const fields = type.fields.map(([no, protoName, fieldType, options = {}]): FieldShape => {
    const { oneof, key, repeated = false } = options;
    const name = options.jsonName ?? jsonName(protoName);
    const kind = kindOf(fieldType);
    const slotName = oneof ?? name;
    const implicit = !options.optional && oneof === undefined && kind !== 'message';
    const zero = kind === 'message' ? undefined : zeroOf(kind);
    let slot = byName.get(slotName);
    if (slot === undefined) {
      slot = slots.length;
      byName.set(slotName, slot);
      slots.push({
        name: slotName,
        inherited: slotName in {},
        fields: [],
        oneof: oneof !== undefined,
        zero: implicit ? zero : undefined,
        list: repeated,
        map: key !== undefined,
      });
    }
    const field: FieldShape = {
      no,
      name,
      protoName,
      goName: options.goName,
      kind,
      enumType: kind === 'enum' ? (fieldType as EnumType) : undefined,
      messageType: kind === 'message' ? (fieldType as () => MessageType) : undefined,
      list: repeated,
      packed: options.packed ?? (kind !== 'string' && kind !== 'bytes' && kind !== 'message'),
      key,
      oneof,
      implicit,
      zero,
      slot,
    };
    slots[slot]!.fields.push(field);
    return field;
  });
  return { typeName: type.typeName, fields, slots, cost: messageCost(slots) };
}

/** Sets a property that the object is to have itself, also when its name is `__proto__`. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/**
 * Gives the slots from `from` up to, not including, `to` their defaults. A decoder that fills up to each field it
 * meets makes every message of a type with its properties in one order, which keeps its shape the same to the engine.
 */
export function fill(message: Record<string, unknown>, slots: readonly Slot[], from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const slot = slots[i]!;
    message[slot.name] = slot.list ? [] : slot.map ? {} : slot.zero;
  }
}
