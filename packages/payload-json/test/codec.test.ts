import { payloadCases } from '@stmp/conformance';
import type { MessageType } from '@stmp/contract';
import { jsonCodec, plainJsonCodec } from '@stmp/payload-json';
import { describe, expect, it, test } from 'vitest';
import {
  Any,
  BytesValue,
  Choice,
  Color,
  decodeFrom,
  decodeHex,
  EchoMessage,
  Empty,
  Everything,
  hex,
  Nested,
  SizeInput,
  Struct,
  Tree,
  Value,
  WellKnown,
} from '../../payload-schema/test/types.js';
import { VECTORS } from '../../payload-schema/test/vectors.js';

const codec = jsonCodec();
const go = jsonCodec({ dialect: 'stmp-go' });
const text = (type: MessageType | undefined, value: unknown, by = codec): unknown =>
  by.message(type).encodeText?.(value);
const parse = (type: MessageType | undefined, json: string): unknown =>
  codec.message(type).decodeText?.(json, 0, json.length);
const code = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message];
  }
  return 'no error';
};
const refused = ['payload_invalid', expect.any(String)];

for (const { name, skip, run } of payloadCases({ codec })) test.skipIf(skip)(name, run);

/** The original writes floats as short as single precision allows, and escapes <, > and &; it means the same. */
const spelledAlike = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*(?:e[+-]?\d+)?/gi, (token) =>
    token.startsWith('"')
      ? token.replace(/\\u00(3c|3e|26)/g, (_, hexCode: string) => String.fromCharCode(Number.parseInt(hexCode, 16)))
      : String(Math.fround(Number(token))),
  );

describe('golden bytes of the original', () => {
  it.each(VECTORS)('$name', ({ type, value, vector }) => {
    expect(decodeHex(codec, type, vector['application/json'])).toEqual(value);
    const written = text(type, value, go) ?? '{}';
    expect(parse(type, written as string)).toEqual(value);
    expect(spelledAlike(written as string)).toBe(spelledAlike(vector.jsonText));
  });
});

