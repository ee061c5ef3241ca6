import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { createClient, type DrainOptions } from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  JSON_CODEC,
  LifeService,
  outcome,
  settle,
  soFar,
  testDialer,
  testServer,
  world,
} from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

const OURS = [
  ['Accept', 'application/json'],
  ['Stmp-Extensions', 'drain,cancel'],
] as const;
const OLD = [['Accept', 'application/json']] as const;

/** When each peer was asked to move, and when it was told that it is over, with the status. */
interface Told {
  asked: number | undefined;
  closed: number | undefined;
  status: number | undefined;
}

async function drained(
  ours: number,
  old: number,
  options: DrainOptions,
  during?: (peers: RawPeer[], clock: FakeClock) => void,
) {
  const clock = new FakeClock();
  const server = testServer(clock);
  const work = implementLife(server);
  const peers = Array.from({ length: ours + old }, (_, i) => {
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    return rawPeer(mine, 'client', i < ours ? OURS : OLD);
  });
  await settle();
  const told: Told[] = peers.map(() => ({ asked: undefined, closed: undefined, status: undefined }));
  let endedAt: number | undefined;
  const done = server.drain(options).then(() => {
    endedAt = clock.now;
  });
  during?.(peers, clock);
  const look = (): void => {
    peers.forEach((peer, i) => {
      for (const packet of peer.packets) {
        if (packet.kind === 'notify' && packet.action === 1) told[i]!.asked ??= clock.now;
        if (packet.kind === 'close') {
          told[i]!.closed ??= clock.now;
          told[i]!.status = packet.status;
        }
      }
    });
  };
  for (let i = 0; i < 2_000 && endedAt === undefined; i++) {
    await settle();
    look();
    await clock.advance(10);
  }
  await done;
  expect(clock.timers).toBe(0);
  return { told, endedAt, server, work, clock };
}

describe('the schedule of draining', () => {
  it.each([
    [5, 1_000, [0, 160, 320, 480, 640]],
    [1, 1_000, [0]],
    [4, 100, [0, 20, 40, 60]],
    [3, 0, [0, 0, 0]],
  ])('%i peers within %i ms are asked at %j', async (count, withinMs, times) => {
    const { told } = await drained(count, 0, { withinMs });
    expect(told.map(({ asked }) => asked)).toEqual(times);
    expect(told.map(({ closed, status }) => [closed, status])).toEqual(times.map(() => [withinMs, 0x41]));
  });

  it('is even: no 100 ms see more than twice the mean of 250 peers in a second', async () => {
    const { told } = await drained(250, 0, { withinMs: 1_000 });
    const buckets = Array<number>(10).fill(0);
    for (const { asked } of told) buckets[Math.floor(asked! / 100)]!++;
    expect(buckets.reduce((sum, count) => sum + count)).toBe(250);
    expect(Math.max(...buckets)).toBeLessThanOrEqual(50);
    // Eight tenths are used, evenly.
    expect(buckets.slice(0, 8).every((count) => count >= 25 && count <= 36)).toBe(true);
  });

  it('is spread again when the process was busy', async () => {
    const { told } = await drained(10, 0, { withinMs: 1_000 }, (_, clock) => {
      // 400 ms pass in one turn: five are late.
      clock.setTimer(() => (clock.now += 400), 10);
    });
    const times = told.map(({ asked }) => asked!);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(times[0]).toBe(0);
    expect(times[1]).toBeGreaterThanOrEqual(400);
    expect(Math.max(...gaps.slice(1)) - Math.min(...gaps.slice(1))).toBeLessThanOrEqual(20);
    expect(times.at(-1)).toBeLessThan(1_000);
  });

  it('stays even when every timer is late', async () => {
    const { told } = await drained(250, 0, { withinMs: 1_000 }, (_, clock) => {
      const setTimer = clock.setTimer.bind(clock);
      clock.setTimer = (fn, ms) => setTimer(fn, ms < 900 ? Math.max(ms, 40) : ms);
    });
    const buckets = Array<number>(10).fill(0);
    for (const { asked } of told) buckets[Math.floor(asked! / 100)]!++;
    expect(Math.max(...buckets)).toBeLessThanOrEqual(50);
    expect(buckets.slice(0, 7).every((count) => count >= 20)).toBe(true);
  });

  it('tells old peers nothing but the end', async () => {
    const { told } = await drained(2, 2, { withinMs: 500 });
    expect(told).toEqual([
      { asked: 0, closed: 500, status: 0x41 },
      { asked: 200, closed: 500, status: 0x41 },
      { asked: undefined, closed: 500, status: 0x41 },
      { asked: undefined, closed: 500, status: 0x41 },
    ]);
  });

  it('passes over those that have left, and ends when the last one has', async () => {
    const { told, endedAt } = await drained(4, 0, { withinMs: 10_000 }, (peers, clock) => {
      clock.setTimer(() => {
        for (const peer of peers) void peer.link.close();
      }, 100);
    });
    expect(told.map(({ asked }) => asked)).toEqual([0, undefined, undefined, undefined]);
    expect(endedAt).toBe(100);
  });

  it('asks those who were in their handshake', async () => {
    const clock = new FakeClock();
    const server = testServer(clock, {
      authenticate: () => new Promise((resolve) => clock.setTimer(() => resolve({ identity: 1 }), 50)),
    });
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    const peer = rawPeer(mine, 'client', OURS);
    await settle();
    const done = server.drain({ withinMs: 1_000 });
    await clock.advance(60);
    expect(peer.packets.map(({ kind, action }) => [kind, action])).toEqual([['notify', 1]]);
    await clock.advance(10_000);
    await done;
  });
});

