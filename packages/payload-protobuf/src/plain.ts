import { checkDepth, Fault, fault, isObject, plainLeaf, setKey, wellFormed } from '@stmp/payload-schema';
import type { Reader, Writer } from 'protobufjs/minimal.js';
import { enter } from './scalars.js';

// Struct, Value and ListValue are written from plain JSON values and read into them, by the tags of google/protobuf/struct.proto.
const NULL = 0o10;
const NUMBER = 0o21;
const STRING = 0o32;
const BOOL = 0o40;
const STRUCT = 0o52;
const LIST = 0o62;
/** Struct.fields and ListValue.values; in an entry of a map the key, and after it the value. */
const FIRST = 0o12;
const SECOND = 0o22;

export function writeValue(writer: Writer, given: unknown, depth: number): void {
  if (Array.isArray(given)) {
    writeListValue(writer.uint32(LIST).fork(), given, depth);
    writer.ldelim();
  } else if (isObject(given)) {
    writeStruct(writer.uint32(STRUCT).fork(), given, depth);
    writer.ldelim();
  } else {
    const value = plainLeaf(given);
    if (value === null) writer.uint32(NULL).uint32(0);
    else if (typeof value === 'number') writer.uint32(NUMBER).double(value);
    else if (typeof value === 'string') writer.uint32(STRING).string(value);
    else writer.uint32(BOOL).bool(value as boolean);
  }
}

export function writeStruct(writer: Writer, value: unknown, depth: number): void {
  checkDepth(depth);
  if (!isObject(value)) fault('object', value);
  for (const key of Object.keys(value)) {
    if (value[key] === undefined) continue;
    writer.uint32(FIRST).fork().uint32(FIRST).string(wellFormed(key)).uint32(SECOND).fork();
    writeValue(writer, value[key], depth + 1);
    writer.ldelim().ldelim();
  }
}

export function writeListValue(writer: Writer, value: unknown, depth: number): void {
  checkDepth(depth);
  if (!Array.isArray(value)) fault('list', value);
  for (const item of value) {
    writeValue(writer.uint32(FIRST).fork(), item, depth + 1);
    writer.ldelim();
  }
}

export function readValue(reader: Reader, depth: number): unknown {
  let value: unknown = null;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === NULL) {
      reader.int32();
      value = null;
    } else if (tag === NUMBER) value = reader.double();
    else if (tag === STRING) value = reader.stringVerify();
    else if (tag === BOOL) value = reader.bool();
    else if (tag === STRUCT || tag === LIST) {
      const outer = enter(reader);
      value = tag === STRUCT ? readStruct(reader, depth) : readListValue(reader, depth);
      reader.len = outer;
    } else skip(reader, tag);
  }
  return value;
}

export function readStruct(reader: Reader, depth: number): unknown {
  checkDepth(depth);
  const struct = {};
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag !== FIRST) {
      skip(reader, tag);
      continue;
    }
    const outer = enter(reader);
    let key = '';
    let value: unknown = null;
    while (reader.pos < reader.len) {
      const part = reader.tag();
      if (part === FIRST) key = reader.stringVerify();
      else if (part === SECOND) {
        const entryEnd = enter(reader);
        value = readValue(reader, depth + 1);
        reader.len = entryEnd;
      } else skip(reader, part);
    }
    reader.len = outer;
    setKey(struct, key, value);
  }
  return struct;
}

export function readListValue(reader: Reader, depth: number): unknown {
  checkDepth(depth);
  const list: unknown[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag !== FIRST) {
      skip(reader, tag);
      continue;
    }
    const outer = enter(reader);
    list.push(readValue(reader, depth + 1));
    reader.len = outer;
  }
  return list;
}

/** Skips an unknown field; groups too, though proto3 has none. */
export function skip(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new Fault('field number 0');
  reader.skipType(tag & 7, 0, tag >>> 3);
}
