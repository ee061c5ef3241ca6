import { StmpError, type StreamLink } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { implementLife, LifeEvents, LifeService, outcome, settle, soFar, world } from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

describe('deadlines of calls', () => {
  it('are 60 s by default, or of the client, the method, the call', async () => {
    const rows: [name: string, options: object, call: object, expiresMs: number][] = [
      ['default', {}, {}, 60_000],
      ['client', { callTimeoutMs: 500 }, {}, 500],
      ['method', { callTimeoutMs: 500, methodTimeoutsMs: { 'test.LifeService.Work': 200 } }, {}, 200],
      ['call', { callTimeoutMs: 500, methodTimeoutsMs: { 'test.LifeService.Work': 200 } }, { timeoutMs: 300 }, 300],
    ];
    for (const [name, options, call, expiresMs] of rows) {
      const w = world({ client: options });
      implementLife(w.server);
      await w.ready();
      const result = outcome(w.client.service(LifeService).work({ n: 1 }, call));
      await w.clock.advance(expiresMs - 1);
      expect(await soFar(result), name).toBe('pending');
      await w.clock.advance(1);
      expect(await result, name).toBe('call_timeout 23');
      await w.end();
    }
  });

  it('can be switched off', async () => {
    const w = world({ client: { callTimeoutMs: 0 }, server: { handlerTimeoutMs: 0 } });
    const work = implementLife(w.server);
    await w.ready();
    const result = w.client.service(LifeService).work({ n: 7 });
    await w.clock.advance(3_600_000);
    work[0]!.done();
    expect(await result).toEqual({ n: 7 });
    await w.end();
  });

  it('drop late answers quietly, and the id rests until they come', async () => {
    const w = world();
    const work = implementLife(w.server);
    const connection = await w.ready();
    const service = w.client.service(LifeService);
    expect(await Promise.all([outcome(service.work({ n: 1 }, { timeoutMs: 10 })), w.clock.advance(10)])).toContain(
      'call_timeout 23',
    );
    const second = service.work({ n: 2 });
    await settle();
    work[0]!.done();
    await settle();
    work[1]!.done();
    expect(await second).toEqual({ n: 2 });
    expect(connection.isOpen).toBe(true);
    await w.end();
  });
});

describe('giving up a call', () => {
  it.each([
    ['a byte stream', {}, {}],
    ['binary messages', { link: { kind: 'message' } }, {}],
    ['text messages', { link: { kind: 'message' } }, { packetFormat: 'text' }],
  ] as const)('tells the handler, by timeout and by abort, over %s', async (_name, options, client) => {
    for (const way of ['timeout', 'abort']) {
      const w = world({ ...options, client });
      const work = implementLife(w.server);
      await w.ready();
      const abort = new AbortController();
      const call = outcome(w.client.service(LifeService).work({ n: 1 }, { timeoutMs: 50, signal: abort.signal }));
      await settle();
      expect(work[0]!.signal.aborted).toBe(false);
      if (way === 'abort') abort.abort();
      else await w.clock.advance(50);
      expect(await call).toBe(way === 'abort' ? 'aborted' : 'call_timeout 23');
      await settle();
      expect(work[0]!.signal.aborted).toBe(true);
      await w.end();
    }
  });

  it('takes one that waits out of the inbox', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 } });
    const work = implementLife(w.server);
    await w.ready();
    const service = w.client.service(LifeService);
    const abort = new AbortController();
    const first = service.work({ n: 1 });
    const second = outcome(service.work({ n: 2 }, { signal: abort.signal }));
    const third = service.work({ n: 3 });
    await settle();
    abort.abort();
    await settle();
    work[0]!.done();
    await settle();
    expect(work.map(({ n }) => n)).toEqual([1, 3]);
    work[1]!.done();
    expect([await first, await second, await third]).toEqual([{ n: 1 }, 'aborted', { n: 3 }]);
    await w.end();
  });

  it('sends not one byte more to a peer without the extension', async () => {
    const w = world({ client: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } } });
    let peer: ReturnType<typeof rawPeer> | undefined;
    w.dialer.fate = (link) => {
      peer = rawPeer(link as StreamLink, 'server');
    };
    const connected = w.client.connect();
    await w.clock.advance(0);
    await connected;
    const call = outcome(w.client.service(LifeService).work({ n: 1 }, { timeoutMs: 50 }));
    await w.clock.advance(1_000);
    expect(await call).toBe('call_timeout 23');
    expect(peer!.packets.map(({ kind }) => kind)).toEqual(['request']);
    await w.end();
  });
});

