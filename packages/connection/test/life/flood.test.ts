// More comes than handlers can take: nothing is lost without a word, and nothing stands still for ever.
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import type { ConnectionEnd, DroppedEvent } from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  soFar,
  testServer,
  type World,
  type WorldOptions,
  world,
} from './harness.js';
import { rawPeer } from './raw-peer.js';

const KINDS = ['stream', 'message'] as const;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const bytesOf = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const event = (n: number): Uint8Array =>
  encodePacket({ kind: 'notify', action: LifeEvents.methods.tick.action, payload: bytesOf({ n }) }, 'stream');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** As {@link world}; the client cannot stop what comes, as in pages. */
function unstoppable(options: WorldOptions): World {
  const w = world(options);
  const { fate } = w.dialer;
  w.dialer.fate = (link) => {
    Object.defineProperty(w.dialer.links.at(-1)!, 'canPause', { value: false });
    (fate as typeof w.server).serve(link);
  };
  return w;
}

/** Collects the numbers of events, each after `work`. */
function collect(w: World, work: () => Promise<void>): number[] {
  const seen: number[] = [];
  w.client.on(LifeEvents, {
    tick: async ({ n }) => {
      await work();
      seen.push(n);
    },
  });
  return seen;
}

async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000 && !done(); turns++) await turn();
}

describe.each(KINDS)('over a %s link', (kind) => {
  describe.each([
    ['no call pending', false],
    ['a call pending', true],
  ])('with %s', (_name, pending) => {
    it('all events of one turn arrive at a listener that is async', async () => {
      for (const make of [world, unstoppable]) {
        const w = make({ link: { kind } });
        implementLife(w.server);
        const connection = await w.ready();
        const call = pending ? outcome(w.client.service(LifeService).work({ n: 1 })) : undefined;
        const seen = collect(w, async () => {});
        for (const n of upTo(3_000)) expect(connection.emit(LifeEvents).tick({ n })).toBe(true);
        await until(() => seen.length === 3_000);
        expect(seen).toEqual(upTo(3_000));
        expect(w.client.counters().overloaded).toBe(0);
        await w.end();
        if (call !== undefined) expect(await call).toBe('connection_closed 02');
      }
    });

    it('all that a loop sends as room allows arrive at a slow listener', async () => {
      const w = world({
        link: { kind, highWaterBytes: 1_000 },
        client: { maxInboxBytes: 20_000 },
        server: { maxQueuedBytes: 5_000 },
      });
      implementLife(w.server);
      const connection = await w.ready();
      const call = pending ? outcome(w.client.service(LifeService).work({ n: 1 })) : undefined;
      const seen = collect(w, turn);
      const sender = connection.emit(LifeEvents, { policy: 'wait' });
      for (const n of upTo(3_000)) expect(await sender.tick({ n })).toBe(true);
      await until(() => seen.length === 3_000);
      expect(seen).toEqual(upTo(3_000));
      await w.end();
      if (call !== undefined) expect(await call).toBe('connection_closed 02');
    });

    it('reading stops, and the peer feels it', async () => {
      const w = world({ link: { kind, highWaterBytes: 1_000 }, client: { maxInboxBytes: 5_000 } });
      implementLife(w.server);
      const connection = await w.ready();
      const call = pending ? outcome(w.client.service(LifeService).work({ n: 1 })) : undefined;
      w.client.on(LifeEvents, { tick: () => new Promise(() => {}) });
      // What one read brings may pass the limit on the way to the answer.
      for (const n of upTo(3_000)) {
        connection.emit(LifeEvents).tick({ n, text: 'x'.repeat(50) });
        if (n % 50 === 0) await turn();
      }
      await settle();
      expect(connection.bufferedBytes).toBeGreaterThan(50_000);
      expect(w.client.counters().overloaded).toBe(0);
      expect(w.client.connection!.isOpen).toBe(true);
      await w.end();
      if (call !== undefined) expect(await call).toBe('connection_closed 02');
    });
  });
});

