// What the page says about packets: bytes and texts as they travel, and what people are to read.
import { jsonCodec, protobufCodec } from 'stmp';
import { describe, expect, it } from 'vitest';
import { PacketReader } from '../../examples/room/src/web/packet-reader.js';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const ascii = (text: string): string => Buffer.from(text).toString('hex');

/** A reader that has seen the server's handshake. */
function reader(text: boolean): PacketReader {
  const made = new PacketReader(text ? jsonCodec() : protobufCodec(), text);
  const welcome = text ? 'STMP00\nHContent-Type:application/json' : bytes('53544d50 00 00 00');
  expect(made.read({ type: 'unit', way: 'in', unit: welcome }, 0)).toMatchObject({ kind: 'welcome', status: 0 });
  return made;
}

describe('binary packets', () => {
  it('are taken apart', () => {
    const packets = reader(false);
    // SendMessage { room: "lab", content: "hi" }, with a header.
    const header = ascii('K:v');
    const unit = bytes(`ac 0700 8524 03 ${header} 0a03${ascii('lab')} 1202${ascii('hi')}`);
    expect(packets.read({ type: 'unit', way: 'out', unit }, 5)).toEqual({
      atMs: 5,
      way: 'out',
      size: unit.length,
      kind: 'request',
      method: 'RoomService.SendMessage',
      mid: 7,
      status: undefined,
      headers: [['K', 'v']],
      payload: '{"room":"lab","content":"hi"}',
      details: undefined,
      parts: [
        { name: 'head', raw: 'ac', means: 'request with payload and header' },
        { name: 'id', raw: '07 00', means: '7' },
        { name: 'action', raw: '85 24', means: '0x1205, RoomService.SendMessage' },
        { name: 'header', raw: '03 4b 3a 76', means: 'K:v' },
        { name: 'payload', raw: '0a 03 6c 61 62 12 02 68 69', means: '9 bytes, to the end of the message' },
      ],
    });
    // Its response is known by the id, once.
    const response = {
      type: 'unit',
      way: 'in',
      unit: bytes(`c8 0700 00 0a0d 0801 1a03${ascii('Ada')} 2204${ascii('hiya')}`),
    };
    expect(packets.read({ ...response, type: 'unit', way: 'in' }, 6)).toMatchObject({
      kind: 'response',
      method: 'RoomService.SendMessage',
      payload: '{"message":{"seq":"1","user":"Ada","content":"hiya"}}',
      parts: [{ raw: 'c8' }, { raw: '07 00' }, { name: 'status', raw: '00', means: 'Ok' }, { name: 'payload' }],
    });
    expect(packets.read({ ...response, type: 'unit', way: 'in' }, 7)?.method).toBeUndefined();
  });

  it.each([
    ['80', { kind: 'ping', payload: undefined, size: 1 }],
    ['90', { kind: 'pong' }],
    [`d8 41 ${ascii('bye')}`, { kind: 'close', status: 0x41, payload: 'bye' }],
    [`b8 8124 ${ascii('x')}`, { kind: 'broken' }],
    [`b8 01`, { kind: 'notify', method: 'drain' }],
    [
      `ba 03 ${ascii('a.b')} ff`,
      { kind: 'notify', parts: [{}, { name: 'action', raw: '03 61 2e 62' }, { raw: 'ff' }] },
    ],
    ['f0', { kind: 'broken', payload: 'no packet: ProtocolError', parts: [] }],
    ['', { kind: 'broken' }],
  ])('%s', (hex, expected) => {
    expect(reader(false).read({ type: 'unit', way: 'in', unit: bytes(hex) }, 0)).toMatchObject(expected);
  });

  it('show the details of an error', () => {
    const packets = reader(false);
    packets.read({ type: 'unit', way: 'out', unit: bytes('a0 0100 8224') }, 0);
    // FieldError { field: "name", message: "no" } in base64url.
    const details = Buffer.from(`0a04${ascii('name')}1202${ascii('no')}`, 'hex').toString('base64url');
    const header = `Stmp-Details:${details}`;
    const unit = bytes(`cc 0100 20 ${header.length.toString(16)} ${ascii(header)} ${ascii('name no')}`);
    expect(packets.read({ type: 'unit', way: 'in', unit }, 0)).toMatchObject({
      status: 0x20,
      payload: 'name no',
      details: '{"field":"name","message":"no"}',
    });
  });
});

describe('text packets', () => {
  it.each([
    ['I', { kind: 'ping' }],
    [
      'Q1F:1203\nP{"name":"lab"}',
      {
        kind: 'request',
        method: 'RoomService.JoinRoom',
        mid: 31,
        payload: '{"name":"lab"}',
        parts: [
          { name: 'head', raw: 'Q', means: 'request' },
          { name: 'id', raw: '1F:', means: '31, in hex' },
          { name: 'action', raw: '1203', means: '0x1203, RoomService.JoinRoom' },
          { name: 'payload', raw: 'P{"name":"lab"}' },
        ],
      },
    ],
    [
      'S1F:25\nHa:b\nPslow down',
      {
        kind: 'response',
        status: 0x25,
        headers: [['a', 'b']],
        payload: 'slow down',
        parts: [{}, {}, { raw: '25' }, {}, {}],
      },
    ],
    ['C0', { kind: 'close', status: 0 }],
    ['X', { kind: 'broken' }],
  ])('%j', (text, expected) => {
    expect(reader(true).read({ type: 'unit', way: 'out', unit: text }, 0)).toMatchObject(expected);
    // Some peers send text packets in binary messages.
    const unit = new TextEncoder().encode(text);
    expect(reader(true).read({ type: 'unit', way: 'out', unit }, 0)).toMatchObject(expected);
  });
});

it('begins anew with every connection', () => {
  const packets = reader(false);
  const headers = [['Accept', 'application/protobuf']] as const;
  expect(packets.read({ type: 'hello', headers }, 0)).toMatchObject({
    kind: 'hello',
    parts: [{ name: 'query', raw: '?Accept=application%2Fprotobuf' }],
  });
  const refused = bytes(`53544d50 20 00 02 ${ascii('no')}`);
  expect(packets.read({ type: 'unit', way: 'in', unit: refused }, 0)).toMatchObject({
    kind: 'welcome',
    status: 0x20,
    payload: 'no',
  });
  expect(packets.read({ type: 'end' }, 0)).toBeUndefined();
});
