import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import type { Backoff, Connection } from '../../src/index.js';
import { FakeClock, implementLife, LifeService, outcome, settle, stateNames, testServer, world } from './harness.js';
import { rawPeer } from './raw-peer.js';

const OURS = [
  ['Accept', 'application/json'],
  ['Stmp-Extensions', 'drain,cancel'],
] as const;
const OLD = [['Accept', 'application/json']] as const;
const STEP: Backoff = { delayMs: (attempt) => attempt * 100, longestMs: 1_000 };

/** A client whose server goes on standing there, and says nothing any more. */
async function silenced(options: Parameters<typeof world>[0] = {}) {
  const w = world({ ...options, client: { reconnect: STEP, ...options.client } });
  implementLife(w.server);
  await w.ready();
  const mine = w.client.connection!;
  const link = w.dialer.links[0]!;
  const freeze = (): void => link.pause();
  return { w, mine, freeze, thaw: () => link.resume() };
}

describe('a silent server', () => {
  it('is stale, as a page can show, until it is heard again', async () => {
    const told: [Connection, boolean][] = [];
    const { w, mine, freeze, thaw } = await silenced({
      client: { hooks: { onStale: (connection, stale) => void told.push([connection, stale]) } },
    });
    freeze();
    await w.clock.advance(34_999);
    expect(mine).toMatchObject({ stale: false, roundTripMs: undefined, lastHeardMs: 34_999 });
    await w.clock.advance(1);
    expect(mine.stale).toBe(true);
    expect(w.client.state).toEqual({ name: 'ready', stale: true });
    await w.clock.advance(2_000);
    thaw();
    await w.clock.advance(0);
    expect(w.client.state).toEqual({ name: 'ready' });
    // The ping went out at 25 s.
    expect(mine).toMatchObject({ stale: false, roundTripMs: 12_000, lastHeardMs: 0 });
    expect(told).toEqual([
      [mine, true],
      [mine, false],
    ]);
    expect(stateNames(w.states)).toBe('connecting(1) handshaking ready ready ready');
    await w.end();
  });

  it('idle, is left after 45 s', async () => {
    const { w, freeze } = await silenced();
    freeze();
    await w.clock.advance(44_999);
    expect(w.client.state.name).toBe('ready');
    await w.clock.advance(1);
    expect(w.client.state).toMatchObject({ name: 'waiting', reason: { message: 'the peer was silent for 45000 ms' } });
    await w.end();
  });

  it('with a call that waits, is stale after 10 s and left after 20 s', async () => {
    const { w, mine, freeze } = await silenced();
    await w.clock.advance(24_000);
    freeze();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }));
    await w.clock.advance(9_999);
    expect(mine.stale).toBe(false);
    await w.clock.advance(1);
    expect(mine.stale).toBe(true);
    await w.clock.advance(9_999);
    expect(mine.isOpen).toBe(true);
    await w.clock.advance(1);
    expect(mine.isOpen).toBe(false);
    expect(await call).toBe('connection_closed 02');
    await w.end();
  });

  it('that works for long and answers pings is never stale', async () => {
    const { w, mine } = await silenced();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }, { timeoutMs: 0 }));
    for (let at = 0; at < 120_000; at += 1_000) {
      await w.clock.advance(1_000);
      expect(mine.stale).toBe(false);
    }
    expect(mine).toMatchObject({ isOpen: true, roundTripMs: 0 });
    await w.end();
    expect(await call).toBe('connection_closed 02');
  });

  it('tells a moving client, too', async () => {
    const { w, freeze } = await silenced();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }, { timeoutMs: 0 }));
    await w.clock.advance(0);
    w.dialer.fate = 'silence';
    void w.server.drain({ withinMs: 3_600_000 });
    await w.clock.advance(0);
    expect(w.client.state).toEqual({ name: 'draining' });
    freeze();
    await w.clock.advance(10_000);
    expect(w.client.state).toEqual({ name: 'draining', stale: true });
    await w.end();
    await call;
  });
});

describe('a silent client', () => {
  it.each([
    ['ours', OURS, 20_000],
    ['of the original', OLD, 45_000],
  ] as const)('%s, with a call that waits', async (_name, headers, deadMs) => {
    const clock = new FakeClock();
    const server = testServer(clock);
    const [near, far] = memoryPair();
    const connection = server.serve(far);
    rawPeer(near, 'client', headers);
    await clock.advance(0);
    const call = outcome(connection.service(LifeService).work({ n: 1 }, { timeoutMs: 0 }));
    await clock.advance(deadMs - 1);
    expect(connection.isOpen).toBe(true);
    await clock.advance(1);
    expect(connection.isOpen).toBe(false);
    expect(await call).toBe('connection_closed 02');
    const closed = server.close();
    await clock.advance(60_000);
    await closed;
    expect(clock.timers).toBe(0);
  });
});

describe('a process that stood still', () => {
  /** The clock goes on, no timer runs meanwhile, and then those that are due run before any input. */
  async function standsStill(clock: FakeClock, ms: number, input: () => void): Promise<void> {
    clock.now += ms;
    const advanced = clock.advance(0);
    // After the timers, in the same round.
    setImmediate(() => setImmediate(input));
    await advanced;
    for (let i = 0; i < 6; i++) await settle();
  }

  it('reads what came meanwhile before it judges, on the client', async () => {
    const { w, mine, freeze, thaw } = await silenced();
    const call = outcome(w.client.service(LifeService).echo({ n: 1 }, { timeoutMs: 3_000 }));
    freeze();
    await standsStill(w.clock, 120_000, thaw);
    expect(mine.isOpen).toBe(true);
    expect(await call).toBe('ok');
    expect(w.client.state.name).toBe('ready');
    await w.end();
  });

  it('and on the server', async () => {
    const clock = new FakeClock();
    const server = testServer(clock);
    const [near, far] = memoryPair();
    const connection = server.serve(far);
    const peer = rawPeer(near, 'client', OURS);
    await clock.advance(0);
    await standsStill(clock, 120_000, () => peer.send(Uint8Array.of(0x80)));
    expect(connection.isOpen).toBe(true);
    const closed = server.close();
    await clock.advance(60_000);
    await closed;
  });

  it('judges all the same when nothing came', async () => {
    const { w, mine, freeze } = await silenced();
    const call = outcome(w.client.service(LifeService).echo({ n: 1 }, { timeoutMs: 3_000 }));
    freeze();
    await standsStill(w.clock, 120_000, () => {});
    expect(mine.isOpen).toBe(false);
    expect(await call).toMatch(/call_timeout|connection_closed/);
    await w.end();
  });

  it('does not give up an attempt whose handshake is there', async () => {
    const w = world({ client: { reconnect: STEP, connectTimeoutMs: 5_000 } });
    implementLife(w.server);
    let serve = (): void => {};
    w.dialer.fate = (link) => {
      serve = () => void w.server.serve(link);
    };
    void w.client.connect();
    await w.clock.advance(0);
    await standsStill(w.clock, 60_000, () => serve());
    expect(stateNames(w.states)).toBe('connecting(1) handshaking ready');
    await w.end();
  });
});
