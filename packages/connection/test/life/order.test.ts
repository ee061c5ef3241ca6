// In which order packets are handed out: that of the wire, and what follows an answer after whoever awaits it.
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { LifeEvents, LifeService, settle, type World, world } from './harness.js';
import { rawPeer } from './raw-peer.js';

const ROWS = [
  ['a byte stream', { kind: 'stream' }, {}],
  ['binary messages', { kind: 'message' }, {}],
  ['text messages', { kind: 'message' }, { packetFormat: 'text' }],
] as const;

const later = async <T>(value: Promise<T>, layers: number): Promise<T> =>
  layers === 0 ? await value : await later(value, layers - 1);

/** A server that answers with `n`, and says in the same write that it has become `n + 1`. */
function answersThenTells(w: World): void {
  w.server.implement(LifeService, {
    echo: ({ n }, { connection }) => {
      queueMicrotask(() => connection.emit(LifeEvents).tick({ n: n + 1 }));
      return { n };
    },
    work: (input) => input,
  });
}

describe.each(ROWS)('over %s', (_name, link, client) => {
  it.each([0, 1, 30])('an event comes after the answer that it follows, through %i async layers', async (layers) => {
    const w = world({ link, client });
    answersThenTells(w);
    await w.ready();
    let rev = 0;
    w.client.on(LifeEvents, {
      tick: ({ n }) => {
        rev = n;
      },
    });
    rev = (await later(w.client.service(LifeService).echo({ n: 5 }), layers)).n;
    await settle();
    expect(rev).toBe(6);
    await w.end();
  });

  it('answers and events keep the order of the wire', async () => {
    const w = world({ link, client });
    answersThenTells(w);
    await w.ready();
    const order: string[] = [];
    w.client.on(LifeEvents, { tick: ({ n }) => void order.push(`event ${n}`) });
    const calls = [10, 20, 30].map(async (n) => {
      await later(w.client.service(LifeService).echo({ n }), 5);
      order.push(`answer ${n}`);
    });
    await Promise.all(calls);
    await settle();
    // The three answers leave first: the events of their turn follow them.
    expect(order).toEqual(['answer 10', 'answer 20', 'answer 30', 'event 11', 'event 21', 'event 31']);
    await w.end();
  });

  it('an event that was emitted before the answer comes before it', async () => {
    const w = world({ link, client });
    w.server.implement(LifeService, {
      echo: ({ n }, { connection }) => {
        connection.emit(LifeEvents).tick({ n: n - 1 });
        return { n };
      },
      work: (input) => input,
    });
    await w.ready();
    const order: number[] = [];
    w.client.on(LifeEvents, { tick: ({ n }) => void order.push(n) });
    for (const n of [2, 4, 6]) order.push((await w.client.service(LifeService).echo({ n })).n);
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
    await w.end();
  });

  it('a request comes after the answer that it follows', async () => {
    const w = world({ link, client });
    w.server.implement(LifeService, {
      echo: (input, { connection }) => {
        queueMicrotask(() => void connection.service(LifeService).work({ n: 1 }));
        return input;
      },
      work: (input) => input,
    });
    const order: string[] = [];
    w.client.implement(LifeService, {
      echo: (input) => input,
      work: (input) => {
        order.push('request');
        return input;
      },
    });
    await w.ready();
    await later(w.client.service(LifeService).echo({ n: 1 }), 5);
    order.push('answer');
    await settle();
    expect(order).toEqual(['answer', 'request']);
    await w.end();
  });

  it('the end comes after the answer that it follows, and after the event between them', async () => {
    const w = world({ link, client });
    w.server.implement(LifeService, {
      echo: ({ n }, { connection }) => {
        queueMicrotask(() => {
          if (n > 1) connection.emit(LifeEvents).tick({ n });
          void connection.close({ status: 0x27 });
        });
        return { n };
      },
      work: (input) => input,
    });
    for (const n of [1, 2]) {
      const order: string[] = [];
      const c = n === 1 ? w : world({ link, client });
      c.dialer.fate = w.server;
      await c.ready();
      c.client.on(LifeEvents, { tick: () => void order.push('event') });
      c.client.onState(({ name }) => void order.push(name));
      await later(c.client.service(LifeService).echo({ n }), 5);
      order.push('answer');
      await settle();
      expect(order).toEqual(n === 1 ? ['answer', 'closed'] : ['answer', 'event', 'closed']);
      if (c !== w) await c.end();
    }
    await w.end();
  });

  it('events that wait for a handler come before the end', async () => {
    const w = world({ link, client: { ...client, maxConcurrentHandlers: 1 } });
    const connection = await w.ready();
    const order: unknown[] = [];
    const go: (() => void)[] = [];
    w.client.on(LifeEvents, {
      tick: ({ n }) => {
        order.push(n);
        return new Promise<void>((resolve) => go.push(resolve));
      },
    });
    w.client.onState(({ name }) => void order.push(name));
    for (let n = 1; n <= 5; n++) connection.emit(LifeEvents).tick({ n });
    void connection.close({ status: 0x27 });
    for (let n = 1; n <= 5; n++) {
      await settle();
      go.shift()!();
    }
    await settle();
    expect(order).toEqual([1, 2, 3, 4, 5, 'closed']);
    await w.end();
  });

  it('the end does not wait longer than for a Close for listeners that never end', async () => {
    const w = world({ link, client: { ...client, maxConcurrentHandlers: 1, closeTimeoutMs: 700 } });
    const connection = await w.ready();
    const order: unknown[] = [];
    w.client.on(LifeEvents, {
      tick: ({ n }) => {
        order.push(n);
        return new Promise(() => {});
      },
    });
    w.client.onState(({ name }) => void order.push(name));
    for (let n = 1; n <= 3; n++) connection.emit(LifeEvents).tick({ n });
    void connection.close({ status: 0x27 });
    await w.clock.advance(699);
    expect(order).toEqual([1]);
    await w.clock.advance(1);
    expect(order).toEqual([1, 'closed']);
    await w.end();
  });
});

