import type { Field, MessageType, PayloadCodec } from '@stmp/contract';
import { jsonCodec, plainJsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { DEFAULT_MAX_DECODE_UNITS } from '@stmp/payload-schema';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  Choice,
  decodeFrom,
  EchoMessage,
  Empty,
  Everything,
  hex,
  Tree,
  WellKnown,
} from '../../payload-schema/test/types.js';

const CODECS = { json: jsonCodec, msgpack: msgpackCodec, protobuf: protobufCodec };
type Name = keyof typeof CODECS;
const NAMES = Object.keys(CODECS) as Name[];

/** Whether the bytes of `value` are let in by a codec with that budget. */
function letsIn(name: Name, type: MessageType | undefined, value: unknown, maxDecodeUnits: number): boolean {
  const bytes = bytesOf(CODECS[name]().message(type).encode(value));
  return letsBytesIn(CODECS[name]({ maxDecodeUnits }), type, bytes);
}

function letsBytesIn(codec: PayloadCodec, type: MessageType | undefined, bytes: Uint8Array): boolean {
  try {
    decodeFrom(codec, type, bytes);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'payload_invalid' });
    expect((error as Error).message).toMatch(/more than \d+ units to decode$/);
    return false;
  }
}

const of = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

/** Six fields, where a list or a map is two. */
const Small: MessageType = {
  typeName: 'test.Small',
  fields: [
    [1, 'text', 'string'],
    [2, 'raw_data', 'bytes'],
    [3, 'tag_list', 'string', { repeated: true }],
    [4, 'numbers', 'int32', { repeated: true }],
  ],
};
const Scalars: MessageType = {
  typeName: 'test.Scalars',
  fields: [
    [1, 'big_number', 'int64'],
    [2, 'ratio', 'double'],
    [4, 'longs', 'int64', { repeated: true }],
    [5, 'fixed', 'sfixed64', { repeated: true }],
  ],
};
const Keys: MessageType = {
  typeName: 'test.Keys',
  fields: [
    [1, 'k_int64', 'string', { key: 'int64' }],
    [2, 'k_bool', 'string', { key: 'bool' }],
    [3, 'counts', 'int64', { key: 'string' }],
  ],
};
const inOneof = (count: number): Field[] => of(count, 0).map((_, i) => [i + 1, `o${i}`, 'int32', { oneof: 'pick' }]);
const numbered = (from: number, count: number): Field[] => of(count, 0).map((_, i) => [from + i, `f${i}`, 'int32']);
const OneofAndFive: MessageType = { typeName: 'test.OneofAndFive', fields: [...inOneof(20), ...numbered(30, 5)] };
const OneofAndSix: MessageType = { typeName: 'test.OneofAndSix', fields: [...inOneof(20), ...numbered(30, 6)] };
const Holder: MessageType = {
  typeName: 'test.Holder',
  fields: [
    [1, 'one', () => EchoMessage],
    [2, 'items', () => EchoMessage, { repeated: true }],
    [3, 'by_name', () => EchoMessage, { key: 'string' }],
  ],
};
/** What a message of these counts by itself. */
const ECHO = 1 + ((10 + 2 * 4 - 6) * 3) / 16;
const EVERYTHING = 1 + ((36 + 2 * 54 - 6) * 3) / 16;
const WELL_KNOWN = 1 + ((15 + 2 * 3 - 6) * 3) / 16;

