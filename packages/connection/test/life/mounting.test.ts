import { StmpError } from '@stmp/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backoff, Middleware } from '../../src/index.js';
import { implementLife, LifeService, outcome, settle, stateNames, world } from './harness.js';

const REFUSED = new StmpError('dial_failed', 'nobody listens');
const STEP: Backoff = { delayMs: (attempt) => attempt * 100, longestMs: 1_000 };

describe('mounting twice', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => void process.on('unhandledRejection', note));
  afterEach(() => {
    process.off('unhandledRejection', note);
    expect(unhandled.splice(0)).toEqual([]);
  });

  it.each([
    ['before the attempt has begun', 0],
    ['while it waits', 50],
  ])('close() after a connect() that nobody awaits is no crash: %s', async (_name, afterMs) => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = REFUSED;
    void w.client.connect();
    if (afterMs > 0) await w.clock.advance(afterMs);
    await w.client.close();
    await settle();
    await settle();
    await w.end();
  });

  it('nor is a signal that fires, and whoever does await hears of it', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = REFUSED;
    const abort = new AbortController();
    void w.client.connect({ signal: abort.signal });
    const awaited = outcome(w.client.connect());
    await w.clock.advance(50);
    abort.abort();
    expect(await awaited).toBe('aborted');
    void w.client.connect({ signal: abort.signal });
    await settle();
    await w.end();
  });

  it('a connect() that its own close ends says so', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = 'silence';
    const awaited = outcome(w.client.connect());
    await w.clock.advance(0);
    void w.client.close();
    expect(await awaited).toBe('aborted');
    await w.end();
  });

  it('connect() after close() begins anew, at once, with what was declared', async () => {
    const w = world({ client: { reconnect: STEP } });
    implementLife(w.server);
    const remove = w.client.implement(LifeService, { echo: (input) => input, work: (input) => input });
    void w.client.connect();
    const first = w.client.closed;
    void w.client.close();
    expect(w.client.state).toMatchObject({ name: 'closed', reason: { status: 0, origin: 'local' } });
    remove();
    w.client.implement(LifeService, { echo: ({ n }) => ({ n: n + 1 }), work: (input) => input });
    const second = w.client.connect();
    await w.clock.advance(0);
    await second;
    await first;
    expect(stateNames(w.states)).toBe('connecting(1) closed connecting(1) handshaking ready');
    expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
    expect(await w.connections[0]!.service(LifeService).echo({ n: 1 })).toEqual({ n: 2 });
    expect(w.client.counters()).toMatchObject({ connectionsOpened: 1, connectionsOpen: 1 });
    await w.end();
  });

  it('connect() begins anew after the end that a status brought, and after a ready connection', async () => {
    const w = world({ client: { reconnect: STEP } });
    void (await w.ready()).close({ status: 0x27 });
    await w.clock.advance(0);
    expect(await w.client.closed).toMatchObject({ status: 0x27 });
    await w.ready();
    expect(w.client.state.name).toBe('ready');
    const ending = w.client.closed;
    void w.client.close();
    void w.client.connect();
    await w.clock.advance(0);
    expect(await ending).toMatchObject({ status: 0, origin: 'local' });
    expect(w.client.state.name).toBe('ready');
    expect(w.server.connections.size).toBe(1);
    await w.end();
  });

  it('implement() and use() are undone on both sides, each by its own removal only', async () => {
    const w = world({ client: { reconnect: STEP } });
    const connection = await w.ready();
    for (const [side, call] of [
      [w.server, () => w.client.service(LifeService).echo({ n: 1 })],
      [w.client, () => connection.service(LifeService).echo({ n: 1 })],
    ] as const) {
      const echo = (n: number) => ({ echo: () => ({ n }), work: () => ({ n }) });
      const removeFirst = side.implement(LifeService, echo(1));
      expect(() => side.implement(LifeService, echo(2))).toThrow(/implemented already/);
      removeFirst();
      expect(await outcome(call())).toBe('status 22');
      side.implement(LifeService, echo(2));
      removeFirst();
      expect(await call()).toEqual({ n: 2 });
      let seen = 0;
      const count: Middleware = (_, next) => {
        seen++;
        return next();
      };
      const removals = [side.use(count), side.use(count)];
      await call();
      removals[0]!();
      removals[0]!();
      await call();
      removals[1]!();
      await call();
      expect(seen).toBe(3);
    }
    await w.end();
  });
});

describe('listeners that act', () => {
  it.each(['connecting', 'handshaking', 'ready', 'waiting', 'draining'])(
    'close() inside onState(%s) leaves no timer, and is told last',
    async (name) => {
      const w = world({ client: { reconnect: STEP } });
      w.client.onState((state) => {
        if (state.name === name) void w.client.close();
      });
      const later: string[] = [];
      w.client.onState((state) => void later.push(state.name));
      if (name === 'waiting') w.dialer.fate = REFUSED;
      void w.client.connect();
      await w.clock.advance(0);
      if (name === 'draining') void w.server.drain();
      await w.clock.advance(0);
      expect(w.client.state.name).toBe('closed');
      expect(w.states.at(-1)!.name).toBe('closed');
      expect(later).toEqual(w.states.map((state) => state.name));
      await w.server.close();
      await w.clock.advance(0);
      expect(w.clock.timers).toBe(0);
      await w.end();
    },
  );

  it('close() in a session hook, in onConnect, in onAttemptFailed and in the headers leaves no timer', async () => {
    for (const where of ['onSession', 'onConnect', 'onAttemptFailed', 'headers'] as const) {
      let close = (): void => {};
      const w = world({
        client: {
          reconnect: STEP,
          headers: () => {
            if (where === 'headers') close();
            return [];
          },
          hooks: { [where]: () => close() },
        },
      });
      close = () => void w.client.close();
      if (where === 'onSession') w.client.onSession(() => close());
      if (where === 'onAttemptFailed') w.dialer.fate = REFUSED;
      void w.client.connect();
      await w.clock.advance(0);
      expect(w.client.state.name).toBe('closed');
      await w.server.close();
      await w.clock.advance(0);
      expect(w.clock.timers).toBe(0);
      await w.end();
    }
  });

  it('connect() inside onState(closed) begins anew', async () => {
    const w = world({ client: { reconnect: STEP } });
    let again = true;
    w.client.onState((state) => {
      if (state.name === 'closed' && again) void w.client.connect();
      again = false;
    });
    again = true;
    void w.client.close();
    await w.clock.advance(0);
    expect(stateNames(w.states)).toBe('closed connecting(1) handshaking ready');
    await w.end();
  });
});
