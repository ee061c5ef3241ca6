import { payloadCases } from '@stmp/conformance';
import type { MessageType } from '@stmp/contract';
import { protobufCodec } from '@stmp/payload-protobuf';
import { describe, expect, it, test } from 'vitest';
import {
  Any,
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
  Nested,
  SizeInput,
  StringValue,
  Struct,
  Tree,
  Value,
  WellKnown,
} from '../../payload-schema/test/types.js';
import { VECTORS } from '../../payload-schema/test/vectors.js';

const codec = protobufCodec();
const code = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message];
  }
  return 'no error';
};

for (const { name, skip, run } of payloadCases({ codec })) test.skipIf(skip)(name, run);

describe('golden bytes of the original', () => {
  it.each(VECTORS)('$name', ({ type, value, vector }) => {
    expect(decodeHex(codec, type, vector['application/protobuf'])).toEqual(value);
    expect(encodeHex(codec, type, value)).toBe(vector['application/protobuf']);
  });
});

describe('bytes of every kind of field', () => {
  const rows: [MessageType, unknown, string][] = [
    [Everything, { fDouble: 1 }, '09000000000000f03f'],
    [Everything, { fFloat: 1 }, '150000803f'],
    [Everything, { fInt32: -1 }, '18ffffffffffffffffff01'],
    [Everything, { fInt64: -1n }, '20ffffffffffffffffff01'],
    [Everything, { fUint32: 300 }, '28ac02'],
    [Everything, { fUint64: 2n ** 64n - 1n }, '30ffffffffffffffffff01'],
    [Everything, { fSint32: -2 }, '3803'],
    [Everything, { fSint64: -(2n ** 63n) }, '40ffffffffffffffffff01'],
    [Everything, { fFixed32: 1 }, '4d01000000'],
    [Everything, { fFixed64: 1n }, '510100000000000000'],
    [Everything, { fSfixed32: -1 }, '5dffffffff'],
    [Everything, { fSfixed64: -1n }, '61ffffffffffffffff'],
    [Everything, { fBool: true }, '6801'],
    [Everything, { fString: 'h\u00e9' }, '720368c3a9'],
    [Everything, { fBytes: hex('00ff') }, '7a0200ff'],
    // Defaults stay at home, but not where there is presence.
    [Everything, { fInt32: 0, fString: '', fBool: false, fInt64: 0, fUint64: 0n, lInt32: [], mInt32: {} }, ''],
    [Everything, { oInt32: 0 }, 'b80100'],
    [Everything, { pick: { case: 'pInt32', value: 0 } }, 'b80600'],
    [Everything, { fDouble: -0 }, '090000000000000080'],
    // Packed and not.
    [Everything, { lInt32: [1, 300] }, 'da020301ac02'],
    [Everything, { uInt32: [1, 300] }, 'f80301f803ac02'],
    [Everything, { colors: [Color.RED, 0] }, 'ba09020100'],
    // Entries of maps are written whole.
    [Everything, { mInt32: { '': 0 } }, '9a05040a001000'],
    [Everything, { kBool: { true: 'x' } }, 'ba08050801120178'],
    [Everything, { kInt64: { '-1': '' } }, '9a080d08ffffffffffffffffff011200'],
    [SizeInput, { size: 5 }, '0805'],
    [Choice, { pick: { case: 'number', value: 7 } }, '1007'],
    [Nested, { label: '\ud800' }, '0a03efbfbd'],
    [Nested, { label: `${'x'.repeat(50)}\udc00` }, `0a35${'78'.repeat(50)}efbfbd`],
    [Any, { typeUrl: 't', value: hex('01') }, '0a0174120101'],
    [StringValue, 'x', '0a0178'],
    [StringValue, '', ''],
    [WellKnown, { text: '', time: { seconds: 1 } }, '0a0208014200'],
    [Value, null, '0800'],
    [Value, [true, 'x'], '32090a0220010a031a0178'],
    [Struct, { a: 1 }, '0a0e0a0161120911000000000000f03f'],
  ];
  it.each(rows.map(([type, value, bytes]) => ({ type, value, bytes })))('$bytes', ({ type, value, bytes }) => {
    expect(encodeHex(codec, type, value)).toBe(bytes);
  });

  it('writes in the order of the numbers, whatever that of the table', () => {
    const type: MessageType = {
      typeName: 'x.Y',
      fields: [
        [2, 'b', 'bool'],
        [1, 'a', 'bool'],
      ],
    };
    expect(encodeHex(codec, type, { a: true, b: true })).toBe('08011001');
    expect(Object.keys(decodeHex(codec, type, '08011001') as object)).toEqual(['b', 'a']);
  });

  it('is void for Empty at the top, and an object inside', () => {
    const empty = codec.message(Empty);
    expect([empty.encode(undefined), empty.encode({}), empty.decode(hex('0801'), 0, 2)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(decodeHex(codec, WellKnown, '6a00')).toMatchObject({ empty: {} });
  });
});

describe('decoding', () => {
  it('takes text of any length and alphabet', () => {
    for (let length = 0; length <= 40; length++) {
      for (const text of ['x'.repeat(length), `${'x'.repeat(length)}\u00e9`, `\u00e9${'x'.repeat(length)}`]) {
        const bytes = bytesOf(codec.message(EchoMessage).encode({ text, tagList: [text, 'end'] }));
        expect(decodeFrom(codec, EchoMessage, bytes)).toMatchObject({ text, tagList: [text, 'end'] });
        expect(() => decodeFrom(codec, EchoMessage, bytes.slice(0, -1))).toThrow();
      }
    }
  });

  it('takes both forms of lists of numbers', () => {
    expect(decodeHex(codec, Everything, 'd80201d802ac02da02020304')).toMatchObject({ lInt32: [1, 300, 3, 4] });
    expect(decodeHex(codec, Everything, 'fa030301ac02f80305')).toMatchObject({ uInt32: [1, 300, 5] });
  });

  it('skips unknown fields and wire types that do not fit, groups too', () => {
    const unknown = 'a03f05' + 'a13f0000000000000000' + 'a23f0161' + 'a53f00000000' + 'a33f0801a43f';
    expect(decodeHex(codec, Nested, `${unknown}0a0161${unknown}`)).toEqual({ label: 'a', depthLevel: 0 });
    // Field 1 as a varint and field 2 as text are other fields.
    expect(decodeHex(codec, Nested, '0805120161')).toEqual({ label: '', depthLevel: 0 });
  });

  it('lets the last of a singular field win, and merges messages', () => {
    expect(decodeHex(codec, Nested, '0a01610a0162')).toMatchObject({ label: 'b' });
    expect(decodeHex(codec, EchoMessage, '2a030a01612a021005')).toMatchObject({
      nestedItem: { label: 'a', depthLevel: 5 },
    });
    expect(decodeHex(codec, Choice, '0a01611007')).toEqual({ pick: { case: 'number', value: 7n } });
    expect(decodeHex(codec, Everything, 'da09030a0161da09021005')).toMatchObject({
      pick: { case: 'pickNested', value: { label: 'a', depthLevel: 5 } },
    });
  });

  it('keeps map entries without key or value', () => {
    expect(decodeHex(codec, EchoMessage, '4200')).toMatchObject({ counts: { '': 0n } });
    expect(decodeHex(codec, Everything, 'd209020807')).toMatchObject({ byKey: { 7: { label: '', depthLevel: 0 } } });
  });

  it('refuses what is broken', () => {
    for (const bytes of [
      '0a',
      '0a05616263',
      '08',
      '09',
      '00',
      '0a01ff',
      '0c',
      '0f',
      '2a020a05',
      'ffffffffffffffffffff',
    ]) {
      expect(
        code(() => decodeHex(codec, EchoMessage, bytes)),
        bytes,
      ).toEqual(['payload_invalid', expect.stringMatching(/^interop.v1.EchoMessage: /)]);
    }
  });

  it('limits nesting, of what is known and what is not', () => {
    const nest = (depth: number): Uint8Array => {
      const bytes: number[] = [];
      for (let i = 0; i < depth; i++) {
        const size: number[] = [];
        for (let n = bytes.length; ; n >>= 7) {
          size.push(n > 127 ? (n & 127) | 128 : n);
          if (n < 128) break;
        }
        bytes.unshift(10, ...size);
      }
      return Uint8Array.from(bytes);
    };
    expect(decodeFrom(codec, Tree, nest(99))).toHaveProperty('child.child.child');
    const tooDeep = ['payload_invalid', expect.stringContaining('nested more than 100 deep')];
    expect(code(() => decodeFrom(codec, Tree, nest(100)))).toEqual(tooDeep);
    let value: object = {};
    for (let i = 0; i < 100; i++) value = { child: value };
    expect(code(() => codec.message(Tree).encode(value))).toEqual(tooDeep);
    expect(code(() => decodeFrom(codec, Nested, new Uint8Array(100_000).fill(0x1b)))).toEqual([
      'payload_invalid',
      expect.any(String),
    ]);
  });

  it('gives bytes and text of their own from a Buffer too', () => {
    const chunk = Buffer.from('ff0a0401020304ff', 'hex');
    const { data } = codec.message(Blob).decode(chunk, 1, 7) as { data: Uint8Array };
    chunk.fill(0);
    expect([Array.from(data), data.buffer.byteLength, Buffer.isBuffer(data)]).toEqual([[1, 2, 3, 4], 4, false]);
  });
});

describe('encoding', () => {
  it('names the field that does not fit', () => {
    const message = codec.message(EchoMessage);
    const said = (value: unknown): unknown => code(() => message.encode(value));
    expect(said({ text: 5 })).toEqual(['payload_invalid', 'text: expected string, got number']);
    expect(said({ nestedItem: { label: null } })).toEqual([
      'payload_invalid',
      'nestedItem.label: expected string, got null',
    ]);
    expect(said({ children: [{}, { depthLevel: 1.5 }] })).toEqual([
      'payload_invalid',
      'children[1].depthLevel: expected int32, got number',
    ]);
    expect(said({ counts: { secret: 'x' } })).toEqual(['payload_invalid', 'counts{}: expected int64, got string']);
    expect(said({ tagList: 'x' })).toEqual(['payload_invalid', 'tagList: expected list, got string']);
    expect(said([])).toEqual(['payload_invalid', 'interop.v1.EchoMessage: expected object, got list']);
    expect(code(() => codec.message(Choice).encode({ pick: { case: 'nmae', value: '' } }))).toEqual([
      'payload_invalid',
      'pick: expected one of name, number as case, got string',
    ]);
    expect(code(() => codec.message(Choice).encode({ pick: { case: 'number', value: 'x' } }))).toEqual([
      'payload_invalid',
      'pick.number: expected int64, got string',
    ]);
  });

  it('does not take what an object inherits for a field', () => {
    expect(encodeHex(codec, Everything, {})).toBe('');
    expect(encodeHex(codec, Everything, { constructor: 'x' })).toBe('e2090178');
  });

  it('works again after a fault, and while a getter encodes too', () => {
    const message = codec.message(Nested);
    expect(code(() => message.encode({ label: 'x', depthLevel: 'y' }))).toEqual([
      'payload_invalid',
      expect.any(String),
    ]);
    expect(encodeHex(codec, Nested, { label: 'ok' })).toBe('0a026f6b');
    let inner = '';
    const nosy = {
      label: 'outer',
      get depthLevel() {
        inner = encodeHex(codec, Nested, { label: 'inner' });
        return 1;
      },
    };
    expect(encodeHex(codec, Nested, nosy)).toBe('0a056f757465721001');
    expect(inner).toBe('0a05696e6e6572');
  });

  it('uses one writer after another, each of its own while it holds bytes', () => {
    const message = codec.message(Nested);
    const first = message.encode({ label: 'a' }) as { len: number; finishInto(slab: Uint8Array, at: number): void };
    const second = message.encode({ label: 'bb' }) as typeof first;
    expect(second).not.toBe(first);
    const slab = new Uint8Array(8);
    second.finishInto(slab, 3);
    first.finishInto(slab, 0);
    expect(Buffer.from(slab).toString('hex')).toBe('0a01610a02626200');
    expect(code(() => first.finishInto(slab, 0))).toEqual(['bad_state', expect.any(String)]);
    expect(message.encode({ label: 'c' })).toBe(first);
  });

  it('writes what is longer than a kept writer', () => {
    const label = 'x'.repeat(200_000);
    expect(decodeHex(codec, Nested, encodeHex(codec, Nested, { label }))).toEqual({ label, depthLevel: 0 });
  });

  it('is unsupported without a message type', () => {
    expect(code(() => codec.message(undefined))).toEqual(['unsupported', expect.any(String)]);
  });
});
