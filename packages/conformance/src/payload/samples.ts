import { type AnyType, COMPOUND, SCALARS } from './types.js';
import { WELL_KNOWN } from './well-known.js';

export const SAMPLE_SCALARS: object = {
  aDouble: 1.5,
  aFloat: -0.5,
  anInt32: -1,
  anInt64: -(2n ** 60n),
  aUint32: 4_000_000_000,
  aUint64: 2n ** 63n,
  aBool: true,
  aString: 'gr\u00fc\u00df \u{1f600} "quoted"',
  aBytes: Uint8Array.of(0, 1, 2, 250, 255),
  aColor: 7,
};
const SAMPLE_COMPOUND = {
  numbers: [1, -2, 300],
  bigNumbers: [2n ** 64n - 1n],
  texts: ['a', '\u20ac'],
  blobs: [Uint8Array.of(1, 2, 3)],
  doubles: [0.25],
  nodes: [{ name: 'n', children: [{ name: 'm' }] }],
  byName: { a: 1, b: 2 },
  byNumber: { 7: 'x' },
  pick: { case: 'pickNode', value: { name: 'p' } },
};
const SAMPLE_WELL_KNOWN = {
  time: { seconds: 1_700_000_000n, nanos: 5 },
  span: { seconds: 1n, nanos: 0 },
  mask: { paths: ['a_b'] },
  any: { typeUrl: 't/x', value: Uint8Array.of(1) },
  struct: { a: [1, null, { b: 'c' }] },
  long: 5n,
};
/** One value of each kind of message. Codecs get copies. */
export const SAMPLES: readonly [AnyType, object][] = [
  [SCALARS, SAMPLE_SCALARS],
  [COMPOUND, SAMPLE_COMPOUND],
  [WELL_KNOWN, SAMPLE_WELL_KNOWN],
];
