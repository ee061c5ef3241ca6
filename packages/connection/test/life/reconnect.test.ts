import { Status, StmpError, statusError } from '@stmp/contract';
import { encodeServerHandshake } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import {
  type Backoff,
  connect,
  connectLink,
  createClient,
  exponentialBackoff,
  UPSTREAM_BACKOFF,
} from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  JSON_CODEC,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  soFar,
  stateNames,
  testDialer,
  world,
} from './harness.js';

const REFUSED = new StmpError('dial_failed', 'nobody listens');
const STEP: Backoff = { delayMs: (attempt) => attempt * 100, longestMs: 1_000 };

describe('backoff', () => {
  const rows: [name: string, backoff: Backoff, random: number, delays: (number | undefined)[]][] = [
    ['default, highest', exponentialBackoff(), 1, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
    ['default, lowest: full jitter', exponentialBackoff(), 0, [0, 0, 0]],
    ['default, middle', exponentialBackoff(), 0.5, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
    ['own steps', exponentialBackoff({ baseMs: 10, factor: 3, maxMs: 50 }), 1, [10, 30, 50, 50]],
    ['limited', exponentialBackoff({ maxAttempts: 2 }), 1, [500, 1_000, undefined]],
    ['upstream, middle', UPSTREAM_BACKOFF, 0.5, [1_000, 1_200, 1_400, 1_600, 1_800, 2_000, 2_200, undefined]],
    ['upstream, lowest', UPSTREAM_BACKOFF, 0, [800, 960, 1_120, 1_280, 1_440, 1_600, 1_760, undefined]],
    ['upstream, highest', UPSTREAM_BACKOFF, 1, [1_200, 1_440, 1_680, 1_920, 2_160, 2_400, 2_640, undefined]],
  ];
  it.each(rows)('%s', (_name, backoff, random, delays) => {
    const rounded = delays.map((_, i) => {
      const delay = backoff.delayMs(i + 1, random);
      return delay === undefined ? undefined : Math.round(delay * 1e6) / 1e6;
    });
    expect(rounded).toEqual(delays);
  });

  it('is unlimited by default', () => {
    expect(exponentialBackoff().delayMs(1_000_000, 1)).toBe(30_000);
  });

  it.each([
    [{ baseMs: 0 }, 'baseMs'],
    [{ maxMs: Number.NaN }, 'maxMs'],
    [{ factor: 0.5 }, 'factor'],
    [{ maxAttempts: -1 }, 'maxAttempts'],
  ])('refuses %j', (options, name) => {
    expect(() => exponentialBackoff(options)).toThrow(new RegExp(`^${name}`));
  });
});

describe('a client that cannot connect', () => {
  it('waits as the backoff says, then gives up', async () => {
    const clock = new FakeClock();
    const dialer = testDialer(REFUSED);
    const reconnect = (attempt: number, random: number) => (attempt > 3 ? undefined : attempt * 100 + random);
    const client = createClient('test:x', { codecs: [JSON_CODEC], clock, dialers: [dialer], reconnect });
    const states: Parameters<typeof stateNames>[0][number][] = [];
    client.onState((state) => void states.push(state));
    clock.chances = [0.25, 0.5, 0.75];
    const connecting = outcome(client.connect());
    await clock.advance(1_000);
    expect(stateNames(states)).toBe(
      'connecting(1) waiting(1,100.25) connecting(2) waiting(2,200.5) connecting(3) waiting(3,300.75) connecting(4) closed',
    );
    expect(await connecting).toBe('dial_failed');
    expect((await client.closed).status).toBe(Status.NetworkError);
    expect(clock.timers).toBe(0);
  });

  it('ends an attempt that takes too long', async () => {
    const clock = new FakeClock();
    const dialer = testDialer('silence');
    const client = createClient('test:x', {
      codecs: [JSON_CODEC],
      clock,
      dialers: [dialer],
      reconnect: STEP,
      connectTimeoutMs: 5_000,
    });
    void client.connect().catch(() => {});
    await clock.advance(4_999);
    expect(client.state.name).toBe('connecting');
    await clock.advance(1);
    expect(client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs: 100 });
    await client.close();
    expect(clock.timers).toBe(0);
  });

  it('ends an attempt whose server says nothing', async () => {
    const w = world({ client: { reconnect: STEP, connectTimeoutMs: 5_000 } });
    w.dialer.fate = (link) => link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    void w.client.connect().catch(() => {});
    await w.clock.advance(5_000);
    expect(stateNames(w.states)).toBe('connecting(1) handshaking waiting(1,100)');
    await w.end();
  });

  it('ends an attempt whose headers never come', async () => {
    const w = world({
      client: { reconnect: STEP, connectTimeoutMs: 5_000, headers: () => new Promise(() => {}) },
    });
    void w.client.connect().catch(() => {});
    await w.clock.advance(5_000);
    expect(stateNames(w.states)).toBe('connecting(1) waiting(1,100)');
    expect(w.dialer.dials).toBe(0);
    await w.end();
  });

  it('does not try a wrong address again', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = new TypeError('address must be test:name');
    const connecting = outcome(w.client.connect());
    await w.clock.advance(1_000);
    expect(await connecting).toBe('unsupported 20');
    expect(w.dialer.dials).toBe(1);
    await w.end();
  });

  it('stops when its signal fires', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = REFUSED;
    const abort = new AbortController();
    const connecting = outcome(w.client.connect({ signal: abort.signal }));
    await w.clock.advance(150);
    abort.abort(new Error('enough'));
    expect(await connecting).toBe('aborted');
    expect(w.client.state.name).toBe('closed');
    await w.end();
  });

  it('stops when it is closed while it waits', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = REFUSED;
    const connecting = outcome(w.client.connect());
    await w.clock.advance(50);
    await w.client.close();
    await w.clock.advance(10_000);
    expect(await connecting).toBe('dial_failed');
    expect(w.dialer.dials).toBe(1);
    await w.end();
  });
});

