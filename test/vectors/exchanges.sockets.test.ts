// Golden conversations with the original's server, held against ours: real sockets, real WebSockets, and the service
// that they were recorded with.
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { createServer } from '@stmp/connection';
import { statusName } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodePacket,
  decodeTextPacket,
  encodeClientHandshake,
  encodePacket,
  encodeServerHandshake,
  encodeTextPacket,
  type Packet,
  readStreamPacket,
} from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { tcpListener } from '@stmp/transport-tcp';
import { wsListener } from '@stmp/transport-ws/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { EchoMessage, EchoService, OptionService, SizeInput } from '../generated/interop.js';
import { implementEcho } from '../table/service.js';
import { type ExpectedReply, OVERRIDES, overrideOf } from './overrides.js';
import { readVectors } from './vectors.js';

interface Frame {
  readonly frame: string;
  readonly data: string;
}
interface Exchanges {
  readonly tcpExchanges: readonly {
    readonly name: string;
    readonly accept: string;
    readonly input: string;
    readonly reply: string;
    readonly closes: boolean;
  }[];
  readonly wsExchanges: readonly {
    readonly name: string;
    readonly format: 'binary' | 'text';
    readonly input: readonly Frame[];
    readonly reply: readonly Frame[];
    readonly closes: boolean;
  }[];
}

const vectors = readVectors<Exchanges>();
const codecs = [protobufCodec(), msgpackCodec(), jsonCodec()];
const server = createServer<unknown, unknown>({ codecs, listeners: [tcpListener(), wsListener()] as never });
let tcp: URL;
let ws: string;

beforeAll(async () => {
  implementEcho(server);
  server.implement(OptionService, { echo: (message) => message });
  tcp = new URL((await server.listen('tcp://127.0.0.1:0')).address);
  ws = (await server.listen('ws://127.0.0.1:0/stmp')).address;
});
afterAll(() => server.close());

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ascii = (text: string): string => Buffer.from(text).toString('hex');

/** Nobody uses this id: with its answer all that was due before has come. */
const LAST = 0xeeee;
const lastRequest: Packet = { kind: 'request', mid: LAST, action: EchoService.methods.nothing.action };

/**
 * A packet as it is compared: payloads after decoding, and texts of errors only where they are names of a status.
 * `echoed` is a Close that has to come back byte for byte.
 */
function comparable(packet: Packet, accept: string, echoed: boolean): object {
  const { payload: bytes, ...rest } = packet;
  if (bytes === undefined) return rest;
  const text = Buffer.from(bytes).toString();
  if (echoed) return { ...rest, text };
  if (rest.kind === 'close' || rest.status !== 0) {
    return rest.status !== undefined && text === statusName(rest.status) ? { ...rest, text } : rest;
  }
  const codec = codecs.find(({ contentType }) => contentType === accept)!;
  const type = accept === 'application/msgpack' ? SizeInput : EchoMessage;
  return { ...rest, value: codec.message(type as typeof EchoMessage).decode(bytes, 0, bytes.length) };
}

/** The texts that the original has for its errors are its own. */
function expectLike(actual: readonly object[], expected: readonly object[]): void {
  const known = actual.map((packet, at) => {
    const { text, ...rest } = packet as { readonly text?: string };
    return text === undefined || 'text' in (expected[at] ?? {}) ? packet : rest;
  });
  expect(known).toEqual(expected);
}

function streamPackets(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const fields = createPacketFields();
  for (let at = 0; at < bytes.length; ) {
    const next = readStreamPacket(bytes, at, bytes.length, DEFAULT_PACKET_LIMITS, fields);
    if (next <= at) throw new Error(`no packet at ${at} of ${Buffer.from(bytes).toString('hex')}: ${next}`);
    packets.push(decodePacket(bytes.slice(at, next), 'stream'));
    at = next;
  }
  return packets;
}