describe('the decoding budget', () => {
  const cases: [what: string, type: MessageType, value: unknown, units: number][] = [
    ['a message', Scalars, { bigNumber: 1n, ratio: 2.5 }, 1],
    ['strings and bytes', Small, { text: 'a', rawData: new Uint8Array(3), tagList: ['', 'b'] }, 5],
    ['scalars in lists', Small, { numbers: of(32, 7) }, 3],
    ['a part of a unit', Small, { numbers: of(33, 7) }, 4],
    ['64-bit integers in lists', Scalars, { longs: of(16, 7n), fixed: of(8, -7n) }, 4],
    ['a part of a unit of 64-bit integers', Scalars, { longs: of(9, 7n) }, 3],
    ['an empty message of six fields', Small, {}, 1],
    ['a oneof as one field', OneofAndFive, {}, 1],
    ['a seventh field', OneofAndSix, { f0: 1 }, 2],
    ['fields that are not set', Holder, { items: of(8, {}) }, 1 + 8 * ECHO],
    ['fields of messages in fields and maps', Holder, { one: {}, byName: { a: {}, b: {} } }, 1 + ECHO + 2 * (1 + ECHO)],
    [
      'lists of every scalar',
      Everything,
      { lBool: [true, false], uDouble: of(15, 0.5), colors: [1, 2] },
      EVERYTHING + 2,
    ],
    ['entries of maps', Keys, { counts: { a: 1n, b: 2n } }, 3],
    ['entries with other keys', Keys, { kInt64: { 1: 'x' }, kBool: { true: '' } }, 5],
    ['messages in lists, maps and fields', Tree, { child: {}, children: of(5, {}), byName: { a: {}, b: {} } }, 11],
    ['oneofs', Choice, { pick: { case: 'name', value: 'x' } }, 2],
    [
      'times, masks and empty messages',
      WellKnown,
      { time: {}, span: {}, mask: { paths: ['a', 'b_c'] }, empty: {} },
      WELL_KNOWN + 6,
    ],
    [
      'wrappers',
      WellKnown,
      { text: 'x', number: 1n, bytes: new Uint8Array(1), texts: { a: '', b: 'x' } },
      WELL_KNOWN + 10,
    ],
    ['a Value', WellKnown, { value: 'x', values: [null, 1, true] }, WELL_KNOWN + 5],
    // Each part is a Value and, where it is a list or an object, a ListValue or a Struct too.
    [
      'Values that nest',
      WellKnown,
      { struct: { a: 1, b: ['x', 2], c: {} }, list: [[]] },
      WELL_KNOWN + (1 + 2 + 6 + 3) + 3,
    ],
    ['a message of nothing', Empty, {}, 1],
  ];
  it.each(cases)('counts %s alike in all codecs', (_, type, value, counted) => {
    const units = Math.ceil(counted);
    for (const name of NAMES) {
      expect([name, letsIn(name, type, value, units)]).toEqual([name, true]);
      if (units > 1) expect([name, letsIn(name, type, value, units - 1)]).toEqual([name, false]);
    }
  });

  const plain: [what: string, value: unknown, units: number][] = [
    ['objects with their members', { a: 1, b: true, c: null }, 4],
    ['strings', { a: 'x', b: ['y', ''] }, 7],
    ['scalars in lists', [...of(30, 1.5), true, null], 3],
    ['lists', [[], [[]]], 4],
    ['strings with escapes', ['"', '\\', '\\"', 'a":['], 5],
  ];
  it.each(plain)('counts plain %s alike', (_, value, units) => {
    for (const name of ['json', 'msgpack'] as const) {
      expect([name, letsIn(name, undefined, value, units)]).toEqual([name, true]);
      expect([name, letsIn(name, undefined, value, units - 1)]).toEqual([name, false]);
    }
    const text = new TextEncoder().encode(JSON.stringify(value));
    expect(letsBytesIn(plainJsonCodec({ maxDecodeUnits: units }), undefined, text)).toBe(true);
    expect(letsBytesIn(plainJsonCodec({ maxDecodeUnits: units - 1 }), undefined, text)).toBe(false);
  });

  it('is 100,000 units by default, of every codec', () => {
    expect(DEFAULT_MAX_DECODE_UNITS).toBe(100_000);
    for (const name of NAMES) {
      const codec = CODECS[name]();
      const [most, more] = [99_999, 100_000].map((count) =>
        bytesOf(codec.message(Tree).encode({ children: of(count, {}) })),
      );
      expect([name, letsBytesIn(codec, Tree, most!), letsBytesIn(codec, Tree, more!)]).toEqual([name, true, false]);
    }
    for (const codec of [jsonCodec(), msgpackCodec(), plainJsonCodec()]) {
      const bytes = (count: number): Uint8Array => bytesOf(codec.message(undefined).encode(of(count, '')));
      expect(letsBytesIn(codec, undefined, bytes(99_999))).toBe(true);
      expect(letsBytesIn(codec, undefined, bytes(100_000))).toBe(false);
    }
  });

  it('begins anew with every payload', () => {
    for (const name of NAMES) {
      const codec = CODECS[name]({ maxDecodeUnits: 3 });
      const bytes = bytesOf(codec.message(Tree).encode({ children: [{}, {}] }));
      for (let i = 0; i < 5; i++) expect(letsBytesIn(codec, Tree, bytes)).toBe(true);
    }
  });

  it('does not bound what is sent', () => {
    for (const name of NAMES) {
      const codec = CODECS[name]({ maxDecodeUnits: 1 });
      letsBytesIn(codec, Tree, bytesOf(codec.message(Tree).encode({ children: [{}, {}] })));
      expect(codec.message(WellKnown).encode({ values: of(50, 'x'), text: 'x' })).toBeDefined();
    }
  });

  it('bounds what no type asks for', () => {
    const unknown = { wild: of(1500, {}) };
    for (const name of ['json', 'msgpack'] as const) {
      const bytes = bytesOf(CODECS[name]().message(undefined).encode(unknown));
      const padded = name === 'json' ? new TextEncoder().encode(new TextDecoder().decode(bytes).padEnd(5000)) : bytes;
      expect(letsBytesIn(CODECS[name]({ maxDecodeUnits: 100 }), Tree, padded)).toBe(false);
      expect(letsBytesIn(CODECS[name]({ maxDecodeUnits: 1600 }), Tree, padded)).toBe(true);
    }
  });

  it('bounds the scalars that no type asks for', () => {
    for (const name of ['json', 'msgpack'] as const) {
      const bytes = (count: number): Uint8Array =>
        bytesOf(
          CODECS[name]()
            .message(undefined)
            .encode({ wild: of(count, null) }),
        );
      const codec = CODECS[name]({ maxDecodeUnits: 1000 });
      expect(letsBytesIn(codec, Tree, bytes(16_000))).toBe(true);
      expect(letsBytesIn(codec, Tree, bytes(16_001))).toBe(false);
    }
  });

  it('counts a message that an entry of a map lacks', () => {
    const entry = hex('1a030a0161');
    expect(letsBytesIn(protobufCodec({ maxDecodeUnits: Math.ceil(2 + ECHO) }), Holder, entry)).toBe(true);
    expect(letsBytesIn(protobufCodec({ maxDecodeUnits: Math.ceil(1 + ECHO) }), Holder, entry)).toBe(false);
  });

  it('may be none, and must be a number', () => {
    for (const create of [...Object.values(CODECS), plainJsonCodec]) {
      expect(() => create({ maxDecodeUnits: Infinity })).not.toThrow();
      for (const maxDecodeUnits of [0, -1, 1.5, Number.NaN, '5' as unknown as number]) {
        expect(() => create({ maxDecodeUnits })).toThrow(/^maxDecodeUnits must be an integer of at least 1/);
      }
    }
  });
});
