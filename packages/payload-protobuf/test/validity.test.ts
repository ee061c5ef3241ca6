import type { MessageType, PayloadCodec } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { dateFromTimestamp, timestampFromDate } from '@stmp/payload-schema';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  Choice,
  decodeFrom,
  decodeHex,
  EchoMessage,
  Everything,
  ListValue,
  Struct,
  Value,
  WellKnown,
} from '../../payload-schema/test/types.js';

// What is valid does not depend on the codec: a message that one lets through can be sent on in all others.

const CODECS: Record<string, PayloadCodec> = {
  json: jsonCodec(),
  'json to the original': jsonCodec({ dialect: 'stmp-go' }),
  msgpack: msgpackCodec(),
  protobuf: protobufCodec(),
};

const said = (run: () => unknown): string => {
  try {
    run();
    return 'taken';
  } catch (error) {
    expect(error).toMatchObject({ code: 'payload_invalid' });
    return (error as Error).message;
  }
};

const FIRST = -62_135_596_800n;
const LAST = 253_402_300_799n;
const year = 'expected a year from 1 to 9999';
const forward = 'expected nanos from 0 to 999999999';
const signs = 'expected seconds within 10000 years, and nanos of the same sign';
const path = 'a path of the field mask has no JSON form';

/** The field of WellKnown, its value, and what is said of it. */
const CASES: [field: string, value: Record<string, unknown>, text: string][] = [
  ['time', { seconds: FIRST, nanos: 0 }, 'taken'],
  ['time', { seconds: LAST, nanos: 999_999_999 }, 'taken'],
  ['time', { seconds: FIRST - 1n, nanos: 0 }, year],
  ['time', { seconds: LAST + 1n, nanos: 0 }, year],
  ['time', { seconds: 0n, nanos: -1 }, forward],
  ['time', { seconds: 0n, nanos: 1_000_000_000 }, forward],
  ['span', { seconds: 315_576_000_000n, nanos: 999_999_999 }, 'taken'],
  ['span', { seconds: -315_576_000_000n, nanos: -999_999_999 }, 'taken'],
  ['span', { seconds: 0n, nanos: -1 }, 'taken'],
  ['span', { seconds: 315_576_000_001n, nanos: 0 }, signs],
  ['span', { seconds: -315_576_000_001n, nanos: 0 }, signs],
  ['span', { seconds: 1n, nanos: -1 }, signs],
  ['span', { seconds: -1n, nanos: 1 }, signs],
  ['span', { seconds: 0n, nanos: 1_000_000_000 }, signs],
  ['mask', { paths: [] }, 'taken'],
  ['mask', { paths: ['a', 'b_c.d_e'] }, 'taken'],
  ['mask', { paths: ['fooBar'] }, path],
  ['mask', { paths: ['a_1'] }, path],
  ['mask', { paths: ['a__b'] }, path],
  ['mask', { paths: ['a,b'] }, path],
  ['mask', { paths: [''] }, path],
];

/** The same fields without rules: what a careless peer sends. */
const careless = (type: MessageType): MessageType => ({
  typeName: type.typeName.replace('google.protobuf.', 'careless.'),
  fields: type.fields.map(([no, name, kind, options = {}]) => [
    no,
    name,
    typeof kind === 'function' ? () => careless(kind()) : kind,
    options,
  ]),
});
const Careless = careless(WellKnown);