it('an answer among the bytes read passes events that wait for a handler', async () => {
  const w = world({ client: { maxInboxBytes: 1_000 } });
  w.server.implement(LifeService, {
    echo: (input, { connection }) => {
      for (const n of upTo(200)) connection.emit(LifeEvents).tick({ n });
      return input;
    },
    work: (input) => input,
  });
  await w.ready();
  let running = 0;
  w.client.on(LifeEvents, {
    tick: () => {
      running++;
      return new Promise(() => {});
    },
  });
  expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
  expect(running).toBe(64);
  expect(w.client.counters().overloaded).toBe(0);
  await w.end();
});

describe('limits of the inbox', () => {
  it('events do not count as requests', async () => {
    const w = world({ client: { maxConcurrentHandlers: 1, maxInboxCount: 2 } });
    const connection = await w.ready();
    const go: (() => void)[] = [];
    w.client.on(LifeEvents, { tick: () => new Promise<void>((resolve) => go.push(resolve)) });
    w.client.implement(LifeService, { echo: (input) => input, work: (input) => input });
    for (const n of upTo(500)) connection.emit(LifeEvents).tick({ n });
    const call = connection.service(LifeService).echo({ n: 7 });
    for (let done = 0; done < 500; done++) {
      await turn();
      go.shift()!();
    }
    expect(await call).toEqual({ n: 7 });
    expect(w.client.counters().overloaded).toBe(0);
    await w.end();
  });

  it('empty events are bounded too', async () => {
    const w = world({ link: { highWaterBytes: 100 }, client: { maxConcurrentHandlers: 1, maxInboxBytes: 1_000 } });
    const connection = await w.ready();
    w.client.on(LifeEvents, { tick: () => new Promise(() => {}) });
    for (let n = 0; n < 1_000; n++) {
      connection.emit(LifeEvents).tick(undefined as never);
      if (n % 10 === 0) await turn();
    }
    expect(w.client.counters().notifiesIn).toBeLessThan(50);
    await w.end();
  });
});

describe('where reading cannot stop', () => {
  /** Events that fill the inbox: one runs, the others wait. */
  async function flooded(options: Partial<WorldOptions['client']> = {}) {
    const ends: ConnectionEnd[] = [];
    const dropped: DroppedEvent[] = [];
    const hooks = { onEventDropped: (event: DroppedEvent) => void dropped.push(event) };
    const w = unstoppable({
      client: { maxConcurrentHandlers: 1, maxInboxBytes: 1_000, reconnect: false, hooks, ...options },
    });
    const connection = await w.ready();
    connection.onClose((end) => void ends.push(end));
    const go: (() => void)[] = [];
    const seen: number[] = [];
    w.client.on(LifeEvents, {
      tick: ({ n }) => {
        seen.push(n);
        return new Promise<void>((resolve) => go.push(resolve));
      },
    });
    return { w, connection, ends, dropped, seen, go };
  }

  it('events above maxInboxBytes end the connection with TooManyRequests, and the text names the limit', async () => {
    const { w, connection, ends, dropped } = await flooded();
    for (const n of upTo(100)) connection.emit(LifeEvents).tick({ n });
    await settle();
    expect(ends.map(({ status, origin }) => [status, origin])).toEqual([[0x25, 'peer']]);
    const { state } = w.client;
    expect(state.name === 'closed' && state.reason.message).toBe(
      'more than 1000 bytes of events wait for handlers (maxInboxBytes)',
    );
    expect(dropped).toEqual([]);
    await w.end();
  });

  it("with inboxOverflow: 'drop' each is told to the hook, and the others arrive", async () => {
    const { w, connection, dropped, seen, go } = await flooded({ inboxOverflow: 'drop' });
    for (const n of upTo(100)) connection.emit(LifeEvents).tick({ n });
    await settle();
    expect(dropped.length).toBeGreaterThan(50);
    expect(dropped[0]).toMatchObject({ name: 'test.LifeEvents.Tick', reason: 'inbox' });
    expect(dropped[0]!.connection).toBe(w.client.connection);
    expect(w.client.counters().overloaded).toBe(dropped.length);
    while (seen.length < 100 - dropped.length || go.length > 0) {
      go.shift()!();
      await turn();
    }
    expect(seen).toEqual(upTo(100 - dropped.length));
    // There is room again.
    connection.emit(LifeEvents).tick({ n: 1_000 });
    await settle();
    expect(seen.at(-1)).toBe(1_000);
    await w.end();
  });

  it('listeners that end within the turn are no backlog', async () => {
    const w = unstoppable({ client: { maxConcurrentHandlers: 1, maxInboxBytes: 200 } });
    const connection = await w.ready();
    const seen = collect(w, async () => {
      for (let layer = 0; layer < 20; layer++) await undefined;
    });
    for (const n of upTo(500)) connection.emit(LifeEvents).tick({ n });
    await until(() => seen.length === 500);
    expect(seen).toEqual(upTo(500));
    await w.end();
  });

  it('inboxOverflow is close or drop', () => {
    expect(() => world({ client: { inboxOverflow: 'wait' as never } })).toThrow(TypeError);
    expect(() => world({ client: { stallTimeoutMs: -1 } })).toThrow(RangeError);
  });
});

