import { encode as libraryEncode } from '@msgpack/msgpack';
import { payloadCases } from '@stmp/conformance';
import type { MessageType } from '@stmp/contract';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { describe, expect, it, test } from 'vitest';
import {
  Blob,
  bytesOf,
  Choice,
  Color,
  decodeFrom,
  decodeHex,
  EchoMessage,
  Empty,
  Everything,
  encodeHex,
  hex,
  ListValue,
  Nested,
  SizeInput,
  StringValue,
  Struct,
  Tree,
  Value,
  WellKnown,
} from '../../payload-schema/test/types.js';
import { VECTORS } from '../../payload-schema/test/vectors.js';

const codec = msgpackCodec();
const go = msgpackCodec({ dialect: 'stmp-go' });
const code = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message];
  }
  return 'no error';
};
const refused = ['payload_invalid', expect.any(String)];
const ascii = (text: string): string => Buffer.from(text).toString('hex');

for (const { name, skip, run } of payloadCases({ codec })) test.skipIf(skip)(name, run);

/** What the original and we write alike: it writes defaults and its own fields too, and other widths of integers. */
function essence(tree: unknown): unknown {
  if (typeof tree === 'bigint') return Number(tree);
  if (Array.isArray(tree)) return tree.map(essence);
  if (typeof tree !== 'object' || tree === null || tree instanceof Uint8Array) return tree;
  const isDefault = (value: unknown): boolean => value === null || value === '' || value === 0 || value === false;
  return Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]) => [key, essence(value)] as const)
      .filter(([key, value]) => !key.startsWith('XXX_') && !isDefault(value)),
  );
}

describe('golden bytes of the original', () => {
  it.each(VECTORS)('$name', ({ type, value, vector }) => {
    const golden = vector['application/msgpack'];
    expect(decodeHex(codec, type, golden)).toEqual(value);
    const written = bytesOf(go.message(type).encode(value));
    expect(decodeFrom(codec, type, written)).toEqual(value);
    const plain = (bytes: Uint8Array): unknown => essence(decodeFrom(codec, undefined, bytes) ?? {});
    expect(plain(written)).toEqual(plain(hex(golden)));
  });
});

