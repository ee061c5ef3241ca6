import type { MessageCodec } from '@stmp/contract';
import { check, equal, fail, sameBytes, sameValue, throwsCode } from '../assert.js';
import { concat, utf8 } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { copyOf, createTypedBench, decodeEmbedded, type PayloadFixture, payloadBytes } from './fixture.js';
import { SAMPLES } from './samples.js';
import { type AnyType, COMPOUND, NODE, SCALARS } from './types.js';
import { WELL_KNOWN } from './well-known.js';

const SECRET = 'hunter2-is-secret';
const TYPES: readonly AnyType[] = [SCALARS, COMPOUND, NODE, WELL_KNOWN];
/** No format has it behind a whole message: no JSON, a field number 0, a second value. */
const JUNK = Uint8Array.of(0x07);

/** What a codec must leave alone, keep to itself, and say of the empty message. */
export function careCases(fixture: PayloadFixture): Case[] {
  const bench = createTypedBench(fixture);
  const { codec } = bench;
  const noText = !codec.text && 'the codec is not marked text';
  const noOriginal = codec.towardsOriginal === undefined && 'the codec has no towardsOriginal';
  const noEmpty = codec.emptyMessage === undefined && 'the codec has no emptyMessage';

  const tellsNothing = (run: () => unknown, what: string): void => {
    const error = throwsCode(run, ['payload_invalid'], what);
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause.message.includes(SECRET)) fail(`${what}: the error tells a value of the payload: ${cause.message}`);
    }
  };

  return [
    defineCase('encode leaves its input as it was', false, async () => {
      for (const [type, value] of SAMPLES) {
        const input = copyOf(value);
        payloadBytes(bench.of(type).encode(input));
        sameValue(input, value, type.typeName);
        if (codec.text) bench.of(type).encodeText?.(input);
        sameValue(input, value, `${type.typeName}, as text`);
      }
    }),
    defineCase('decode leaves its input as it was', false, async () => {
      for (const [type, value] of SAMPLES) {
        const message = bench.of(type);
        const payload = payloadBytes(message.encode(copyOf(value)));
        const input = concat([JUNK, payload, JUNK]);
        const copy = input.slice();
        message.decode(input, 1, 1 + payload.length);
        sameBytes(input, copy, type.typeName);
      }
    }),
    defineCase('bytes behind a message are refused', false, async () => {
      for (const [type, value] of SAMPLES) {
        const message = bench.of(type);
        const bytes = concat([payloadBytes(message.encode(copyOf(value))), JUNK]);
        throwsCode(() => decodeEmbedded(message, bytes), ['payload_invalid'], `${type.typeName} and a byte more`);
      }
    }),
    defineCase('text behind a message is refused', noText, async () => {
      for (const [type, value] of SAMPLES) {
        const message = bench.of(type);
        const text = `${message.encodeText?.(copyOf(value)) ?? ''}7`;
        throwsCode(() => message.decodeText?.(text, 0, text.length), ['payload_invalid'], `${type.typeName} and more`);
      }
    }),
    defineCase('errors tell no values of a payload', false, async () => {
      const wrong: readonly [AnyType, object][] = [
        [SCALARS, { anInt32: SECRET }],
        [SCALARS, { aBytes: SECRET }],
        [SCALARS, { aBool: SECRET }],
        [COMPOUND, { numbers: [SECRET] }],
        [COMPOUND, { byName: { a: SECRET } }],
        [COMPOUND, { pick: { case: 'pickNumber', value: SECRET } }],
      ];
      for (const [type, value] of wrong) {
        const [field = ''] = Object.keys(value);
        tellsNothing(() => payloadBytes(bench.of(type).encode(copyOf(value))), `${field} of a wrong value`);
      }
      const message = bench.of(NODE);
      const whole = payloadBytes(message.encode({ name: SECRET, child: { name: SECRET } }));
      tellsNothing(() => decodeEmbedded(message, concat([whole, JUNK])), 'a payload and a byte more');
      tellsNothing(() => decodeEmbedded(message, whole.subarray(0, whole.length - 1)), 'a payload that is cut');
      // A name where a number should be, in whatever form this format has.
      const text = payloadBytes(bench.of(SCALARS).encode({ aString: SECRET }));
      for (const type of [NODE, COMPOUND]) {
        try {
          decodeEmbedded(bench.of(type), text);
        } catch (error) {
          check(!String(error).includes(SECRET), `the error tells a value of the payload: ${String(error)}`);
        }
      }
    }),
    defineCase('a message with nothing set is sent without a payload', false, async () => {
      for (const type of TYPES) {
        const message: MessageCodec<unknown, unknown> = bench.of(type);
        for (const value of [undefined, {}]) {
          const what = `${type.typeName}: ${value === undefined ? 'encode(undefined)' : 'encode({})'}`;
          equal(message.encode(value), undefined, what);
          if (codec.text) equal(message.encodeText?.(value), undefined, `${what}, as text`);
        }
      }
    }),
    defineCase('emptyMessage is the empty message of every type', noEmpty, async () => {
      const { emptyMessage } = codec;
      const bytes = typeof emptyMessage === 'string' ? utf8(emptyMessage) : (emptyMessage as Uint8Array);
      equal(bytes instanceof Uint8Array, true, 'emptyMessage is text or bytes');
      if (typeof emptyMessage === 'string') equal(codec.text, true, 'text of a codec that has an emptyMessage of text');
      for (const type of TYPES) {
        const empty = decodeEmbedded(bench.of(type), new Uint8Array(0));
        sameValue(decodeEmbedded(bench.of(type), bytes), empty, type.typeName);
      }
    }),
    defineCase('towardsOriginal writes the same content type, and reads what it writes', noOriginal, async () => {
      const original = codec.towardsOriginal as typeof codec;
      equal(original.contentType, codec.contentType, 'contentType');
      equal(original.text, codec.text, 'text');
      const other = createTypedBench({ codec: original });
      const value = { name: 'x', child: { name: 'y', child: undefined, children: [] }, children: [] };
      sameValue(other.roundTrip(NODE, value), value, 'decoded');
    }),
  ];
}
