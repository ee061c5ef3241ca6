import type { Compression } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import type { ServerOptions } from '../../src/index.js';
import { FakeClock, implementLife, LifeEvents, LifeService, settle, testServer } from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

const WORK = LifeService.methods.work.action;
const body = (size: number): Uint8Array => new TextEncoder().encode(JSON.stringify({ n: 1, text: 'x'.repeat(size) }));
const request = (mid: number, size: number): Uint8Array =>
  encodePacket({ kind: 'request', mid, action: WORK, payload: body(size) }, 'stream');

function bench(options: Partial<ServerOptions<unknown, unknown>>, clock = new FakeClock()) {
  const server = testServer(clock, options);
  const work = implementLife(server);
  return {
    server,
    work,
    clock,
    async connect(header?: [string, string][]): Promise<RawPeer> {
      const [mine, theirs] = memoryPair({ highWaterBytes: 1_000 });
      server.serve(theirs);
      const peer = rawPeer(mine, 'client', header);
      await settle();
      return peer;
    },
    async end() {
      const closed = server.close();
      await clock.advance(60_000);
      await closed;
      expect(clock.timers).toBe(0);
    },
  };
}

const closeOf = (peer: RawPeer): number | undefined => peer.packets.find(({ kind }) => kind === 'close')?.status;

describe('what all connections hold together', () => {
  it('in unfinished packets is bounded: the oldest go first', async () => {
    const b = bench({ maxBufferedBytes: 100_000 });
    const peers: RawPeer[] = [];
    for (let i = 0; i < 8; i++) {
      const peer = await b.connect();
      peer.send(request(1, 50_000).subarray(0, 20_000));
      await settle();
      peers.push(peer);
    }
    expect(peers.map(closeOf)).toEqual([...Array(6).fill(0x25), undefined, undefined]);
    // What the others have begun, they can finish.
    peers[7]!.send(request(1, 50_000).subarray(20_000));
    await settle();
    expect(b.work).toHaveLength(1);
    b.work[0]!.done();
    await settle();
    expect(peers[7]!.packets).toMatchObject([{ mid: 1, status: 0 }]);
    await b.end();
  });

  it('for readers that do not read is bounded: those that hold most go', async () => {
    const b = bench({ maxBufferedBytes: 100_000 });
    const peers = [await b.connect(), await b.connect(), await b.connect()];
    const connections = [...b.server.connections];
    for (const peer of peers) peer.link.pause();
    const emit = (at: number, size: number): unknown =>
      connections[at]!.emit(LifeEvents).tick({ n: 1, text: 'x'.repeat(size) });
    for (let i = 0; i < 12; i++) {
      for (let at = 0; at < 3; at++) emit(at, at === 1 ? 6_000 : 2_000);
      await settle();
    }
    expect(connections.map(({ isOpen }) => isOpen)).toEqual([true, false, true]);
    await b.end();
  });

  it('in inboxes is bounded', async () => {
    const b = bench({ maxBufferedBytes: 100_000, maxConcurrentHandlers: 1 });
    const peers: RawPeer[] = [];
    for (let i = 0; i < 4; i++) {
      const peer = await b.connect();
      for (let mid = 1; mid <= 4; mid++) peer.send(request(mid, 10_000));
      await settle();
      peers.push(peer);
    }
    expect(peers.filter((peer) => closeOf(peer) === 0x25).length).toBeGreaterThan(0);
    expect(b.server.connections.size).toBeGreaterThan(1);
    await b.end();
  });

  it('when it is inflated counts as it is then', async () => {
    // Each byte stands for a thousand.
    const thousandfold: Compression = {
      encoding: 'x1000',
      createCompressor: () => ({ add() {}, flush: () => new Uint8Array(0), close() {} }),
      createDecompressor: () => {
        let input: Uint8Array | undefined;
        return {
          push: (bytes) => {
            input = bytes;
          },
          pull: () => {
            const bytes = input;
            input = undefined;
            if (bytes === undefined) return undefined;
            const out = new Uint8Array(bytes.length * 1_000);
            for (const [at, byte] of bytes.entries()) out.fill(byte, at * 1_000, (at + 1) * 1_000);
            out.set(request(1, 1_000_000).subarray(0, 20));
            return out;
          },
          close() {},
        };
      },
    };
    const b = bench({ maxBufferedBytes: 500_000, compressions: [thousandfold] });
    let ended = 0;
    b.server.onConnection((connection) => void connection.onClose(() => ended++));
    for (let i = 0; i < 6; i++) {
      const peer = await b.connect([
        ['Accept', 'application/json'],
        ['Accept-Encoding', 'x1000'],
      ]);
      peer.send(new Uint8Array(100).fill(0x78));
      await settle();
    }
    expect(ended).toBeGreaterThanOrEqual(2);
    expect(b.server.connections.size).toBeGreaterThanOrEqual(2);
    await b.end();
  });

  it('is let go when it is done: nothing is counted for ever', async () => {
    const b = bench({ maxBufferedBytes: 60_000 });
    for (let i = 0; i < 20; i++) {
      const peer = await b.connect();
      peer.send(request(1, 40_000).subarray(0, 20_000));
      await settle();
      if (i % 2 === 0) peer.send(request(1, 40_000).subarray(20_000));
      else void peer.link.close();
      await settle();
      for (const one of b.work.splice(0)) one.done();
      await settle();
      expect(closeOf(peer)).toBeUndefined();
    }
    await b.end();
  });
});

describe('an unfinished packet', () => {
  it.each<[name: string, options: object, everyMs: number, bytes: number, endsMs: number | undefined]>([
    ['has half a minute', {}, 0, 0, 30_000],
    ['has the time of the option', { packetTimeoutMs: 2_000 }, 0, 0, 2_000],
    ['has no end when that is 0', { packetTimeoutMs: 0, keepalive: { idleTimeoutMs: 0 } }, 0, 0, undefined],
    ['is not kept alive by a byte at a time', {}, 1_000, 1, 31_000],
    ['has all the time it needs when it comes on', {}, 1_000, 16_000, undefined],
  ])('%s', async (_name, options, everyMs, bytes, endsMs) => {
    const b = bench(options);
    const peer = await b.connect();
    const all = request(1, 2_000_000);
    let at = 5;
    peer.send(all.subarray(0, at));
    await settle();
    for (let ms = 0; ms < 100_000; ms += 1_000) {
      await b.clock.advance(1_000);
      if (b.server.connections.size === 0) {
        expect(b.clock.now).toBe(endsMs);
        break;
      }
      if (everyMs > 0) {
        peer.send(all.subarray(at, at + bytes));
        at += bytes;
        await settle();
      }
    }
    await settle();
    expect(peer.closed).toBe(endsMs !== undefined);
    if (endsMs !== undefined) expect(closeOf(peer)).toBe(0x02);
    await b.end();
  });

  it('is not judged while it is we who do not read', async () => {
    const b = bench({ maxConcurrentHandlers: 1, maxInboxCount: 2, handlerTimeoutMs: 0, packetTimeoutMs: 2_000 });
    const peer = await b.connect();
    for (let mid = 1; mid <= 4; mid++) peer.send(request(mid, 10));
    const last = request(5, 1_000);
    peer.send(last.subarray(0, 500));
    await settle();
    await b.clock.advance(10_000);
    expect(b.server.connections.size).toBe(1);
    for (let i = 0; i < 5; i++) {
      b.work[i]?.done();
      await settle();
    }
    peer.send(last.subarray(500));
    await settle();
    b.work[4]?.done();
    await settle();
    expect(peer.packets.filter(({ kind }) => kind === 'response').length).toBe(5);
    await b.end();
  });
});