describe('writing', () => {
  const rows: [MessageType, unknown, string][] = [
    [Nested, { label: 'a', depthLevel: -3 }, `82a5${ascii('label')}a161aa${ascii('depthLevel')}fd`],
    [EchoMessage, { bigNumber: 1n }, `81a9${ascii('bigNumber')}cf0000000000000001`],
    [EchoMessage, { bigNumber: -1 }, `81a9${ascii('bigNumber')}d3ffffffffffffffff`],
    [EchoMessage, { ratio: 2 }, `81a5${ascii('ratio')}cb4000000000000000`],
    [EchoMessage, { thin: 2 }, `81a4${ascii('thin')}ca40000000`],
    [EchoMessage, { rawData: hex('ff') }, `81a7${ascii('rawData')}c401ff`],
    [EchoMessage, { color: Color.RED, flag: true }, `82a5${ascii('color')}01a4${ascii('flag')}c3`],
    [
      EchoMessage,
      { tagList: ['x'], counts: { a: 0n } },
      `82a7${ascii('tagList')}91a178a6${ascii('counts')}81a161cf0000000000000000`,
    ],
    [EchoMessage, { children: [{}] }, `81a8${ascii('children')}9180`],
    [Everything, { kBool: { true: 'x' } }, `de0001a5${ascii('kBool')}81c3a178`],
    [Everything, { kSint32: { '-1': 'x' } }, `de0001a7${ascii('kSint32')}81ffa178`],
    [Choice, { pick: { case: 'name', value: '' } }, `81a4${ascii('name')}a0`],
    [
      WellKnown,
      { time: { seconds: 1n, nanos: 2 } },
      `de0001a4${ascii('time')}82a7${ascii('seconds')}cf0000000000000001a5${ascii('nanos')}02`,
    ],
    [WellKnown, { value: null, text: '' }, `de0002a5${ascii('value')}c0a4${ascii('text')}a0`],
    [WellKnown, { struct: { a: [1.5] } }, `de0001a6${ascii('struct')}81a16191cb3ff8000000000000`],
    [WellKnown, { real: 1 }, `de0001a4${ascii('real')}cb3ff0000000000000`],
    [StringValue, 'x', 'a178'],
    [ListValue, [], '90'],
    [EchoMessage, {}, ''],
    [Empty, {}, ''],
  ];
  it.each(rows.map(([type, value, bytes]) => ({ type, value, bytes })))('$bytes', ({ type, value, bytes }) => {
    expect(encodeHex(codec, type, value)).toBe(bytes);
  });

  const goRows: [MessageType, unknown, string][] = [
    [
      EchoMessage,
      { bigNumber: 1n, thin: 2 },
      `82a9${ascii('BigNumber')}cf0000000000000001a4${ascii('Thin')}ca40000000`,
    ],
    [SizeInput, { size: 1n, delayMs: 2 }, `82a5${ascii('Size_')}cf0000000000000001a7${ascii('DelayMs')}02`],
    [WellKnown, { text: 'x', real: 0 }, `de0002a4${ascii('Text')}81a5${ascii('Value')}a178a4${ascii('Real')}80`],
  ];
  it.each(goRows.map(([type, value, bytes]) => ({ type, value, bytes })))(
    '$bytes in the dialect of the original',
    ({ type, value, bytes }) => {
      expect(encodeHex(go, type, value)).toBe(bytes);
      expect(decodeHex(codec, type, bytes)).toMatchObject(value as object);
    },
  );

  it('never sends the original a oneof', () => {
    const tell = ['payload_invalid', expect.stringContaining('the original ends its process')];
    expect(code(() => go.message(Choice).encode({ pick: { case: 'name', value: 'a' } }))).toEqual(tell);
    expect(code(() => go.message(WellKnown).encode({ struct: {} }))).toEqual(tell);
    expect(encodeHex(go, Choice, {})).toBe('');
  });

  it('writes large lists and maps', () => {
    const numbers = Array.from({ length: 70_000 }, (_, i) => i);
    const counts = Object.fromEntries(numbers.map((i) => [`k${i}`, BigInt(i)]));
    expect(
      decodeFrom(codec, EchoMessage, bytesOf(codec.message(EchoMessage).encode({ numbers, counts }))),
    ).toMatchObject({
      numbers,
      counts,
    });
    const few = numbers.slice(0, 20);
    expect(decodeFrom(codec, EchoMessage, bytesOf(codec.message(EchoMessage).encode({ numbers: few })))).toMatchObject({
      numbers: few,
    });
  });

  it('names the field that does not fit, and works again', () => {
    expect(code(() => codec.message(EchoMessage).encode({ children: [{ label: 5 }] }))).toEqual([
      'payload_invalid',
      'children[0].label: expected string, got number',
    ]);
    expect(encodeHex(codec, Nested, { label: 'a' })).toBe(`81a5${ascii('label')}a161`);
  });

  it('lets a getter encode too', () => {
    let inner = '';
    const nosy = {
      get label() {
        inner = encodeHex(codec, Nested, { depthLevel: 1 });
        return 'a';
      },
    };
    expect(encodeHex(codec, Nested, nosy)).toBe(`81a5${ascii('label')}a161`);
    expect(inner).toBe(`81aa${ascii('depthLevel')}01`);
  });

  it('returns bytes of their own', () => {
    const message = codec.message(Nested);
    const first = message.encode({ label: 'a' }) as Uint8Array;
    const before = first.slice();
    message.encode({ label: 'b' });
    expect(first).toEqual(before);
  });
});

