import { Status, type StmpError } from '@stmp/contract';
import { FakeClock, seeded, settle } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { createClient, exponentialBackoff, type Server, type SlowReaderPolicy } from '../../src/index.js';
import { JSON_CODEC, LifeEvents, LifeService, testDialer, testServer } from './harness.js';

interface Job {
  readonly id: number;
  readonly signal: AbortSignal;
  end(error?: Error): void;
}

/** One life full of mishaps; it throws when a promise is broken. */
async function live(seed: number): Promise<{ fulfilled: number; failed: number; sessions: number }> {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const clock = new FakeClock();
  clock.random = random;
  const ran = new Map<number, number>();
  const jobs = new Set<Job>();
  const servers: Server<unknown, unknown>[] = [];
  const newServer = (): Server<unknown, unknown> => {
    const server = testServer(clock, {
      maxConcurrentHandlers: pick([1, 3, 64]),
      maxInboxCount: pick([1, 4, 1_000]),
      maxInboxBytes: pick([50, 1_000_000]),
      maxQueuedBytes: pick([200, 5_000]),
      handlerTimeoutMs: pick([0, 0, 700]),
      slowReader: 'drop-oldest',
      ...(random() < 0.5
        ? {}
        : {
            authenticate: () =>
              new Promise((resolve) => clock.setTimer(() => resolve({ identity: 1 }), random() * 300)),
          }),
    });
    const begin = (id: number): void => void ran.set(id, (ran.get(id) ?? 0) + 1);
    server.implement(LifeService, {
      echo: (input) => {
        begin(input.n);
        return input;
      },
      work: ({ n }, { connection, signal }) => {
        begin(n);
        if (n % 5 === 0)
          return connection
            .service(LifeService)
            .echo({ n })
            .then(({ n }) => ({ n }));
        return new Promise((resolve, reject) => {
          const job = {
            id: n,
            signal,
            end(error?: Error) {
              jobs.delete(job);
              if (error === undefined) resolve({ n });
              else reject(error);
            },
          };
          jobs.add(job);
        });
      },
    });
    server.on(LifeEvents, { tick: () => {} });
    servers.push(server);
    return server;
  };
  const dialer = testDialer(newServer(), {
    kind: pick(['stream', 'message'] as const),
    highWaterBytes: pick([100, 10_000]),
  });
  const client = createClient('test:x', {
    codecs: [JSON_CODEC],
    clock,
    dialers: [dialer],
    reconnect: exponentialBackoff({ baseMs: 100, maxMs: 1_000 }),
    packetFormat: pick(['binary', 'text'] as const),
    connectTimeoutMs: 2_000,
    callTimeoutMs: 5_000,
    maxConcurrentHandlers: pick([1, 64]),
    maxPendingCalls: pick([5, 65_535]),
  });
  let sessions = 0;
  client.onSession(async (connection) => {
    if (random() < 0.2) throw new Error('no session');
    if (random() < 0.3) await connection.service(LifeService).echo({ n: -1 }, { timeoutMs: 500 });
    sessions++;
  });
  client.implement(LifeService, { echo: async (input) => input, work: (input) => input });
  client.on(LifeEvents, { tick: () => {}, tock: async () => {} });
  let connected = false;
  void client.connect().then(
    () => {
      connected = true;
    },
    () => {},
  );

  const problems: string[] = [];
  let waiting = 0;
  let made = 0;
  const pending = new Set<number>();
  const fulfilled = new Set<number>();
  let failed = 0;
  const call = (): void => {
    const n = ++made;
    const abort = new AbortController();
    let given = false;
    if (random() < 0.3) {
      clock.setTimer(() => {
        abort.abort();
        void settle().then(() => {
          if (given && pending.has(n)) problems.push(`call ${n} did not heed its signal`);
        });
      }, random() * 1_000);
    }
    const options = {
      whenOffline: pick(['fail', 'wait'] as const),
      ...(random() < 0.3 ? { timeoutMs: Math.ceil(random() * 800) } : {}),
      ...(random() < 0.5 ? { signal: abort.signal } : {}),
    };
    pending.add(n);
    given = 'signal' in options;
    client
      .service(LifeService)
      [pick(['echo', 'work'] as const)]({ n, text: 'x'.repeat(Math.floor(random() * 300)) } as { n: number }, options)
      .then(
        (answer) => {
          if (answer.n !== n) throw new Error(`seed ${seed}: call ${n} was answered with ${answer.n}`);
          if (!pending.delete(n)) throw new Error(`seed ${seed}: call ${n} settled twice`);
          fulfilled.add(n);
        },
        (error: StmpError) => {
          if (error.name !== 'StmpError') throw error;
          if (!pending.delete(n)) throw new Error(`seed ${seed}: call ${n} settled twice`);
          failed++;
        },
      );
  };
  const connections = () => servers.flatMap((server) => [...server.connections]);
  const policies: readonly SlowReaderPolicy[] = ['drop-newest', 'drop-oldest', 'latest-by-key', 'disconnect', 'wait'];
  const steps: readonly (() => unknown)[] = [
    call,
    call,
    call,
    call,
    () => pick([...jobs, undefined])?.end(),
    () => pick([...jobs, undefined])?.end(),
    () => pick([...jobs, undefined])?.end(random() < 0.5 ? new Error('failed') : undefined),
    () => pick([...connections(), undefined])?.abort(),
    () =>
      void pick([...connections(), undefined])?.close({ status: pick([Status.NetworkError, Status.ServerShutdown]) }),
    () => void client.connection?.close({ status: Status.NetworkError }),
    () => {
      const server = servers.at(-1)!;
      dialer.fate = newServer();
      void server.drain({ withinMs: pick([0, 200, 2_000]), graceMs: pick([0, 500]) });
    },
    () => {
      dialer.fate = pick([new Error('refused'), 'silence', servers.at(-1)!, servers.at(-1)!]);
    },
    () => pick(dialer.links)?.pause(),
    () => pick(dialer.links)?.resume(),
    () => {
      const connection = pick([...connections(), undefined]);
      for (let n = 0; n < 5; n++) {
        const policy = pick(policies);
        const sent: unknown = connection
          ?.emit(LifeEvents, { policy: policy as 'disconnect' })
          [pick(['tick', 'tock'] as const)]({ n });
        if (!(sent instanceof Promise)) continue;
        waiting++;
        void sent.then(() => waiting--);
      }
    },
    () => client.emit(LifeEvents).tick({ n: 0 }),
    () => client.checkTime(),
    () => clock.advance(random() * 50),
    () => clock.advance(random() * 50),
    () => clock.advance(random() * 800),
    settle,
  ];
  for (let step = 0; step < 80; step++) await pick(steps)();

  // The world heals: everything has to come to its end.
  dialer.fate = servers.at(-1)!;
  for (const link of dialer.links) link.resume();
  for (let i = 0; i < 30; i++) {
    for (const job of jobs) job.end();
    await clock.advance(1_000);
  }
  const { state } = client;
  if (state.name !== 'ready' && !(state.name === 'closed' && state.reason.status === Status.TooManyRequests))
    problems.push(`the client is ${state.name}`);
  if (state.name === 'ready') {
    // What is whole works: nothing of the past is in the way.
    if (!connected) problems.push('connect() has not resolved');
    if (client.counters().connectionsOpen !== 1) problems.push('an old connection was not left');
    const fresh = Array.from({ length: 3 }, () => {
      const n = ++made;
      return client.service(LifeService).echo({ n });
    });
    await clock.advance(6_000);
    const results = await Promise.allSettled(fresh);
    if (results.some(({ status }) => status === 'rejected')) problems.push('a fresh call failed');
  }
  if (pending.size > 0) problems.push(`${pending.size} calls have not settled`);
  if (client.connection !== undefined && client.connection.pendingCalls > 0) problems.push('calls are pending');
  const twice = [...ran].filter(([id, count]) => id > 0 && count > 1);
  if (twice.length > 0) problems.push(`${twice.length} calls ran twice`);
  if ([...fulfilled].some((id) => !ran.has(id))) problems.push('a call was fulfilled that never ran');
  if (connections().length > 1) problems.push(`${connections().length} connections are open`);
  // One is left running, to see that it is told of the end.
  if (client.connection !== undefined) {
    void client
      .service(LifeService)
      .work({ n: 1_000_001 })
      .catch(() => {});
    await settle();
  }
  if (waiting > 0) problems.push(`${waiting} events still wait`);
  const running = [...jobs];
  const closed = Promise.all([client.close(), ...servers.map((server) => server.close())]);
  for (let i = 0; i < 5; i++) await clock.advance(3_000);
  await closed;
  if (running.some(({ signal }) => !signal.aborted)) problems.push('a handler was not told of the end');
  const open = servers.reduce(
    (sum, server) => sum + server.counters().connectionsOpen,
    client.counters().connectionsOpen,
  );
  if (open !== 0) problems.push(`${open} connections are still counted`);
  if (clock.timers > 0) problems.push(`${clock.timers} timers are left`);
  if (problems.length > 0) throw new Error(`seed ${seed}: ${problems.join(', ')}`);
  return { fulfilled: fulfilled.size, failed, sessions };
}

describe('any life', () => {
  it('settles every call once and leaves nothing behind', async () => {
    let fulfilled = 0;
    let failed = 0;
    let sessions = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const row = await live(seed);
      fulfilled += row.fulfilled;
      failed += row.failed;
      sessions += row.sessions;
    }
    // The mishaps were not so many that nothing worked, nor so few that nothing failed.
    expect(fulfilled).toBeGreaterThan(500);
    expect(failed).toBeGreaterThan(500);
    expect(sessions).toBeGreaterThan(300);
  });
});
