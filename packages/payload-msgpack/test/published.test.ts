import { ExtData } from '@msgpack/msgpack';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { Exam, type Type } from 'msgpack-test-js';
import { describe, expect, it } from 'vitest';
import { bytesOf, decodeFrom } from '../../payload-schema/test/types.js';

// The test vectors that kawanet/msgpack-test-suite publishes: values with every way to write them.

const codec = msgpackCodec();
const plain = codec.message(undefined);

/** What the value of the vector is for us. */
function inMemory(exam: Exam, type: Type): unknown {
  const given: unknown = exam.getValue(type);
  switch (String(type)) {
    case 'timestamp': {
      const [seconds, nanos] = timeOf(exam, type);
      // What is finer than a Date can tell is cut off.
      return new Date(seconds * 1000 + Math.floor(nanos / 1e6));
    }
    case 'ext': {
      const { type: kind, buffer } = given as { type: number; buffer: Uint8Array };
      return new ExtData(kind, new Uint8Array(buffer));
    }
    case 'binary':
      return new Uint8Array(given as Uint8Array);
    case 'bignum':
      return BigInt(exam.stringify(type).replaceAll('"', ''));
    default:
      return given;
  }
}

const timeOf = (exam: Exam, type: Type): [seconds: number, nanos: number] =>
  JSON.parse(exam.stringify(type)) as [number, number];

/** Integers come as number or bigint, by the width that they were written in. */
function expectSame(got: unknown, wanted: unknown): void {
  if (typeof got !== 'bigint' && typeof wanted !== 'bigint') expect(got).toEqual(wanted);
  else expect(BigInt(got as bigint)).toBe(BigInt(wanted as bigint));
}

const vectors = Exam.getExams().flatMap((exam) =>
  exam.getTypes().map((type) => ({ exam, type, name: exam.stringify(type) })),
);

describe('published vectors', () => {
  it('are there', () => {
    expect(Exam.getExams().length).toBe(85);
  });

  it.each(vectors)('$type $name', ({ exam, type }) => {
    const wanted = inMemory(exam, type);
    const ways = exam.getMsgpacks().map((way) => Uint8Array.from(way));
    for (const way of ways) {
      expectSame(decodeFrom(codec, undefined, way), wanted);
    }
    const nanos = String(type) === 'timestamp' ? timeOf(exam, type)[1] : 0;
    if (nanos % 1_000_000 !== 0) return;
    const written = Buffer.from(bytesOf(plain.encode(wanted))).toString('hex');
    expect(ways.map((way) => Buffer.from(way).toString('hex'))).toContain(written);
  });
});
