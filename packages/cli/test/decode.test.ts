import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, constants as zlib } from 'node:zlib';
import {
  encodeClientHandshake,
  encodePacket,
  encodeServerHandshake,
  encodeTextPacket,
  type Packet,
} from '@stmp/packet';
import { type AnyMethod, jsonCodec, msgpackCodec, type PayloadCodec, protobufCodec } from 'stmp';
import { afterAll, describe, expect, it } from 'vitest';
import { RoomEvents, RoomService } from '../../../examples/quick-start/src/generated/quick_start.js';
import { ROOM_PROTO, stmp } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stmp-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SERVICE = 'stmp.examples.quick_start.RoomService';
const EVENTS = 'stmp.examples.quick_start.RoomEvents';
const { join: joinRoom } = RoomService.methods;

const bytesOf = (payload: unknown): Uint8Array =>
  typeof payload === 'string' ? new TextEncoder().encode(payload) : (payload as Uint8Array);
/** In bytes of its own, also of a codec that writes later. */
function encoded(codec: PayloadCodec, type: AnyMethod['input'], value: unknown): Uint8Array {
  const payload = codec.message(type).encode(value);
  if (typeof payload !== 'object' || payload instanceof Uint8Array) return bytesOf(payload);
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}

/** A conversation: what each side says after its handshake. */
function conversation(codec: PayloadCodec): { readonly client: readonly Packet[]; readonly server: readonly Packet[] } {
  const lobby = encoded(codec, joinRoom.input, { name: 'lobby' });
  return {
    client: [
      { kind: 'request', mid: 1, action: joinRoom.action, header: [['Trace', 'a']], payload: lobby },
      { kind: 'request', mid: 2, action: joinRoom.action, payload: lobby },
      { kind: 'request', mid: 3, action: 0xabcdef },
      { kind: 'ping' },
    ],
    server: [
      {
        kind: 'response',
        mid: 1,
        status: 0,
        payload: encoded(codec, joinRoom.output, { name: 'lobby', users: ['ann'] }),
      },
      {
        kind: 'notify',
        action: RoomEvents.methods.join.action,
        payload: encoded(codec, RoomEvents.methods.join.input, { user: 'bob' }),
      },
      { kind: 'response', mid: 2, status: 0 },
      { kind: 'response', mid: 3, status: 0x22, payload: new TextEncoder().encode('no such method') },
      { kind: 'pong' },
      { kind: 'close', status: 0x41 },
    ],
  };
}

const SAID = [
  `{"kind":"request","id":1,"method":"${SERVICE}.Join","headers":[["Trace","a"]],"payload":{"name":"lobby"}}`,
  `{"kind":"request","id":2,"method":"${SERVICE}.Join","payload":{"name":"lobby"}}`,
  '{"kind":"request","id":3,"action":"0x00ABCDEF"}',
  '{"kind":"ping"}',
];
const ANSWERED = [
  '{"kind":"response","id":1,"status":"Ok (0x00)","payload":{"name":"lobby","users":["ann"]}}',
  `{"kind":"notify","method":"${EVENTS}.Join","payload":{"user":"bob"}}`,
  '{"kind":"response","id":2,"status":"Ok (0x00)","payload":{}}',
  '{"kind":"response","id":3,"status":"NotFound (0x22)","message":"no such method"}',
  '{"kind":"pong"}',
  '{"kind":"close","status":"ServerShutdown (0x41)"}',
];

const stream = (packets: readonly Packet[]): Buffer =>
  Buffer.concat(packets.map((packet) => encodePacket(packet, 'stream')));
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const decode = (argv: readonly string[], text?: string) =>
  stmp(['decode', ...argv, '--proto', ROOM_PROTO], text === undefined ? {} : { text });
/** A file that holds these bytes. */
function file(name: string, ...parts: readonly Uint8Array[]): string {
  writeFileSync(join(folder, name), Buffer.concat(parts));
  return `@${join(folder, name)}`;
}

