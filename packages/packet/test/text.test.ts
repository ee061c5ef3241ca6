import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodeTextPacket,
  encodeTextPacket,
  readTextPacketBytes,
} from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { thrownBy, utf8 } from './helpers.js';

describe('text packets', () => {
  // The original escapes methods and does not undo it; we do.
  it('unescape methods', () => {
    const packet = { kind: 'notify', action: 'a:b;c%d\ne' } as const;
    expect(encodeTextPacket(packet)).toBe('NM:a%3Ab%3Bc%25d%0Ae');
    expect(decodeTextPacket('NM:a%3Ab%3Bc%25d%0Ae')).toEqual(packet);
    expect(decodeTextPacket('NM:a:b;c%3a')).toEqual({ kind: 'notify', action: 'a:b;c%3a' });
  });

  it.each([
    ['S1:0\n', { kind: 'response', mid: 1, status: 0 }],
    ['C0\n', { kind: 'close', status: 0 }],
    ['N1\nHa:b\n', { kind: 'notify', action: 1, header: [['a', 'b']] }],
    ['N1\nH\nPx', { kind: 'notify', action: 1, payload: utf8('x') }],
    ['N1\nP', { kind: 'notify', action: 1, payload: utf8('') }],
    ['N1\nP\n', { kind: 'notify', action: 1, payload: utf8('\n') }],
    ['N0000000000000001', { kind: 'notify', action: 1 }],
    ['NfFfFfFfFfFfFfFfF', { kind: 'notify', action: 0xffff_ffff_ffff_ffffn }],
    ['N1fffffffffffff', { kind: 'notify', action: Number.MAX_SAFE_INTEGER }],
    ['N20000000000000', { kind: 'notify', action: 0x20_0000_0000_0000n }],
    ['NM:', { kind: 'notify', action: '' }],
    ['N1\nH\u{1f600}:\ud7ff', { kind: 'notify', action: 1, header: [['\u{1f600}', '\ud7ff']] }],
  ])('read %j', (text, packet) => {
    expect(decodeTextPacket(text)).toEqual(packet);
  });

  it.each([
    'N1\n\n',
    'N1\nHa:b\n\n',
    'N1\nHa:b\nX',
    'N1\nHa',
    'N1\nHa:b;c',
    'N1\n p',
    'N00000000000000001',
    'N1 ',
    'N-1',
    'N0x1',
    'Q00001:1',
    'Q1::1',
    'S1:000',
    'S:0',
    'S1:',
    'C',
    'n1',
    ' N1',
    '\ufeffN1',
    'I\nPx',
    'X',
  ])('refuse %j', (text) => {
    expect(thrownBy(() => decodeTextPacket(text))).toMatchObject({ code: 'protocol_error', status: 3 });
    expect(readTextPacketBytes(utf8(text), DEFAULT_PACKET_LIMITS, createPacketFields())).toBe(-3);
  });

  it('are found in bytes too, with offsets into the bytes', () => {
    const fields = createPacketFields();
    const bytes = utf8('Q1:M:ü\nHé:€\nP?');
    bytes[bytes.length - 1] = 0xff;
    expect(readTextPacketBytes(bytes, DEFAULT_PACKET_LIMITS, fields)).toBe(0);
    expect(fields.action).toBe('ü');
    expect(bytes.slice(fields.headerStart, fields.headerEnd)).toEqual(utf8('é:€'));
    expect(bytes.slice(fields.start, fields.end)).toEqual(Uint8Array.of(0xff));
  });
});
