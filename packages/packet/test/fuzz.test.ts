import { isStmpError } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodeHeaderBlock,
  decodeHeaderBytes,
  decodePacket,
  encodePacket,
  type PacketLimits,
  readClientHandshake,
  readMessagePacket,
  readServerHandshake,
  readServerHandshakeText,
  readStreamPacket,
  readTextPacket,
  readTextPacketBytes,
} from '@stmp/packet';
import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../test/vectors/vectors.js';
import { unhex } from './helpers.js';

const ROUNDS = 10_000;
const STREAM_STATUSES = [-0x02, -0x03, -0x20, -0x24];
const small: PacketLimits = { maxPacketBytes: 40, maxHeaderBytes: 20 };

const vectors = readVectors();
const seeds = {
  stream: [...vectors.packets.map(({ stream }) => stream), ...vectors.malformed.map(({ input }) => input)].map(unhex),
  message: [...vectors.packets.map(({ message }) => message), ...vectors.malformed.map(({ input }) => input)].map(
    unhex,
  ),
  text: [...vectors.packets.map(({ text }) => text), ...vectors.malformed.map(({ input }) => input)].map(unhex),
  handshake: vectors.handshakes.map(({ binary }) => unhex(binary)),
  handshakeText: vectors.handshakes.map(({ text }) => unhex(text)),
};

const TELLING = [0x00, 0x0a, 0x25, 0x3a, 0x3b, 0x48, 0x4d, 0x50, 0x7f, 0x80, 0xff];

function mutant(corpus: readonly Uint8Array[], random: (below: number) => number): Uint8Array {
  const bytes = [...(corpus[random(corpus.length)] ?? [])].slice(0, 120);
  for (let edits = random(4); edits >= 0; edits--) {
    const at = random(bytes.length + 1);
    const byte = random(2) === 0 ? random(256) : TELLING[random(TELLING.length)]!;
    const kind = random(4);
    if (kind === 0) bytes.splice(at, 0, byte);
    else if (kind === 1) bytes.splice(at, 1);
    else if (kind === 2) bytes.length = at;
    else if (at < bytes.length) bytes[at] = byte;
  }
  return Uint8Array.from(bytes);
}

/** Fails the test when an index outside `[start, end)` is read. */
function guarded(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, key): unknown {
      const at = typeof key === 'string' ? Number(key) : Number.NaN;
      if (Number.isInteger(at) && (at < start || at >= end))
        throw new Error(`read at ${at}, outside ${start} to ${end}`);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function onlyStmpErrors(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (!isStmpError(error) || error.status === undefined) throw error;
    return false;
  }
}