describe('draining', () => {
  it('lets calls end that have begun, within the grace, and begins no more', async () => {
    const w = world({ client: { reconnect: false } });
    const work = implementLife(w.server);
    await w.ready();
    const service = w.client.service(LifeService);
    const first = service.work({ n: 1 });
    await settle();
    const done = w.server.drain({ withinMs: 100, graceMs: 1_000 });
    const second = service.work({ n: 2 });
    await w.clock.advance(100);
    const third = outcome(service.work({ n: 3 }));
    await w.clock.advance(500);
    expect(work.map(({ n }) => n)).toEqual([1, 2]);
    expect(await soFar(third)).toBe('status 41');
    work[0]!.done();
    await settle();
    expect(w.client.state.name).toBe('ready');
    work[1]!.done();
    await w.clock.advance(0);
    expect([await first, await second]).toEqual([{ n: 1 }, { n: 2 }]);
    await done;
    expect((await w.client.closed).status).toBe(0x41);
    await w.end();
  });

  it('ends calls that take longer than the grace', async () => {
    const w = world({ client: { reconnect: false } });
    const work = implementLife(w.server);
    await w.ready();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }));
    await settle();
    const done = w.server.drain({ withinMs: 100, graceMs: 1_000 });
    await w.clock.advance(1_099);
    expect(await soFar(call)).toBe('pending');
    await w.clock.advance(1);
    expect(await call).toBe('connection_closed 41');
    expect(work[0]!.signal.aborted).toBe(true);
    await done;
    await w.end();
  });

  it('is idempotent, and closing cuts it short', async () => {
    const w = world({ client: { reconnect: false } });
    await w.ready();
    const first = w.server.drain({ withinMs: 10_000 });
    expect(w.server.drain({ withinMs: 5 })).toBe(first);
    await w.clock.advance(10);
    const closing = w.server.close();
    await w.clock.advance(0);
    await Promise.all([first, closing, w.server.closed]);
    expect(w.clock.now).toBeLessThan(1_000);
    await w.end();
  });

  it('lets nobody listen any more', async () => {
    const server = testServer(new FakeClock());
    const done = server.drain();
    expect(await outcome(server.listen('test:x'))).toBe('bad_state');
    await done;
    expect(await outcome(server.listen('test:x'))).toBe('bad_state');
  });

  it('refuses wrong times at once', async () => {
    const server = testServer(new FakeClock());
    expect(() => server.drain({ withinMs: -1 })).toThrow(/withinMs.*-1/);
    expect(() => server.drain({ graceMs: Number.NaN })).toThrow(/graceMs/);
    await server.close();
  });

  it('is one line for `await using`', async () => {
    const clock = new FakeClock();
    const server = testServer(clock);
    const client = createClient('test:x', { codecs: [JSON_CODEC], clock, dialers: [testDialer(server)] });
    await (client as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    await (server as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    expect(client.state.name).toBe('closed');
    await server.closed;
  });
});