describe('stmp decode', () => {
  it.each([protobufCodec(), msgpackCodec(), jsonCodec()])(
    'reads both sides of a conversation, in the content type that was agreed on ($contentType)',
    async (codec) => {
      const { contentType } = codec;
      const { client, server } = conversation(codec);
      const accept = encodeClientHandshake({ major: 1, minor: 0, header: [['Accept', contentType]], message: 'hi' });
      const ok = encodeServerHandshake({ status: 0, header: [['Content-Type', contentType]], message: '' });
      const sides = [file('client.bin', accept, stream(client)), file('server.bin', ok, stream(server))];
      expect(await decode(sides)).toEqual({
        exitCode: 0,
        out: lines(
          `{"kind":"client handshake","version":"1.0","headers":[["Accept","${contentType}"]],"message":"hi"}`,
          ...SAID,
          `{"kind":"server handshake","status":"Ok (0x00)","headers":[["Content-Type","${contentType}"]]}`,
          ...ANSWERED,
        ),
        err: '',
      });
    },
  );

  const { client, server } = conversation(protobufCodec());

  it('reads hex, as an argument, a file and on the standard input', async () => {
    const hex = stream(client).toString('hex');
    const spaced = hex.replace(/../g, '$& ').toUpperCase();
    expect(await decode([spaced])).toMatchObject({ exitCode: 0, out: lines(...SAID) });
    expect(await decode([file('a.hex', Buffer.from(`${spaced}\n`))])).toMatchObject({ out: lines(...SAID) });
    expect(await decode([], hex)).toMatchObject({ out: lines(...SAID) });
  });

  it('reads the bytes of its help', async () => {
    const { out } = await stmp(['decode', '--help']);
    const [, hex] = /stmp decode '(.*)'/.exec(out) ?? [];
    expect(await decode([hex!])).toMatchObject({ exitCode: 0, out: lines(SAID[1]!.replace('"id":2', '"id":1')) });
  });

  it('reads what was compressed, however it ends', async () => {
    const handshake = encodeServerHandshake({ status: 0, header: [['Content-Encoding', 'gzip']], message: '' });
    const whole = gzipSync(stream(client));
    const flushed = gzipSync(stream(client), { finishFlush: zlib.Z_SYNC_FLUSH });
    for (const bytes of [whole, flushed]) {
      const { exitCode, out } = await decode([file('gzip.bin', handshake, bytes)]);
      expect([exitCode, out.slice(out.indexOf('\n') + 1)]).toEqual([0, lines(...SAID)]);
    }
  });

  it('reads messages of a WebSocket, binary and text', async () => {
    const messages = client.map((packet) => Buffer.from(encodePacket(packet, 'message')).toString('hex'));
    expect(await decode([...messages, '--framing', 'message'])).toMatchObject({ exitCode: 0, out: lines(...SAID) });
    const texts = conversation(jsonCodec()).client.map((packet) => encodeTextPacket(packet));
    expect(await decode([...texts, '--framing', 'text'])).toMatchObject({ exitCode: 0, out: lines(...SAID) });
  });

  it('reads answers without their requests by the method that it is told', async () => {
    const [answer] = [stream(server.slice(0, 1)).toString('hex')];
    expect(await decode([answer, '--method', 'RoomService.Join'])).toMatchObject({ out: lines(ANSWERED[0]!) });
    const payload = Buffer.from(server[0]!.payload!).toString('hex');
    expect(await decode([answer])).toMatchObject({
      out: `{"kind":"response","id":1,"status":"Ok (0x00)","bytes":"${payload}"}\n`,
    });
  });

  it('leaves JSON of no known type as it is, on one line', async () => {
    const text = 'Nabcdef\nP{\n"n":9007199254740993}';
    expect(await decode([text, '--framing', 'text'])).toMatchObject({
      out: '{"kind":"notify","action":"0x00ABCDEF","payload":{ "n":9007199254740993}}\n',
    });
  });

  it('prints what comes before a fault, and ends with 2', async () => {
    const bytes = stream(client);
    const cut = await decode([bytes.subarray(0, -2).toString('hex')]);
    expect(cut).toMatchObject({ exitCode: 2, out: lines(...SAID.slice(0, 2)) });
    expect(cut.err).toMatch(/^stmp: the bytes end within a packet, which begins at byte \d+\n/);
    const wrong = await decode([`${bytes.toString('hex')}00`]);
    expect(wrong).toMatchObject({ exitCode: 2, out: lines(...SAID) });
    expect(wrong.err).toContain(`there is no packet at byte ${bytes.length}`);
    expect(await decode(['xyz'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('bytes must be hex, @FILE or -, not xyz'),
    });
  });

  it.each(['5354', '53544d5010', '53544d501005', '53544d50'])(
    'finds the end in a handshake that is cut: %s',
    async (hex) => {
      expect((await decode([hex])).exitCode).toBe(2);
    },
  );
});
