import type { MessageType, ScalarType } from '@stmp/contract';
import {
  adapterOf,
  at,
  CHECKS,
  checkDepth,
  elementCost,
  entriesOf,
  type FieldShape,
  fill,
  isZero,
  keyValue,
  memo,
  ruleOf,
  sendEntries,
  sendList,
  sendMessage,
  sendSlots,
  setKey,
  shapeOf,
  spend,
  UNIT,
  type Write,
  zeroOf,
} from '@stmp/payload-schema';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { BYTES, enter, scalarOf, skip } from './scalars.js';

/** How the body of one message type is written and read: its fields, without tag and length. */
export interface Body {
  readonly write: (value: unknown, writer: Writer, depth: number) => void;
  /** Reads up to the reader's end. `before` is what an earlier occurrence of the same field gave. */
  readonly read: (reader: Reader, depth: number, before: unknown) => unknown;
  /** The empty message. */
  readonly zero: () => unknown;
}

/** Reads one occurrence of a field, whose tag was read; returns what the property then holds. */
type Read = (reader: Reader, depth: number, before: unknown) => unknown;

interface ReadField {
  readonly tag: number;
  readonly slot: number;
  readonly name: string;
  /** Where faults are said to be. */
  readonly path: string;
  /** Whether an occurrence adds to what earlier ones gave. */
  readonly adds: boolean;
  readonly read: Read;
}

/** A message, or a well-known type made into one. */
export const bodyOf: (type: MessageType) => Body = /* @__PURE__ */ memo((type: MessageType): Body => {
  const body = messageBody(type);
  const adapter = adapterOf(type);
  const rule = ruleOf(type);
  if (rule !== undefined) {
    return {
      write: (value, writer, depth) => body.write(rule.toSend(value), writer, depth),
      read: (reader, depth, before) => {
        const message = body.read(reader, depth, before) as Record<string, unknown>;
        rule.received(message);
        return message;
      },
      zero: body.zero,
    };
  }
  if (adapter === undefined) return body;
  const from = (message: unknown): unknown => adapter.fromMessage(message as Record<string, unknown>);
  return {
    write: (value, writer, depth) => body.write(adapter.toMessage(value), writer, depth),
    read: (reader, depth, before) =>
      from(body.read(reader, depth, before === undefined ? undefined : adapter.toMessage(before))),
    zero: () => from(body.zero()),
  };
});

/** One value of a field's type with its tag: what singular fields, elements and map values are made of. */
interface Element {
  readonly tag: number;
  readonly write: Write<Writer>;
  readonly read: Read;
  readonly zero: () => unknown;
}

function elementOf(field: FieldShape, no: number, skipZero: boolean): Element {
  const { kind, messageType, zero } = field;
  if (kind === 'message') {
    let known: Body | undefined;
    const body = (): Body => {
      known ??= bodyOf(messageType!());
      return known;
    };
    const tag = (no << 3) | BYTES;
    return {
      tag: tag >>> 0,
      write: (value, writer, depth) => {
        body().write(value, writer.uint32(tag).fork(), depth + 1);
        writer.ldelim();
      },
      read: (reader, depth, before) => {
        const outer = enter(reader);
        const value = body().read(reader, depth + 1, before);
        reader.len = outer;
        return value;
      },
      zero: () => body().zero(),
    };
  }
  const check = CHECKS[kind];
  const { wire, put, get } = scalarOf(kind);
  const tag = ((no << 3) | wire) >>> 0;
  return {
    tag,
    write: (value, writer) => {
      const checked = check(value);
      if (skipZero && isZero(checked, zero)) return;
      put(writer.uint32(tag), checked);
    },
    read: wire === BYTES ? counted(get) : get,
    zero: () => {
      if (wire === BYTES) spend(UNIT);
      return zero;
    },
  };
}

/** Text and bytes. */
function counted(get: (reader: Reader) => unknown): (reader: Reader) => unknown {
  return (reader) => {
    spend(UNIT);
    return get(reader);
  };
}

function packedWriter({ no, kind }: FieldShape): Write<Writer> {
  const check = CHECKS[kind as ScalarType];
  const { put } = scalarOf(kind as ScalarType);
  const element: Write<Writer> = (value, writer) => {
    put(writer, check(value));
  };
  return (value, writer, depth) => {
    if (Array.isArray(value) && value.length === 0) return;
    sendList(value, writer.uint32((no << 3) | BYTES).fork(), depth, element);
    writer.ldelim();
  };
}

function entryParts(field: FieldShape): { key: Element; value: Element } {
  const keyField: FieldShape = { ...field, kind: field.key!, messageType: undefined, zero: zeroOf(field.key!) };
  return { key: elementOf(keyField, 1, false), value: elementOf(field, 2, false) };
}