describe('any bytes', () => {
  it('as a stream packet end in a packet, in need of more, or in a status', () => {
    const random = seeded(1);
    const fields = createPacketFields();
    const outcomes = { packet: 0, more: 0, fault: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutant(seeds.stream, random);
      const limits = random(2) === 0 ? small : DEFAULT_PACKET_LIMITS;
      const next = readStreamPacket(bytes, 0, bytes.length, limits, fields);
      if (next > 0) {
        outcomes.packet++;
        expect(next).toBeLessThanOrEqual(bytes.length);
        expect(fields.end < 0 || (fields.start <= fields.end && fields.end === next)).toBe(true);
        const packet = decodePacket(bytes.slice(0, next), 'stream', limits);
        // Whatever was read can be written, and means the same. It may be longer then: a header `a:%%%` is escaped.
        const { payload, ...rest } = decodePacket(encodePacket(packet, 'stream'), 'stream', DEFAULT_PACKET_LIMITS);
        expect({ ...rest, payload: payload ?? new Uint8Array() }).toEqual({
          ...packet,
          payload: packet.payload ?? new Uint8Array(),
        });
      } else if (next === 0) {
        outcomes.more++;
        expect(fields.needed).toBeGreaterThan(bytes.length);
        expect(fields.needed).toBeLessThanOrEqual(bytes.length + limits.maxPacketBytes + 1);
      } else {
        outcomes.fault++;
        expect(STREAM_STATUSES).toContain(next);
      }
    }
    // All three happened often: otherwise this test shows little.
    expect(Math.min(outcomes.packet, outcomes.more, outcomes.fault)).toBeGreaterThan(ROUNDS / 20);
  });

  it('are never read outside of offset and end', () => {
    const random = seeded(2);
    const fields = createPacketFields();
    for (let round = 0; round < ROUNDS / 10; round++) {
      const body = mutant(seeds.stream, random);
      const padded = new Uint8Array(body.length + 20).fill(0x3a);
      padded.set(body, 10);
      const start = 10;
      const end = start + (random(2) === 0 ? body.length : random(body.length + 1));
      const inside = readStreamPacket(guarded(padded, start, end), start, end, DEFAULT_PACKET_LIMITS, fields);
      const alone = readStreamPacket(padded.slice(start, end), 0, end - start, DEFAULT_PACKET_LIMITS, fields);
      expect(inside > 0 ? inside - start : inside).toBe(alone);
    }
  });

  it('as a message or text end in a packet or in a protocol error', () => {
    const random = seeded(3);
    const fields = createPacketFields();
    let packets = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const limits = random(2) === 0 ? small : DEFAULT_PACKET_LIMITS;
      const message = readMessagePacket(mutant(seeds.message, random), limits, fields);
      const bytes = mutant(seeds.text, random);
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      const fromBytes = readTextPacketBytes(bytes, limits, fields);
      const { headerStart, headerEnd, start, end } = fields;
      const fromText = readTextPacket(text, limits, fields);
      for (const result of [message, fromText, fromBytes]) expect([0, -3]).toContain(result);
      // Bytes that are no UTF-8 count one by one in one form, and as U+FFFD in the other.
      if (limits === DEFAULT_PACKET_LIMITS) expect(fromBytes).toBe(fromText);
      if (fromBytes === 0 && fromText === 0) {
        packets++;
        const decode = (from: number, to: number): string =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(from, to));
        if (headerEnd >= 0)
          expect(decode(headerStart, headerEnd)).toBe(text.slice(fields.headerStart, fields.headerEnd));
        expect(end < 0).toBe(fields.end < 0);
        if (end >= 0) expect(decode(start, end)).toBe(text.slice(fields.start, fields.end));
      }
    }
    expect(packets).toBeGreaterThan(ROUNDS / 20);
  });

  it('as a handshake or header block fail with a status only', () => {
    const random = seeded(4);
    const limits = { maxHandshakeBytes: 200 };
    let failed = 0;
    for (let round = 0; round < ROUNDS / 2; round++) {
      const bytes = mutant(seeds.handshake, random);
      const text = new TextDecoder().decode(mutant(seeds.handshakeText, random));
      const results = [
        onlyStmpErrors(() => readClientHandshake(bytes, 0, bytes.length, limits)),
        onlyStmpErrors(() => readServerHandshake(bytes, 0, bytes.length, limits)),
        onlyStmpErrors(() => readServerHandshakeText(text, limits)),
        onlyStmpErrors(() => decodeHeaderBlock(text)),
        onlyStmpErrors(() => decodeHeaderBytes(bytes, 0, bytes.length)),
      ];
      if (results.includes(false)) failed++;
    }
    expect(failed).toBeGreaterThan(ROUNDS / 20);
  });

  it('checked as a header block in a packet can be parsed, and the other way round', () => {
    const random = seeded(5);
    const fields = createPacketFields();
    const alphabet = [0x3a, 0x3a, 0x3b, 0x3b, 0x61, 0x25];
    let good = 0;
    for (let round = 0; round < ROUNDS / 4; round++) {
      const block = Uint8Array.from({ length: random(7) }, () => alphabet[random(alphabet.length)]!);
      const parses = onlyStmpErrors(() => decodeHeaderBytes(block, 0, block.length));
      const stream = Uint8Array.from([0xb4, 0x01, block.length, ...block]);
      expect(readStreamPacket(stream, 0, stream.length, DEFAULT_PACKET_LIMITS, fields) > 0).toBe(parses);
      const text = `N1\nH${new TextDecoder().decode(block)}\nPa:b`;
      expect(readTextPacket(text, DEFAULT_PACKET_LIMITS, fields) === 0).toBe(parses);
      if (parses) good++;
    }
    expect(good).toBeGreaterThan(500);
    expect(good).toBeLessThan(4500);
  });
});
