// npm run fuzz -- codecs [--runs N] [--seconds N] [--seed N]
//
// Random message types with random values, against implementations that others wrote: protobuf-es for protobuf and JSON,
// msgpackr for MessagePack. What one writes the other reads as the same. Changed bytes are no part of it: protobuf-es does not look at wire types.

import { isDeepStrictEqual } from 'node:util';
import { create, createFileRegistry, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { Packr } from 'msgpackr';
import { jsonCodec } from '../packages/payload-json/dist/index.js';
import { msgpackCodec } from '../packages/payload-msgpack/dist/index.js';
import { protobufCodec } from '../packages/payload-protobuf/dist/index.js';

const SCALARS = [
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'],
  ...['fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'],
];
const KEYS = SCALARS.filter((kind) => !['double', 'float', 'bytes'].includes(kind));
const COLOR = { COLOR_ZERO: 0, COLOR_ONE: 1, COLOR_FAR: 70_000, COLOR_BELOW: -5 };
const TYPES_A_ROUND = 4;
const VALUES_A_TYPE = 25;

const binary = protobufCodec();
const json = jsonCodec();
const msgpack = msgpackCodec();
const other = new Packr({ useRecords: false, int64AsType: 'bigint', variableMapSize: true, moreTypes: false });

export function fuzzCodecs({ runs, seconds, random }) {
  const end = Date.now() + seconds * 1000;
  let done = 0;
  while (done < runs && Date.now() < end) {
    const { types, registry } = randomTypes(random);
    for (const type of types) {
      const pair = pairOf(type, registry.getMessage(type.typeName));
      for (let i = 0; i < VALUES_A_TYPE; i++, done++) {
        const value = randomMessage(type, random, 0);
        checkMessage(pair, value);
        checkPlain(randomPlain(random, 0), random);
      }
    }
  }
  return done;
}

/** Types that contain each other, as our tables and as descriptors. */
function randomTypes(random) {
  const names = Array.from({ length: TYPES_A_ROUND }, (_, i) => `fuzz.M${i}`);
  const types = names.map((typeName) => ({ typeName, fields: [] }));
  const messageType = types.map((_, index) => {
    const fields = [];
    const nestedType = [];
    let no = 0;
    for (let i = random(12); i >= 0; i--) {
      no += 1 + (random(4) === 0 ? random(3000) : random(3));
      const name = `f_${no}${random(3) === 0 ? '_x' : ''}`;
      const pick = random(10);
      const message = pick === 0 ? random(TYPES_A_ROUND) : -1;
      const kind = pick === 1 ? 'enum' : message >= 0 ? 'message' : SCALARS[random(SCALARS.length)];
      const fieldType = kind === 'enum' ? COLOR : kind === 'message' ? () => types[message] : kind;
      const descriptor = {
        name,
        jsonName: camel(name),
        number: no,
        label: Label.OPTIONAL,
        type: Type[kind.toUpperCase()],
        ...(kind === 'message' && { typeName: `.${names[message]}` }),
        ...(kind === 'enum' && { typeName: '.fuzz.Color' }),
      };
      const form = random(6);
      if (form === 0) {
        const key = KEYS[random(KEYS.length)];
        const entry = `${camel(name).replace(/^./, (letter) => letter.toUpperCase())}Entry`;
        const at = (field, number) => ({ ...field, number, label: Label.OPTIONAL });
        nestedType.push({
          name: entry,
          field: [at({ name: 'key', type: Type[key.toUpperCase()] }, 1), at({ ...descriptor, name: 'value' }, 2)],
          options: { mapEntry: true },
        });
        const typeName = `.${names[index]}.${entry}`;
        fields.push({ name, jsonName: camel(name), number: no, label: Label.REPEATED, type: Type.MESSAGE, typeName });
        types[index].fields.push([no, name, fieldType, { key }]);
      } else if (form === 1) {
        fields.push({ ...descriptor, label: Label.REPEATED });
        types[index].fields.push([no, name, fieldType, { repeated: true }]);
      } else if (form === 2) {
        fields.push({ ...descriptor, oneofIndex: 0 });
        types[index].fields.push([no, name, fieldType, { oneof: 'pick' }]);
      } else {
        fields.push(descriptor);
        types[index].fields.push([no, name, fieldType]);
      }
    }
    const oneofDecl = fields.some((field) => field.oneofIndex === 0) ? [{ name: 'pick' }] : [];
    return { name: `M${index}`, field: fields, nestedType, oneofDecl };
  });
  const value = Object.entries(COLOR).map(([name, number]) => ({ name, number }));
  const file = create(FileDescriptorProtoSchema, {
    name: 'fuzz.proto',
    package: 'fuzz',
    syntax: 'proto3',
    messageType,
    enumType: [{ name: 'Color', value }],
  });
  return { types, registry: createFileRegistry(file, () => undefined) };
}

const camel = (name) => name.replace(/_+(.?)/g, (_, next) => next.toUpperCase());

function pairOf(type, schema) {
  return { type, schema, binary: binary.message(type), json: json.message(type), msgpack: msgpack.message(type) };
}

const bits = (random, count) => {
  let value = 0n;
  for (let i = 0; i < count; i += 16) value = (value << 16n) | BigInt(random(65_536));
  return value >> BigInt(random(count));
};

function randomText(random) {
  const letters = ['a', 'é', '"', '\\', '\n', '\u{1f600}', '\u2028', '0', '\0'];
  return Array.from({ length: random(6) }, () => letters[random(letters.length)]).join('');
}

function randomScalar(kind, random) {
  if (random(6) === 0)
    return { string: '', bytes: new Uint8Array(0), bool: false }[kind] ?? (kind.endsWith('64') ? 0n : 0);
  if (kind === 'string') return randomText(random);
  if (kind === 'bytes') return Uint8Array.from({ length: random(50) }, () => random(256));
  if (kind === 'bool') return random(2) === 1;
  if (kind === 'double' || kind === 'float') {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, bits(random, 64));
    const number = [view.getFloat64(0), view.getFloat32(4), random(1000) / 8, Infinity, Number.NaN, -0][random(6)];
    return kind === 'double' ? number : Math.fround(number);
  }
  if (kind === 'enum') return [0, 1, 70_000, -5, 12_345][random(5)];
  const width = kind.endsWith('64') ? 64 : 32;
  const raw = bits(random, 64);
  const value = /^u|^fixed/.test(kind)
    ? BigInt.asUintN(width, raw)
    : BigInt.asIntN(width, random(2) === 0 ? raw : -raw);
  return width === 64 ? value : Number(value);
}