describe('the end of draining', () => {
  /** A server with clients, and nowhere else to go. */
  async function alone(count: number, client: object = {}) {
    const clock = new FakeClock();
    const server = testServer(clock);
    const work = implementLife(server);
    const dialer = testDialer(server);
    const clients = Array.from({ length: count }, () =>
      createClient('test:x', { codecs: [JSON_CODEC], clock, dialers: [dialer], ...client }),
    );
    for (const one of clients) void one.connect();
    await clock.advance(0);
    dialer.fate = new Error('connection refused');
    return { clock, server, work, clients, dialer };
  }

  it('comes at once for idle clients that have nowhere to go, however many', async () => {
    const { clock, server, clients } = await alone(20);
    const done = server.drain();
    for (let i = 0; i < 25; i++) await clock.advance(0);
    await done;
    expect(clock.now).toBe(0);
    for (const client of clients) await client.close();
  });

  it('comes when the last call has ended, of either side', async () => {
    const { clock, server, work, clients } = await alone(3);
    const calls = clients.map((client, n) => client.service(LifeService).work({ n }));
    clients[2]!.implement(LifeService, {
      echo: (input) => input,
      work: () => new Promise((resolve) => (answer = resolve)),
    });
    let answer: (value: { n: number }) => void = () => {};
    const back = [...server.connections][2]!.service(LifeService).work({ n: 9 });
    await settle();
    let over = false;
    const done = server.drain().then(() => (over = true));
    await clock.advance(3_000);
    work[0]!.done();
    work[1]!.done();
    await clock.advance(1_000);
    work[2]!.done();
    await Promise.all(calls);
    await clock.advance(1_000);
    expect(over).toBe(false);
    answer({ n: 9 });
    await back;
    await clock.advance(0);
    await done;
    expect(clock.now).toBe(5_000);
    for (const client of clients) await client.close();
  });

  it('comes 2 s after the last was asked when nobody moves, and says nothing', async () => {
    const { told, endedAt } = await drained(1, 1, { withinMs: 10_000 });
    expect(told).toMatchObject([
      { asked: 0, status: 0x41 },
      { asked: undefined, status: 0x41 },
    ]);
    expect(told[0]!.closed).toBe(2_000);
    // These peers do not answer the Close.
    expect(endedAt).toBe(3_000);
  });

  it('is not hurried for those to come once somebody has moved', async () => {
    const { clock, server, clients, dialer } = await alone(3);
    const next = testServer(clock);
    dialer.fate = next;
    const done = server.drain({ withinMs: 3_000 });
    await clock.advance(0);
    expect(next.connections.size).toBe(1);
    dialer.fate = new Error('connection refused');
    await clock.advance(700);
    expect(clients.map(({ state }) => state.name)).toEqual(['ready', 'ready', 'ready']);
    await clock.advance(200);
    expect(clients.map(({ state }) => state.name)).toEqual(['ready', 'draining', 'ready']);
    await clock.advance(5_000);
    await done;
    for (const client of clients) await client.close();
    const closed = next.close();
    await clock.advance(0);
    await closed;
  });

  it.each([
    [{ withinMs: 300, graceMs: 300 }, 600],
    [{ withinMs: 300, graceMs: 5_000 }, 1_300],
    [{ withinMs: 300, graceMs: 0 }, 1_300],
    [{}, 3_000],
  ])('a client that is frozen holds up %j until %i ms', async (options, endMs) => {
    const { clock, server, clients, dialer } = await alone(1);
    dialer.links[0]!.pause();
    let endedAt = 0;
    const done = server.drain(options).then(() => (endedAt = clock.now));
    await clock.advance(20_000);
    await done;
    expect(endedAt).toBe(endMs);
    const closed = clients[0]!.close();
    await clock.advance(20_000);
    await closed;
  });

  it('a frozen client with a call that runs has the grace, and 1 s', async () => {
    const { clock, server, clients, dialer, work } = await alone(1);
    const call = outcome(clients[0]!.service(LifeService).work({ n: 1 }));
    await settle();
    dialer.links[0]!.pause();
    let endedAt = 0;
    const done = server.drain({ withinMs: 300, graceMs: 300 }).then(() => (endedAt = clock.now));
    await clock.advance(20_000);
    await done;
    expect(endedAt).toBe(1_600);
    expect(work[0]!.signal.aborted).toBe(true);
    const closed = clients[0]!.close();
    await clock.advance(20_000);
    await closed;
    await call;
  });

  it('leaves a client of 1 s at its first attempt, however often it has tried to move', async () => {
    const { clock, server, clients, work } = await alone(1, { reconnect: { delayMs: () => 100, longestMs: 100 } });
    const call = clients[0]!.service(LifeService).work({ n: 1 });
    await clock.advance(1_000);
    const done = server.drain({ withinMs: 2_000 });
    await clock.advance(1_000);
    work[0]!.done();
    await call;
    await clock.advance(0);
    await done;
    expect(clients[0]!.state).toMatchObject({ name: 'waiting', attempt: 1 });
    await clients[0]!.close();
    expect(clock.timers).toBe(0);
  });

  it('no client can make its server authenticate it again', async () => {
    let asked = 0;
    const clock = new FakeClock();
    const server = testServer(clock, { authenticate: () => ({ identity: ++asked }) });
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    const peer = rawPeer(mine, 'client', OURS);
    await settle();
    // Notify 01, unasked.
    peer.send(Uint8Array.of(0xb0, 0x01));
    await settle();
    expect(asked).toBe(1);
    expect(server.connections.size).toBe(1);
    const closed = server.close();
    await clock.advance(20_000);
    await closed;
  });
});

