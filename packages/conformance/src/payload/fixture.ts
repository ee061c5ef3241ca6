import type { MessageCodec, MessageType, Payload, PayloadCodec } from '@stmp/contract';
import { check, equal, fail } from '../assert.js';
import { concat, utf8 } from '../bytes.js';

/** What `payloadCases` needs of the codec that it tests. */
export interface PayloadFixture {
  readonly codec: PayloadCodec;
}

/** A value of its own for each codec and case: what one does to it must not reach the next. */
export function copyOf<T>(value: T): T {
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = {};
  for (const [name, field] of Object.entries(value)) {
    Object.defineProperty(copy, name, { value: copyOf(field), writable: true, enumerable: true, configurable: true });
  }
  return copy as T;
}

const GUARD = 0xa5;
const GUARD_BYTES = 16;

/** The bytes of a payload as they would be sent; none for `undefined`. A writer must keep to its place. */
export function payloadBytes(payload: Payload | undefined): Uint8Array {
  if (payload === undefined) return new Uint8Array(0);
  if (typeof payload === 'string') return utf8(payload);
  if (payload instanceof Uint8Array) return payload;
  const { len } = payload;
  const slab = new Uint8Array(len + 2 * GUARD_BYTES).fill(GUARD);
  payload.finishInto(slab, GUARD_BYTES);
  for (let i = 0; i < GUARD_BYTES; i++) {
    if (slab[i] !== GUARD || slab[GUARD_BYTES + len + i] !== GUARD) fail('finishInto wrote beyond its len bytes');
  }
  return slab.slice(GUARD_BYTES, GUARD_BYTES + len);
}

/** Decodes from the middle of a larger array, as a connection does. */
export function decodeEmbedded<T>(codec: MessageCodec<T, unknown>, bytes: Uint8Array): T {
  const before = Uint8Array.of(0x22, 0x7b, 0xff, 0x08, 0x81, 0x2c, 0x30);
  const after = Uint8Array.of(0x7d, 0x5d, 0x01, 0x00, 0xff, 0x22, 0x31, 0xc1);
  return codec.decode(concat([before, bytes, after]), before.length, before.length + bytes.length);
}

export interface TypedBench {
  readonly codec: PayloadCodec;
  of<T>(type: MessageType<T, unknown>): MessageCodec<T, unknown>;
  /** Encodes and decodes, in every form the codec has. */
  roundTrip<T>(type: MessageType<T, unknown>, value: unknown): T;
}

export function createTypedBench(fixture: PayloadFixture): TypedBench {
  const { codec } = fixture;
  const of = <T>(type: MessageType<T, unknown>): MessageCodec<T, unknown> => codec.message(type);
  return {
    codec,
    of,
    roundTrip<T>(type: MessageType<T, unknown>, value: unknown): T {
      const message = of(type);
      const payload = message.encode(copyOf(value));
      const bytes = payloadBytes(payload);
      // A payload of no bytes is no payload; JSON has no empty text.
      check(
        payload === undefined || bytes.length > 0,
        'encode must return undefined for nothing, not an empty payload',
      );
      return decodeEmbedded(message, bytes);
    },
  };
}

/** As a text packet carries it, in the middle of a longer text. */
export function textRoundTrip<T>(message: MessageCodec<T, unknown>, value: unknown): T {
  check(message.encodeText !== undefined && message.decodeText !== undefined, 'a text codec needs both text methods');
  const text = message.encodeText(value) ?? '';
  equal(typeof text, 'string', 'type of encodeText');
  const whole = `Q1:2\nP"{[${text}]}1"`;
  return message.decodeText(whole, 9, 9 + text.length);
}
