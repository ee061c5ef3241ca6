import type { MessageType } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { protobufCodec } from '@stmp/payload-protobuf';
import { describe, expect, it } from 'vitest';
import {
  Any,
  BoolValue,
  bytesOf,
  Duration,
  Empty,
  ListValue,
  Nested,
  Struct,
  Value,
  WellKnown,
} from '../../payload-schema/test/types.js';

const binary = protobufCodec();
const Sub: MessageType = {
  typeName: 'test.Sub',
  fields: [
    [1, 'big_number', 'int64'],
    [2, 'inner', () => Any],
    [3, 'span', () => Duration],
  ],
};
const json = jsonCodec({ anyTypes: [Sub, Nested], anyCodec: binary });
const WITH: [name: string, type: MessageType, message: unknown, text: string][] = [
  ['a message', Sub, { bigNumber: 2n ** 60n }, '"bigNumber":"1152921504606846976"'],
  ['an empty message', Nested, {}, ''],
  ['Empty', Empty, {}, ''],
  ['a Duration', Duration, { seconds: 5n }, '"value":"5s"'],
  ['a wrapper', BoolValue, true, '"value":true'],
  ['a Struct', Struct, { '@type': 'x', a: [1] }, '"value":{"@type":"x","a":[1]}'],
  ['a list', ListValue, [], '"value":[]'],
  ['a Value of null', Value, null, '"value":null'],
];
const packed = (type: MessageType, message: unknown): { typeUrl: string; value: Uint8Array } => ({
  typeUrl: `type.googleapis.com/${type.typeName}`,
  value: bytesOf(binary.message(type).encode(message)),
});
const write = (value: unknown): string => json.message(WellKnown).encodeText!({ any: value })!;
const read = (text: string, codec = json): unknown =>
  (codec.message(WellKnown).decodeText!(text, 0, text.length) as { any: unknown }).any;
const refused = (run: () => unknown): string => {
  try {
    return `taken: ${JSON.stringify(run())}`;
  } catch (error) {
    expect(error).toMatchObject({ code: 'payload_invalid' });
    return (error as Error).message;
  }
};

describe('an Any in JSON', () => {
  it.each(WITH)('has %s beside @type', (_, type, message, text) => {
    const any = packed(type, message);
    const whole = `{"any":{"@type":"${any.typeUrl}"${text && ','}${text}}}`;
    expect(write(any)).toBe(whole);
    expect(read(whole)).toEqual(any);
    // The order of members is free.
    if (text !== '') expect(read(`{"any":{${text},"@type":"${any.typeUrl}"}}`)).toEqual(any);
  });

  it('holds others', () => {
    const any = packed(Sub, { inner: packed(Any, packed(Sub, { span: { seconds: 1n } })) });
    const url = (name: string): string => `"@type":"type.googleapis.com/${name}"`;
    const text = `{"any":{${url('test.Sub')},"inner":{${url('google.protobuf.Any')},"value":{${url('test.Sub')},"span":"1s"}}}}`;
    expect(write(any)).toBe(text);
    expect(read(text)).toEqual(any);
  });

  it('stays encoded where its type is not known', () => {
    const any = { typeUrl: 'type.googleapis.com/test.Other', value: new Uint8Array([8, 1]) };
    expect(write(any)).toBe('{"any":{"typeUrl":"type.googleapis.com/test.Other","value":"CAE="}}');
    expect(read(write(any))).toEqual(any);
    expect(write({})).toBe('{"any":{}}');
    expect(read('{"any":{}}')).toEqual({ typeUrl: '', value: new Uint8Array(0) });
  });

  it.each([
    ['an unknown type', '{"@type":"type.googleapis.com/test.Other"}', /^any: @type names none of anyTypes/],
    ['a name without a slash', '{"@type":"test.Sub"}', /^any: @type/],
    ['a @type that is no text', '{"@type":5}', /^any: expected string as @type/],
    [
      'a missing value',
      '{"@type":"type.googleapis.com/google.protobuf.Duration"}',
      /^any: expected value beside @type/,
    ],
    ['a wrong value', '{"@type":"type.googleapis.com/google.protobuf.Duration","value":5}', /^any: expected/],
    ['a wrong field', '{"@type":"x/test.Sub","bigNumber":true}', /^any.bigNumber: expected/],
    ['a name twice', '{"@type":"x/test.Sub","@type":"x/test.Sub"}', /twice/],
    ['a value twice', '{"@type":"x/google.protobuf.BoolValue","value":true,"value":true}', /twice/],
  ])('with %s is refused', (_, text, expected) => {
    expect(refused(() => read(`{"any":${text}}`))).toMatch(expected);
  });

  it('with bytes that are not of its type is refused', () => {
    expect(refused(() => write({ typeUrl: 'x/test.Sub', value: new Uint8Array([8]) }))).toMatch(/bigNumber|test.Sub/);
  });

  it('with @type is refused without anyTypes, and not misread', () => {
    for (const text of ['"bigNumber":"5"', '"value":"5s"']) {
      const whole = `{"any":{"@type":"type.googleapis.com/test.Sub",${text}}}`;
      expect(refused(() => read(whole, jsonCodec()))).toBe('any: an Any with @type needs the option anyTypes');
    }
  });

  it('needs a codec for its bytes', () => {
    expect(() => jsonCodec({ anyTypes: [Sub] })).toThrow(/^anyTypes needs anyCodec: protobufCodec\(\)/);
  });

  it('counts against the budget, and in depth', () => {
    const tight = jsonCodec({ anyTypes: [Sub], anyCodec: binary, maxDecodeUnits: 4 });
    const list = '{"any":{"@type":"x/google.protobuf.ListValue","value":[1,2,3]}}';
    expect(refused(() => read(list, tight))).toMatch(/units to decode/);
    const deep = `${'{"@type":"x/google.protobuf.Any","value":'.repeat(150)}{}${'}'.repeat(150)}`;
    expect(refused(() => read(`{"any":${deep}}`))).toMatch(/nested more than/);
  });
});
