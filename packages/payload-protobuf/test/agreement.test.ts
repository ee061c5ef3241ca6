import { isStmpError, type MessageType, type PayloadCodec, type ScalarType } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, decodeFrom, Everything, SCALARS, WellKnown } from '../../payload-schema/test/types.js';

const seed = { seed: 20_240_229, numRuns: 150 };
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const edge = (...values: bigint[]): fc.Arbitrary<bigint> => fc.constantFrom(...values);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  edge(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 32n, -1n, 0n),
);
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  edge(2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n, 0n),
);
const string = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '"\\\n\u2028', 'x'.repeat(200)),
);
const scalars: Record<ScalarType, fc.Arbitrary<unknown>> = {
  double: fc.double(),
  float: fc.float(),
  int32,
  int64,
  uint32,
  uint64,
  sint32: int32,
  sint64: int64,
  fixed32: uint32,
  fixed64: uint64,
  sfixed32: int32,
  sfixed64: int64,
  bool: fc.boolean(),
  string,
  bytes: fc.uint8Array({ maxLength: 40 }),
};

/** Also with the key that would change a prototype, as an own property, where the format takes it. */
const dictionary = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .array(fc.tuple(key, value), { maxLength: 4 })
    .map((entries) => Object.fromEntries<T>(entries) as Record<string, T>);
const keys = fc.oneof(string, fc.constantFrom('__proto__', 'constructor', 'toString'));
const nested = fc.record({ label: string, depthLevel: int32 }, { requiredKeys: [] });

const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
const everything = fc.record(
  {
    ...Object.fromEntries(
      SCALARS.flatMap((kind) => {
        const one = scalars[kind];
        return [
          [camel(`f_${kind}`), one],
          [camel(`o_${kind}`), one],
          [camel(`l_${kind}`), fc.array(one, { maxLength: 4 })],
          [camel(`u_${kind}`), fc.array(one, { maxLength: 4 })],
          [camel(`m_${kind}`), dictionary(keys, one)],
        ];
      }),
    ),
    pick: fc.oneof(
      ...SCALARS.map((kind) =>
        fc.record({ case: fc.constant(camel(`p_${kind}`)), value: scalars[kind] as fc.Arbitrary<unknown> }),
      ),
      fc.record({ case: fc.constant('pickNested'), value: nested as fc.Arbitrary<unknown> }),
    ),
    kInt32: dictionary(int32.map(String), string),
    kInt64: dictionary(int64.map(String), string),
    kUint64: dictionary(uint64.map(String), string),
    kSint32: dictionary(int32.map(String), string),
    kFixed64: dictionary(uint64.map(String), string),
    kBool: dictionary(fc.boolean().map(String), string),
    color: fc.integer({ min: -1, max: 5 }),
    colors: fc.array(int32, { maxLength: 3 }),
    nested,
    nests: fc.array(nested, { maxLength: 3 }),
    byKey: dictionary(int32.map(String), nested),
    constructor: string,
    toString: int32,
    farAway: fc.boolean(),
  } as Record<string, fc.Arbitrary<unknown>>,
  { requiredKeys: [] },
);

const nanos = fc.oneof(fc.constantFrom(0, 1, 1000, 500_000_000, 999_999_999), fc.integer({ min: 0, max: 999_999_999 }));
const time = fc.record({ seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }), nanos });
const span = fc
  .tuple(fc.bigInt({ min: 0n, max: 315_576_000_000n }), nanos, fc.boolean())
  .map(([seconds, nanos, isPast]) => (isPast ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos }));
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number || 0),
    string,
    fc.array(tie('json'), { maxLength: 3 }),
    dictionary(keys, tie('json')),
  ),
}));
const wellKnown = fc.record(
  {
    time,
    span,
    mask: fc.array(fc.constantFrom('a', 'foo_bar', 'a.b_c')).map((paths) => ({ paths })),
    any: fc.record({ typeUrl: string, value: fc.uint8Array() }),
    struct: dictionary(keys, json),
    value: json,
    list: fc.array(json, { maxLength: 3 }),
    text: string,
    number: int64,
    real: fc.double(),
    bytes: fc.uint8Array(),
    truth: fc.boolean(),
    empty: fc.constant({}),
    times: fc.array(time, { maxLength: 2 }),
    values: fc.array(json, { maxLength: 3 }),
    texts: dictionary(keys, string),
    nothing: fc.constant(0),
    pick: fc.oneof(
      fc.constant({ case: 'pickedNull', value: 0 }),
      fc.record({ case: fc.constant('pickedValue'), value: json }),
      fc.record({ case: fc.constant('pickedText'), value: string }),
    ),
  } as Record<string, fc.Arbitrary<unknown>>,
  { requiredKeys: [] },
);

const codecs: readonly PayloadCodec[] = [
  protobufCodec(),
  jsonCodec(),
  jsonCodec({ dialect: 'stmp-go' }),
  msgpackCodec(),
  msgpackCodec({ dialect: 'stmp-go' }),
];

/** What the original's dialects cannot carry: oneofs in MessagePack, numbers that are not finite in JSON. */
function isBeyondDialect(error: unknown): boolean {
  return isStmpError(error) && /the original ends|since the dialect/.test(error.message);
}

function checkAgreement(type: MessageType, value: unknown): void {
  const first = decodeFrom(codecs[0]!, type, bytesOf(codecs[0]!.message(type).encode(value)));
  // What was sent is received, and the rest are defaults.
  expect(first).toMatchObject(value as object);
  for (const codec of codecs.slice(1)) {
    let bytes: Uint8Array;
    try {
      bytes = bytesOf(codec.message(type).encode(value));
    } catch (error) {
      if (isBeyondDialect(error)) continue;
      throw error;
    }
    const other = decodeFrom(codec, type, bytes);
    expect(other).toEqual(first);
    expect(Object.keys(other as object)).toEqual(Object.keys(first as object));
  }
}

describe('the three codecs', () => {
  it('agree on every kind of field', () => {
    fc.assert(
      fc.property(everything, (value) => checkAgreement(Everything, value)),
      seed,
    );
  });

  it('agree on the well-known types', () => {
    fc.assert(
      fc.property(wellKnown, (value) => checkAgreement(WellKnown, value)),
      seed,
    );
  });

  it('answer broken input with payload_invalid or a message, never with another error', () => {
    for (const codec of codecs) {
      fc.assert(
        fc.property(wellKnown, everything, fc.nat(), fc.nat(), fc.nat({ max: 255 }), (a, b, where, cut, byte) => {
          for (const [type, value] of [
            [WellKnown, a],
            [Everything, b],
          ] as const) {
            let bytes: Uint8Array;
            try {
              bytes = bytesOf(codec.message(type).encode(value)).slice();
            } catch (error) {
              if (isBeyondDialect(error)) continue;
              throw error;
            }
            if (bytes.length === 0) continue;
            bytes[where % bytes.length] = byte;
            for (const end of [bytes.length, cut % bytes.length]) {
              try {
                decodeFrom(codec, type, bytes.subarray(0, end));
              } catch (error) {
                if (!isStmpError(error) || error.code !== 'payload_invalid') throw error;
              }
            }
          }
        }),
        { ...seed, numRuns: 60 },
      );
    }
  });
});
