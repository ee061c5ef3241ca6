import { Status } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_MAX_HEADER_BYTES,
  DEFAULT_PACKET_LIMITS,
  decodeHeaderBlock,
  decodeHeaderBytes,
  decodePacket,
  decodeTextPacket,
  encodeClientHandshake,
  encodeClientHandshakeText,
  encodeHeaderBlock,
  encodePacket,
  encodeServerHandshake,
  encodeServerHandshakeText,
  encodeTextPacket,
  readClientHandshake,
  readClientHandshakeText,
  readMessagePacket,
  readServerHandshake,
  readServerHandshakeText,
  readStreamPacket,
  readTextPacket,
  readTextPacketBytes,
} from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../test/vectors/vectors.js';
import { hex, packetOf, textOf, thrownBy, unhex } from './helpers.js';

const vectors = readVectors();
const limits = { maxHandshakeBytes: 65_536 };

describe('handshakes', () => {
  it.each(vectors.handshakes)('$name', ({ side, binary, text, header, message, major = 0, minor = 0, status = 0 }) => {
    const bytes = unhex(binary);
    const chars = textOf(text) ?? '';
    if (side === 'client') {
      const value = { major, minor, header, message };
      expect(hex(encodeClientHandshake(value))).toBe(binary);
      expect(encodeClientHandshakeText(value)).toBe(chars);
      expect(readClientHandshake(bytes, 0, bytes.length, limits)).toEqual({ value, next: bytes.length });
      expect(readClientHandshakeText(chars, limits)).toEqual(value);
    } else {
      const value = { status, header, message };
      expect(hex(encodeServerHandshake(value))).toBe(binary);
      expect(encodeServerHandshakeText(value)).toBe(chars);
      expect(readServerHandshake(bytes, 0, bytes.length, limits)).toEqual({ value, next: bytes.length });
      expect(readServerHandshakeText(chars, limits)).toEqual(value);
    }
  });
});

describe('packets', () => {
  it.each(vectors.packets)('$name', ({ packet: vector, stream, message, text }) => {
    const packet = packetOf(vector);
    expect(hex(encodePacket(packet, 'stream'))).toBe(stream);
    expect(hex(encodePacket(packet, 'message'))).toBe(message);
    expect(decodePacket(unhex(stream), 'stream')).toEqual(packet);
    expect(decodePacket(unhex(message), 'message')).toEqual(packet);
    expect(decodeTextBytes(unhex(text))).toEqual(packet);

    const chars = textOf(text);
    if (chars !== undefined) {
      expect(encodeTextPacket(packet)).toBe(chars);
      expect(decodeTextPacket(chars)).toEqual(packet);
    } else {
      // Only a payload that is no text cannot be in a string.
      expect(thrownBy(() => encodeTextPacket(packet))).toMatchObject({ code: 'payload_invalid' });
      const { payload, ...bare } = packet;
      expect(`${hex(new TextEncoder().encode(`${encodeTextPacket(bare)}\nP`))}${hex(payload!)}`).toBe(text);
    }
  });

  it('covers a payload that is no text', () => {
    expect(vectors.packets.filter(({ text }) => textOf(text) === undefined).length).toBeGreaterThan(0);
  });
});

describe('forms that are read but never written', () => {
  it.each(vectors.decodeOnly)('$name', ({ framing, input, packet, trailing = 0 }) => {
    const bytes = unhex(input);
    const expected = packetOf(packet);
    if (framing === 'text') {
      expect(decodeTextPacket(textOf(input)!)).toEqual(expected);
      expect(decodeTextBytes(bytes)).toEqual(expected);
      return;
    }
    expect(decodePacket(bytes.subarray(0, bytes.length - trailing), framing)).toEqual(expected);
    if (framing === 'stream') {
      const fields = createPacketFields();
      expect(readStreamPacket(bytes, 0, bytes.length, DEFAULT_PACKET_LIMITS, fields)).toBe(bytes.length - trailing);
    }
  });
});

describe('malformed packets', () => {
  it.each(vectors.malformed)('$name', ({ framing, input, error, limit = DEFAULT_PACKET_LIMITS.maxPacketBytes }) => {
    const bytes = unhex(input);
    const packetLimits = { maxPacketBytes: limit, maxHeaderBytes: DEFAULT_MAX_HEADER_BYTES };
    const status = Status[error as keyof typeof Status];
    const fields = createPacketFields();
    if (framing === 'stream') {
      expect(readStreamPacket(bytes, 0, bytes.length, packetLimits, fields)).toBe(-status);
    } else if (framing === 'message') {
      expect(readMessagePacket(bytes, packetLimits, fields)).toBe(-status);
    } else {
      expect(readTextPacket(textOf(input)!, packetLimits, fields)).toBe(-status);
      expect(readTextPacketBytes(bytes, packetLimits, fields)).toBe(-status);
      expect(thrownBy(() => decodeTextPacket(textOf(input)!, packetLimits))).toMatchObject({ status });
      return;
    }
    const code = status === Status.RequestEntityTooLarge ? 'too_large' : 'protocol_error';
    expect(thrownBy(() => decodePacket(bytes, framing, packetLimits))).toMatchObject({ code, status });
  });
});

describe('beginnings of stream packets', () => {
  it.each(vectors.streamPrefixes)('$name', ({ input, missing }) => {
    const bytes = unhex(input);
    const fields = createPacketFields();
    expect(readStreamPacket(bytes, 0, bytes.length, DEFAULT_PACKET_LIMITS, fields)).toBe(0);
    expect(fields.needed).toBeGreaterThan(bytes.length);
    expect(fields.needed).toBeLessThanOrEqual(bytes.length + missing);
    expect(thrownBy(() => decodePacket(bytes, 'stream'))).toMatchObject({ code: 'protocol_error' });
  });
});

describe('header blocks', () => {
  it.each(vectors.headers)('$name', ({ encoded, header }) => {
    const block = textOf(encoded)!;
    const bytes = unhex(`ff${encoded}ff`);
    if (header === undefined) {
      expect(thrownBy(() => decodeHeaderBlock(block))).toMatchObject({ code: 'protocol_error', status: 3 });
      expect(thrownBy(() => decodeHeaderBytes(bytes, 1, bytes.length - 1))).toMatchObject({ status: 3 });
    } else {
      expect(decodeHeaderBlock(block)).toEqual(header);
      expect(decodeHeaderBytes(bytes, 1, bytes.length - 1)).toEqual(header);
      expect(decodeHeaderBlock(encodeHeaderBlock(header))).toEqual(header);
    }
  });
});

/** A text packet that came as bytes, as `decodeTextPacket` shows it. */
function decodeTextBytes(bytes: Uint8Array): object {
  const fields = createPacketFields();
  expect(readTextPacketBytes(bytes, DEFAULT_PACKET_LIMITS, fields)).toBe(0);
  const { kind, mid, status, action } = fields;
  const kinds = ['ping', 'pong', 'request', 'notify', 'response', 'close'];
  return {
    kind: kinds[kind],
    ...((kind === 2 || kind === 4) && { mid }),
    ...(kind >= 4 && { status }),
    ...((kind === 2 || kind === 3) && { action }),
    ...(fields.headerEnd > fields.headerStart && {
      header: decodeHeaderBytes(bytes, fields.headerStart, fields.headerEnd),
    }),
    ...(fields.end >= 0 && { payload: bytes.slice(fields.start, fields.end) }),
  };
}
