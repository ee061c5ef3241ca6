import type { StmpError } from '@stmp/contract';
import { check, equal, sameValue, throwsCode } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { copyOf, createTypedBench, decodeEmbedded, type PayloadFixture, payloadBytes } from './fixture.js';
import { COMPOUND, COMPOUND_DEFAULTS, NEWER, NODE, OLDER, SCALAR_DEFAULTS, SCALARS } from './types.js';
import { WELL_KNOWN, WELL_KNOWN_VALUES } from './well-known.js';

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

/** Values for the fields of SCALARS, each alone in a message. */
const SCALAR_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  aDouble: [
    1.5,
    -1e-300,
    5e-324,
    Number.MAX_VALUE,
    2,
    1e21,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ],
  aFloat: [0.5, Math.fround(0.1), -2, Math.fround(3.4e38), Number.NaN, Number.POSITIVE_INFINITY],
  anInt32: [1, -1, 127, 128, 2_147_483_647, -2_147_483_648],
  anInt64: [1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, I64_MAX, I64_MIN],
  aUint32: [1, 2_147_483_648, 4_294_967_295],
  aUint64: [1n, 2n ** 53n + 1n, 2n ** 63n, U64_MAX],
  aSint32: [1, -1, 2_147_483_647, -2_147_483_648],
  aSint64: [1n, -1n, I64_MAX, I64_MIN],
  aFixed32: [1, 4_294_967_295],
  aFixed64: [1n, U64_MAX],
  aSfixed32: [1, -1, 2_147_483_647, -2_147_483_648],
  aSfixed64: [1n, -1n, I64_MAX, I64_MIN],
  aBool: [true],
  aString: ['x', 'gr\u00fc\u00df \u20ac \u{1f600}', '\u0000\n"\\\u2028\u007f', 'y'.repeat(70_000), ' lead and trail '],
  aBytes: [Uint8Array.of(0), Uint8Array.from({ length: 256 }, (_, i) => i), randomBytes(70_001, 31)],
  aColor: [1, 7, -2, 99, -2_147_483_648],
};

const COMPOUND_VALUES: readonly [what: string, fields: Record<string, unknown>][] = [
  ['a list of numbers', { numbers: [0, -1, 1, 2_147_483_647, -2_147_483_648] }],
  ['a long list', { numbers: Array.from({ length: 3000 }, (_, i) => i * 7) }],
  ['lists of 64-bit integers', { bigNumbers: [0n, U64_MAX], unpacked: [0n, I64_MIN, I64_MAX] }],
  ['lists of texts and bytes', { texts: ['', 'a', '\u20ac'], blobs: [new Uint8Array(0), Uint8Array.of(1, 2)] }],
  ['lists of doubles and enums', { doubles: [0, 1, -1.5, Number.NaN], colors: [0, 7, 99] }],
  ['messages in messages', { nodes: [{ name: '', child: undefined, children: [] }, node('a', node('b', node('c')))] }],
  ['maps', { byName: { a: 1, '': 0, constructor: 2, 'a.b "c"': -1 }, byNumber: { 0: '', 7: 'x', '-2147483648': 'y' } }],
  ['maps with other keys', { byBig: { [String(U64_MAX)]: Uint8Array.of(9) }, byFlag: { true: 7, false: 0 } }],
  ['a map of messages', { nodeByName: { x: node('a', node('b')), y: node('') } }],
  ['optional fields at their defaults', { maybeNumber: 0, maybeText: '' }],
  ['optional fields', { maybeNumber: -5, maybeText: 'z' }],
  ['a oneof that holds text', { pick: { case: 'pickText', value: 'x' } }],
  ['a oneof at its default', { pick: { case: 'pickText', value: '' } }],
  ['a oneof that holds a 64-bit integer', { pick: { case: 'pickNumber', value: I64_MIN } }],
  ['a oneof that holds false', { pick: { case: 'pickFlag', value: false } }],
  ['a oneof that holds a message', { pick: { case: 'pickNode', value: node('a', node('b')) } }],
  ['a oneof that holds an empty message', { pick: { case: 'pickNode', value: node('') } }],
  ['a renamed field and a far one', { otherName: 'x', far: 4_000_000_000 }],
];

function node(name: string, child?: object): object {
  return { name, child, children: child === undefined ? [] : [child] };
}