function randomMessage(type, random, depth) {
  const message = {};
  for (const [, name, fieldType, options = {}] of type.fields) {
    if (random(4) === 0) continue;
    const isMessage = typeof fieldType === 'function';
    if (isMessage && depth > 3) continue;
    const one = () =>
      isMessage
        ? randomMessage(fieldType(), random, depth + 1)
        : randomScalar(typeof fieldType === 'string' ? fieldType : 'enum', random);
    if (options.repeated) message[camel(name)] = Array.from({ length: random(4) }, one);
    else if (options.oneof) message.pick = { case: camel(name), value: one() };
    else if (options.key) {
      const map = {};
      for (let i = random(4); i > 0; i--) {
        map[String(randomScalar(options.key, random))] = one();
      }
      message[camel(name)] = map;
    } else message[camel(name)] = one();
  }
  return message;
}

function bytesOf(payload) {
  if (payload === undefined) return new Uint8Array(0);
  if (payload instanceof Uint8Array) return payload;
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}

const show = (value) =>
  JSON.stringify(value, (_, part) =>
    typeof part === 'bigint'
      ? `${part}n`
      : part instanceof Uint8Array
        ? Buffer.from(part).toString('hex')
        : typeof part === 'number'
          ? String(part)
          : part,
  );

function mustBe(what, got, wanted, context) {
  // A NaN has many forms, and one of them comes out of JSON.
  if (!isDeepStrictEqual(got, wanted))
    throw new Error(`${what}: ${show(got)}\nand not: ${show(wanted)}\nof ${context()}`);
}

function unsigned(value) {
  if (value === 0) return 0;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(unsigned);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unsigned(item)]));
}

const fieldsOf = ({ typeName, fields }) =>
  `${typeName}: ${fields.map(([no, , kind, options]) => `${no} ${typeof kind === 'string' ? kind : typeof kind} ${show(options)}`).join(', ')}`;

/** What every way through the other implementation gives has to be the same. */
function checkMessage(pair, value) {
  const { schema } = pair;
  const context = () => `${fieldsOf(pair.type)}\n${show(value)}`;
  const ours = bytesOf(pair.binary.encode(value));
  const wanted = pair.binary.decode(ours, 0, ours.length);
  const theirs = fromBinary(schema, ours);
  const back = toBinary(schema, theirs);
  mustBe('protobuf of the other', pair.binary.decode(back, 0, back.length), wanted, context);
  const theirText = toJsonString(schema, theirs);
  // The others write -0 as 0.
  mustBe(
    'JSON of the other',
    unsigned(pair.json.decodeText(theirText, 0, theirText.length)),
    unsigned(wanted),
    context,
  );
  const ourText = pair.json.encodeText(value) ?? '{}';
  const parsed = toBinary(schema, fromJsonString(schema, ourText));
  mustBe('our JSON, read by the other', pair.binary.decode(parsed, 0, parsed.length), wanted, context);
  const packed = bytesOf(pair.msgpack.encode(value));
  const tree = packed.length === 0 ? {} : other.unpack(packed);
  const again = other.pack(tree);
  const repacked = unsigned(pair.msgpack.decode(again, 0, again.length));
  mustBe('our MessagePack, through the other', repacked, unsigned(wanted), context);
}

function randomPlain(random, depth) {
  const pick = random(depth > 3 ? 8 : 10);
  if (pick === 8) return Array.from({ length: random(20) }, () => randomPlain(random, depth + 1));
  if (pick === 9) {
    return Object.fromEntries(
      Array.from({ length: random(20) }, (_, i) => [`${i}${randomText(random)}`, randomPlain(random, depth + 1)]),
    );
  }
  const width = 2 ** random(33);
  return [
    () => null,
    () => random(2) === 1,
    () => random(width) - random(width),
    () => randomScalar('double', random) || 0.5,
    () => randomText(random).repeat(random(30)),
    () => Uint8Array.from({ length: random(300) }, () => random(256)),
    () => BigInt.asIntN(64, bits(random, 64)),
    () => new Date(random(2 ** 32) * 997 - 2 ** 40),
  ][pick]();
}

/** Integers are number or bigint by how wide they were written, and binary may be a Buffer. */
function plainForm(value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plainForm);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainForm(item)]));
}

function checkPlain(value) {
  const codec = msgpack.message(undefined);
  const wanted = plainForm(value);
  const context = () => show(value);
  const ours = bytesOf(codec.encode(value));
  mustBe('our plain MessagePack, read by the other', plainForm(other.unpack(ours)), wanted, context);
  const theirs = other.pack(value);
  mustBe('plain MessagePack of the other', plainForm(codec.decode(theirs, 0, theirs.length)), wanted, context);
}
