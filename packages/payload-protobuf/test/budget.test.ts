import type { MessageType, PayloadCodec } from '@stmp/contract';
import { jsonCodec, plainJsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { DEFAULT_MAX_DECODE_UNITS } from '@stmp/payload-schema';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  decodeFrom,
  EchoMessage,
  Empty,
  Everything,
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

describe('the decoding budget', () => {
  const cases: [what: string, type: MessageType, value: unknown, units: number][] = [
    ['a message', EchoMessage, { bigNumber: 1n, ratio: 2.5, flag: true }, 1],
    ['strings and bytes', EchoMessage, { text: 'a', rawData: new Uint8Array(3), tagList: ['', 'b'] }, 5],
    ['scalars in lists', EchoMessage, { numbers: of(32, 7) }, 3],
    ['a part of a unit', EchoMessage, { numbers: of(33, 7) }, 4],
    ['lists of every scalar', Everything, { lBool: [true, false], uDouble: of(15, 0.5), colors: [1, 2] }, 3],
    ['entries of maps', EchoMessage, { counts: { a: 1n, b: 2n } }, 3],
    ['entries with other keys', Everything, { kInt64: { 1: 'x' }, kBool: { true: '' } }, 5],
    ['messages in lists, maps and fields', Tree, { child: {}, children: of(5, {}), byName: { a: {}, b: {} } }, 11],
    ['oneofs', Everything, { pick: { case: 'pString', value: 'x' } }, 2],
    ['times, masks and empty messages', WellKnown, { time: {}, span: {}, mask: { paths: ['a', 'b_c'] }, empty: {} }, 7],
    ['wrappers', WellKnown, { text: 'x', number: 1n, bytes: new Uint8Array(1), texts: { a: '', b: 'x' } }, 11],
    ['a Value', WellKnown, { value: 'x', values: [null, 1, true] }, 6],
    // Each part is a Value and, where it is a list or an object, a ListValue or a Struct too.
    ['Values that nest', WellKnown, { struct: { a: 1, b: ['x', 2], c: {} }, list: [[]] }, 1 + (1 + 2 + 6 + 3) + 3],
    ['a message of nothing', Empty, {}, 1],
  ];
  it.each(cases)('counts %s alike in all codecs', (_, type, value, units) => {
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

  it('may be none, and must be a number', () => {
    for (const create of [...Object.values(CODECS), plainJsonCodec]) {
      expect(() => create({ maxDecodeUnits: Infinity })).not.toThrow();
      for (const maxDecodeUnits of [0, -1, 1.5, Number.NaN, '5' as unknown as number]) {
        expect(() => create({ maxDecodeUnits })).toThrow(/^maxDecodeUnits must be an integer of at least 1/);
      }
    }
  });
});
