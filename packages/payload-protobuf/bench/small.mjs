// Nanoseconds per message for { id: uint32, text: string } of 38 bytes, against the code one would write by hand on
// protobufjs. Run after a build: node packages/payload-protobuf/bench/small.mjs
import { protobufCodec } from '@stmp/payload-protobuf';
import protobuf from 'protobufjs/minimal.js';

const { Reader, Writer } = protobuf;
const type = {
  typeName: 'bench.Small',
  fields: [
    [1, 'id', 'uint32'],
    [2, 'text', 'string'],
  ],
};
const codec = protobufCodec().message(type);
// What else a process has compiled: a codec that is fast only while it knows one type is not fast.
const others = Array.from({ length: 20 }, (_, i) => ({
  typeName: `bench.Other${i}`,
  fields: Array.from({ length: 1 + (i % 7) }, (_, f) => [
    f + 1,
    `f${i}_${f}`,
    ['string', 'int32', 'bool', 'double'][f % 4],
  ]),
}));
for (let round = 0; round < 2_000; round++) {
  for (const other of others) {
    const value = Object.fromEntries(
      other.fields.map(([, name, kind]) => [
        name.replace('_', ''),
        kind === 'string' ? 'abc' : kind === 'bool' ? true : 7,
      ]),
    );
    other.codec ??= protobufCodec().message(other);
    const message = other.codec;
    const payload = message.encode(value);
    const bytes = new Uint8Array(64);
    if (payload) payload.finishInto(bytes, 0);
    message.decode(bytes, 0, payload?.len ?? 0);
  }
}

const slab = new Uint8Array(65_536);
const value = { id: 123_456, text: 'the quick brown fox jumps over 1' };

const byHand = {
  encode(message) {
    const writer = Writer.create();
    if (message.id !== 0) writer.uint32(8).uint32(message.id);
    if (message.text !== '') writer.uint32(18).string(message.text);
    return writer;
  },
  decode(bytes, start, end) {
    const reader = Reader.create(bytes);
    reader.pos = start;
    reader.len = end;
    const message = { id: 0, text: '' };
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 8) message.id = reader.uint32();
      else if (tag === 18) message.text = reader.string();
      else reader.skipType(tag & 7, 0, tag >>> 3);
    }
    return message;
  },
};

let _sink;
function encode(codec) {
  return (i) => {
    const payload = codec.encode({ id: value.id + (i & 1023), text: value.text });
    _sink = payload.len;
    payload.finishInto(slab, (i & 511) << 6);
  };
}
function decode(codec, bytes) {
  return () => {
    _sink = codec.decode(bytes, 100, 100 + length);
  };
}

byHand.encode(value).finishInto(slab, 100);
const length = byHand.encode(value).len;
const plain = slab.slice(0, 256);
const buffer = globalThis.Buffer.from(plain);
const programs = {
  'encode, codec': encode(codec),
  'encode, by hand': encode(byHand),
  'decode, codec': decode(codec, plain),
  'decode, codec, from a Buffer': decode(codec, buffer),
  'decode, by hand': decode(byHand, plain),
  'decode, by hand, from a Buffer': decode(byHand, buffer),
};

console.log(`${length} bytes`);
const runs = 300_000;
const times = new Map(Object.keys(programs).map((name) => [name, []]));
for (let round = 0; round < 9; round++) {
  for (const [name, program] of Object.entries(programs)) {
    const before = process.hrtime.bigint();
    for (let i = 0; i < runs; i++) program(i);
    times.get(name).push(Number(process.hrtime.bigint() - before) / runs);
  }
}
for (const [name, list] of times) {
  list.sort((a, b) => a - b);
  console.log(`${name.padEnd(32)} ${list[list.length >> 1].toFixed(0).padStart(5)} ns (best ${list[0].toFixed(0)})`);
}