describe('a connection that ends', () => {
  const LONGEST = STEP.longestMs;
  // What the server does to the connection, and whether, and when, the client comes back.
  const rows: [name: string, status: number | 'abort' | 'own', retryMs: number | undefined][] = [
    ['the link breaks', 'abort', 100],
    ['NetworkError', Status.NetworkError, 100],
    ['ServerShutdown', Status.ServerShutdown, 100],
    ['TooManyRequests, at the longest step', Status.TooManyRequests, LONGEST + 100],
    ['Ok', Status.Ok, undefined],
    ['Unknown', Status.Unknown, undefined],
    ['ProtocolError', Status.ProtocolError, undefined],
    ['BadRequest', Status.BadRequest, undefined],
    ['Unauthorized', Status.Unauthorized, undefined],
    ['RequestEntityTooLarge', Status.RequestEntityTooLarge, undefined],
    ['InternalServerError', Status.InternalServerError, 100],
    ['Unavailable', Status.Unavailable, 100],
    ['Forbidden', Status.Forbidden, undefined],
    ['Conflict', Status.Conflict, undefined],
    ['NotFound', Status.NotFound, undefined],
    ['RequestTimeout', Status.RequestTimeout, undefined],
    ['a status of the application', 0x77, undefined],
    ['own close', 'own', undefined],
  ];
  it.each(rows)('%s', async (_name, status, retryMs) => {
    const w = world({ client: { reconnect: STEP } });
    const connection = await w.ready();
    await w.clock.advance(60_000);
    if (status === 'abort') connection.abort();
    else if (status === 'own') void w.client.close();
    else void connection.close({ status });
    await w.clock.advance(0);
    if (retryMs === undefined) {
      await w.clock.advance(120_000);
      expect(w.client.state.name).toBe('closed');
      expect(w.dialer.dials).toBe(1);
      expect((await w.client.closed).status).toBe(status === 'own' ? Status.Ok : status);
    } else {
      expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs: retryMs });
      await w.clock.advance(retryMs - 1);
      expect(w.dialer.dials).toBe(1);
      await w.clock.advance(1);
      expect(w.dialer.dials).toBe(2);
      expect(w.client.state.name).toBe('ready');
    }
    await w.end();
  });

  it('refusals follow the same rules', async () => {
    for (const [status, state] of [
      [Status.ServerShutdown, 'waiting'],
      [Status.TooManyRequests, 'waiting'],
      [Status.Unauthorized, 'closed'],
      [Status.BadRequest, 'closed'],
    ] as const) {
      const w = world({ client: { reconnect: STEP } });
      w.dialer.fate = (link) => {
        link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
        link.send(encodeServerHandshake({ status, header: [], message: 'no' }) as Uint8Array & string);
        void link.close();
      };
      void w.client.connect().catch(() => {});
      await w.clock.advance(0);
      expect(w.client.state.name).toBe(state);
      if (state === 'waiting')
        expect(w.client.state).toHaveProperty('delayMs', status === Status.TooManyRequests ? 1_100 : 100);
      await w.end();
    }
  });

  it('counts as a failure when it was short, so that the waits grow', async () => {
    const w = world({ client: { reconnect: STEP } });
    await w.ready();
    for (const attempt of [1, 2, 3]) {
      w.connections.at(-1)!.abort();
      await w.clock.advance(0);
      expect(w.client.state).toMatchObject({ name: 'waiting', attempt, delayMs: attempt * 100 });
      await w.clock.advance(attempt * 100);
      expect(w.client.state.name).toBe('ready');
    }
    await w.clock.advance(5_000);
    w.connections.at(-1)!.abort();
    await w.clock.advance(0);
    expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs: 100 });
    // The attempt after a lost connection is the second failure.
    w.dialer.fate = REFUSED;
    await w.clock.advance(100);
    expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 2, delayMs: 200 });
    await w.end();
  });

  it('keeps listeners and services for the next one', async () => {
    const w = world({ client: { reconnect: STEP } });
    const heard: number[] = [];
    w.client.on(LifeEvents, { tick: ({ n }) => void heard.push(n) });
    w.client.implement(LifeService, { echo: (input) => input, work: ({ n }) => ({ n: n + 1 }) });
    await w.ready();
    for (let n = 1; n <= 3; n++) {
      const connection = w.connections.at(-1)!;
      connection.emit(LifeEvents).tick({ n });
      expect(await connection.service(LifeService).work({ n })).toEqual({ n: n + 1 });
      connection.abort();
      await w.clock.advance(1_000);
    }
    expect(heard).toEqual([1, 2, 3]);
    expect(w.connections).toHaveLength(4);
    await w.end();
  });

  it('comes from a ready link only once', async () => {
    const w = world();
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    const connected = connectLink(mine, { codecs: [JSON_CODEC], clock: w.clock });
    await w.clock.advance(0);
    const client = await connected;
    w.connections.at(-1)!.abort();
    await settle();
    expect(client.state.name).toBe('closed');
    await w.end();
  });

  it('is tried once by connect()', async () => {
    const clock = new FakeClock();
    const dialer = testDialer(REFUSED);
    const options = { codecs: [JSON_CODEC], clock, dialers: [dialer] };
    expect(await outcome(connect('test:x', options))).toBe('dial_failed');
    expect(await outcome(connect('test:x', { ...options, reconnect: STEP }))).toBe('dial_failed');
    expect(await outcome(connect('nowhere:x', options))).toBe('unsupported 20');
    expect(dialer.dials).toBe(2);
    expect(clock.timers).toBe(0);
  });
});