describe('what is valid', () => {
  it.each(CASES)('is the same to send in every codec: %s %o is %s', (field, value, text) => {
    for (const [name, codec] of Object.entries(CODECS)) {
      const expected = text === 'taken' ? text : `${field}: ${text}`;
      expect([name, said(() => codec.message(WellKnown).encode({ [field]: value }))]).toEqual([name, expected]);
    }
  });

  it.each(CASES)('is the same to receive in every codec: %s %o is %s', (field, value, text) => {
    for (const [name, codec] of Object.entries(CODECS)) {
      const bytes = bytesOf(codec.message(Careless).encode({ [field]: value }));
      const expected = text === 'taken' ? text : `${field}: ${text}`;
      expect([name, said(() => decodeFrom(codec, WellKnown, bytes))]).toEqual([name, expected]);
    }
  });

  it('holds for messages in two parts', () => {
    // { seconds: 1 } and then { nanos: -1 }
    expect(said(() => decodeHex(CODECS.protobuf!, WellKnown, '1202 0801 120b 10ffffffffffffffffff01'))).toBe(
      `span: ${signs}`,
    );
  });

  it('has numbers in Values that JSON can write', () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const [name, codec] of Object.entries(CODECS)) {
        if (name === 'msgpack') continue;
        expect(said(() => codec.message(WellKnown).encode({ value: number }))).toMatch(/^value: expected JSON value/);
      }
      const bits = Buffer.alloc(9, 0x11);
      bits.writeDoubleLE(number, 1);
      expect(said(() => decodeHex(CODECS.protobuf!, Value, bits.toString('hex')))).toMatch(/expected JSON value/);
      bits[0] = 0xcb;
      bits.writeDoubleBE(number, 1);
      expect(said(() => decodeHex(CODECS.msgpack!, Value, bits.toString('hex')))).toMatch(/expected JSON value/);
      expect(said(() => CODECS.msgpack!.message(WellKnown).encode({ value: number }))).toMatch(/expected JSON value/);
    }
    expect(decodeHex(CODECS.protobuf!, Value, '110000000000000080')).toBe(0);
    expect(decodeHex(CODECS.msgpack!, Value, 'cb8000000000000000')).toBe(0);
    expect(decodeFrom(CODECS.json!, Value, new TextEncoder().encode('-0'))).toBe(0);
  });

  it('sends half a surrogate pair as U+FFFD in every codec', () => {
    const value = { text: 'a\ud800', counts: { '\udc00': 1n } };
    for (const [name, codec] of Object.entries(CODECS)) {
      const got = decodeFrom(codec, EchoMessage, bytesOf(codec.message(EchoMessage).encode(value)));
      expect([name, got]).toMatchObject([name, { text: 'a\ufffd', counts: { '\ufffd': 1n } }]);
    }
  });

  it('takes no built-in object for a message or a map', () => {
    const cases: [value: Record<string, unknown>, text: string][] = [
      [{ mNested: 5 }, 'taken'],
      [{ nested: new Date(0) }, 'nested: expected object, got Date'],
      [{ nested: new Map() }, 'nested: expected object, got Map'],
      [{ nested: new Set() }, 'nested: expected object, got Set'],
      [{ nested: new Float64Array(1) }, 'nested: expected object, got typed array'],
      [{ nested: new ArrayBuffer(1) }, 'nested: expected object, got ArrayBuffer'],
      [{ byKey: new Map([[1, {}]]) }, 'byKey: expected object, got Map'],
      [{ mString: new Map([['a', 'b']]) }, 'mString: expected object, got Map'],
      [{ pick: new Map([['case', 'pString']]) }, 'pick: expected { case, value }, got Map'],
      [{ fBytes: new ArrayBuffer(1) }, 'fBytes: expected bytes, got ArrayBuffer'],
    ];
    for (const [value, text] of cases) {
      for (const name of ['json', 'msgpack', 'protobuf']) {
        expect([name, said(() => CODECS[name]!.message(Everything).encode(value))]).toEqual([name, text]);
      }
    }
    class Own {
      readonly label = 'x';
    }
    expect(CODECS.protobuf!.message(Everything).encode({ nested: new Own() })).toMatchObject({ len: 6 });
    for (const plain of [new Date(0), new Map([['a', 1]]), new Set([1])]) {
      for (const name of ['json', 'msgpack', 'protobuf']) {
        expect(said(() => CODECS[name]!.message(WellKnown).encode({ value: plain }))).toMatch(/^value: expected/);
      }
    }
  });

  it('is one of the fields of a oneof, by one of its names, once', () => {
    const twice = (tree: unknown): string[] =>
      ['json', 'msgpack'].map((name) => {
        const bytes = bytesOf(CODECS[name]!.message(undefined).encode(tree));
        return said(() => decodeFrom(CODECS[name]!, Choice, bytes));
      });
    expect(twice({ name: 'a', number: 5 })).toEqual(['number: set twice', 'number: set twice']);
    expect(twice({ name: 'a', Pick: { name: 'b' } })).toEqual(['pick.name: set twice', 'pick.name: set twice']);
    expect(twice({ name: null, number: 5 })).toEqual(['taken', 'taken']);
    expect(twice({ name: 'a', number: null })).toEqual(['taken', 'taken']);
    // { label: 'a', label: 'b' }
    expect(said(() => decodeHex(CODECS.msgpack!, EchoMessage, '81a6 6e6573746564 82a16c01a16c02'))).toMatch(
      /occurs twice/,
    );
  });

  it('merges what protobuf sends twice, also where in memory it is plain', () => {
    const protobuf = protobufCodec();
    const twice = (type: MessageType, a: unknown, b: unknown): unknown =>
      decodeFrom(
        protobuf,
        type,
        Buffer.concat([bytesOf(protobuf.message(type).encode(a)), bytesOf(protobuf.message(type).encode(b))]),
      );
    expect(twice(WellKnown, { struct: { a: 1, b: 2 } }, { struct: { b: 3, c: [] } })).toMatchObject({
      struct: { a: 1, b: 3, c: [] },
    });
    expect(twice(WellKnown, { list: [1] }, { list: ['x'] })).toMatchObject({ list: [1, 'x'] });
    expect(twice(WellKnown, { text: 'x', number: 5n }, { text: '' })).toMatchObject({ text: 'x', number: 5n });
    expect(twice(WellKnown, { value: { a: 1 } }, { value: { b: 2 } })).toMatchObject({ value: { a: 1, b: 2 } });
    expect(twice(WellKnown, { value: [1] }, { value: { b: 2 } })).toMatchObject({ value: { b: 2 } });
    expect(twice(WellKnown, { value: { a: 1 } }, { value: null })).toMatchObject({ value: null });
    expect(
      twice(WellKnown, { pick: { case: 'pickedValue', value: [1] } }, { pick: { case: 'pickedValue', value: [2] } }),
    ).toMatchObject({ pick: { case: 'pickedValue', value: [1, 2] } });
    expect(twice(Struct, { a: 1 }, { b: 1 })).toEqual({ a: 1, b: 1 });
    expect(twice(ListValue, [1], [2])).toEqual([1, 2]);
  });

  it.each([
    ['in a field', `7a00 e007${'80'.repeat(10)}01`],
    ['in a group', `e307 08${'ff'.repeat(10)}01 e407`],
    ['in a group of a group', `e307 eb07 08${'ff'.repeat(10)}01 ec07 e407`],
  ])('has varints of at most 10 bytes, also %s that is skipped', (_, text) => {
    expect(said(() => decodeHex(CODECS.protobuf!, EchoMessage, text))).toMatch(/a varint of more than 10 bytes/);
    const shorter = text.replace(/(80|ff)/, '');
    expect(said(() => decodeHex(CODECS.protobuf!, EchoMessage, shorter.replace('7a00', '')))).toBe('taken');
  });

  it.each([
    ['a group that does not end', 'e307 0801'],
    ['a group that ends another', 'e307 0801 ec07'],
    ['an end without a group', 'e407'],
    ['a truncated varint', 'e00780'],
    ['truncated bytes', 'e20705 00'],
    ['truncated numbers', 'e50700 00'],
    ['a wire type of none', 'e6070000'],
    ['groups without end', 'e307'.repeat(5000)],
  ])('has no %s', (_, text) => {
    expect(said(() => decodeHex(CODECS.protobuf!, EchoMessage, text))).not.toBe('taken');
  });
});