it('a listener gets at its own close what had come by then', async () => {
  const w = world();
  answersThenTells(w);
  await w.ready();
  const seen: number[] = [];
  w.client.on(LifeEvents, { tick: ({ n }) => void seen.push(n) });
  await w.client.service(LifeService).echo({ n: 1 });
  void w.client.close();
  await w.clock.advance(1);
  expect(seen).toEqual([2]);
  await w.end();
});

describe('a cancel', () => {
  it('is for the call that has the id now, not for one that was answered and still runs', async () => {
    const w = world({ server: { handlerTimeoutMs: 100 } });
    const signals: AbortSignal[] = [];
    w.server.implement(LifeService, {
      echo: (input) => input,
      work: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    const peer = rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      ['Stmp-Extensions', 'cancel'],
    ]);
    await settle();
    const payload = new TextEncoder().encode('{"n":1}');
    const request = encodePacket(
      { kind: 'request', mid: 7, action: LifeService.methods.work.action, payload },
      'stream',
    );
    peer.send(request);
    await w.clock.advance(100);
    expect(peer.packets.map(({ mid, status }) => [mid, status])).toEqual([[7, 0x23]]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    peer.send(request, encodePacket({ kind: 'notify', action: 2, payload: Uint8Array.of(7, 0) }, 'stream'));
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    await w.end();
  });

  it('that comes after the answer does not reach the listeners of that call', async () => {
    const w = world();
    let signal: AbortSignal | undefined;
    w.server.implement(LifeService, { echo: (input) => input, work: (input) => input });
    w.server.on(LifeService, {
      work: (_, context) => {
        ({ signal } = context);
        return new Promise(() => {});
      },
    });
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    const peer = rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      ['Stmp-Extensions', 'cancel'],
    ]);
    await settle();
    const payload = new TextEncoder().encode('{"n":1}');
    peer.send(
      encodePacket({ kind: 'request', mid: 7, action: LifeService.methods.work.action, payload }, 'stream'),
      encodePacket({ kind: 'notify', action: 2, payload: Uint8Array.of(7, 0) }, 'stream'),
    );
    await settle();
    expect(peer.packets.map(({ mid, status }) => [mid, status])).toEqual([[7, 0]]);
    expect(signal?.aborted).toBe(false);
    await w.end();
  });
});