describe('writing', () => {
  const rows: [MessageType, unknown, string | undefined][] = [
    [EchoMessage, {}, undefined],
    [EchoMessage, undefined, undefined],
    [EchoMessage, { bigNumber: 0, text: '', tagList: [], counts: {}, flag: false }, undefined],
    [
      EchoMessage,
      { bigNumber: -5, unsignedBig: 2n ** 64n - 1n },
      '{"bigNumber":"-5","unsignedBig":"18446744073709551615"}',
    ],
    [EchoMessage, { rawData: hex('fffe00') }, '{"rawData":"//4A"}'],
    [EchoMessage, { rawData: hex('ff') }, '{"rawData":"/w=="}'],
    [EchoMessage, { color: Color.GREEN }, '{"color":"GREEN"}'],
    [EchoMessage, { color: 99 }, '{"color":99}'],
    [EchoMessage, { ratio: Number.NaN, thin: Number.NEGATIVE_INFINITY }, '{"ratio":"NaN","thin":"-Infinity"}'],
    [EchoMessage, { ratio: -0 }, '{"ratio":-0}'],
    [EchoMessage, { counts: { 'a"b': 1n, c: 2 } }, '{"counts":{"a\\"b":"1","c":"2"}}'],
    [
      EchoMessage,
      { children: [{ label: 'a' }, {}], nestedItem: {} },
      '{"nestedItem":{},"children":[{"label":"a"},{}]}',
    ],
    [EchoMessage, { text: '\ud800"\n' }, '{"text":"\ufffd\\"\\n"}'],
    [Everything, { kInt64: { '-1': 'x' }, kBool: { true: 'y' } }, '{"kInt64":{"-1":"x"},"kBool":{"true":"y"}}'],
    [Everything, { oBool: false, oString: '' }, '{"oBool":false,"oString":""}'],
    [Choice, { pick: { case: 'number', value: 0n } }, '{"number":"0"}'],
    [WellKnown, { time: { seconds: 0n } }, '{"time":"1970-01-01T00:00:00Z"}'],
    [WellKnown, { time: { seconds: -1n, nanos: 500_000_000 } }, '{"time":"1969-12-31T23:59:59.500Z"}'],
    [WellKnown, { time: { seconds: 1, nanos: 1000 } }, '{"time":"1970-01-01T00:00:01.000001Z"}'],
    [WellKnown, { time: { nanos: 1 } }, '{"time":"1970-01-01T00:00:00.000000001Z"}'],
    [WellKnown, { span: { seconds: 1n, nanos: 500_000_000 } }, '{"span":"1.500s"}'],
    [WellKnown, { span: { nanos: -10 } }, '{"span":"-0.000000010s"}'],
    [WellKnown, { span: { seconds: -3n } }, '{"span":"-3s"}'],
    [WellKnown, { mask: { paths: ['a', 'b.foo_bar'] } }, '{"mask":"a,b.fooBar"}'],
    [WellKnown, { mask: {} }, '{"mask":""}'],
    [WellKnown, { any: { typeUrl: 't', value: hex('01') } }, '{"any":{"typeUrl":"t","value":"AQ=="}}'],
    [WellKnown, { struct: { a: [1, null, { b: undefined }] } }, '{"struct":{"a":[1,null,{}]}}'],
    [WellKnown, { value: null, list: [] }, '{"value":null,"list":[]}'],
    [WellKnown, { number: 5n, real: 0, text: '' }, '{"text":"","number":"5","real":0}'],
    [WellKnown, { pick: { case: 'pickedNull', value: 0 } }, '{"pickedNull":null}'],
    [Value, 'x', '"x"'],
    [BytesValue, hex('01'), '"AQ=="'],
    [Empty, {}, undefined],
  ];
  it.each(rows.map(([type, value, json]) => ({ type, value, json })))('$json', ({ type, value, json }) => {
    expect(text(type, value)).toBe(json);
  });

  const goRows: [MessageType, unknown, string][] = [
    [
      EchoMessage,
      { bigNumber: 2n ** 63n - 1n, unsignedBig: 9n },
      '{"big_number":9223372036854775807,"unsigned_big":9}',
    ],
    [EchoMessage, { color: Color.RED, rawData: hex('fffe00') }, '{"raw_data":"//4A","color":1}'],
    [EchoMessage, { counts: { a: 0n }, flag: true }, '{"counts":{"a":0},"flag":true}'],
    [SizeInput, { size: 1n, delayMs: 2 }, '{"size":1,"delay_ms":2}'],
    [Choice, { pick: { case: 'name', value: 'a' } }, '{"Pick":{"name":"a"}}'],
    [WellKnown, { time: { seconds: 1n }, text: 'x', real: 0 }, '{"time":{"seconds":1},"text":{"value":"x"},"real":{}}'],
    [WellKnown, { mask: { paths: ['a_b'] }, struct: { a: 1 } }, '{"mask":{"paths":["a_b"]},"struct":{"a":1}}'],
  ];
  it.each(goRows.map(([type, value, json]) => ({ type, value, json })))(
    '$json for the original',
    ({ type, value, json }) => {
      expect(text(type, value, go)).toBe(json);
      expect(parse(type, json)).toMatchObject(value as object);
    },
  );

  it('writes nothing in the dialect that it cannot say', () => {
    expect(code(() => text(EchoMessage, { ratio: Number.NaN }, go))).toEqual([
      'payload_invalid',
      'ratio: expected finite number, since the dialect has no others',
    ]);
  });

  it('names the field that does not fit', () => {
    const said = (type: MessageType, value: unknown): unknown => code(() => text(type, value));
    expect(said(EchoMessage, { nestedItem: { label: 5 } })).toEqual([
      'payload_invalid',
      'nestedItem.label: expected string, got number',
    ]);
    expect(said(EchoMessage, { numbers: [1, '2'] })).toEqual([
      'payload_invalid',
      'numbers[1]: expected int32, got string',
    ]);
    expect(said(WellKnown, { struct: { secret: [0, 1n] } })).toEqual([
      'payload_invalid',
      'struct{}[1]: expected JSON value, got bigint',
    ]);
    expect(said(WellKnown, { value: Number.NaN })).toEqual(['payload_invalid', expect.stringContaining('value')]);
    for (const value of [
      { time: { seconds: 253_402_300_800n } },
      { time: { nanos: -1 } },
      { time: { nanos: 1_000_000_000 } },
      { span: { seconds: 1n, nanos: -1 } },
      { span: { seconds: 315_576_000_001n } },
      { mask: { paths: ['fooBar'] } },
      { mask: { paths: ['a,b'] } },
      { struct: [] },
      { list: {} },
    ]) {
      expect(
        said(WellKnown, value),
        JSON.stringify(value, (_, v) => String(v)),
      ).toEqual(refused);
    }
  });
});