/** What is written is read back, over all types. */
export function roundTripCases(fixture: PayloadFixture): Case[] {
  const bench = createTypedBench(fixture);
  return [
    defineCase('the content type is a lower-case media type', false, async () => {
      const { contentType, text } = bench.codec;
      check(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(contentType), `contentType: got ${contentType}`);
      equal(typeof text, 'boolean', 'type of text');
    }),
    ...Object.entries(SCALAR_VALUES).map(([name, values]) =>
      defineCase(`${name}: every value comes back`, false, async () => {
        for (const value of values) {
          const whole = { ...SCALAR_DEFAULTS, [name]: value };
          sameValue(bench.roundTrip(SCALARS, { [name]: value }), whole, 'alone');
          sameValue(bench.roundTrip(SCALARS, whole), whole, 'with every field');
        }
      }),
    ),
    defineCase('a 64-bit field takes a safe number', false, async () => {
      const value = { anInt64: -5, aUint64: Number.MAX_SAFE_INTEGER, aSint64: 7, aFixed64: 1, aSfixed64: -1 };
      sameValue(
        bench.roundTrip(SCALARS, value),
        { ...SCALAR_DEFAULTS, anInt64: -5n, aUint64: 2n ** 53n - 1n, aSint64: 7n, aFixed64: 1n, aSfixed64: -1n },
        'decoded',
      );
    }),
    ...COMPOUND_VALUES.map(([what, fields]) =>
      defineCase(`${what} come back`, false, async () => {
        const whole = { ...COMPOUND_DEFAULTS, ...fields };
        sameValue(bench.roundTrip(COMPOUND, fields), whole, 'alone');
        sameValue(bench.roundTrip(COMPOUND, whole), whole, 'with every field');
      }),
    ),
    ...WELL_KNOWN_VALUES.map(([what, value]) =>
      defineCase(`well-known types: ${what}`, false, async () => {
        sameValue(bench.roundTrip(WELL_KNOWN, value), value, 'decoded');
      }),
    ),
    defineCase('an empty range is the empty message, with every field', false, async () => {
      const empty = new Uint8Array(4);
      sameValue(bench.of(SCALARS).decode(empty, 2, 2), SCALAR_DEFAULTS, 'scalars');
      sameValue(bench.of(COMPOUND).decode(empty, 4, 4), COMPOUND_DEFAULTS, 'compound');
      const decoded = bench.of(SCALARS).decode(empty, 0, 0) as object;
      equal(Object.keys(decoded).sort().join(), Object.keys(SCALAR_DEFAULTS).sort().join(), 'own fields');
    }),
    defineCase('nothing, {} and fields that are undefined are the empty message', false, async () => {
      for (const value of [undefined, {}, { aString: undefined, aBytes: undefined }]) {
        sameValue(bench.roundTrip(SCALARS, value), SCALAR_DEFAULTS, 'decoded');
      }
    }),
    defineCase('two decoded messages share nothing that can change', false, async () => {
      const message = bench.of(COMPOUND);
      const first = decodeEmbedded(message, new Uint8Array(0)) as { numbers: number[]; byName: Record<string, number> };
      first.numbers.push(1);
      first.byName.x = 1;
      sameValue(decodeEmbedded(message, new Uint8Array(0)), COMPOUND_DEFAULTS, 'the second');
    }),
    defineCase('unknown fields are skipped', false, async () => {
      const newer = {
        first: randomBytes(300, 32),
        kept: 'x',
        middle: node('a', node('b')),
        alsoKept: 5,
        list: [1, 2],
        map: { a: node('c') },
        fixed: 9,
      };
      const bytes = payloadBytes(bench.of(NEWER).encode(newer));
      sameValue(decodeEmbedded(bench.of(OLDER), bytes), { kept: 'x', alsoKept: 5 }, 'decoded by the older type');
    }),
    defineCase('encode leaves its input alone, and one result does not touch the other', false, async () => {
      const message = bench.of(NODE);
      const one = node('one', node('x'.repeat(500)));
      const two = node('two', node('y'.repeat(500)));
      const payloadOne = message.encode(one);
      const payloadTwo = message.encode(two);
      sameValue(decodeEmbedded(message, payloadBytes(payloadOne)), one, 'the first');
      sameValue(decodeEmbedded(message, payloadBytes(payloadTwo)), two, 'the second');
      sameValue(one, node('one', node('x'.repeat(500))), 'the input');
    }),
    defineCase('values without a type come back, or are refused as unsupported', false, async () => {
      let message: ReturnType<typeof bench.codec.message>;
      try {
        message = bench.codec.message(undefined);
      } catch (error) {
        throwsCode(
          () => {
            throw error as StmpError;
          },
          ['unsupported'],
          'message(undefined)',
        );
        return;
      }
      const values = [{ a: [1, 'x', true, null, { b: -1.5 }], '\u20ac': '' }, 'text', 12, false, null, [], [[1], {}]];
      for (const value of values) {
        sameValue(decodeEmbedded(message, payloadBytes(message.encode(copyOf(value)))), value, 'decoded');
      }
      equal(message.encode(undefined), undefined, 'encode(undefined)');
    }),
  ];
}
