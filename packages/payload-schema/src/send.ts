import { at, builtIn, checkDepth, fault } from './fault.js';
import type { FieldShape, Slot } from './shape.js';

/** Writes one value that is present, with all that belongs to it: name or tag, length, elements. */
export type Write<Out> = (value: unknown, out: Out, depth: number) => void;

export interface SendSlot<Out> {
  readonly name: string;
  readonly inherited: boolean;
  readonly write: Write<Out>;
}

/** Whether `value` can be a message or a map: an object, also of a class, but none of {@link builtIn}. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || builtIn(value) === undefined;
}

/** Prepares the slots of a type for {@link sendMessage}. */
export function sendSlots<Out>(
  slots: readonly Slot[],
  writer: (field: FieldShape) => Write<Out>,
  oneofWriter: (slot: Slot, write: Write<Out>) => Write<Out> = (_, write) => write,
): SendSlot<Out>[] {
  return slots.map((slot) => {
    const { name, inherited, fields } = slot;
    if (!slot.oneof) return { name, inherited, write: writer(fields[0]!) };
    const cases = new Map(fields.map((field) => [field.name, writer(field)]));
    const write: Write<Out> = (value, out, depth) => {
      if (!isObject(value)) return fault('{ case, value }', value);
      const picked = value.case as string;
      const chosen = cases.get(picked) ?? fault(`one of ${[...cases.keys()].join(', ')} as case`, picked);
      try {
        chosen(value.value, out, depth);
      } catch (error) {
        throw at(error, `.${picked}`);
      }
    };
    return { name, inherited, write: oneofWriter(slot, write) };
  });
}

/** Writes every field of `value` that is set. */
export function sendMessage<Out>(slots: readonly SendSlot<Out>[], value: unknown, out: Out, depth: number): void {
  checkDepth(depth);
  if (!isObject(value)) fault('object', value);
  let i = 0;
  try {
    for (; i < slots.length; i++) {
      const slot = slots[i]!;
      const item = value[slot.name];
      if (item === undefined || (slot.inherited && !Object.hasOwn(value, slot.name))) continue;
      slot.write(item, out, depth);
    }
  } catch (error) {
    throw at(error, `.${slots[i]!.name}`);
  }
}

/** Hands every element of a list on, noting where one does not fit. */
export function sendList<Out>(list: unknown, out: Out, depth: number, write: Write<Out>): void {
  let i = 0;
  try {
    for (const items = asList(list); i < items.length; i++) write(items[i], out, depth);
  } catch (error) {
    throw at(error, Array.isArray(list) ? `[${i}]` : '');
  }
}

export function asList(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : fault('list', list);
}

/** The entries of a map that are to be sent: those that are not undefined. */
export function entriesOf(map: unknown): [key: string, value: unknown][] {
  if (!isObject(map)) return fault('object', map);
  return Object.entries(map).filter((entry) => entry[1] !== undefined);
}

/** Hands every entry of a map on. Faults do not tell the key, which is payload data. */
export function sendEntries(
  entries: readonly [key: string, value: unknown][],
  write: (key: string, value: unknown) => void,
): void {
  for (const [key, value] of entries) {
    try {
      write(key, value);
    } catch (error) {
      throw at(error, '{}');
    }
  }
}