describe('signals of handlers', () => {
  it('abort when the connection ends', async () => {
    const w = world();
    const work = implementLife(w.server);
    await w.ready();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }));
    await settle();
    void w.client.close();
    await w.clock.advance(0);
    expect(work[0]!.signal.aborted).toBe(true);
    expect(await call).toBe('connection_closed 02');
    await w.end();
  });

  it('abort after handlerTimeoutMs, and the caller is answered', async () => {
    const w = world({ server: { handlerTimeoutMs: 400 } });
    const work = implementLife(w.server);
    await w.ready();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }));
    await w.clock.advance(399);
    expect([work[0]!.signal.aborted, await soFar(call)]).toEqual([false, 'pending']);
    await w.clock.advance(1);
    expect([work[0]!.signal.aborted, await call]).toEqual([true, 'status 23']);
    work[0]!.done();
    await settle();
    expect(w.server.counters().callsFailed).toBe(1);
    await w.end();
  });

  it('abort when the deadline passes that the caller sent', async () => {
    const w = world();
    const work = implementLife(w.server);
    await w.ready();
    const service = w.client.service(LifeService);
    void service.work({ n: 1 }, { timeoutMs: 100, sendTimeout: true }).catch(() => {});
    void service.work({ n: 2 }, { timeoutMs: 100_000, sendTimeout: true }).catch(() => {});
    await w.clock.advance(99);
    expect(work.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    await w.clock.advance(1);
    expect(work.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await w.end();
  });
});

describe('dispatch', () => {
  it.each([
    ['serial', 1],
    ['three at a time', 3],
    ['the default', undefined],
  ])('%s: starts in order, finishes in any', async (_name, limit) => {
    const w = world({ server: limit === undefined ? {} : { maxConcurrentHandlers: limit } });
    const work = implementLife(w.server);
    await w.ready();
    const service = w.client.service(LifeService);
    const total = 70;
    const calls = Array.from({ length: total }, (_, n) => service.work({ n }));
    await settle();
    const atOnce = limit ?? 64;
    expect(work).toHaveLength(atOnce);
    // The youngest ends first, and each end starts one more.
    for (let done = 0; done < total; done++) {
      expect(work).toHaveLength(Math.min(total, atOnce + done));
      const open = work.filter(({ n }) => !finished.has(n));
      const last = open.at(-1)!;
      finished.add(last.n);
      last.done();
      await settle();
    }
    finished.clear();
    expect(work.map(({ n }) => n)).toEqual(Array.from({ length: total }, (_, n) => n));
    expect((await Promise.all(calls)).map(({ n }) => n)).toEqual(Array.from({ length: total }, (_, n) => n));
    await w.end();
  });
  const finished = new Set<number>();

  it('lets a handler call back at limit 1', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 }, client: { maxConcurrentHandlers: 1 } });
    w.server.implement(LifeService, {
      echo: async (input, { connection }) => {
        const { n } = await connection.service(LifeService).work({ n: input.n });
        return { n };
      },
      work: ({ n }) => ({ n }),
    });
    w.client.implement(LifeService, { echo: (input) => input, work: async ({ n }) => ({ n: n * 2 }) });
    await w.ready();
    const calls = Array.from({ length: 100 }, (_, n) => w.client.service(LifeService).echo({ n }));
    expect((await Promise.all(calls)).map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n * 2));
    await w.end();
  });

  it('runs what waits before and after a handler that fails', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 } });
    const work = implementLife(w.server);
    await w.ready();
    const calls = [1, 2, 3].map((n) => outcome(w.client.service(LifeService).work({ n })));
    for (let i = 0; i < 3; i++) {
      await settle();
      if (i === 1) work[i]!.fail(new Error('secret'));
      else work[i]!.done();
    }
    expect(await Promise.all(calls)).toEqual(['ok', 'status 40', 'ok']);
    await w.end();
  });
});