describe('reading', () => {
  const map = (name: string, value: string): string => `81${(0xa0 + name.length).toString(16)}${ascii(name)}${value}`;
  it.each<[string, string, object]>([
    // Integers of any width and sign.
    ['small', '07', { small: 7 }],
    ['small', 'cc07', { small: 7 }],
    ['small', 'cd0007', { small: 7 }],
    ['small', 'ce00000007', { small: 7 }],
    ['small', 'cf0000000000000007', { small: 7 }],
    ['small', 'ff', { small: -1 }],
    ['small', 'd0ff', { small: -1 }],
    ['small', 'd1ffff', { small: -1 }],
    ['small', 'd2ffffffff', { small: -1 }],
    ['small', 'd3ffffffffffffffff', { small: -1 }],
    ['big_number', '05', { bigNumber: 5n }],
    ['BigNumber', 'd38000000000000000', { bigNumber: -(2n ** 63n) }],
    ['unsignedBig', 'cfffffffffffffffff', { unsignedBig: 2n ** 64n - 1n }],
    // Floats by schema, also from integers.
    ['ratio', '05', { ratio: 5 }],
    ['ratio', 'ca3fc00000', { ratio: 1.5 }],
    ['thin', 'cb3fb999999999999a', { thin: Math.fround(0.1) }],
    ['ratio', 'cf0000000000000007', { ratio: 7 }],
    // Text and bytes, either as the other.
    ['text', 'c40161', { text: 'a' }],
    ['text', 'd90161', { text: 'a' }],
    ['text', 'da000161', { text: 'a' }],
    ['text', 'db0000000161', { text: 'a' }],
    ['rawData', 'a2fffe', { rawData: hex('fffe') }],
    ['rawData', 'a161', { rawData: hex('61') }],
    ['rawData', 'c5000161', { rawData: hex('61') }],
    ['rawData', 'a0', { rawData: hex('') }],
    ['rawData', 'c60000000161', { rawData: hex('61') }],
    // nil is not set.
    ['text', 'c0', { text: '' }],
    ['tagList', 'c0', { tagList: [] }],
    ['counts', 'c0', { counts: {} }],
    ['nestedItem', 'c0', { nestedItem: undefined as never }],
    // Lists and maps of any width; messages as lists in the order of the fields.
    ['numbers', 'dc00020102', { numbers: [1, 2] }],
    ['numbers', 'dd000000020102', { numbers: [1, 2] }],
    ['counts', 'de0001a16101', { counts: { a: 1n } }],
    ['counts', 'df00000001c4016101', { counts: { a: 1n } }],
    ['nestedItem', '92a16105', { nestedItem: { label: 'a', depthLevel: 5 } }],
    ['nestedItem', '93c005c0', { nestedItem: { label: '', depthLevel: 5 } }],
    ['nestedItem', '90', { nestedItem: { label: '', depthLevel: 0 } }],
    ['XXX_unrecognized', 'c0', { text: '' }],
    ['unknown', '81c2c3', { text: '' }],
    ['flag', 'c3', { flag: true }],
  ])('%s: %s', (name, value, expected) => {
    expect(decodeHex(codec, EchoMessage, map(name, value))).toMatchObject(expected);
  });

  it.each([
    ['text', '05'],
    ['text', 'a1ff'],
    ['text', 'c401ff'],
    ['small', 'cb3ff8000000000000'],
    ['small', 'ce80000000'],
    ['small', 'a131'],
    ['bigNumber', 'cf8000000000000000'],
    ['bigNumber', 'cb43e0000000000000'],
    ['unsignedBig', 'ff'],
    ['flag', '01'],
    ['ratio', 'a131'],
    ['numbers', '81a16101'],
    ['counts', '9101'],
    ['nestedItem', 'a161'],
    ['children', '91c0'],
    ['text', 'd40001'],
    ['text', 'c1'],
    ['text', 'a2'],
    ['numbers', 'ddffffffff'],
    ['numbers', 'dcffff01'],
    ['counts', 'dfffffffff'],
    ['rawData', 'c6ffffffff00'],
    ['ratio', 'cb00'],
  ])('refuses %s: %s', (name, value) => {
    expect(code(() => decodeHex(codec, EchoMessage, map(name, value)))).toEqual(refused);
  });

  it('refuses what is left over, and keys that are none', () => {
    for (const bytes of ['8080', '81c0a161', '819001', '81', '05', '80c0', '81d40001c0']) {
      expect(
        code(() => decodeHex(codec, EchoMessage, bytes)),
        bytes,
      ).toEqual(refused);
    }
  });

  it('takes keys of maps as numbers, booleans or text', () => {
    expect(decodeHex(codec, Everything, map('kInt64', '82ffa161d30000000000000005a162'))).toMatchObject({
      kInt64: { '-1': 'a', 5: 'b' },
    });
    expect(decodeHex(codec, Everything, map('kInt64', '81a22d31a161'))).toMatchObject({ kInt64: { '-1': 'a' } });
    expect(decodeHex(codec, Everything, map('kBool', '81c3a161'))).toMatchObject({ kBool: { true: 'a' } });
  });

  it('takes a oneof as the object that the original makes of it', () => {
    expect(decodeHex(codec, Choice, map('Pick', map('Name', 'a161')))).toEqual({ pick: { case: 'name', value: 'a' } });
    expect(decodeHex(codec, Choice, `91${map('Number', '07')}`)).toEqual({ pick: { case: 'number', value: 7n } });
    expect(decodeHex(codec, Choice, map('Pick', 'c0'))).toEqual({ pick: undefined });
  });

  it('keeps __proto__ an ordinary key', () => {
    const struct = decodeHex(codec, Struct, `81a9${ascii('__proto__')}81a17801`) as object;
    expect([Object.keys(struct), Object.getPrototypeOf(struct)]).toEqual([['__proto__'], Object.prototype]);
  });

  it('limits nesting, whatever the bytes promise', () => {
    const tree = (depth: number): string => `${'81a56368696c64'.repeat(depth)}80`;
    expect(decodeHex(codec, Tree, tree(99))).toHaveProperty('child.child');
    const tooDeep = ['payload_invalid', expect.stringContaining('nested more than')];
    expect(code(() => decodeHex(codec, Tree, tree(100)))).toEqual(tooDeep);
    expect(code(() => decodeHex(codec, Value, `${'91'.repeat(60)}90`))).toEqual(tooDeep);
    for (const head of [0x91, 0x81, 0xdc]) {
      expect(code(() => decodeFrom(codec, undefined, new Uint8Array(1_000_000).fill(head)))).toEqual(refused);
    }
  });

  it('gives bytes of their own from a Buffer too', () => {
    const chunk = Buffer.from(`ff${map('data', 'c403010203')}ff`, 'hex');
    const { data } = codec.message(Blob).decode(chunk, 1, chunk.length - 1) as { data: Uint8Array };
    chunk.fill(0);
    expect([Array.from(data), data.buffer.byteLength, Buffer.isBuffer(data)]).toEqual([[1, 2, 3], 3, false]);
  });
});