describe('dates', () => {
  it('are timestamps', () => {
    const dates: [date: Date, seconds: bigint, nanos: number][] = [
      [new Date(0), 0n, 0],
      [new Date(1_500_000_000_123), 1_500_000_000n, 123_000_000],
      [new Date(-1), -1n, 999_000_000],
      [new Date('0001-01-01T00:00:00Z'), FIRST, 0],
      [new Date('9999-12-31T23:59:59.999Z'), LAST, 999_000_000],
    ];
    for (const [date, seconds, nanos] of dates) {
      expect(timestampFromDate(date)).toEqual({ seconds, nanos });
      expect(dateFromTimestamp({ seconds, nanos })).toEqual(date);
      for (const [name, codec] of Object.entries(CODECS)) {
        const got = decodeFrom(
          codec,
          WellKnown,
          bytesOf(codec.message(WellKnown).encode({ time: date, times: [date] })),
        );
        expect([name, got]).toMatchObject([name, { time: { seconds, nanos }, times: [{ seconds, nanos }] }]);
      }
    }
    expect(dateFromTimestamp({ seconds: -1n, nanos: 999_999_999 })).toEqual(new Date(-1));
  });

  it('that are no timestamps are refused', () => {
    for (const date of [new Date(Number.NaN), new Date(8.64e15), new Date(-8.64e15)]) {
      expect(() => timestampFromDate(date)).toThrow(RangeError);
      for (const codec of Object.values(CODECS)) {
        expect(said(() => codec.message(WellKnown).encode({ time: date }))).toMatch(/^time: expected a/);
      }
    }
    expect(said(() => CODECS.json!.message(WellKnown).encode({ span: new Date(5) }))).toBe(
      'span: expected object, got Date',
    );
  });
});