describe('reading', () => {
  it.each<[string, object]>([
    // Names and numbers in any form.
    ['{"big_number":9007199254740993}', { bigNumber: 9_007_199_254_740_993n }],
    [
      '{"bigNumber":-9223372036854775808,"unsignedBig":18446744073709551615}',
      { bigNumber: -(2n ** 63n), unsignedBig: 2n ** 64n - 1n },
    ],
    ['{"bigNumber":"9007199254740993"}', { bigNumber: 9_007_199_254_740_993n }],
    ['{"bigNumber":5}', { bigNumber: 5n }],
    ['{"bigNumber":5.0}', { bigNumber: 5n }],
    ['{"bigNumber":"1e3"}', { bigNumber: 1000n }],
    ['{"counts":{"a":9007199254740993,"b":"1"}}', { counts: { a: 9_007_199_254_740_993n, b: 1n } }],
    [
      '{"text":"9007199254740993","bigNumber":1234567890123456}',
      { text: '9007199254740993', bigNumber: 1_234_567_890_123_456n },
    ],
    [
      '{"text":"\\"1234567890123456\\\\","bigNumber":1234567890123456}',
      { text: '"1234567890123456\\', bigNumber: 1_234_567_890_123_456n },
    ],
    ['{"ratio":12345678901234567890,"thin":0.1}', { ratio: Number('12345678901234567890'), thin: Math.fround(0.1) }],
    ['{"ratio":0.12345678901234567}', { ratio: Number('0.12345678901234567') }],
    ['{"ratio":"-Infinity","thin":"NaN"}', { ratio: Number.NEGATIVE_INFINITY, thin: Number.NaN }],
    ['{"ratio":"1.5","small":"7"}', { ratio: 1.5, small: 7 }],
    ['{"small":1e2,"numbers":["1",2.0]}', { small: 100, numbers: [1, 2] }],
    // Enums by name or number, known or not.
    ['{"color":"GREEN"}', { color: 2 }],
    ['{"color":2}', { color: 2 }],
    ['{"color":-7}', { color: -7 }],
    // Bytes in either alphabet.
    ['{"rawData":"AP/+Cg=="}', { rawData: hex('00fffe0a') }],
    ['{"rawData":"AP_-Cg"}', { rawData: hex('00fffe0a') }],
    ['{"rawData":""}', { rawData: new Uint8Array(0) }],
    // null is not set.
    [
      '{"text":null,"tagList":null,"nestedItem":null,"counts":null,"color":null}',
      { text: '', tagList: [], counts: {}, color: 0 },
    ],
    // What is unknown goes.
    ['{"big_number":null,"bigNumber":2,"unknown":{"text":[{"text":1}]}}', { bigNumber: 2n }],
    ['{"bigNumber":9.007199254740993e15}', { bigNumber: 9_007_199_254_740_993n }],
    ['{"bigNumber":"-9.007199254740993E+15"}', { bigNumber: -9_007_199_254_740_993n }],
    ['{"bigNumber":1e18,"unsignedBig":18446744073709551615.0}', { bigNumber: 10n ** 18n, unsignedBig: 2n ** 64n - 1n }],
    ['{"bigNumber":-9223372036854775808000e-3,"ratio":1e300}', { bigNumber: -(2n ** 63n), ratio: 1e300 }],
    ['{"bigNumber":0e999999999,"ratio":0.0000001e7}', { bigNumber: 0n, ratio: 1 }],
    ['{"text":"\\ud83d\\ude00 \\\\ud800 \\"","counts":{"\\uD83D\\uDE00":1}}', { text: '\u{1f600} \\ud800 "' }],
    [' {"text" : "x"}\n', { text: 'x' }],
  ])('%s', (json, value) => {
    expect(parse(EchoMessage, json)).toMatchObject(value);
  });

  it.each([
    '{"text":5}',
    '{"text":1234567890123456}',
    '{"flag":"true"}',
    '{"flag":1}',
    '{"small":1.5}',
    '{"small":2147483648}',
    '{"small":1234567890123456}',
    '{"small":""}',
    '{"small":" 1"}',
    '{"small":"0x10"}',
    '{"bigNumber":9223372036854775808}',
    '{"bigNumber":1e19}',
    '{"bigNumber":1e999999999}',
    '{"bigNumber":"1e999999999"}',
    '{"bigNumber":9007199254740993.5}',
    '{"bigNumber":1234567890123456e-17}',
    '{"bigNumber":01e18}',
    '{"bigNumber":1e18.0}',
    // Twice: by one name or two, also where nobody asks.
    '{"text":"a","text":"a"}',
    '{"big_number":1,"bigNumber":2}',
    '{"bigNumber":1,"text":"","BigNumber":1,"big_number":1}',
    '{"counts":{"a":1,"a":1}}',
    '{"counts":{"a":1,"\\u0061":1}}',
    '{"nestedItem":{"label":"a","depth_level":1,"depthLevel":1}}',
    '{"unknown":[{"a":{"b":1,"b":2}}]}',
    '{"text":null,"text":null}',
    // Halves of surrogate pairs.
    '{"text":"\\ud800"}',
    '{"text":"\\udc00\\ud800"}',
    '{"text":"\\\\\\uD800"}',
    '{"text":"\ud800"}',
    '{"counts":{"\\udfff":1}}',
    '{"unknown":"\\ud83d"}',
    '{"bigNumber":"x"}',
    '{"bigNumber":"123456789012345678901"}',
    '{"unsignedBig":-1}',
    '{"color":"PURPLE"}',
    '{"color":"toString"}',
    '{"color":1.5}',
    '{"color":1234567890123456}',
    '{"rawData":"A"}',
    '{"rawData":"AP/+Cg="}',
    '{"rawData":"A*=="}',
    '{"rawData":"\u0441AAA"}',
    '{"rawData":5}',
    '{"ratio":"nan"}',
    '{"ratio":1e999}',
    '{"thin":1e39}',
    '{"tagList":"x"}',
    '{"tagList":[null]}',
    '{"children":[null]}',
    '{"counts":[]}',
    '{"counts":{"a":null}}',
    '{"nestedItem":"x"}',
    '{"nestedItem":[]}',
    '{1234567890123456:1}',
    '{1234567890123456            :1}',
    '[]',
    'null',
    '5',
    '{',
    '{"bigNumber":01234567890123456789}',
    '{"bigNumber":1234567890123456,}',
  ])('refuses %s', (json) => {
    expect(code(() => parse(EchoMessage, json))).toEqual(refused);
  });

  it('takes a oneof of its own, and flat', () => {
    expect(parse(Choice, '{"Pick":{"name":"a"}}')).toEqual({ pick: { case: 'name', value: 'a' } });
    expect(parse(Choice, '{"Pick":{"Name":"a"}}')).toEqual({ pick: undefined });
    expect(parse(Choice, '{"Pick":null}')).toEqual({ pick: undefined });
    expect(parse(Choice, '{"number":7}')).toEqual({ pick: { case: 'number', value: 7n } });
    expect(parse(Choice, '{"name":null}')).toEqual({ pick: undefined });
    expect(code(() => parse(Choice, '{"Pick":5}'))).toEqual(['payload_invalid', 'pick: expected object, got number']);
  });

  it.each<[string, object]>([
    ['{"time":"2024-02-29T12:00:00.000000001+01:30"}', { time: { seconds: 1_709_202_600n, nanos: 1 } }],
    ['{"time":"1969-12-31T23:59:59.5Z"}', { time: { seconds: -1n, nanos: 500_000_000 } }],
    ['{"time":{"seconds":1,"nanos":2}}', { time: { seconds: 1n, nanos: 2 } }],
    ['{"span":"-1.5s"}', { span: { seconds: -1n, nanos: -500_000_000 } }],
    ['{"span":{"seconds":"9"}}', { span: { seconds: 9n, nanos: 0 } }],
    ['{"mask":"a,b.fooBar"}', { mask: { paths: ['a', 'b.foo_bar'] } }],
    ['{"mask":{"paths":["x"]}}', { mask: { paths: ['x'] } }],
    ['{"any":{"type_url":"t","value":"AQ=="}}', { any: { typeUrl: 't', value: hex('01') } }],
    ['{"struct":{"a":9007199254740993,"b":["x"]}}', { struct: { a: 9_007_199_254_740_992, b: ['x'] } }],
    ['{"value":null,"values":[null,1]}', { value: null, values: [null, 1] }],
    ['{"text":{"value":"x"},"number":7,"real":"NaN"}', { text: 'x', number: 7n, real: Number.NaN }],
    ['{"text":{}}', { text: '' }],
    ['{"nothing":null,"pickedNull":null}', { nothing: 0, pick: { case: 'pickedNull', value: 0 } }],
    ['{"pickedNull":"NULL_VALUE"}', { pick: { case: 'pickedNull', value: 0 } }],
    ['{"pickedValue":null}', { pick: { case: 'pickedValue', value: null } }],
    ['{"pickedText":null}', { pick: undefined as never }],
    ['{"empty":{"more":1}}', { empty: {} }],
  ])('well-known %s', (json, value) => {
    expect(parse(WellKnown, json)).toMatchObject(value);
  });

  it.each([
    '{"time":"2023-02-29T00:00:00Z"}',
    '{"time":"2023-01-01 00:00:00Z"}',
    '{"time":"2023-01-01t00:00:00Z"}',
    '{"time":"2023-01-01T00:00:00z"}',
    '{"time":"2023-01-01T00:00:00"}',
    '{"time":"2023-01-01T24:00:00Z"}',
    '{"time":"2023-01-01T00:00:00.1234567890Z"}',
    '{"time":"0000-12-31T23:59:59Z"}',
    '{"time":5}',
    '{"span":"1"}',
    '{"span":"1.s"}',
    '{"span":"315576000001s"}',
    '{"struct":[]}',
    '{"list":{}}',
    '{"empty":[]}',
    '{"text":5}',
  ])('refuses well-known %s', (json) => {
    expect(code(() => parse(WellKnown, json))).toEqual(refused);
  });

  it('survives __proto__ as a key', () => {
    const struct = (parse(Struct, '{"__proto__":{"x":1},"big":1234567890123456}') as object) ?? {};
    expect(Object.keys(struct)).toEqual(['__proto__', 'big']);
    expect(Object.getPrototypeOf(struct)).toBe(Object.prototype);
    expect(text(Struct, struct)).toBe('{"__proto__":{"x":1},"big":1234567890123456}');
  });

  it('limits nesting', () => {
    const tree = (depth: number): string => `${'{"child":'.repeat(depth)}{}${'}'.repeat(depth)}`;
    expect(parse(Tree, tree(99))).toHaveProperty('child.child');
    expect(code(() => parse(Tree, tree(100)))).toEqual([
      'payload_invalid',
      expect.stringContaining('nested more than'),
    ]);
    const list = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    for (const depth of [1000, 100_000]) {
      expect(code(() => parse(Value, list(depth)))).toEqual(refused);
      expect(code(() => parse(undefined, list(depth)))).toEqual(refused);
      expect(
        code(() => parse(Nested, `{"unknown":${list(depth)}}`)),
        `${depth}`,
      ).toEqual(depth === 1000 ? 'no error' : refused);
    }
  });

  it('takes numbers of up to 1,100 digits', () => {
    const number = (fraction: number): string => `0.${'0'.repeat(fraction - 1)}5`;
    const long = number(1_083);
    expect(parse(EchoMessage, `{"ratio":${long}}`)).toHaveProperty('ratio', 0);
    expect(parse(EchoMessage, `{"ratio":${number(300)},"text":"${'9'.repeat(2_000)}"}`)).toHaveProperty(
      'ratio',
      5e-300,
    );
    const tooLong = ['9'.repeat(1_101), `-${'9'.repeat(2_000)}`, `${number(1_200)}e1`, `1.5e${'9'.repeat(1_200)}`];
    for (const digits of tooLong) {
      for (const type of [EchoMessage, undefined]) {
        expect(code(() => parse(type, `{"ratio":${digits}}`))).toEqual([
          'payload_invalid',
          expect.stringContaining('more than 1100 digits'),
        ]);
      }
    }
  });

  it('does one pass over hostile text', () => {
    const start = performance.now();
    const hostile = `{"text":"${'\\"'.repeat(200_000)}","bigNumber":1234567890123456${'"'.repeat(100_000)}`;
    expect(code(() => parse(EchoMessage, hostile))).toEqual(refused);
    expect(code(() => parse(EchoMessage, `${'-'.repeat(100_000)}1234567890123456`))).toEqual(refused);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(code(() => decodeFrom(codec, EchoMessage, hex('7b2274657874223a22ff227d')))).toEqual(refused);
  });
});

