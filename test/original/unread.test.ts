// What the original's TCP reader can take: it breaks when more waits in its socket than that holds, however small the packets.
import { connectLink, createServer } from '@stmp/connection';
import { defineService, method } from '@stmp/contract';
import { encodeClientHandshake, encodePacket, encodeServerHandshake } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { afterEach, describe, expect, it } from 'vitest';
import { OURS, settle } from './peer.js';
import { originalSocket } from './reader.js';

const Blobs = defineService('blob.v1.Blobs', { put: method<string>({ action: 0x1101 }) });
const SAFE_BYTES = 65_536;

const JSON_HELLO = [['Accept', 'application/json']] as const;
const JSON_ANSWER = [['Content-Type', 'application/json']] as const;
const helloOf = (more: typeof OURS) =>
  encodeClientHandshake({ major: 1, minor: 0, header: [...JSON_HELLO, ...more], message: '' });
const answerOf = (more: typeof OURS) =>
  encodeServerHandshake({ status: 0, header: [...JSON_ANSWER, ...more], message: '' });

const open: (() => unknown)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server of ours, and a client of the original that has said hello. */
async function serve(safeUnreadBytes: number | undefined, more: typeof OURS = [], options: object = {}) {
  const socket = originalSocket(answerOf(more).length, safeUnreadBytes);
  const server = createServer<unknown, unknown>({ codecs: [jsonCodec()], maxQueuedBytes: 16_777_216, ...options });
  const far = server.serve(socket.link);
  open.push(() => far.abort());
  socket.say(helloOf(more));
  await socket.run();
  expect(far.isOpen).toBe(true);
  return { socket, server, far };
}

/** A client of ours, and a server of the original. */
async function connect(safeUnreadBytes: number | undefined, more: typeof OURS = []) {
  const socket = originalSocket(helloOf(OURS).length, safeUnreadBytes);
  socket.say(answerOf(more));
  const client = await connectLink(socket.link, { codecs: [jsonCodec()], maxQueuedBytes: 16_777_216 });
  open.push(() => client.connection?.abort());
  await socket.run();
  return { socket, client };
}

const letters = 'abcdefghij';
/** Payloads that tell where a byte is missing. */
const textOf = (bytes: number, i: number): string =>
  letters
    .slice(i % 10)
    .repeat(bytes)
    .slice(0, bytes);

const bursts: readonly (readonly [string, readonly number[]])[] = [
  ['64 of 3,000 bytes', Array(64).fill(3_000)],
  ['200 of 3,000 bytes', Array(200).fill(3_000)],
  ['2,000 of 300 bytes', Array(2_000).fill(300)],
  ['20 of 40,000 bytes', Array(20).fill(40_000)],
  ['8 of just the window', Array(8).fill(65_000)],
  ['large ones among small ones', [10, 60_000, 10, 10, 33_000, 100_000, 10, 40_000, 31_000, 2, 66_000, 5]],
];

describe.each(bursts)('in one turn, %s', (_, sizes) => {
  const texts = sizes.map(textOf);
  const received = (packets: readonly { readonly payload: Uint8Array }[]) =>
    packets.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as string);
  // A packet that is larger than the window goes alone: nothing else waits then.
  const most = Math.max(SAFE_BYTES, ...sizes.map((bytes) => bytes + 64));

  it('events reach a client of the original whole', async () => {
    const { socket, far } = await serve(SAFE_BYTES);
    for (const text of texts) expect(far.emit(Blobs).put(text)).toBe(true);
    await socket.run();
    expect(socket.shortReads).toBe(0);
    expect(received(socket.packets)).toEqual(texts);
    expect(socket.mostUnread).toBeLessThanOrEqual(most);
  });

  it('calls reach a server of the original whole', async () => {
    const { socket, client } = await connect(SAFE_BYTES);
    const calls = texts.map((text) => client.service(Blobs).put(text));
    await socket.run();
    await Promise.all(calls);
    expect(received(socket.packets)).toEqual(texts);
    expect(socket.mostUnread).toBeLessThanOrEqual(most);
  });

  it('are written at once to our own', async () => {
    const { socket, far } = await serve(SAFE_BYTES, OURS);
    for (const text of texts) far.emit(Blobs).put(text);
    await settle();
    expect(socket.mostUnread).toBeGreaterThan(sizes.reduce((sum, bytes) => sum + bytes));
  });
});

it('without that limit its reader breaks', async () => {
  const { socket, far } = await serve(undefined);
  for (let i = 0; i < 64; i++) far.emit(Blobs).put(textOf(3_000, i));
  await socket.run();
  expect(socket.shortReads).toBeGreaterThan(0);
});