describe('over tcp', () => {
  /** Says all at once, reads to the end or to the answer of the last request. */
  async function converse(accept: string, input: Uint8Array, closes: boolean): Promise<Uint8Array> {
    const socket: Socket = connectSocket(Number(tcp.port), tcp.hostname);
    try {
      const received: Buffer[] = [];
      socket.on('data', (data: Buffer) => received.push(data));
      const hello = encodeClientHandshake({ major: 1, minor: 0, header: [['Accept', accept]], message: '' });
      socket.write(hello);
      const started = encodeServerHandshake({ status: 0, header: [['Content-Type', accept]], message: '' });
      while (Buffer.concat(received).length < started.length) await once(socket, 'data');
      expect(Buffer.concat(received)).toEqual(Buffer.from(started));
      received.length = 0;
      socket.write(input);
      if (closes) {
        await once(socket, 'end');
        return Buffer.concat(received);
      }
      socket.write(encodePacket(lastRequest, 'stream'));
      const last = encodePacket({ kind: 'response', mid: LAST, status: 0 }, 'stream');
      for (;;) {
        const all = Buffer.concat(received);
        if (all.subarray(-last.length).equals(last)) return all.subarray(0, -last.length);
        await once(socket, 'data');
      }
    } finally {
      socket.destroy();
    }
  }

  for (const { name, accept, input, reply, closes } of vectors.tcpExchanges) {
    it(name, async () => {
      const override = overrideOf('tcpExchanges', name)?.expected as ExpectedReply | undefined;
      const expected = override === undefined ? reply : override.reply.map(({ data }) => data).join('');
      const answered = await converse(accept, hex(input), closes);
      const read = (bytes: Uint8Array): object[] =>
        streamPackets(bytes).map((packet) => comparable(packet, accept, closes && reply === input));
      expectLike(read(answered), read(hex(expected)));
    });
  }
});

describe('over WebSocket', () => {
  async function converse(format: string, input: readonly Frame[], closes: boolean): Promise<Frame[]> {
    const query = `Accept=application%2Fjson&Stmp-Version=1.0${format === 'text' ? '&Packet-Format=text' : ''}`;
    const socket = new WebSocket(`${ws}?${query}`);
    const frames: Frame[] = [];
    let wake = (): void => {};
    const put = (frame: string, data: Buffer): void => {
      frames.push({ frame, data: data.toString('hex') });
      wake();
    };
    socket.on('message', (data: Buffer, binary) => put(binary ? 'binary' : 'text', data));
    socket.on('pong', (data) => put('pong', data));
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    try {
      await until(() => frames.length > 0);
      expect(frames.shift()?.frame).toBe(format);
      for (const { frame, data } of input) {
        if (frame === 'ping') socket.ping(hex(data));
        else socket.send(hex(data), { binary: frame === 'binary' });
      }
      if (closes) {
        const [code, reason] = await closed;
        put('close', Buffer.concat([Buffer.of(code >> 8, code & 0xff), reason]));
        return frames;
      }
      if (format === 'text') socket.send(encodeTextPacket(lastRequest));
      else socket.send(encodePacket(lastRequest, 'message'));
      const last: Packet = { kind: 'response', mid: LAST, status: 0 };
      const end =
        format === 'text' ? ascii(encodeTextPacket(last)) : Buffer.from(encodePacket(last, 'message')).toString('hex');
      await until(() => frames.at(-1)?.data === end);
      return frames.slice(0, -1);
    } finally {
      socket.terminate();
    }
  }

  for (const { name, format, input, reply, closes } of vectors.wsExchanges) {
    it(name, async () => {
      const override = overrideOf('wsExchanges', name)?.expected as ExpectedReply | undefined;
      const read = (frames: readonly Frame[]): object[] =>
        frames.map(({ frame, data }) => {
          if (frame === 'pong') return { frame, data };
          // The code counts; the reason is for people.
          if (frame === 'close') return { frame, code: data.slice(0, 4) };
          const bytes = hex(data);
          const packet = format === 'text' ? decodeTextPacket(bytes.toString()) : decodePacket(bytes, 'message');
          const echoed = input.some((sent) => sent.data === data);
          return { frame, ...(comparable(packet, 'application/json', echoed) as object) };
        });
      expectLike(read(await converse(format, input, closes)), read(override?.reply ?? reply));
    });
  }
});

it('every exchange that a rule overrules exists', () => {
  for (const section of ['tcpExchanges', 'wsExchanges'] as const) {
    const names = new Set<string>(vectors[section].map(({ name }) => name));
    for (const entry of OVERRIDES) if (entry.section === section) expect(names).toContain(entry.name);
  }
});