describe('a full inbox', () => {
  /** A client without manners: it sends requests whatever happens, and counts what comes. */
  async function flooded(server: object) {
    const w = world({ server: { maxConcurrentHandlers: 1, ...server } });
    const work = implementLife(w.server);
    const [mine, theirs] = memoryPair({ highWaterBytes: 100 });
    const connection = w.server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    return { w, work, peer, connection };
  }
  const request = (mid: number, bytes = 10): Uint8Array =>
    encodePacket(
      {
        kind: 'request',
        mid,
        action: LifeService.methods.work.action,
        payload: new TextEncoder().encode(JSON.stringify({ n: mid, text: 'x'.repeat(bytes) })),
      },
      'stream',
    );

  it('stops reading by count, and goes on when half of it is done', async () => {
    const { w, work, peer } = await flooded({ maxInboxCount: 4 });
    for (let mid = 1; mid <= 20; mid++) peer.send(request(mid));
    await settle();
    expect(work).toHaveLength(1);
    // 1 runs, 4 wait; what was not read waits in the link.
    expect(w.server.counters().callsIn).toBe(5);
    expect(peer.link.queuedBytes).toBeGreaterThan(0);
    work[0]!.done();
    await settle();
    expect(w.server.counters().callsIn).toBe(5);
    work[1]!.done();
    await settle();
    expect(w.server.counters().callsIn).toBe(7);
    for (let i = 2; i < 20; i++) {
      work[i]!.done();
      await settle();
    }
    expect(peer.packets.map(({ mid }) => mid)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(w.server.counters().overloaded).toBe(0);
    await w.end();
  });

  it('stops reading by bytes', async () => {
    const { w, work, peer } = await flooded({ maxInboxBytes: 1_000 });
    for (let mid = 1; mid <= 20; mid++) peer.send(request(mid, 400));
    await settle();
    expect(work).toHaveLength(1);
    // Two fit, the third filled it.
    expect(w.server.counters().callsIn).toBe(4);
    for (let i = 0; i < 20; i++) {
      work[i]!.done();
      await settle();
    }
    expect(work).toHaveLength(20);
    expect(w.server.counters().overloaded).toBe(0);
    await w.end();
  });

  it('answers TooManyRequests where the link cannot stop', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1, maxInboxCount: 4 } });
    const work = implementLife(w.server);
    const [mine, theirs] = memoryPair();
    Object.defineProperty(theirs, 'canPause', { value: false });
    w.server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    for (let mid = 1; mid <= 8; mid++) peer.send(request(mid));
    await settle();
    expect(peer.packets.map(({ kind, mid, status }) => kind === 'response' && [mid, status])).toEqual([
      [6, 0x25],
      [7, 0x25],
      [8, 0x25],
    ]);
    expect(w.server.counters().overloaded).toBe(3);
    expect(work).toHaveLength(1);
    await w.end();
  });

  it('goes on reading while a call of ours waits, and stops when that is answered', async () => {
    const { w, work, peer, connection } = await flooded({ maxInboxCount: 2 });
    const back = connection.service(LifeService).echo({ n: 1 });
    await settle();
    for (let mid = 1; mid <= 5; mid++) peer.send(request(mid));
    await settle();
    // 1 runs, 2 and 3 wait, the others are answered at once: reading went on.
    expect(w.server.counters()).toMatchObject({ callsIn: 5, overloaded: 2 });
    const asked = peer.packets.find(({ kind }) => kind === 'request')!;
    peer.send(
      encodePacket(
        { kind: 'response', mid: asked.mid, status: 0, payload: new TextEncoder().encode('{"n":9}') },
        'stream',
      ),
    );
    expect(await back).toEqual({ n: 9 });
    for (let mid = 6; mid <= 9; mid++) peer.send(request(mid));
    await settle();
    expect(w.server.counters()).toMatchObject({ callsIn: 5, overloaded: 2 });
    for (let i = 0; i < 7; i++) {
      work[i]!.done();
      await settle();
    }
    expect(work.map(({ n }) => n)).toEqual([1, 2, 3, 6, 7, 8, 9]);
    expect(w.server.counters().overloaded).toBe(2);
    await w.end();
  });

  it('goes on reading when a call of ours is made', async () => {
    const { w, peer, connection } = await flooded({ maxInboxCount: 2 });
    for (let mid = 1; mid <= 5; mid++) peer.send(request(mid));
    await settle();
    expect(w.server.counters().callsIn).toBe(3);
    const back = outcome(connection.service(LifeService).echo({ n: 1 }));
    await settle();
    expect(w.server.counters()).toMatchObject({ callsIn: 5, overloaded: 2 });
    expect(await soFar(back)).toBe('pending');
    await w.end();
    expect(await back).toBe('connection_closed 41');
  });

  it('answers pings while handlers are busy, and sends its own while reading has stopped', async () => {
    const { w, peer } = await flooded({
      maxInboxCount: 4,
      keepalive: { pingIntervalMs: 1_000, idleTimeoutMs: 3_000 },
    });
    peer.send(request(1), request(2), Uint8Array.of(0x80));
    await settle();
    expect(peer.packets.map(({ kind }) => kind)).toEqual(['pong']);
    peer.send(...Array.from({ length: 8 }, (_, i) => request(i + 3)));
    await settle();
    // A peer that answers lives, though nothing else of it is read.
    for (let i = 0; i < 20; i++) {
      await w.clock.advance(1_000);
      peer.send(Uint8Array.of(0x90));
    }
    expect(peer.packets.filter(({ kind }) => kind === 'ping').length).toBeGreaterThan(9);
    expect(w.server.connections.size).toBe(1);
    await w.end();
  });

  it.each<[name: string, leave: (peer: RawPeer) => void, withinMs: number]>([
    ['falls silent', () => {}, 4_000],
    ['closes', (peer) => void peer.link.close(), 1_000],
    ['breaks', (peer) => peer.link.abort(new StmpError('link_failed', 'gone')), 1_000],
  ])('learns that a peer %s while no handler ends, and tells them', async (_name, leave, withinMs) => {
    const { w, work, peer } = await flooded({
      maxInboxCount: 4,
      closeTimeoutMs: 0,
      keepalive: { pingIntervalMs: 1_000, idleTimeoutMs: 3_000 },
    });
    for (let mid = 1; mid <= 10; mid++) peer.send(request(mid));
    await settle();
    leave(peer);
    await w.clock.advance(withinMs);
    expect(w.server.connections.size).toBe(0);
    expect(work.map(({ signal }) => signal.aborted)).toEqual([true]);
    await w.end();
  });

  it('of a peer that goes on sending is not read to its end', async () => {
    const { w, peer } = await flooded({ maxInboxCount: 4, keepalive: { pingIntervalMs: 1_000, idleTimeoutMs: 3_000 } });
    const chunk = new Uint8Array(65_536).fill(0x80);
    for (let mid = 1; mid <= 10; mid++) peer.send(request(mid));
    await settle();
    await w.clock.advance(1_000);
    let taken = 0;
    for (; taken < 100; taken++) {
      peer.send(chunk);
      await settle();
      if (peer.link.queuedBytes > 0) break;
    }
    // About a mebibyte waits unread, and no more.
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(20);
    expect(w.server.connections.size).toBe(1);
    await w.end();
  });

  it('of handlers that never end is free again after five minutes', async () => {
    const w = world({ server: { maxConcurrentHandlers: 2 }, client: { callTimeoutMs: 0 } });
    const work = implementLife(w.server);
    await w.ready();
    const calls = [1, 2, 3].map((n) => outcome(w.client.service(LifeService).work({ n })));
    await w.clock.advance(299_999);
    expect(work).toHaveLength(2);
    await w.clock.advance(1);
    expect(await Promise.all(calls.slice(0, 2))).toEqual(['status 23', 'status 23']);
    expect(work.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    for (const one of work.slice()) one.done();
    await settle();
    expect(work).toHaveLength(3);
    work[2]!.done();
    await Promise.all(calls);
    await w.end();
  });

  it('does not outlive its connection', async () => {
    const { w, work, peer } = await flooded({ maxInboxCount: 4 });
    for (let mid = 1; mid <= 20; mid++) peer.send(request(mid));
    await settle();
    peer.link.abort(new StmpError('link_failed', 'gone'));
    await w.clock.advance(0);
    expect(w.server.connections.size).toBe(0);
    work[0]!.done();
    await settle();
    expect(work).toHaveLength(1);
    await w.end();
  });

  it('keeps no more of a packet than its own bytes', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 } });
    const seen: number[] = [];
    const release: (() => void)[] = [];
    w.server.use(async (call, next) => {
      const raw = call.rawPayload as Uint8Array;
      seen.push(raw.buffer.byteLength);
      await new Promise<void>((resolve) => release.push(resolve));
      return next();
    });
    implementLife(w.server);
    await w.ready();
    const calls = [1, 2].map((n) => w.client.service(LifeService).echo({ n }));
    await settle();
    release[0]!();
    await settle();
    release[1]!();
    expect(await Promise.all(calls)).toEqual([{ n: 1 }, { n: 2 }]);
    // The first is read from the chunk, the one that waited from a copy.
    expect(seen[1]).toBe('{"n":2}'.length);
    await w.end();
  });
});

describe('events', () => {
  it('wait in the same inbox, in order with requests', async () => {
    const w = world({ server: { maxConcurrentHandlers: 1 } });
    const order: string[] = [];
    const release: (() => void)[] = [];
    w.server.on(LifeEvents, { tick: ({ n }) => void order.push(`tick ${n}`) });
    w.server.implement(LifeService, {
      echo: async (input) => {
        order.push(`echo ${input.n}`);
        await new Promise<void>((resolve) => release.push(resolve));
        return input;
      },
      work: (input) => input,
    });
    await w.ready();
    const first = w.client.service(LifeService).echo({ n: 1 });
    w.client.emit(LifeEvents).tick({ n: 2 });
    const second = w.client.service(LifeService).echo({ n: 3 });
    w.client.emit(LifeEvents).tick({ n: 4 });
    await settle();
    expect(order).toEqual(['echo 1']);
    release[0]!();
    await settle();
    release[1]!();
    await Promise.all([first, second]);
    await settle();
    expect(order).toEqual(['echo 1', 'tick 2', 'echo 3', 'tick 4']);
    await w.end();
  });
});
