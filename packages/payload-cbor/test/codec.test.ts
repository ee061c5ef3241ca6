import { payloadCases } from '@stmp/conformance';
import { cborCodec } from '@stmp/payload-cbor';
import { decode as libraryDecode } from 'cborg';
import { describe, expect, it, test } from 'vitest';
import { bytesOf, Choice, decodeHex, EchoMessage, Empty, encodeHex, Value } from '../../payload-schema/test/types.js';
import { VECTORS } from '../../payload-schema/test/vectors.js';

const codec = cborCodec();
const plain = codec.message(undefined);
const hexOf = (value: unknown): string => Buffer.from(bytesOf(plain.encode(value))).toString('hex');
const read = (hex: string): unknown => {
  const bytes = Buffer.from(hex, 'hex');
  return plain.decode(bytes, 0, bytes.length);
};

for (const { name, skip, run } of payloadCases({ codec })) test.skipIf(skip)(name, run);

// RFC 8949, appendix A: each value with its shortest encoding.
const SHORTEST: [unknown, string][] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000000000000, '1b000000e8d4a51000'],
  [18446744073709551615n, '1bffffffffffffffff'],
  [-18446744073709551616n, '3bffffffffffffffff'],
  [-1000, '3903e7'],
  [-0, 'f98000'],
  [1.1, 'fb3ff199999999999a'],
  [1.5, 'f93e00'],
  [100000.5, 'fa47c35040'],
  [Infinity, 'f97c00'],
  [Number.NaN, 'f97e00'],
  [false, 'f4'],
  [null, 'f6'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  ['', '60'],
  ['IETF', '6449455446'],
  ['\u00fc', '62c3bc'],
  ['\u{10151}', '64f0908591'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
  [['a', { b: 'c' }], '826161a161626163'],
];

describe('the examples of the standard', () => {
  it.each(SHORTEST)('%o is %s', (value, hex) => {
    expect(hexOf(value)).toBe(hex);
    expect(read(hex)).toEqual(value);
  });

  it.each<[string, unknown]>([
    ['9fff', []],
    ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
    ['a201020304', { 1: 2, 3: 4 }],
    ['1b0000000000000005', 5],
    ['fb3ff8000000000000', 1.5],
    ['63efbbbf', '\ufeff'],
  ])('%s is read', (hex, value) => {
    expect(read(hex)).toEqual(value);
  });

  it.each([
    ['nothing behind a head', '19'],
    ['a list with too few items', '8201'],
    ['a list of more than there can be', '9b7fffffffffffffff01'],
    ['bytes of more than there can be', '5b7fffffffffffffff01'],
    ['a map without its last value', 'a16161'],
    ['bytes behind the value', '0101'],
    ['a break alone', 'ff'],
    ['a break in a list of known length', '82ff01'],
    ['a break in place of a value', 'bf6161ff'],
    ['a tag', 'c11a514b67b0'],
    ['text that is no UTF-8', '61ff'],
    ['text in chunks', '7f6161ff'],
    ['a list as key', 'a18001'],
    ['a length that is reserved', '1c'],
    ['lists without end', '81'.repeat(5000)],
    ['lists of unknown length without end', '9f'.repeat(5000)],
  ])('%s is refused', (_, hex) => {
    expect(() => read(hex)).toThrow(expect.objectContaining({ code: 'payload_invalid' }));
  });
});

describe('plain values', () => {
  it.each([[2n ** 64n], [-(2n ** 64n) - 1n], [new Map()], [new Set()], [new Date(0)], [() => 1], [[Symbol.iterator]]])(
    '%o is refused',
    (value) => {
      expect(() => plain.encode(value)).toThrow(expect.objectContaining({ code: 'payload_invalid' }));
    },
  );

  it('leave out what is undefined, and keep a __proto__', () => {
    expect(hexOf({ a: undefined, b: 1 })).toBe('a1616201');
    const own = JSON.parse('{"__proto__":1}') as object;
    expect(Object.keys(read(hexOf(own)) as object)).toEqual(['__proto__']);
    expect(hexOf(['\ud800'])).toBe('8163efbfbd');
  });
});

describe('messages', () => {
  it.each(VECTORS)('$name comes back', ({ type, value }) => {
    const bytes = codec.message(type).encode(value);
    if (bytes === undefined) return;
    expect(decodeHex(codec, type, Buffer.from(bytesOf(bytes)).toString('hex'))).toEqual(value);
  });

  it('are maps that any CBOR library reads', () => {
    const bytes = codec.message(EchoMessage).encode({ text: 'hi', bigNumber: 2n ** 60n, tagList: ['x'], flag: true });
    expect(libraryDecode(bytesOf(bytes))).toEqual({ text: 'hi', bigNumber: 2n ** 60n, tagList: ['x'], flag: true });
  });

  it('that are empty have no payload', () => {
    expect(codec.message(EchoMessage).encode({})).toBeUndefined();
    expect(codec.message(Empty).encode(undefined)).toBeUndefined();
    expect(encodeHex(codec, Value, {})).toBe('a0');
    expect(decodeHex(codec, EchoMessage, Buffer.from(codec.emptyMessage as Uint8Array).toString('hex'))).toEqual(
      decodeHex(codec, EchoMessage, ''),
    );
  });

  it.each<[string, string]>([
    ['a field twice', 'a26474657874616164746578746162'],
    ['a field by both of its names', 'a2696269674e756d626572016a6269675f6e756d62657202'],
    ['a number as text', 'a1647465787401'],
    ['a list', '80'],
  ])('%s is refused', (_, hex) => {
    expect(() => decodeHex(codec, EchoMessage, hex)).toThrow(expect.objectContaining({ code: 'payload_invalid' }));
  });

  it('of two fields of a oneof are refused', () => {
    expect(() => decodeHex(codec, Choice, 'a2646e616d656161666e756d62657201')).toThrow('number: set twice');
  });

  it('may hold as much as the budget says', () => {
    const small = cborCodec({ maxDecodeUnits: 10 });
    const bytes = codec.message(EchoMessage).encode({ tagList: Array.from({ length: 11 }, String) });
    const hex = Buffer.from(bytesOf(bytes)).toString('hex');
    expect(() => decodeHex(small, EchoMessage, hex)).toThrow('more than 10 units');
    expect(() => cborCodec({ maxDecodeUnits: 0 })).toThrow(RangeError);
  });
});
