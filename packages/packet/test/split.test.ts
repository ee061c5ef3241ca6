import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodePacket,
  readClientHandshake,
  readServerHandshake,
  readStreamPacket,
} from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../test/vectors/vectors.js';
import { packetOf, unhex } from './helpers.js';

const vectors = readVectors();
const fields = createPacketFields();
const read = (bytes: Uint8Array, offset: number, end: number): number =>
  readStreamPacket(bytes, offset, end, DEFAULT_PACKET_LIMITS, fields);

describe('a stream packet cut at every byte', () => {
  it.each(vectors.packets)('$name', ({ stream, packet }) => {
    const bytes = unhex(stream);
    for (let end = 0; end < bytes.length; end++) {
      // The rest is there, behind `end`: a reader that looks past it would succeed.
      expect(read(bytes, 0, end)).toBe(0);
      expect(fields.needed).toBeGreaterThan(end);
      expect(fields.needed).toBeLessThanOrEqual(bytes.length);
      expect(read(bytes.slice(0, end), 0, end)).toBe(0);
    }
    expect(read(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(fields.mid).toBe(packet.mid ?? 0);
  });

  it('is read in few tries when the caller waits for the bytes that it needs', () => {
    for (const { stream } of vectors.packets) {
      const bytes = unhex(stream);
      let tries = 1;
      let end = 0;
      while (read(bytes, 0, end) === 0) {
        end = fields.needed;
        tries++;
      }
      expect(end).toBe(bytes.length);
      // Head, ten bytes of action, two more of each length, and the three blocks.
      expect(tries).toBeLessThan(18);
    }
  });
});

it.each([
  ['', 1],
  ['a0', 4],
  ['b0', 2],
  ['c001', 4],
  ['d0', 2],
  ['a0010080', 5],
  ['a20100056d', 9],
  ['a4010001', 5],
  ['a4010001053a', 10],
  ['a8010001', 5],
  ['a8010001ac02', 306],
  ['ac010001023a3b80', 9],
])('after %s the packet needs %i bytes, wherever it begins', (begin, needed) => {
  for (const offset of [0, 7]) {
    const bytes = unhex(`${'80'.repeat(offset)}${begin}`);
    expect(read(bytes, offset, bytes.length)).toBe(0);
    expect(fields.needed).toBe(needed);
  }
});

describe('malformed stream packets cut at every byte', () => {
  it.each(vectors.malformed.filter(({ framing }) => framing === 'stream'))('$name', ({ input, limit }) => {
    const bytes = unhex(input);
    const limits = { ...DEFAULT_PACKET_LIMITS, ...(limit !== undefined && { maxPacketBytes: limit }) };
    const whole = readStreamPacket(bytes, 0, bytes.length, limits, fields);
    let refused = false;
    for (let end = 0; end < bytes.length; end++) {
      const result = readStreamPacket(bytes, 0, end, limits, fields);
      // A fault that was seen stays, and it is the same for every cut.
      expect([0, whole]).toContain(result);
      if (refused) expect(result).toBe(whole);
      refused = result < 0;
    }
  });
});

it('reads all packets from one buffer', () => {
  const all = unhex(vectors.packets.map(({ stream }) => stream).join(''));
  let offset = 0;
  for (const { stream, packet } of vectors.packets) {
    const next = read(all, offset, all.length);
    expect(next).toBe(offset + stream.length / 2);
    if (packet.payload !== undefined) expect(all.slice(fields.start, fields.end)).toEqual(unhex(packet.payload));
    else expect(fields.end).toBe(-1);
    expect(decodePacket(all.slice(offset, next), 'stream')).toEqual(packetOf(packet));
    offset = next;
  }
  expect(read(all, offset, all.length)).toBe(0);
  expect(fields.needed).toBe(1);
});

describe('a handshake cut at every byte', () => {
  it.each(vectors.handshakes)('$name', ({ side, binary }) => {
    const bytes = unhex(`ff${binary}80`);
    const limits = { maxHandshakeBytes: 65_536 };
    const readHandshake = side === 'client' ? readClientHandshake : readServerHandshake;
    for (let end = 1; end < bytes.length - 1; end++) {
      expect(readHandshake(bytes, 1, end, limits)).toBeUndefined();
    }
    expect(readHandshake(bytes, 1, bytes.length, limits)?.next).toBe(bytes.length - 1);
  });
});
