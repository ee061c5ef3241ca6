import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, defineService, jsonCodec, method, Status } from 'stmp';
import { afterEach, expect, it } from 'vitest';

const Bulk = defineService('test.BulkEvents', { data: method<{ text: string }>() });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A line towards the client that carries so many bytes in a second, and loses nothing. */
async function thinLine(serverPort: number, bytesPerSecond: number): Promise<number> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  let client: RemoteInfo | undefined;
  let freeAtMs = 0;
  front.on('message', (bytes, from) => {
    client = from;
    back.send(bytes, serverPort, '127.0.0.1');
  });
  back.on('message', (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(nowMs, freeAtMs) + (bytes.length / bytesPerSecond) * 1_000;
    setTimeout(() => client && front.send(bytes, client.port, client.address), freeAtMs - nowMs);
  });
  for (const socket of [front, back]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  cleanups.push(() => {
    // What is on the way may still want to be sent.
    front.send = back.send = () => {};
    front.close();
    back.close();
  });
  return front.address().port;
}

/** @param bytesPerSecond of the line between; without it there is none. */
async function bench(bytesPerSecond?: number) {
  const server = createServer({ codecs: [jsonCodec()] });
  const { address } = await server.listen('kcp://127.0.0.1:0');
  const own = Number(new URL(address).port);
  const port = bytesPerSecond === undefined ? own : await thinLine(own, bytesPerSecond);
  const client = await connect(`kcp://127.0.0.1:${port}`, { reconnect: false, codecs: [jsonCodec()] });
  cleanups.push(() => client.close());
  cleanups.push(() => server.close());
  const [connection] = [...server.connections];
  return { client, connection: connection! };
}

it('a client on a slow line that is cut hears why as soon as what has begun to leave is there', async () => {
  const { client, connection } = await bench(200_000);
  const text = 'x'.repeat(400_000);
  const emit = connection.emit(Bulk);
  let sent = 0;
  while (connection.isOpen && sent < 20) {
    emit.data({ text });
    sent++;
  }
  expect((await connection.closed).status).toBe(Status.TooManyRequests);
  const startMs = performance.now();
  const end = await client.closed;
  expect(end.status).toBe(Status.TooManyRequests);
  // Two seconds for the event that is on its way; the others, ten times as much, are dropped.
  expect(performance.now() - startMs).toBeLessThan(8_000);
});

it.each([
  [1_100, 1_000],
  [12, 100_000],
  [3, 600_000],
])('a burst of %i events of %i bytes in one turn reaches a client that reads', async (count, bytes) => {
  const { client, connection } = await bench();
  let heard = 0;
  const all = new Promise<void>((resolve) => {
    client.on(Bulk, { data: () => void (++heard === count && resolve()) });
  });
  const text = 'x'.repeat(bytes);
  const emit = connection.emit(Bulk);
  const sent = Array.from({ length: count }, () => emit.data({ text }));
  expect(sent).not.toContain(false);
  await all;
  expect(connection.isOpen).toBe(true);
});