describe('events that are handed to nobody are told to the hook', () => {
  it('above a rate, and while the server is leaving', async () => {
    const clock = new FakeClock();
    const dropped: string[] = [];
    const server = testServer(clock, {
      rates: { callsPerSecond: 2 },
      hooks: { onEventDropped: ({ name, reason }) => void dropped.push(`${name} ${reason}`) },
    });
    const work = implementLife(server);
    server.on(LifeEvents, { tick: () => {} });
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    peer.send(event(1), event(2), event(3));
    await settle();
    expect(dropped).toEqual(['test.LifeEvents.Tick rate']);
    await clock.advance(2_000);
    const { action } = LifeService.methods.work;
    peer.send(encodePacket({ kind: 'request', mid: 1, action, payload: bytesOf({ n: 1 }) }, 'stream'));
    await settle();
    const drained = server.drain({ withinMs: 100, graceMs: 10_000 });
    await clock.advance(200);
    peer.send(event(4));
    await settle();
    expect(dropped.slice(1)).toEqual(['test.LifeEvents.Tick leaving']);
    work[0]!.done();
    await clock.advance(60_000);
    await drained;
  });
});

describe('two sides that wait for each other', () => {
  const each = async (w: World, from: 'server' | 'client', count: number): Promise<void> => {
    const sender = from === 'server' ? w.connections[0]! : w.client;
    for (const n of upTo(count)) sender.emit(LifeEvents).tick({ n });
  };

  it('by calls inside listeners: the calls end with TooManyRequests, and all events were handed out', async () => {
    const w = world();
    const ends: string[] = [];
    let handled = 0;
    implementLife(w.server);
    w.client.implement(LifeService, { echo: (input) => input, work: (input) => input });
    w.server.on(LifeEvents, {
      tick: async (input, { connection }) => {
        handled++;
        ends.push(await outcome(connection.service(LifeService).echo(input)));
      },
    });
    w.client.on(LifeEvents, {
      tick: async (input) => {
        handled++;
        ends.push(await outcome(w.client.service(LifeService).echo(input)));
      },
    });
    await w.ready();
    await Promise.all([each(w, 'server', 1_000), each(w, 'client', 1_000)]);
    await settle();
    expect(ends).toEqual([]);
    await w.clock.advance(4_000);
    await until(() => ends.length === 2_000);
    expect(handled).toBe(2_000);
    expect(ends).toHaveLength(2_000);
    expect(new Set(ends)).toEqual(new Set(['ok', 'status 25']));
    await w.end();
  });

  it('by events that wait for room: all arrive while they fit', async () => {
    const w = world({
      link: { highWaterBytes: 1_000 },
      client: { maxQueuedBytes: 2_000 },
      server: { maxQueuedBytes: 2_000 },
    });
    let heard = 0;
    w.server.on(LifeEvents, {
      tick: async (input, { connection }) => void (await connection.emit(LifeEvents, { policy: 'wait' }).tock(input)),
      tock: () => void heard++,
    });
    w.client.on(LifeEvents, {
      tick: async (input) => void (await w.client.emit(LifeEvents, { policy: 'wait' }).tock(input)),
      tock: () => void heard++,
    });
    await w.ready();
    const sides = [w.connections[0]!, w.client].map(async (side) => {
      for (const n of upTo(1_500)) await side.emit(LifeEvents, { policy: 'wait' }).tick({ n });
    });
    await Promise.all(sides);
    await until(() => heard === 3_000);
    expect(heard).toBe(3_000);
    await w.end();
  });

  it.each(['calls', 'events that wait for room'])(
    'beyond all limits, by %s: it ends, and never hangs',
    async (what) => {
      const limits = { maxQueuedBytes: 2_000, maxInboxBytes: 2_000, maxInboxCount: 4, maxConcurrentHandlers: 2 };
      const w = world({
        link: { highWaterBytes: 1_000 },
        client: { ...limits, reconnect: false },
        server: limits,
      });
      const text = 'x'.repeat(200);
      w.server.implement(LifeService, { echo: (input) => input, work: (input) => input });
      w.client.implement(LifeService, { echo: (input) => input, work: (input) => input });
      let settled = 0;
      const waits = async (side: Pick<World['client'], 'emit' | 'service'>, n: number): Promise<void> => {
        if (what === 'calls') await outcome(side.service(LifeService).echo({ n, text }));
        else await side.emit(LifeEvents, { policy: 'wait' }).tock({ n, text });
      };
      w.server.on(LifeEvents, { tick: ({ n }, { connection }) => waits(connection, n), tock: () => {} });
      w.client.on(LifeEvents, { tick: ({ n }) => waits(w.client, n), tock: () => {} });
      await w.ready();
      const sides = [w.connections[0]!, w.client].map(async (side) => {
        const sender = side.emit(LifeEvents, { policy: 'wait' });
        for (const n of upTo(300)) if (!(await sender.tick({ n, text }))) break;
        settled++;
      });
      for (let second = 0; second < 10; second++) await w.clock.advance(1_000);
      await Promise.all(sides);
      expect(settled).toBe(2);
      const { state } = w.client;
      if (state.name === 'closed') expect(state.reason.status).toBe(0x25);
      await w.end();
    },
  );

  it('a slow handler at limit 1 beside a call of ours is no standstill while handlers end', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 } });
    const work = implementLife(w.server);
    const connection = await w.ready();
    w.client.implement(LifeService, { echo: () => new Promise(() => {}), work: (input) => input });
    const back = outcome(connection.service(LifeService).echo({ n: 1 }, { timeoutMs: 0 }));
    const calls = upTo(5).map((n) => outcome(w.client.service(LifeService).work({ n })));
    for (let i = 0; i < 5; i++) {
      await w.clock.advance(1_900);
      work[i]!.done();
    }
    expect(await Promise.all(calls)).toEqual(Array(5).fill('ok'));
    expect(await soFar(back)).toBe('pending');
    await w.end();
  });

  it('stallTimeoutMs: 0 waits for ever', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1, stallTimeoutMs: 0 } });
    const work = implementLife(w.server);
    const connection = await w.ready();
    w.client.implement(LifeService, { echo: () => new Promise(() => {}), work: (input) => input });
    void outcome(connection.service(LifeService).echo({ n: 1 }, { timeoutMs: 0 }));
    const calls = upTo(2).map((n) => outcome(w.client.service(LifeService).work({ n })));
    await w.clock.advance(30_000);
    work[0]!.done();
    await settle();
    work[1]!.done();
    expect(await Promise.all(calls)).toEqual(['ok', 'ok']);
    await w.end();
  });
});

it('what has come when the link ends is handed out, up to the limit', async () => {
  const clock = new FakeClock();
  const dropped: string[] = [];
  const server = testServer(clock, {
    maxConcurrentHandlers: 1,
    maxInboxBytes: 10_000,
    hooks: { onEventDropped: ({ reason }) => void dropped.push(reason) },
  });
  const seen: number[] = [];
  server.on(LifeEvents, {
    tick: async ({ n }) => {
      seen.push(n);
      await turn();
    },
  });
  const [mine, theirs] = memoryPair();
  server.serve(theirs);
  const peer = rawPeer(mine, 'client');
  await settle();
  peer.send(...upTo(100).map(event));
  void peer.link.close();
  await until(() => server.connections.size === 0);
  expect(seen).toEqual(upTo(100));
  expect(dropped).toEqual([]);
  const closed = server.close();
  await clock.advance(10_000);
  await closed;
});
