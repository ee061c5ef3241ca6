import type { StreamLink } from '@stmp/contract';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { type EmitOptions, prepareEvent } from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  soFar,
  testServer,
  world,
} from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

const HIGH_WATER = 1_000;
const TEXT = 'x'.repeat(80);
/** So many events with that text fit into the 2000 bytes that may wait. */
const FIT = 19;

/** A server's connection to a peer that has stopped reading, with its link full. */
async function stalled(options: object = {}) {
  const clock = new FakeClock();
  const server = testServer(clock, { maxQueuedBytes: 2_000, ...options });
  const [mine, theirs] = memoryPair({ highWaterBytes: HIGH_WATER });
  server.serve(theirs);
  const peer = rawPeer(mine, 'client');
  await settle();
  const [connection] = server.connections;
  mine.pause();
  // Fills the link: these count as delivered.
  let filler = 0;
  while (theirs.queuedBytes <= HIGH_WATER) {
    connection!.emit(LifeEvents).tick({ n: -++filler, text: TEXT });
    await settle();
  }
  return {
    clock,
    server,
    peer,
    connection: connection!,
    /** Numbers of the events that came after those that filled the link. */
    async arrived(): Promise<number[]> {
      mine.resume();
      await settle();
      await settle();
      return numbers(peer).filter((n) => n >= 0);
    },
    async end(): Promise<void> {
      const closed = server.close();
      await clock.advance(10_000);
      await closed;
      expect(clock.timers).toBe(0);
    },
  };
}

const numbers = (peer: RawPeer): number[] =>
  peer.packets.filter(({ kind }) => kind === 'notify').map(({ text }) => (JSON.parse(text) as { n: number }).n);