describe('plain values', () => {
  it.each([
    [{ a: [1, -1, 1.5, 'x', null, true], b: {} }],
    [2 ** 40],
    [-(2 ** 53) + 1],
    [2n ** 64n - 1n],
    [-5n],
    ['\u00e9'.repeat(300)],
    [hex('00ff')],
    [new Date(1_700_000_000_123)],
    [new Date(-1)],
    [false],
    [null],
    [''],
  ])('%# come back', (value) => {
    expect(decodeFrom(codec, undefined, bytesOf(codec.message(undefined).encode(value)))).toEqual(value);
  });

  it('reads what the library writes', () => {
    const value = { a: [0, 127, 128, 65_536, 2 ** 31], b: 'x'.repeat(70_000), c: { d: new Uint8Array(300) } };
    expect(decodeFrom(codec, undefined, libraryEncode(value))).toEqual(value);
  });

  it('leaves out what is undefined', () => {
    expect(codec.message(undefined).encode(undefined)).toBe(undefined);
    expect(decodeFrom(codec, undefined, hex(''))).toBe(undefined);
    expect(decodeFrom(codec, undefined, bytesOf(codec.message(undefined).encode({ a: undefined, b: 1 })))).toEqual({
      b: 1,
    });
  });

  it('refuses what it cannot carry', () => {
    expect(code(() => codec.message(undefined).encode(() => 1))).toEqual(refused);
    let deep: unknown = 1;
    for (let i = 0; i < 300; i++) deep = [deep];
    expect(code(() => codec.message(undefined).encode(deep))).toEqual(refused);
  });
});

it('an empty map as a Value is not the empty message, which is null', () => {
  expect(encodeHex(codec, Value, {})).toBe('80');
  expect(decodeHex(codec, Value, '80')).toEqual({});
  expect(decodeHex(codec, Value, '')).toBeNull();
});

describe('options', () => {
  it('refuses a dialect that does not exist', () => {
    expect(() => msgpackCodec({ dialect: 'go' as 'stmp-go' })).toThrow(RangeError);
  });

  it('is binary', () => {
    expect([codec.contentType, codec.text, codec.message(Nested).encodeText]).toEqual([
      'application/msgpack',
      false,
      undefined,
    ]);
  });
});