describe('answers that wait for its reader do not keep us from reading', () => {
  const COUNT = 200;
  const PAYLOAD = Buffer.from(JSON.stringify('abc'.repeat(100)));
  const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  async function ask(requests: number, notifies: number, options: object) {
    const { socket, server, far } = await serve(SAFE_BYTES, [], { maxConcurrentHandlers: 1, ...options });
    let handled = 0;
    server.implement(Blobs, {
      put: (text: string) => {
        handled++;
        return text.slice(0, 3).repeat(1_000) as never;
      },
    });
    for (const mid of ids(requests))
      socket.say(encodePacket({ kind: 'request', mid, action: 0x1101, payload: PAYLOAD }, 'stream'));
    for (let i = 0; i < notifies; i++)
      socket.say(encodePacket({ kind: 'notify', action: 0x1101, payload: PAYLOAD }, 'stream'));
    await socket.run();
    expect(far.isOpen).toBe(true);
    // Each is answered, be it with TooManyRequests.
    expect(socket.packets.map(({ mid }) => mid).sort((one, other) => one - other)).toEqual(ids(requests));
    return { socket, server, handled };
  }

  it.each([{ maxInboxCount: 4 }, { maxInboxBytes: 1_000 }])(
    'with %j, requests beyond it are refused',
    async (limit) => {
      const { socket, server } = await ask(COUNT, 0, { ...limit, maxQueuedBytes: 20_000 });
      expect(server.counters().overloaded).toBeGreaterThan(0);
      expect(socket.mostUnread).toBeLessThanOrEqual(SAFE_BYTES);
    },
  );

  it('when notifies stop us from reading, answers leave without waiting', async () => {
    const { handled } = await ask(30, COUNT, { maxInboxBytes: 10_000, maxQueuedBytes: 20_000 });
    expect(handled).toBe(30 + COUNT);
  });
});

it('an orderly end comes behind all that waits', async () => {
  const { socket, far } = await serve(SAFE_BYTES);
  for (let i = 0; i < 100; i++) far.emit(Blobs).put(textOf(3_000, i));
  void far.close();
  await socket.run();
  expect(socket.packets.map(({ kind }) => kind)).toEqual([...Array(100).fill(3), 5]);
  expect(socket.shortReads).toBe(0);
});

it('a slow reader of the original is one like any other', async () => {
  const { socket, far } = await serve(SAFE_BYTES, [], { maxQueuedBytes: 100_000 });
  let sent = 0;
  while (far.isOpen && sent < 1_000) {
    far.emit(Blobs).put(textOf(3_000, sent++));
    await settle();
  }
  // It has read nothing: what it may hold unread, and what may wait here, and then it is gone.
  expect(sent).toBeLessThan((SAFE_BYTES + 100_000) / 3_000 + 3);
  expect(sent).toBeGreaterThan((SAFE_BYTES + 100_000) / 3_000 - 3);
  expect(socket.mostUnread).toBeLessThanOrEqual(SAFE_BYTES);
});

describe('a packet that is too large for its reader', () => {
  const warnings: string[] = [];
  const logger = { info() {}, error() {}, warn: (_: object, message = '') => void warnings.push(message) };
  afterEach(() => void warnings.splice(0));
  const emit = async (sizes: readonly number[], safeBytes: number | undefined, more: typeof OURS = []) => {
    const { socket, far } = await serve(safeBytes, more, { logger });
    for (const bytes of sizes) {
      far.emit(Blobs).put(textOf(bytes, 0));
      await (more === OURS ? settle() : socket.run());
    }
    return warnings;
  };

  it('is told to the logger, once for each connection', async () => {
    expect(await emit([100_000, 1, 200_000], SAFE_BYTES)).toHaveLength(1);
    expect(warnings[0]).toMatch(/^a packet of 1000\d\d bytes .* tls:, ws: or gzip$/);
    expect(await emit([70_000], SAFE_BYTES)).toHaveLength(2);
  });

  it('is none where all packets fit, where the path is safe, and towards our own', async () => {
    expect(await emit([65_000, 65_000, 30_000], SAFE_BYTES)).toEqual([]);
    expect(await emit([100_000], undefined)).toEqual([]);
    expect(await emit([100_000], SAFE_BYTES, OURS)).toEqual([]);
  });

  it('is no matter when the logger throws', async () => {
    const broken = {
      ...logger,
      warn: () => {
        throw new Error('full');
      },
    };
    const { socket, far } = await serve(SAFE_BYTES, [], { logger: broken });
    far.emit(Blobs).put(textOf(100_000, 0));
    await socket.run();
    expect(far.isOpen).toBe(true);
  });
});
