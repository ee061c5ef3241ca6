import { ExtData } from '@msgpack/msgpack';
import { jsonCodec, plainJsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { describe, expect, it } from 'vitest';
import { bytesOf, decodeFrom, hex } from '../../payload-schema/test/types.js';

// Plain values, of methods without types, arrive as they were or are refused.

const CODECS = { json: jsonCodec(), 'plain json': plainJsonCodec(), msgpack: msgpackCodec() };
type Name = keyof typeof CODECS;

function sent(name: Name, value: unknown): unknown {
  try {
    return decodeFrom(CODECS[name], undefined, bytesOf(CODECS[name].message(undefined).encode(value)));
  } catch (error) {
    expect(error).toMatchObject({ code: 'payload_invalid' });
    return (error as Error).message;
  }
}

const REFUSED = expect.stringMatching(/expected|broken|nested/);
/** The value arrives as it was. */
const SAME = Symbol('same');

class Empty {}
class Full {
  readonly a = 1;
}

describe('plain values', () => {
  const cases: [what: string, value: unknown, json: unknown, msgpack: unknown][] = [
    ['numbers', [0, 1.5, -1, 2 ** 53, 1e300, 5e-324], SAME, SAME],
    ['NaN and infinities', Number.NaN, REFUSED, SAME],
    ['NaN inside', { a: [Number.POSITIVE_INFINITY] }, REFUSED, SAME],
    ['64-bit integers', [2n ** 64n - 1n, -(2n ** 63n)], REFUSED, SAME],
    ['integers of more bits', [2n ** 64n], REFUSED, REFUSED],
    ['negative integers of more bits', { a: -(2n ** 63n) - 1n }, REFUSED, REFUSED],
    ['half a surrogate pair', { '\ud800': ['a\udc00', '\\ud800'] }, { '\ufffd': ['a\ufffd', '\\ud800'] }, null],
    ['text', ['"\\\u2028', '\u{1f600}', 'null', '{}'], SAME, SAME],
    ['null', { a: null, b: [null] }, SAME, SAME],
    ['undefined', { a: undefined, b: [undefined] }, { b: [null] }, null],
    ['bytes', new Uint8Array([1, 2]), REFUSED, SAME],
    ['bytes of Node.js', { a: Buffer.from([1]) }, REFUSED, { a: new Uint8Array([1]) }],
    ['other arrays', [new Float64Array(1)], REFUSED, REFUSED],
    ['buffers', { a: new ArrayBuffer(2) }, REFUSED, REFUSED],
    ['dates', { at: new Date(1_500_000_000_123) }, { at: '2017-07-14T02:40:00.123Z' }, SAME],
    ['dates before 1970', new Date(-1), '1969-12-31T23:59:59.999Z', SAME],
    ['dates that are none', [new Date(Number.NaN)], REFUSED, REFUSED],
    ['a Map', { a: new Map([[1, 2]]) }, REFUSED, REFUSED],
    ['a Set', new Set([1]), REFUSED, REFUSED],
    ['functions in lists', [() => 1], REFUSED, REFUSED],
    ['symbols in lists', [Symbol('a')], REFUSED, REFUSED],
    ['objects of a class', new Full(), { a: 1 }, null],
    ['objects of a class without members', [new Empty()], REFUSED, REFUSED],
    ['regular expressions', /a/, REFUSED, REFUSED],
    ['empty lists and objects', { a: [], b: {}, c: Object.create(null) }, { a: [], b: {}, c: {} }, null],
  ];
  it.each(cases)('of %s', (_, value, json, msgpack) => {
    const expected = (wanted: unknown): unknown => (wanted === SAME ? value : wanted);
    expect(sent('json', value)).toEqual(expected(json));
    expect(sent('plain json', value)).toEqual(expected(json));
    expect(sent('msgpack', value)).toEqual(expected(msgpack ?? json));
  });

  it('say where they do not fit, and no keys', () => {
    expect(sent('msgpack', [0, { secret: new Map() }])).toBe('[1]{}: expected a value of MessagePack, got Map');
    expect(sent('json', [0, { secret: Number.NaN }])).toBe('[1]{}: expected JSON value, got number');
    expect(sent('msgpack', 2n ** 64n)).toBe('payload: expected 64-bit integer, got bigint');
  });

  it('that contain themselves are refused', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    for (const name of Object.keys(CODECS) as Name[]) expect(sent(name, ring)).toEqual(REFUSED);
  });

  it('keep extensions of MessagePack, and refuse times that a Date cannot tell', () => {
    const extension = new ExtData(5, new Uint8Array([1, 2]));
    expect(sent('msgpack', { a: extension, b: '\ud800' })).toEqual({ a: extension, b: '\ufffd' });
    const late = hex('c70cff 00000000 7fffffffffffffff');
    expect(() => decodeFrom(CODECS.msgpack, undefined, late)).toThrow(/expected a time that a Date can tell/);
  });
});
