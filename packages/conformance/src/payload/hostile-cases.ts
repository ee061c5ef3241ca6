import { isStmpError, type MessageCodec } from '@stmp/contract';
import { check, equal, fail, sameValue, show, throwsCode } from '../assert.js';
import { createRandom } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import {
  copyOf,
  createTypedBench,
  decodeEmbedded,
  type PayloadFixture,
  payloadBytes,
  textRoundTrip,
} from './fixture.js';
import { SAMPLE_SCALARS, SAMPLES } from './samples.js';
import { type AnyType, COMPOUND, NODE, PROTO_MAP, SCALARS } from './types.js';
import { WELL_KNOWN } from './well-known.js';

/** Values that do not fit their field. */
const WRONG: readonly [AnyType, string, readonly unknown[]][] = [
  [SCALARS, 'anInt32', ['1', 1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, {}, 1n << 40n]],
  [SCALARS, 'aUint32', [-1, 2 ** 32, 'x']],
  [SCALARS, 'anInt64', [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 60, 1.5, 'x', true]],
  [SCALARS, 'aUint64', [-1n, 2n ** 64n, -1]],
  [SCALARS, 'aString', [1, {}, Uint8Array.of(1)]],
  [SCALARS, 'aBytes', [1, [1, 2], 'text']],
  [SCALARS, 'aBool', [0, 'true']],
  [SCALARS, 'aDouble', ['1', {}]],
  [COMPOUND, 'numbers', [5, {}, ['x'], [undefined]]],
  [COMPOUND, 'byName', [5, { a: 'x' }]],
  [COMPOUND, 'nodes', [[1], {}, ['x']]],
  [COMPOUND, 'pick', [5, { case: 'noSuchCase', value: 1 }, { case: 'pickNumber', value: 'x' }]],
];

/** Runs `decode`; anything but a value or `payload_invalid` is a fault of the codec. */
function decodeOrRefuse(decode: () => unknown, what: string): void {
  try {
    decode();
  } catch (error) {
    if (isStmpError(error) && error.code === 'payload_invalid') return;
    fail(`${what}: expected a value or payload_invalid, got ${show(error)}`);
  }
}

function nested(depth: number): object {
  let value: object = { name: 'leaf' };
  for (let i = 0; i < depth; i++) value = { child: value };
  return value;
}

