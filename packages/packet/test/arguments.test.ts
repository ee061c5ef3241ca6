import {
  encodeClientHandshake,
  encodePacket,
  encodeServerHandshake,
  encodeServerHandshakeText,
  encodeTextPacket,
  MAX_PACKET_OVERHEAD,
  type Packet,
  textRequest,
  writeCloseHead,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { hex, thrownBy } from './helpers.js';

describe('wrong packets', () => {
  it.each<[string, object, string, string]>([
    ['unknown kind', { kind: 'pung' }, 'TypeError', 'kind must be one of'],
    ['inherited kind', { kind: 'toString' }, 'TypeError', 'kind must be one of'],
    ['ping with payload', { kind: 'ping', payload: new Uint8Array(1) }, 'TypeError', 'payload: a ping has none'],
    ['close with header', { kind: 'close', status: 0, header: [['a', 'b']] }, 'TypeError', 'header: a close has none'],
    ['response with action', { kind: 'response', mid: 1, status: 0, action: 1 }, 'TypeError', 'action: a response has'],
    ['notify with mid', { kind: 'notify', mid: 1, action: 1 }, 'TypeError', 'mid: a notify has none'],
    ['request without action', { kind: 'request', mid: 1 }, 'TypeError', 'action: a request needs one'],
    ['response without mid', { kind: 'response', status: 0 }, 'TypeError', 'mid: a response needs one'],
    ['close without status', { kind: 'close' }, 'TypeError', 'status: a close needs one'],
    ['mid too large', { kind: 'request', mid: 65_536, action: 1 }, 'RangeError', 'mid must be an integer from 0 to'],
    ['mid not whole', { kind: 'request', mid: 0.5, action: 1 }, 'RangeError', 'mid must be'],
    ['status too large', { kind: 'close', status: 256 }, 'RangeError', 'status must be'],
    ['status negative', { kind: 'close', status: -1 }, 'RangeError', 'status must be'],
    ['action unsafe', { kind: 'notify', action: 2 ** 53 }, 'RangeError', 'action must be'],
    ['action negative', { kind: 'notify', action: -1 }, 'RangeError', 'action must be'],
    ['action NaN', { kind: 'notify', action: Number.NaN }, 'RangeError', 'action must be'],
    ['action of 65 bits', { kind: 'notify', action: 2n ** 64n }, 'RangeError', 'action must be 0 to 2^64 - 1'],
    ['action below 0', { kind: 'notify', action: -1n }, 'RangeError', 'action must be 0 to 2^64 - 1'],
  ])('%s', (_name, packet, name, message) => {
    const expected = { name, message: expect.stringContaining(message) };
    expect(thrownBy(() => encodePacket(packet as Packet, 'stream'))).toMatchObject(expected);
    expect(thrownBy(() => encodeTextPacket(packet as Packet))).toMatchObject(expected);
  });

  it.each([
    [-1, 0],
    [16, 0],
    [1, 16],
    [1, 0.5],
  ])('version %d.%d', (major, minor) => {
    expect(thrownBy(() => encodeClientHandshake({ major, minor, header: [], message: '' })).name).toBe('RangeError');
  });

  it.each([-1, 256, 1.5])('handshake status %d', (status) => {
    expect(thrownBy(() => encodeServerHandshake({ status, header: [], message: '' })).name).toBe('RangeError');
    expect(thrownBy(() => encodeServerHandshakeText({ status, header: [], message: '' })).name).toBe('RangeError');
  });
});

it('sets no flag for an empty block', () => {
  const packet: Packet = { kind: 'request', mid: 1, action: 1, header: [], payload: new Uint8Array() };
  expect(hex(encodePacket(packet, 'stream'))).toBe('a0010001');
  expect(hex(encodePacket(packet, 'message'))).toBe('a0010001');
  expect(encodeTextPacket(packet)).toBe('Q1:1');
  const slab = new Uint8Array(MAX_PACKET_OVERHEAD);
  const written = (end: number): string => hex(slab.subarray(0, end));
  const empty = new Uint8Array();
  expect(written(writeRequestHead(slab, 0, true, 1, 1, empty, -1))).toBe('a0010001');
  expect(written(writeNotifyHead(slab, 0, true, 1, empty, 0))).toBe('b001');
  expect(written(writeResponseHead(slab, 0, true, 1, 0, empty, -1))).toBe('c0010000');
  expect(written(writeCloseHead(slab, 0, true, 0, 0))).toBe('d000');
  expect(textRequest(1, 1, '', '')).toBe('Q1:1');
});