describe('a client that is asked to move', () => {
  /** A client on a server that drains, with another server to go to. */
  async function moving(client: object = {}) {
    const w = world({ client });
    const work = implementLife(w.server);
    const next = testServer(w.clock);
    const nextWork = implementLife(next);
    await w.ready();
    w.dialer.fate = next;
    return { w, next, work, nextWork };
  }

  it('opens the next connection, finishes its calls here, and closes', async () => {
    const { w, next, work, nextWork } = await moving();
    const service = w.client.service(LifeService);
    const old = w.client.connection!;
    const first = service.work({ n: 1 });
    await settle();
    const done = w.server.drain({ withinMs: 10_000 });
    await w.clock.advance(0);
    expect(w.states.slice(3).map(({ name }) => name)).toEqual(['draining', 'ready']);
    const second = service.work({ n: 2 });
    await settle();
    expect([work.length, nextWork.length]).toEqual([1, 1]);
    expect(old.isOpen).toBe(true);
    work[0]!.done();
    nextWork[0]!.done();
    await w.clock.advance(0);
    expect([await first, await second]).toEqual([{ n: 1 }, { n: 2 }]);
    expect(old.isOpen).toBe(false);
    await done;
    expect(w.clock.now).toBe(0);
    expect(w.client.state.name).toBe('ready');
    expect(w.client.counters()).toMatchObject({ connectionsOpened: 2, connectionsOpen: 1 });
    const closed = next.close();
    await w.end();
    await closed;
  });

  it('runs its session hooks on the next connection, and stays here when they fail', async () => {
    const { w, next } = await moving({ reconnect: { delayMs: () => 100, longestMs: 100 } });
    const old = w.client.connection!;
    let fail = true;
    w.client.onSession(() => {
      if (fail) throw new Error('no room');
    });
    void w.server.drain({ withinMs: 10_000 });
    await w.clock.advance(50);
    expect(w.client.connection).toBe(old);
    expect(w.client.state.name).toBe('draining');
    expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
    fail = false;
    await w.clock.advance(200);
    expect(w.client.state.name).toBe('ready');
    expect(w.client.connection).not.toBe(old);
    expect(old.isOpen).toBe(false);
    const closed = next.close();
    await w.end();
    await closed;
  });

  it('stays while nobody else is there, and comes back after the end', async () => {
    const { w, next, work } = await moving({ reconnect: { delayMs: () => 400, longestMs: 400 } });
    w.dialer.fate = new Error('connection refused');
    // What runs keeps the server waiting; for a client that is idle it would not.
    const call = w.client.service(LifeService).work({ n: 1 });
    const done = w.server.drain({ withinMs: 1_000 });
    await w.clock.advance(999);
    expect(w.client.state.name).toBe('draining');
    expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
    await w.clock.advance(1);
    work[0]!.done();
    expect(await call).toEqual({ n: 1 });
    await w.clock.advance(0);
    expect(w.client.state.name).toBe('waiting');
    w.dialer.fate = next;
    await w.clock.advance(400);
    expect(w.client.state.name).toBe('ready');
    await done;
    const closed = next.close();
    await w.end();
    await closed;
  });

  it('moves on when it is asked while its session hooks still run', async () => {
    const { w, next } = await moving();
    const third = testServer(w.clock);
    let go: (() => void) | undefined;
    w.client.onSession((_, { number }) => (number === 2 ? new Promise<void>((resolve) => (go = resolve)) : undefined));
    void w.server.drain({ withinMs: 60_000 });
    await w.clock.advance(10);
    expect(next.connections.size).toBe(1);
    void next.drain({ withinMs: 60_000 });
    await w.clock.advance(10);
    w.dialer.fate = third;
    go!();
    await w.clock.advance(10);
    expect([next.connections.size, third.connections.size]).toEqual([0, 1]);
    expect(w.client.state.name).toBe('ready');
    const closed = Promise.all([next.close(), third.close()]);
    await w.end();
    await closed;
  });

  it('does not move when it was told not to reconnect', async () => {
    const { w, next } = await moving({ reconnect: false });
    const done = w.server.drain({ withinMs: 500 });
    await w.clock.advance(0);
    expect(w.client.state).toMatchObject({ name: 'closed', reason: { status: 0x41 } });
    expect(w.dialer.dials).toBe(1);
    await done;
    await next.close();
    await w.end();
  });
});