describe('a slow reader', () => {
  const rows: [policy: EmitOptions['policy'], sent: number, arrived: (all: number[]) => number[]][] = [
    ['drop-newest', FIT, (all) => all.slice(0, FIT)],
    ['drop-oldest', 20, (all) => all.slice(-FIT)],
    ['latest-by-key', 20, (all) => all.slice(-1)],
  ];
  it.each(rows)('%s', async (policy, sent, expected) => {
    const s = await stalled();
    const all = Array.from({ length: 20 }, (_, n) => n);
    const results = all.map((n) => s.connection.emit(LifeEvents, { policy }).tick({ n, text: TEXT }));
    expect(results.filter(Boolean)).toHaveLength(sent);
    expect(s.connection.bufferedBytes).toBeGreaterThan(HIGH_WATER);
    expect(s.connection.bufferedBytes).toBeLessThanOrEqual(HIGH_WATER + 200 + 2_000);
    // Those refused, and those taken out again to make room.
    expect(s.server.counters().eventsDropped).toBe(20 - expected(all).length);
    expect(await s.arrived()).toEqual(expected(all));
    expect(s.connection.isOpen).toBe(true);
    await s.end();
  });

  it('latest-by-key keeps one event per key, at any length of the queue', async () => {
    const s = await stalled();
    for (let n = 0; n < 9; n++)
      s.connection.emit(LifeEvents, { policy: 'latest-by-key', key: `k${n % 3}` }).tick({ n });
    s.connection.emit(LifeEvents, { policy: 'drop-newest' }).tick({ n: 100 });
    expect(await s.arrived()).toEqual([6, 7, 8, 100]);
    await s.end();
  });

  it('latest-by-key tells events of different methods apart', async () => {
    const s = await stalled();
    const options = { policy: 'latest-by-key' } as const;
    for (let n = 0; n < 6; n++) s.connection.emit(LifeEvents, options)[n % 2 ? 'tick' : 'tock']({ n });
    expect(await s.arrived()).toEqual([4, 5]);
    await s.end();
  });

  it('latest-by-key takes prepared events for the same key', async () => {
    const s = await stalled();
    const options = { policy: 'latest-by-key' } as const;
    const method = LifeEvents.methods.tick;
    s.connection.emit(LifeEvents, options).tick({ n: 1 });
    s.connection.sendPrepared(prepareEvent(method, { n: 2 }, undefined, LifeEvents.typeName), options);
    expect(await s.arrived()).toEqual([2]);
    await s.end();
  });

  it('drop-oldest drops only what may be dropped', async () => {
    const s = await stalled();
    for (let n = 0; n < 9; n++) s.connection.emit(LifeEvents, { policy: 'drop-newest' }).tick({ n, text: TEXT });
    for (let n = 9; n < 30; n++) s.connection.emit(LifeEvents, { policy: 'drop-oldest' }).tick({ n, text: TEXT });
    expect(await s.arrived()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    await s.end();
  });

  it('drop-oldest drops the oldest of very many', async () => {
    const s = await stalled({ maxQueuedBytes: 200_000 });
    const count = 20_000;
    for (let n = 0; n < count; n++) s.connection.emit(LifeEvents, { policy: 'drop-oldest' }).tick({ n });
    const arrived = await s.arrived();
    expect(arrived.length).toBeGreaterThan(5_000);
    expect(arrived).toEqual(Array.from({ length: arrived.length }, (_, i) => count - arrived.length + i));
    await s.end();
  });

  it('disconnect is the default, and says TooManyRequests', async () => {
    const s = await stalled();
    let sent = 0;
    while (s.connection.emit(LifeEvents).tick({ n: sent, text: TEXT })) sent++;
    expect(sent).toBe(FIT);
    expect(s.server.connections.size).toBe(0);
    expect(await s.arrived()).toEqual([]);
    // What waited is dropped, what the link had is delivered, then the reason.
    expect(s.peer.packets.at(-1)).toMatchObject({ kind: 'close', status: 0x25 });
    await s.end();
  });

  it('wait holds the sender back, and keeps the order', async () => {
    const s = await stalled();
    const sender = s.connection.emit(LifeEvents, { policy: 'wait' });
    const order: number[] = [];
    const sends = Array.from({ length: 40 }, (_, n) =>
      // A large one in the middle: the small ones behind it may not overtake.
      sender.tick({ n, text: n === 20 ? 'x'.repeat(1_500) : TEXT }).then((sent) => {
        order.push(n);
        return sent;
      }),
    );
    await settle();
    expect(order.length).toBe(FIT);
    expect(s.connection.bufferedBytes).toBeLessThanOrEqual(HIGH_WATER + 200 + 2_000);
    expect(await s.arrived()).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(await Promise.all(sends)).toEqual(Array(40).fill(true));
    await s.end();
  });

  it('wait lets no small event overtake a large one', async () => {
    const s = await stalled();
    const sender = s.connection.emit(LifeEvents, { policy: 'wait' });
    const sends = Array.from({ length: 12 }, (_, n) => sender.tick({ n, text: n === 10 ? 'x'.repeat(1_500) : TEXT }));
    await settle();
    expect(await s.arrived()).toEqual(Array.from({ length: 12 }, (_, n) => n));
    expect(await Promise.all(sends)).toEqual(Array(12).fill(true));
    await s.end();
  });

  it('wait ends with false when the connection does', async () => {
    const s = await stalled();
    const sender = s.connection.emit(LifeEvents, { policy: 'wait' });
    const sends = Array.from({ length: 40 }, (_, n) => sender.tick({ n, text: TEXT }));
    await settle();
    s.connection.abort();
    const results = await Promise.all(sends);
    expect(results).toEqual(Array.from({ length: 40 }, (_, n) => n < FIT));
    await s.end();
  });

  it('has policies by method, under those of a single emit', async () => {
    const s = await stalled({
      slowReader: 'drop-newest',
      methodPolicies: { 'test.LifeEvents.Tick': 'latest-by-key' },
    });
    for (let n = 0; n < 5; n++) {
      s.connection.emit(LifeEvents).tick({ n });
      s.connection.emit(LifeEvents).tock({ n: n + 100 });
    }
    s.connection.emit(LifeEvents, { policy: 'drop-newest' }).tick({ n: 5 });
    expect(await s.arrived()).toEqual([100, 101, 102, 103, 4, 104, 5]);
    await s.end();
  });

  it('is told pings first, and calls of the server wait behind events', async () => {
    const s = await stalled({ keepalive: { pingIntervalMs: 1_000, idleTimeoutMs: 0 } });
    s.connection.emit(LifeEvents, { policy: 'drop-newest' }).tick({ n: 1 });
    const call = outcome(s.connection.service(LifeService).echo({ n: 2 }));
    await s.clock.advance(1_000);
    await s.arrived();
    const rest = s.peer.packets.slice(s.peer.packets.findIndex(({ kind }) => kind === 'ping'));
    expect(rest.map(({ kind }) => kind)).toEqual(['ping', 'notify', 'request']);
    await s.end();
    expect(await call).toBe('connection_closed 41');
  });

  it('fails further calls, and not those that wait', async () => {
    const s = await stalled();
    for (let n = 0; n < FIT; n++) s.connection.emit(LifeEvents).tick({ n, text: TEXT });
    const large = { n: 1, text: 'x'.repeat(200) };
    const first = outcome(s.connection.service(LifeService).echo(large));
    const second = outcome(s.connection.service(LifeService).echo(large));
    expect([await soFar(first), await soFar(second)]).toEqual(['pending', 'too_many_calls']);
    expect(s.connection.isOpen).toBe(true);
    await s.end();
  });
});

describe('one turn', () => {
  it('is bounded too: the policy acts within it', async () => {
    const clock = new FakeClock();
    const server = testServer(clock);
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    const [connection] = server.connections;
    mine.pause();
    const text = 'x'.repeat(10_000);
    let sent = 0;
    let most = 0;
    for (let n = 0; n < 1_000; n++) {
      if (connection!.emit(LifeEvents, { policy: 'drop-newest' }).tick({ n, text })) sent++;
      most = Math.max(most, connection!.bufferedBytes);
    }
    // 256 KiB of one write, and the mebibyte that may wait.
    expect(most).toBeLessThan(1_400_000);
    expect(sent).toBeGreaterThan(100);
    mine.resume();
    await settle();
    expect(numbers(peer)).toEqual(Array.from({ length: sent }, (_, n) => n));
    const closed = server.close();
    await clock.advance(10_000);
    await closed;
  });

  it('of answers is bounded: handlers start when there is room', async () => {
    const w = world({ server: { maxQueuedBytes: 100_000 }, link: { highWaterBytes: 1_000 } });
    let started = 0;
    w.server.implement(LifeService, {
      echo: ({ n }) => {
        started++;
        return { n, text: 'x'.repeat(50_000) };
      },
      work: (input) => input,
    });
    const connection = await w.ready();
    w.dialer.links[0]!.pause();
    const calls = Array.from({ length: 200 }, (_, n) => w.client.service(LifeService).echo({ n }));
    await settle();
    expect(started).toBeLessThan(10);
    expect(connection.bufferedBytes).toBeLessThan(400_000);
    w.dialer.links[0]!.resume();
    expect((await Promise.all(calls)).map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(started).toBe(200);
    await w.end();
  });
});

describe('drained', () => {
  it('resolves when nothing waits here any more', async () => {
    const s = await stalled();
    for (let n = 0; n < 10; n++) s.connection.emit(LifeEvents).tick({ n, text: TEXT });
    let done = false;
    const drained = s.connection.drained().then(() => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    await s.arrived();
    await drained;
    expect(s.connection.bufferedBytes).toBe(0);
    await s.end();
  });

  it('rejects when the connection ends first', async () => {
    const s = await stalled();
    s.connection.emit(LifeEvents).tick({ n: 1 });
    const drained = outcome(s.connection.drained());
    s.connection.abort();
    expect(await drained).toBe('connection_closed 02');
    expect(await outcome(s.connection.drained())).toBe('connection_closed 02');
    await s.end();
  });

  it('resolves at once for a connection that is idle', async () => {
    const w = world();
    const connection = await w.ready();
    await connection.drained();
    await w.end();
  });
});

describe('one stalled reader among many', () => {
  it('costs the others nothing, and the server a bounded amount', async () => {
    const clock = new FakeClock();
    const server = testServer(clock, { slowReader: 'drop-newest', maxQueuedBytes: 10_000 });
    const peers: RawPeer[] = [];
    for (let i = 0; i < 1_000; i++) {
      const [mine, theirs] = memoryPair({ highWaterBytes: HIGH_WATER });
      server.serve(theirs);
      peers.push(rawPeer(mine as StreamLink, 'client'));
    }
    await settle();
    peers[500]!.link.pause();
    const event = (n: number) => prepareEvent(LifeEvents.methods.tick, { n, text: TEXT });
    for (let n = 0; n < 200; n++) {
      const prepared = event(n);
      for (const connection of server.connections) connection.sendPrepared(prepared);
      await settle();
    }
    const counts = peers.map((peer) => numbers(peer).length);
    expect(counts.filter((count) => count === 200)).toHaveLength(999);
    expect(counts[500]).toBe(0);
    const buffered = [...server.connections].map(({ bufferedBytes }) => bufferedBytes);
    expect(buffered.filter((bytes) => bytes > 0)).toHaveLength(1);
    expect(buffered[500]).toBeLessThan(10_000 + HIGH_WATER + 300);
    peers[500]!.link.resume();
    await settle();
    expect(numbers(peers[500]!).length).toBeGreaterThan(90);
    const closed = server.close();
    await clock.advance(10_000);
    await closed;
  });
});

describe('a link that stays full', () => {
  it('does not stop the other direction', async () => {
    const w = world({ link: { highWaterBytes: HIGH_WATER }, server: { slowReader: 'drop-newest' } });
    const work = implementLife(w.server);
    const connection = await w.ready();
    w.dialer.links[0]!.pause();
    for (let n = 0; n < 50; n++) {
      connection.emit(LifeEvents).tick({ n, text: TEXT });
      await settle();
    }
    const call = w.client.service(LifeService).work({ n: 1 });
    await settle();
    expect(work).toHaveLength(1);
    work[0]!.done();
    w.dialer.links[0]!.resume();
    expect(await call).toEqual({ n: 1 });
    await w.end();
  });
});
