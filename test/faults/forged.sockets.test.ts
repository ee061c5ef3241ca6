import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@stmp/connection';
import { encodeClientHandshake, encodePacket, readServerHandshake } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { kcpDialer } from '@stmp/transport-kcp';
import { createServer, defineService, method } from 'stmp';
import { eventually } from 'test-kit';
import { afterEach, expect, it } from 'vitest';

const Sums = defineService('test.SumService', { add: method<{ a: number; b: number }, { sum: number }>() });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Segment {
  readonly push: boolean;
  readonly fragment: number;
  readonly ts: number;
  readonly sn: number;
  readonly body: Buffer;
}

function segmentsOf(datagram: Buffer): Segment[] {
  const found: Segment[] = [];
  for (let at = 0; at < datagram.length; ) {
    const end = at + 24 + datagram.readUInt32LE(at + 20);
    found.push({
      push: datagram[at + 4] === 0x51,
      fragment: datagram[at + 5] as number,
      ts: datagram.readUInt32LE(at + 8),
      sn: datagram.readUInt32LE(at + 12),
      body: datagram.subarray(at + 24, end),
    });
    at = end;
  }
  return found;
}

function segment(conv: number, command: number, sn: number, ts: number, una: number, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(conv, 0);
  head[4] = command;
  head.writeUInt16LE(32, 6);
  head.writeUInt32LE(ts, 8);
  head.writeUInt32LE(sn, 12);
  head.writeUInt32LE(una, 16);
  head.writeUInt32LE(body.length, 20);
  return Buffer.concat([head, body]);
}

/** Handshake and request in one datagram, as the original may send them. */
function opening(conv: number): Buffer {
  const hello = encodeClientHandshake({ major: 1, minor: 0, header: [['Accept', 'application/json']], message: '' });
  const payload = Buffer.from('{"a":2,"b":3}');
  const call = encodePacket({ kind: 'request', mid: 7, action: Sums.methods.add.action, payload }, 'stream');
  return Buffer.concat([
    segment(conv, 0x51, 0, 1, 0, Buffer.from(hello)),
    segment(conv, 0x51, 1, 1, 0, Buffer.from(call)),
  ]);
}

async function bench() {
  const ran: string[] = [];
  const server = createServer({
    authenticate({ peer }) {
      ran.push(`authenticate ${peer.port}`);
      return { identity: undefined };
    },
  });
  server.onConnection(({ peer }) => void ran.push(`connection ${peer.port}`));
  server.implement(Sums, {
    add({ a, b }) {
      ran.push('add');
      return { sum: a + b };
    },
  });
  const { address } = await server.listen('kcp://127.0.0.1:0');
  cleanups.push(() => server.close());
  const port = Number(new URL(address).port);
  const socket = createSocket('udp4');
  const got: Buffer[] = [];
  socket.on('message', (bytes) => got.push(bytes));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  const send = (bytes: Buffer): void => socket.send(bytes, port, '127.0.0.1');
  return { server, address, ran, got, send, own: socket.address().port };
}

it('a datagram with a forged source runs nothing, is nobody, and gets no more than it brought', async () => {
  const { server, address, ran, got, send } = await bench();
  let paid = 0;
  for (let conv = 1; conv <= 100; conv++) {
    const bytes = opening(conv);
    paid += 28 + bytes.length;
    send(bytes);
  }
  // Whoever comes behind them is served, so they have been taken in.
  const client = await connect(address, { dialers: [kcpDialer()], codecs: [jsonCodec()] });
  cleanups.push(() => client.close());
  expect(await client.service(Sums).add({ a: 1, b: 1 })).toEqual({ sum: 2 });
  await sleep(50);
  expect(ran.map((line) => line.split(' ')[0])).toEqual(['authenticate', 'connection', 'add']);
  expect([...server.connections]).toHaveLength(1);
  expect(got.length).toBeGreaterThan(0);
  expect(got.reduce((sum, bytes) => sum + 28 + bytes.length, 0)).toBeLessThanOrEqual(paid);
  for (const bytes of got) {
    expect(segmentsOf(bytes)).toMatchObject([{ push: true, fragment: 1, sn: 0, body: Buffer.from('STMP') }]);
  }
});

it('an address that is proven gets the handshake in one message, and its answer', async () => {
  const { ran, got, send, own } = await bench();
  send(opening(9));
  await eventually(() => expect(got).toHaveLength(1));
  const [{ ts }] = segmentsOf(got[0] as Buffer) as [Segment];
  expect(ran).toEqual([]);
  const messages: Buffer[] = [];
  let next = 0;
  const parts: Buffer[] = [];
  const read = (): void => {
    // As the original does: a message is read once all its fragments are there.
    for (const { push, sn, ts: sentAt, fragment, body } of got.flatMap(segmentsOf)) {
      if (!push || sn !== next) continue;
      next++;
      parts.push(body);
      if (fragment === 0) messages.push(Buffer.concat(parts.splice(0)));
      send(segment(9, 0x52, sn, sentAt, next));
    }
  };
  await sleep(0);
  send(segment(9, 0x52, 0, ts, 1));
  await eventually(() => {
    read();
    expect(messages.length).toBe(2);
  });
  const [handshake] = messages as [Buffer];
  const limits = { maxHandshakeBytes: 65_536 };
  expect(readServerHandshake(handshake, 0, handshake.length, limits)).toMatchObject({
    value: { status: 0 },
    next: handshake.length,
  });
  expect(messages[1]?.subarray(-9).toString()).toBe('{"sum":5}');
  expect(ran).toEqual([`authenticate ${own}`, `connection ${own}`, 'add']);
});