describe('plain values', () => {
  it.each([
    ['jsonCodec', codec],
    ['plainJsonCodec', plainJsonCodec()],
  ])('%s', (_, plain) => {
    expect([text(undefined, { a: [1, undefined], b: undefined }, plain), text(undefined, undefined, plain)]).toEqual([
      '{"a":[1,null]}',
      undefined,
    ]);
    expect(decodeFrom(plain, undefined, hex('5b315d'))).toEqual([1]);
    expect(decodeFrom(plain, undefined, hex(''))).toBe(undefined);
    expect(plain.message(undefined).decodeText?.('xx{"a":1}', 2, 9)).toEqual({ a: 1 });
    for (const value of [1n, () => 1, Symbol('x')]) expect(code(() => text(undefined, value, plain))).toEqual(refused);
    expect(code(() => decodeFrom(plain, undefined, hex('7b')))).toEqual(['payload_invalid', 'payload: broken payload']);
  });

  it('has no message types without jsonCodec', () => {
    expect(code(() => plainJsonCodec().message(Nested))).toEqual([
      'unsupported',
      expect.stringContaining(Nested.typeName),
    ]);
  });
});

it('an empty map as a Value is not the empty message, which is null', () => {
  expect(text(Value, {})).toBe('{}');
  expect(parse(Value, '{}')).toEqual({});
  expect(parse(Value, '')).toBeNull();
});

describe('options', () => {
  it('refuses a dialect that does not exist', () => {
    expect(() => jsonCodec({ dialect: 'go' as 'stmp-go' })).toThrow(
      new RangeError("dialect must be 'proto3' or 'stmp-go', got \"go\""),
    );
  });

  it('is text, and reads it in place', () => {
    expect([codec.contentType, codec.text]).toEqual(['application/json', true]);
    expect(codec.message(Nested).decodeText?.('xx{"label":"a"}yy', 2, 15)).toEqual({ label: 'a', depthLevel: 0 });
    expect(codec.message(Any).decodeText?.('', 0, 0)).toEqual({ typeUrl: '', value: new Uint8Array(0) });
  });
});