function mapWriter(field: FieldShape): Write<Writer> {
  const { key, value } = entryParts(field);
  return (map, writer, depth) =>
    sendEntries(entriesOf(map), (name, item) => {
      writer.uint32((field.no << 3) | BYTES).fork();
      key.write(keyValue(field.key!, name), writer, depth);
      value.write(item, writer, depth);
      writer.ldelim();
    });
}

function mapReader(field: FieldShape): Read {
  const { key, value } = entryParts(field);
  const { get } = scalarOf(field.key!);
  return (reader, depth, map) => {
    const outer = enter(reader);
    let name: unknown;
    let item: unknown;
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === key.tag) {
        spend(UNIT);
        name = get(reader);
      } else if (tag === value.tag) item = value.read(reader, depth, item);
      else skip(reader, tag);
    }
    reader.len = outer;
    if (name === undefined) {
      spend(UNIT);
      name = zeroOf(field.key!);
    }
    setKey(map as Record<string, unknown>, String(name), item ?? value.zero());
    return map;
  };
}

function writerOf(field: FieldShape): Write<Writer> {
  if (field.key !== undefined) return mapWriter(field);
  if (!field.list) return elementOf(field, field.no, field.implicit).write;
  if (field.packed) return packedWriter(field);
  const { write } = elementOf(field, field.no, false);
  return (value, writer, depth) => sendList(value, writer, depth, write);
}

/** The readers of a field by their tags: a list of numbers has two. */
function readersOf(field: FieldShape): [tag: number, read: Read][] {
  const { no, name, oneof } = field;
  if (field.key !== undefined) return [[((no << 3) | BYTES) >>> 0, mapReader(field)]];
  const { tag, read } = elementOf(field, no, false);
  if (oneof !== undefined) {
    const value = (before: unknown): unknown =>
      before !== undefined && (before as { case: string }).case === name
        ? (before as { value: unknown }).value
        : undefined;
    return [[tag, (reader, depth, before) => ({ case: name, value: read(reader, depth, value(before)) })]];
  }
  if (!field.list) return [[tag, read]];
  const isScalar = (tag & 7) !== BYTES;
  const cost = isScalar ? elementCost(field.kind) : 0;
  const one: Read = (reader, depth, list) => {
    if (isScalar) spend(cost);
    (list as unknown[]).push(read(reader, depth, undefined));
    return list;
  };
  if (!isScalar) return [[tag, one]];
  const packed: Read = (reader, depth, list) => {
    const outer = enter(reader);
    while (reader.pos < reader.len) one(reader, depth, list);
    reader.len = outer;
    return list;
  };
  return [
    [tag, one],
    [((no << 3) | BYTES) >>> 0, packed],
  ];
}

function messageBody(type: MessageType): Body {
  const { slots, fields, cost } = shapeOf(type);
  const byNumber = [...slots].sort((a, b) => a.fields[0]!.no - b.fields[0]!.no);
  const sent = sendSlots(byNumber, writerOf);
  const readers: ReadField[] = fields.flatMap((field) =>
    readersOf(field).map(([tag, read]) => {
      const adds = field.list || field.key !== undefined || field.kind === 'message';
      return { tag, slot: field.slot, name: slots[field.slot]!.name, path: `.${field.name}`, adds, read };
    }),
  );
  const byTag = new Map(readers.map((reader, i) => [reader.tag, i]));
  const read: Read = (reader, depth, before) => {
    checkDepth(depth);
    spend(cost);
    const message = (before ?? {}) as Record<string, unknown>;
    let next = before === undefined ? 0 : slots.length;
    let guess = 0;
    let path = '';
    try {
      while (reader.pos < reader.len) {
        const tag = reader.tag();
        // Fields mostly come in the order of the table.
        let field = readers[guess];
        if (field === undefined || field.tag !== tag) {
          const found = byTag.get(tag);
          if (found === undefined) {
            skip(reader, tag);
            continue;
          }
          field = readers[found]!;
          guess = found;
        }
        guess++;
        const { slot, name } = field;
        path = field.path;
        if (field.adds) {
          if (slot >= next) fill(message, slots, next, slot + 1);
          message[name] = field.read(reader, depth, message[name]);
        } else {
          if (slot > next) fill(message, slots, next, slot);
          message[name] = field.read(reader, depth, undefined);
        }
        if (slot >= next) next = slot + 1;
      }
    } catch (error) {
      throw at(error, path);
    }
    fill(message, slots, next, slots.length);
    return message;
  };
  return {
    write: (value, writer, depth) => sendMessage(sent, value, writer, depth),
    read,
    zero: () => {
      spend(cost);
      const message = {};
      fill(message, slots, 0, slots.length);
      return message;
    },
  };
}
