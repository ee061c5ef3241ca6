import {
  createPacketFields,
  encodeClientHandshake,
  encodePacket,
  encodeServerHandshakeText,
  encodeTextPacket,
  type Packet,
  type PacketLimits,
  readClientHandshake,
  readMessagePacket,
  readServerHandshakeText,
  readStreamPacket,
  readTextPacket,
  readTextPacketBytes,
} from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { thrownBy, unhex, utf8 } from './helpers.js';

const fields = createPacketFields();
const wide: PacketLimits = { maxPacketBytes: 1000, maxHeaderBytes: 1000 };

function results(packet: Packet, limits: PacketLimits): number[] {
  const stream = encodePacket(packet, 'stream');
  const text = encodeTextPacket(packet);
  const next = readStreamPacket(stream, 0, stream.length, limits, fields);
  return [
    next === stream.length ? 0 : next,
    readMessagePacket(encodePacket(packet, 'message'), limits, fields),
    readTextPacket(text, limits, fields),
    readTextPacketBytes(utf8(text), limits, fields),
  ];
}

describe('limits of packets', () => {
  // Method 3 bytes, header block 5, payload 6.
  const packet: Packet = {
    kind: 'request',
    mid: 1,
    action: 'ü.',
    header: [['ab', 'cd']],
    payload: utf8('€uro'),
  };

  it.each<[number, number[]]>([
    [14, [0, 0, 0, 0]],
    [13, [-0x24, -3, -3, -3]],
    [8, [-0x24, -3, -3, -3]],
    [7, [-0x24, -3, -3, -3]],
    [2, [-0x24, -3, -3, -3]],
    [0, [-0x24, -3, -3, -3]],
  ])('method, header and payload of 14 bytes against %i', (maxPacketBytes, expected) => {
    expect(results(packet, { ...wide, maxPacketBytes })).toEqual(expected);
  });

  it.each<[number, number[]]>([
    [5, [0, 0, 0, 0]],
    [4, [-0x24, -3, -3, -3]],
    [0, [-0x24, -3, -3, -3]],
  ])('a header block of 5 bytes against %i', (maxHeaderBytes, expected) => {
    expect(results(packet, { ...wide, maxHeaderBytes })).toEqual(expected);
  });

  it('counts what text takes in UTF-8', () => {
    // One unit each: 1, 2, 3 bytes; two units: 4 bytes; half a pair becomes U+FFFD.
    const sizes: [string, number][] = [
      ['a', 1],
      ['é', 2],
      ['€', 3],
      ['😀', 4],
      ['\ud83d', 3],
      ['\ude00', 3],
      ['\ude00\ud83d', 6],
      ['\ud83d\ue000', 6],
      ['\ue000\ude00', 6],
      ['\ud7ff\ude00', 6],
      ['x\ud83d\ud83d\ude00y', 9],
    ];
    for (const [payload, size] of sizes) {
      const text = `C0\nP${payload}`;
      expect(readTextPacket(text, { ...wide, maxPacketBytes: size }, fields)).toBe(0);
      expect(readTextPacket(text, { ...wide, maxPacketBytes: size - 1 }, fields)).toBe(-3);
    }
  });

  it('refuses a length as soon as it is there, before its bytes', () => {
    const limits = { maxPacketBytes: 20, maxHeaderBytes: 10 };
    for (const [input, expected] of [
      ['a2010015', -0x24], // method of 21
      ['a4010001 0b', -0x24], // header of 11
      ['a8010001 15', -0x24], // payload of 21
      ['aa010014', 0], // method of 20
      ['a4010001 0a', 0], // header of 10
      ['d800 ffffffffffffffffff01', -0x24],
      ['d800 80808080808080808000', 12], // ten bytes that mean 0: a whole packet
      ['d800 ffffffffffffffffff02', -0x02],
      ['d800 ffffffffffffffffffff', -0x02],
      ['d800 ffffffffffffffffff', 0],
    ] as const) {
      const bytes = unhex(input.replaceAll(' ', ''));
      expect([input, readStreamPacket(bytes, 0, bytes.length, limits, fields)]).toEqual([input, expected]);
    }
  });
});

describe('limits of handshakes', () => {
  const bytes = encodeClientHandshake({ major: 1, minor: 0, header: [['ab', 'cd']], message: 'üü' });
  const read = (input: Uint8Array, maxHandshakeBytes: number): unknown =>
    readClientHandshake(input, 0, input.length, { maxHandshakeBytes });

  it('counts header block and message together', () => {
    expect(read(bytes, 9)).toBeDefined();
    for (const max of [8, 5, 4, 0]) {
      expect(thrownBy(() => read(bytes, max))).toMatchObject({ code: 'too_large', status: 0x24 });
    }
  });

  it.each([
    ['a header length', '53544d5010 65', 'too_large', 0x24],
    ['a header length near 2^64', '53544d5010 ffffffffffffffffff01', 'too_large', 0x24],
    ['a message length', '53544d5010 00 65', 'too_large', 0x24],
    ['a length of 65 bits', '53544d5010 ffffffffffffffffff02', 'protocol_error', 0x02],
    ['a message length of 65 bits', '53544d5010 00 ffffffffffffffffff02', 'protocol_error', 0x02],
    ['magic', '53544e', 'protocol_error', 0x03],
    ['a first byte', '16', 'protocol_error', 0x03],
    ['a header block', '53544d5010 0161 00', 'protocol_error', 0x03],
    ['a length before the header block', '53544d5010 0161 65', 'too_large', 0x24],
  ])('refuses %s', (_name, input, code, status) => {
    expect(thrownBy(() => read(unhex(input.replaceAll(' ', '')), 100))).toMatchObject({ code, status });
  });

  it('holds text against the same limits', () => {
    const text = encodeServerHandshakeText({ status: 0, header: [['ab', 'cd']], message: 'üü' });
    expect(readServerHandshakeText(text, { maxHandshakeBytes: 9 }).message).toBe('üü');
    expect(thrownBy(() => readServerHandshakeText(text, { maxHandshakeBytes: 8 }))).toMatchObject({
      code: 'too_large',
      status: 0x24,
    });
  });

  it.each([
    '',
    'STM',
    'XTMP0',
    'STMP',
    'STMPg',
    'STMP000',
    'STMP0x',
    'STMP0\nX',
    'STMP0\nHa',
    'STMP0\nHa:b\nHc:d',
    'STMP0\nHa:b\nx',
  ])('refuses the text %j', (text) => {
    expect(thrownBy(() => readServerHandshakeText(text, { maxHandshakeBytes: 100 }))).toMatchObject({
      code: 'protocol_error',
      status: 3,
    });
  });

  it.each<[string, number, string]>([
    ['STMP0\n', 0, ''],
    ['STMP0f', 15, ''],
    ['STMPfF\nHa:b\n', 255, ''],
    ['STMP0\nM', 0, ''],
    ['STMP0\nMa\nHb:c', 0, 'a\nHb:c'],
  ])('reads the text %j', (text, status, message) => {
    expect(readServerHandshakeText(text, { maxHandshakeBytes: 100 })).toMatchObject({ status, message });
  });
});