/** Input that is cut, changed or made to hurt, and what decoded values may not share. */
export function hostileCases(fixture: PayloadFixture): Case[] {
  const bench = createTypedBench(fixture);
  const noText = !bench.codec.text && 'the codec is not marked text';
  const each = (run: (message: MessageCodec<unknown, unknown>, value: object, name: string) => void) => async () => {
    for (const [type, value] of SAMPLES) run(bench.of(type), copyOf(value), type.typeName);
  };
  return [
    defineCase(
      'input that is cut at any byte gives a value or payload_invalid',
      false,
      each((message, value, name) => {
        const bytes = payloadBytes(message.encode(value));
        for (let end = 0; end < bytes.length; end++) {
          decodeOrRefuse(() => decodeEmbedded(message, bytes.subarray(0, end)), `${name} cut at ${end}`);
        }
      }),
    ),
    defineCase(
      'input with changed bytes gives a value or payload_invalid',
      false,
      each((message, value, name) => {
        const bytes = payloadBytes(message.encode(value));
        const random = createRandom(41);
        for (let i = 0; i < 3000; i++) {
          const changed = bytes.slice();
          for (let n = random(3); n >= 0; n--) changed[random(bytes.length)] = random(256);
          decodeOrRefuse(() => decodeEmbedded(message, changed), `${name}, change ${i}`);
        }
      }),
    ),
    defineCase('noise gives a value or payload_invalid', false, async () => {
      const random = createRandom(42);
      const message = bench.of(COMPOUND);
      for (let i = 0; i < 3000; i++) {
        const noise = Uint8Array.from({ length: 1 + random(40) }, () => random(256));
        decodeOrRefuse(() => decodeEmbedded(message, noise), `noise ${i}`);
      }
    }),
    defineCase(
      'what was decoded owns its memory',
      false,
      each((message, value, name) => {
        const bytes = payloadBytes(message.encode(value)).slice();
        const expected = decodeEmbedded(message, bytes.slice());
        const decoded = message.decode(bytes, 0, bytes.length);
        bytes.fill(0xee);
        sameValue(decoded, expected, `${name} after the input has changed`);
      }),
    ),
    defineCase('bytes are a Uint8Array of their own, not a view and no Buffer', false, async () => {
      const { aBytes } = bench.roundTrip(SCALARS, SAMPLE_SCALARS) as { aBytes: Uint8Array };
      check(Object.getPrototypeOf(aBytes) === Uint8Array.prototype, 'bytes must be a plain Uint8Array');
      equal(aBytes.buffer.byteLength, aBytes.length, 'length of the memory behind it');
    }),
    defineCase('a map key __proto__ is a key like others, or is refused', false, async () => {
      const map = JSON.parse('{"__proto__":"x","a":"y"}') as object;
      let decoded: { map: Record<string, string> };
      try {
        decoded = bench.roundTrip(PROTO_MAP, { map }) as typeof decoded;
      } catch (error) {
        check(isStmpError(error) && error.code === 'payload_invalid', `got ${show(error)}`);
        return;
      }
      sameValue(decoded.map, map, 'map');
      check(Object.hasOwn(decoded.map, '__proto__'), '__proto__ must be an own key');
    }),
    defineCase('no key changes a prototype', false, async () => {
      const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as object;
      const attempts: (() => unknown)[] = [
        () => bench.roundTrip(WELL_KNOWN, { struct: hostile }),
        () => bench.roundTrip(COMPOUND, { nodeByName: JSON.parse('{"__proto__":{"name":"polluted"}}') }),
        () => {
          const plain = bench.codec.message(undefined);
          return decodeEmbedded(plain, payloadBytes(plain.encode(hostile)));
        },
      ];
      for (const attempt of attempts) {
        try {
          const decoded = attempt() as object;
          const inner = (decoded as { struct?: object }).struct ?? decoded;
          const prototype = Object.getPrototypeOf(inner);
          check(prototype === Object.prototype || prototype === null, 'a key became the prototype');
        } catch (error) {
          check(isStmpError(error), `expected a StmpError, got ${show(error)}`);
        }
        equal(({} as { polluted?: unknown }).polluted, undefined, 'Object.prototype.polluted');
      }
    }),
    defineCase('values that do not fit are refused with payload_invalid, which names the field', false, async () => {
      for (const [type, field, values] of WRONG) {
        for (const value of values) {
          const what = `${field}: ${show(value)}`;
          const encode = (): unknown => payloadBytes(bench.of(type).encode({ [field]: copyOf(value) }));
          const { message } = throwsCode(encode, ['payload_invalid'], what);
          check(message.includes(field), `${what}: the message must name ${field}: ${message}`);
        }
      }
    }),
    defineCase('a message that is none is refused with payload_invalid', false, async () => {
      for (const value of [5, 'x', true, []]) {
        throwsCode(() => payloadBytes(bench.of(SCALARS).encode(value)), ['payload_invalid'], show(value));
      }
    }),
    defineCase('deep nesting ends in payload_invalid, never in a stack overflow', false, async () => {
      const message = bench.of(NODE);
      sameValue(decodeEmbedded(message, payloadBytes(message.encode(nested(30)))) !== undefined, true, 'depth 30');
      for (const depth of [200, 5_000, 100_000]) {
        decodeOrRefuse(() => decodeEmbedded(message, payloadBytes(message.encode(nested(depth)))), `depth ${depth}`);
      }
      let list: unknown[] = [];
      for (let i = 0; i < 100_000; i++) list = [list];
      const wellKnown = bench.of(WELL_KNOWN);
      decodeOrRefuse(() => decodeEmbedded(wellKnown, payloadBytes(wellKnown.encode({ value: list }))), 'nested Value');
    }),
    defineCase(
      'text comes back from the middle of a text packet',
      noText,
      each((message, value, name) => {
        const expected = decodeEmbedded(message, payloadBytes(message.encode(value)));
        sameValue(textRoundTrip(message, value), expected, name);
        const empty = message.encodeText?.({});
        check(empty !== '', 'encodeText must return undefined for nothing, not an empty text');
        sameValue(textRoundTrip(message, {}), message.decode(new Uint8Array(0), 0, 0), `${name}, empty`);
      }),
    ),
    defineCase(
      'text that is cut anywhere gives a value or payload_invalid',
      noText,
      each((message, value, name) => {
        const text = message.encodeText?.(value) ?? '';
        for (let end = 0; end < text.length; end++) {
          decodeOrRefuse(() => message.decodeText?.(`>${text}`, 1, 1 + end), `${name} cut at ${end}`);
        }
      }),
    ),
  ];
}
