import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeClientHandshake, encodePacket } from '@stmp/packet';
import { closed, rawSocket } from '../faults/bench.js';
import { AttackedService } from './service.js';

/** How large an attack is. */
export interface Scale {
  readonly sockets: number;
  readonly units: number;
}

export interface Attack {
  readonly name: string;
  /** @returns the bytes that it sent. It leaves nothing behind on its own side. */
  run(port: number, scale: Scale): Promise<number>;
}

const MAX = 4_194_304;
const ECHO = AttackedService.methods.echo.action;
const HANG = AttackedService.methods.hang.action;
const hello = (accept: string, encoding?: string): Uint8Array =>
  encodeClientHandshake({
    major: 1,
    minor: 0,
    header: [['Accept', accept], ...(encoding === undefined ? [] : [['Accept-Encoding', encoding] as const])],
    message: '',
  });
const JSON_HELLO = hello('application/json');
const request = (payload: Uint8Array, action = ECHO, mid = 1): Uint8Array =>
  encodePacket({ kind: 'request', mid, action, payload }, 'stream');
const repeated = (unit: Uint8Array, count: number): Uint8Array => {
  const bytes = new Uint8Array(unit.length * count);
  for (let i = 0; i < count; i++) bytes.set(unit, i * unit.length);
  return bytes;
};

/** One listener for each socket, however often it is waited for. */
const ends = new WeakMap<Socket, Promise<void>>();
function gone(socket: Socket): Promise<void> {
  const end = ends.get(socket) ?? closed(socket);
  ends.set(socket, end);
  return end;
}

async function write(socket: Socket, bytes: Uint8Array): Promise<number> {
  if (socket.destroyed) return 0;
  if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), gone(socket)]).catch(() => {});
  return bytes.length;
}

/** Opens connections one after the other, lets each send, waits a little, and goes. */
async function withSockets(
  port: number,
  count: number,
  send: (socket: Socket, at: number) => Promise<number>,
  stayMs = 200,
): Promise<number> {
  const sockets: Socket[] = [];
  try {
    const sent = await Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const socket = await rawSocket(port);
        socket.resume();
        sockets.push(socket);
        return send(socket, at);
      }),
    );
    await sleep(stayMs);
    return sent.reduce((sum, bytes) => sum + bytes, 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map(gone));
  }
}

/** One connection sends the same again and again. */
function flood(name: string, unit: Uint8Array): Attack {
  const chunk = repeated(unit, Math.ceil(65_536 / unit.length));
  return {
    name,
    run: (port, { units }) =>
      withSockets(port, 1, async (socket) => {
        let sent = await write(socket, JSON_HELLO);
        while (sent < units * unit.length && !socket.destroyed) sent += await write(socket, chunk);
        return sent;
      }),
  };
}

/** Payloads with as many parts as 4 MiB hold. */
function worst(name: string, accept: string, payload: () => Uint8Array): Attack {
  return {
    name,
    run: (port, { sockets }) => {
      const packet = request(payload());
      return withSockets(port, Math.ceil(sockets / 10), async (socket) => {
        await write(socket, hello(accept));
        return write(socket, packet);
      });
    },
  };
}

export const ATTACKS: readonly Attack[] = [
  {
    name: 'unfinished packets of 4 MiB',
    run: (port, { sockets }) => {
      const packet = request(new Uint8Array(MAX - 100).fill(0x20));
      return withSockets(port, sockets, async (socket) => {
        await write(socket, JSON_HELLO);
        return write(socket, packet.subarray(0, -1));
      });
    },
  },
  {
    name: 'unfinished packets of 4 MiB, gzip',
    run: (port, { sockets }) => {
      const wire = gzipSync(request(new Uint8Array(MAX - 100)).subarray(0, -1));
      return withSockets(port, sockets, async (socket) => {
        await write(socket, hello('application/json', 'gzip'));
        return write(socket, wire);
      });
    },
  },
  {
    name: '64 MiB of pings in 65 kB of gzip',
    run: (port) => {
      const wire = gzipSync(new Uint8Array(67_108_864).fill(0x80));
      return withSockets(
        port,
        1,
        async (socket) => {
          await write(socket, hello('application/json', 'gzip'));
          return write(socket, wire);
        },
        2_000,
      );
    },
  },
  flood('flood of pings', Uint8Array.of(0x80)),
  flood('flood of requests', request(new TextEncoder().encode('{}'))),
  flood('flood of requests for nobody', request(new TextEncoder().encode('{}'), 0x9999)),
  flood('flood of events for nobody', encodePacket({ kind: 'notify', action: 0x9999 }, 'stream')),
  worst('empty maps, MessagePack', 'application/msgpack', () =>
    Uint8Array.from([0xdd, 0x00, 0x3f, 0xff, 0x00, ...new Uint8Array(0x3fff00).fill(0x80)]),
  ),
  worst('empty objects, JSON', 'application/json', () => new TextEncoder().encode(`[${'{},'.repeat(1_398_000)}{}]`)),
  worst('lists in lists, JSON', 'application/json', () => new TextEncoder().encode('['.repeat(MAX - 100))),
  {
    name: 'hung handlers of half-closed peers',
    run: (port, { sockets }) =>
      withSockets(port, sockets, async (socket) => {
        let sent = await write(socket, JSON_HELLO);
        const payload = new TextEncoder().encode('{}');
        for (let mid = 1; mid <= 200; mid++) sent += await write(socket, request(payload, HANG, mid));
        socket.end();
        return sent;
      }),
  },
  {
    name: 'readers that do not read',
    run: (port, { sockets }) => {
      const packet = request(new TextEncoder().encode(`"${'x'.repeat(100_000)}"`));
      return withSockets(port, Math.ceil(sockets / 4), async (socket) => {
        socket.pause();
        let sent = await write(socket, JSON_HELLO);
        for (let i = 0; i < 100 && !socket.destroyed && socket.writableLength < 1_000_000; i++) {
          socket.write(packet);
          sent += packet.length;
          await sleep(2);
        }
        return sent;
      });
    },
  },
  {
    name: 'silence from the first byte on',
    run: (port, { sockets }) => withSockets(port, sockets * 4, async () => 0),
  },
  {
    name: 'a byte at a time',
    run: (port, { sockets }) =>
      withSockets(port, sockets, async (socket) => {
        for (const byte of JSON_HELLO.subarray(0, 10)) {
          socket.write(Uint8Array.of(byte));
          await sleep(20);
        }
        return 10;
      }),
  },
  {
    name: 'connect and go',
    run: async (port, { sockets }) => {
      let sent = 0;
      for (let round = 0; round < 20; round++)
        sent += await withSockets(port, sockets, (socket) => write(socket, JSON_HELLO), 0);
      return sent;
    },
  },
];