describe('onSession', () => {
  it('runs on every connection before the client is ready', async () => {
    const w = world({ client: { reconnect: STEP } });
    implementLife(w.server);
    const seen: string[] = [];
    let go: (() => void) | undefined;
    w.client.onSession(async (connection, session) => {
      await connection.service(LifeService).echo({ n: session.number });
      seen.push(`${session.number} ${w.client.state.name}`);
      if (session.number === 2) await new Promise<void>((resolve) => (go = resolve));
    });
    await w.ready();
    w.connections[0]!.abort();
    await w.clock.advance(100);
    expect(seen).toEqual(['1 handshaking', '2 handshaking']);
    expect(w.client.state.name).toBe('handshaking');
    go!();
    await settle();
    expect(w.client.state.name).toBe('ready');
    await w.end();
  });

  it('gives the connection up when it fails, and waits', async () => {
    const failures: string[] = [];
    const w = world({
      client: { reconnect: STEP, hooks: { onError: (error, where) => failures.push(`${where.name}: ${error}`) } },
    });
    w.client.onSession((_, { number }) => {
      if (number < 3) throw new Error(`no room ${number}`);
    });
    const connected = w.client.connect();
    await w.clock.advance(1_000);
    await connected;
    expect(stateNames(w.states)).toBe(
      'connecting(1) handshaking waiting(1,100) connecting(2) handshaking waiting(2,200) connecting(3) handshaking ready',
    );
    expect(failures).toEqual(['onSession: Error: no room 1', 'onSession: Error: no room 2']);
    await w.end();
  });

  it('is told when its connection ends', async () => {
    const w = world({ client: { reconnect: STEP } });
    const signals: AbortSignal[] = [];
    w.client.onSession((_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    void w.client.connect().catch(() => {});
    await w.clock.advance(0);
    expect(signals[0]!.aborted).toBe(false);
    w.connections[0]!.abort();
    await w.clock.advance(0);
    expect(signals[0]!.aborted).toBe(true);
    expect(w.client.state.name).toBe('waiting');
    await w.end();
  });

  it('is bounded by the time of the attempt', async () => {
    const w = world({ client: { reconnect: STEP, connectTimeoutMs: 3_000 } });
    w.client.onSession(() => new Promise(() => {}));
    void w.client.connect().catch(() => {});
    await w.clock.advance(3_000);
    expect(w.client.state.name).toBe('waiting');
    await w.end();
  });

  it('can be removed', async () => {
    const w = world();
    let runs = 0;
    const remove = w.client.onSession(() => void runs++);
    remove();
    await w.ready();
    expect(runs).toBe(0);
    await w.end();
  });
});

describe('headers', () => {
  it('are asked for at every connect', async () => {
    let token = 0;
    const seen: (string | undefined)[] = [];
    const w = world({
      client: { reconnect: STEP, headers: async () => [['Token', `t${++token}`]] },
      server: {
        authenticate: ({ headers }) => {
          seen.push(headers.get('token'));
          return { identity: 1 };
        },
      },
    });
    await w.ready();
    w.connections[0]!.abort();
    await w.clock.advance(100);
    expect(seen).toEqual(['t1', 't2']);
    await w.end();
  });

  it('that cannot be had are tried again, unless their error has a status that ends', async () => {
    let tries = 0;
    const w = world({
      client: {
        reconnect: STEP,
        headers: async () => {
          tries++;
          if (tries === 1) throw new TypeError('fetch failed');
          throw statusError(Status.Unauthorized, 'logged out');
        },
      },
    });
    const connecting = outcome(w.client.connect());
    await w.clock.advance(1_000);
    expect(await connecting).toBe('status 21');
    expect(tries).toBe(2);
    await w.end();
  });
});

describe('calls without a connection', () => {
  it('fail at once, or wait within their deadline', async () => {
    const w = world({ client: { reconnect: STEP } });
    implementLife(w.server);
    const service = w.client.service(LifeService);
    await w.ready();
    await w.clock.advance(10_000);
    w.dialer.fate = REFUSED;
    w.connections[0]!.abort();
    await w.clock.advance(0);
    expect(await outcome(service.echo({ n: 1 }))).toBe('not_connected 02');
    const abort = new AbortController();
    const waits = service.echo({ n: 2 }, { whenOffline: 'wait' });
    const expires = outcome(service.echo({ n: 3 }, { whenOffline: 'wait', timeoutMs: 300 }));
    const aborts = outcome(service.echo({ n: 4 }, { whenOffline: 'wait', signal: abort.signal }));
    await w.clock.advance(299);
    expect(await soFar(expires)).toBe('pending');
    await w.clock.advance(1);
    expect(await expires).toBe('call_timeout 23');
    abort.abort();
    expect(await aborts).toBe('aborted');
    w.dialer.fate = w.server;
    await w.clock.advance(1_000);
    expect(await waits).toEqual({ n: 2 });
    expect(w.server.counters().callsIn).toBe(1);
    await w.end();
  });

  it('fail when the client closes for good', async () => {
    const w = world({ client: { reconnect: STEP } });
    await w.ready();
    w.dialer.fate = REFUSED;
    w.connections[0]!.abort();
    await w.clock.advance(0);
    const waits = outcome(w.client.service(LifeService).echo({ n: 1 }, { whenOffline: 'wait' }));
    await w.client.close();
    expect(await waits).not.toBe('ok');
    await w.end();
  });

  it('wait for the next connection while the present one is closing', async () => {
    const w = world({ client: { reconnect: STEP } });
    implementLife(w.server);
    await w.ready();
    void w.client.connection!.close({ status: Status.NetworkError });
    expect(w.client.state.name).toBe('ready');
    const waits = w.client.service(LifeService).echo({ n: 1 }, { whenOffline: 'wait' });
    await w.clock.advance(200);
    expect(await waits).toEqual({ n: 1 });
    await w.end();
  });

  it('are never sent twice: a request that may have run fails', async () => {
    const w = world({ client: { reconnect: STEP } });
    const work = implementLife(w.server);
    await w.ready();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }, { whenOffline: 'wait' }));
    await settle();
    expect(work).toHaveLength(1);
    w.connections[0]!.abort();
    await w.clock.advance(1_000);
    expect(w.client.state.name).toBe('ready');
    expect(await call).toBe('connection_closed 02');
    expect(work).toHaveLength(1);
    expect(work[0]!.signal.aborted).toBe(true);
    await w.end();
  });
});

describe('a platform that sleeps', () => {
  it('is asked to look at the clock when it wakes', async () => {
    let wake: (() => void) | undefined;
    let stopped = 0;
    const w = world({
      client: {
        reconnect: STEP,
        onWake: (check) => {
          wake = check;
          return () => void stopped++;
        },
      },
    });
    await w.ready();
    const connection = w.client.connection!;
    // Two minutes pass and no timer runs.
    w.clock.now += 120_000;
    expect(connection.isOpen).toBe(true);
    wake!();
    await settle();
    expect(connection.isOpen).toBe(false);
    expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs: 100 });
    // A wait that is over is over.
    w.clock.now += 100;
    wake!();
    await settle();
    expect(w.dialer.dials).toBe(2);
    await w.end();
    expect(stopped).toBe(1);
  });
});
