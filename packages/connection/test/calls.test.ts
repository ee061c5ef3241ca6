import { type Client, connectLink, createClient, createServer } from '@stmp/connection';
import { isStmpError, type PayloadCodec, StmpError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { FakeClock, join, outcome, settle, TestEvents, TestService, watch } from './helpers.js';

type Answer = (text: string) => void;

/** A service whose echo waits until it is told to answer. */
function holding(waiting: Answer[] = [], signals: AbortSignal[] = []) {
  return {
    waiting,
    signals,
    implementation: {
      echo: (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
        new Promise<{ text: string }>((resolve) => {
          signals.push(signal);
          waiting.push((text) => resolve({ text }));
        }),
      touch: () => {},
      fail: () => {},
    },
  };
}

describe('calls', () => {
  it('settles out of order, each once', async () => {
    const { waiting, implementation } = holding();
    const { client } = await join({ prepare: (server) => server.implement(TestService, implementation) });
    const service = client.service(TestService);
    const calls = ['a', 'b', 'c'].map((text) => watch(service.echo({ text })));
    await settle();
    expect(client.connection?.pendingCalls).toBe(3);
    waiting[2]?.('third');
    waiting[0]?.('first');
    await settle();
    expect(calls.map(({ value }) => value)).toEqual([{ text: 'first' }, undefined, { text: 'third' }]);
    waiting[1]?.('second');
    await settle();
    expect(calls.map(({ settled }) => settled)).toEqual([1, 1, 1]);
    expect(client.connection?.pendingCalls).toBe(0);
  });

  it('tells the response headers before the promise settles, of errors too', async () => {
    const { client } = await join({
      prepare: (server) =>
        server.implement(TestService, {
          echo: (message, { responseHeaders }) => {
            responseHeaders.append('X-A', '1').append('X-A', '2');
            return message;
          },
          touch: () => {},
          fail: (_, { responseHeaders }) => {
            responseHeaders.set('X-Why', 'because');
            throw new StmpError('status', 'no', { status: 0x77 });
          },
        }),
    });
    const order: unknown[] = [];
    const service = client.service(TestService);
    await service.echo({ text: 'x' }, { onHeaders: (headers) => order.push(headers) }).then(() => order.push('done'));
    await service.touch(undefined, { onHeaders: (headers) => order.push(headers) }).then(() => order.push('done'));
    await service.fail({}, { onHeaders: (headers) => order.push(headers) }).catch(() => order.push('failed'));
    expect(order).toEqual([
      [
        ['X-A', '1'],
        ['X-A', '2'],
      ],
      'done',
      [],
      'done',
      [['X-Why', 'because']],
      'failed',
    ]);
    const own = new Error('mine');
    const throwing = service.touch(undefined, {
      onHeaders: () => {
        throw own;
      },
    });
    await expect(throwing).rejects.toBe(own);
  });

  it('gives a call up by signal: before it is sent, or while it waits', async () => {
    const { waiting, signals, implementation } = holding();
    const { client, near } = await join({ prepare: (server) => server.implement(TestService, implementation) });
    const service = client.service(TestService);
    const reason = new Error('enough');
    const error = await service.echo({ text: 'x' }, { signal: AbortSignal.abort(reason) }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'aborted', origin: 'local', cause: reason });
    await settle();
    expect(waiting).toHaveLength(0);

    const controller = new AbortController();
    const call = watch(service.echo({ text: 'x' }, { signal: controller.signal }));
    await settle();
    expect(call.settled).toBe(0);
    controller.abort(reason);
    await settle();
    expect(call).toMatchObject({ settled: 1, error: { code: 'aborted', cause: reason } });
    expect(near.pendingCalls).toBe(0);
    // The peer was told, and its late answer is dropped.
    expect(signals[0]?.aborted).toBe(true);
    waiting[0]?.('late');
    await settle();
    expect(call.settled).toBe(1);
    expect(await service.touch()).toBeUndefined();
  });

  it('lets go of the signal when the call has settled', async () => {
    const { client } = await join({
      prepare: (server) =>
        server.implement(TestService, { echo: (message) => message, touch: () => {}, fail: () => Promise.reject() }),
    });
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await client.service(TestService).echo({ text: 'x' }, { signal });
    await client
      .service(TestService)
      .fail({}, { signal })
      .catch(() => {});
    expect(listeners).toBe(0);
  });

  describe('timeouts', () => {
    const table = [
      { name: 'the default', options: {}, call: undefined, ms: 60_000 },
      { name: 'of the client', options: { callTimeoutMs: 700 }, call: undefined, ms: 700 },
      {
        name: 'of the method',
        options: { callTimeoutMs: 700, methodTimeoutsMs: { 'test.v1.TestService.Echo': 300 } },
        call: undefined,
        ms: 300,
      },
      {
        name: 'of the call',
        options: { methodTimeoutsMs: { 'test.v1.TestService.Echo': 300 } },
        call: 55,
        ms: 55,
      },
    ];
    for (const { name, options, call, ms } of table) {
      it(`${name}, never early`, async () => {
        const { implementation } = holding();
        const { client, clock, near } = await join({
          prepare: (server) => server.implement(TestService, implementation),
          client: { ...options, keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
          server: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
        });
        // The last input lies back: it must not count.
        await clock.advance(40_000);
        const pending = watch(client.service(TestService).echo({ text: 'x' }, { timeoutMs: call }));
        await clock.advance(ms - 1);
        expect(pending.settled).toBe(0);
        await clock.advance(1 + Math.max(10, ms / 100));
        expect(pending).toMatchObject({ settled: 1, error: { code: 'call_timeout', status: 0x23, origin: 'local' } });
        expect(near.pendingCalls).toBe(0);
      });
    }

    it('never, with 0', async () => {
      const { waiting, implementation } = holding();
      const { client, clock } = await join({
        server: { handlerTimeoutMs: 0 },
        prepare: (server) => server.implement(TestService, implementation),
      });
      const pending = watch(client.service(TestService).echo({ text: 'x' }, { timeoutMs: 0 }));
      await clock.advance(100_000_000);
      expect(pending.settled).toBe(0);
      waiting[0]?.('at last');
      await settle();
      expect(pending.value).toEqual({ text: 'at last' });
    });

    it('counts from the call, also right after an event in the same turn', async () => {
      const { implementation } = holding();
      const { client, clock } = await join({
        prepare: (server) => server.implement(TestService, implementation),
        client: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
        server: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
      });
      await clock.advance(500);
      client.emit(TestEvents).said({ text: 'x' });
      const pending = watch(client.service(TestService).echo({ text: 'x' }, { timeoutMs: 100 }));
      await clock.advance(99);
      expect(pending.settled).toBe(0);
      await clock.advance(11);
      expect(pending.error).toMatchObject({ code: 'call_timeout' });
    });

    it('counts from the call, also in the turn in which another one expired', async () => {
      const { implementation } = holding();
      const { client, clock } = await join({
        prepare: (server) => server.implement(TestService, implementation),
        client: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
        server: { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } },
      });
      const service = client.service(TestService);
      let second: ReturnType<typeof watch> | undefined;
      service.echo({ text: 'x' }, { timeoutMs: 300 }).catch(() => {
        second = watch(service.echo({ text: 'x' }, { timeoutMs: 100 }));
      });
      await clock.advance(300);
      await clock.advance(99);
      expect(second?.settled).toBe(0);
      await clock.advance(11);
      expect(second?.settled).toBe(1);
    });

    it('refuses what is no time', async () => {
      const { client } = await join();
      const { echo } = client.service(TestService);
      await expect(echo({ text: 'x' }, { timeoutMs: -1 })).rejects.toThrow(RangeError);
      await expect(echo({ text: 'x' }, { timeoutMs: Number.NaN })).rejects.toThrow('timeoutMs');
      await expect(echo({ text: 'x' }, { timeoutMs: -1, whenOffline: 'wait' })).rejects.toThrow(RangeError);
    });

    it('travel when asked to, and abort the handler', async () => {
      const { signals, implementation } = holding();
      const seen: (string | undefined)[] = [];
      const { client, clock } = await join({
        prepare: (server) => {
          server.use((call, next) => {
            seen.push(call.headers.get('Stmp-Timeout-Ms'));
            return next();
          });
          server.implement(TestService, implementation);
        },
      });
      const { echo } = client.service(TestService);
      const silent = watch(echo({ text: 'x' }, { timeoutMs: 5_000 }));
      const telling = watch(echo({ text: 'x' }, { timeoutMs: 500, sendTimeout: true, headers: [['K', 'v']] }));
      await clock.advance(499);
      expect(seen).toEqual([undefined, '500']);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
      await clock.advance(11);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
      expect([silent.settled, telling.settled]).toEqual([0, 1]);
    });

    it('that travel count from the arrival, and leave no timer behind a handler that is not async', async () => {
      let left: boolean | undefined;
      const { client, clock } = await join({
        prepare: (server) =>
          server.implement(TestService, {
            echo: (message, context) => {
              // As if it had waited for its turn.
              clock.now += 1_000;
              left = context.signal.aborted;
              return message;
            },
            touch: (_, { signal }) => {
              left = signal.aborted;
            },
            fail: () => {},
          }),
      });
      const service = client.service(TestService);
      expect(await outcome(service.echo({ text: 'x' }, { timeoutMs: 900, sendTimeout: true }))).toEqual({ text: 'x' });
      expect(left).toBe(true);
      const before = clock.timers;
      await service.touch(undefined, { timeoutMs: 60_000, sendTimeout: true });
      expect(left).toBe(false);
      await settle();
      expect(clock.timers).toBe(before);
    });
  });

  it('fails calls that are pending when the connection ends, once', async () => {
    const { implementation } = holding();
    for (const end of ['near', 'far', 'abort', 'client', 'server'] as const) {
      const joined = await join({ prepare: (server) => server.implement(TestService, implementation) });
      const { echo } = joined.client.service(TestService);
      const calls = [watch(echo({ text: 'x' })), watch(echo({ text: 'y' }, { timeoutMs: 100 }))];
      await settle();
      if (end === 'near') void joined.near.close();
      else if (end === 'far') void joined.far.close({ status: 0x77, message: 'out' });
      else if (end === 'abort') joined.near.abort();
      else if (end === 'client') void joined.client.close();
      else void joined.server.close();
      await settle();
      await joined.clock.advance(200);
      const status = { near: 0x02, far: 0x77, abort: 0x02, client: 0x02, server: 0x41 }[end];
      for (const call of calls)
        expect(call, end).toMatchObject({ settled: 1, error: { code: 'connection_closed', status } });
      expect(await outcome(echo({ text: 'x' }))).toMatch(/^(not_connected|connection_closed|aborted)$/);
      expect(await outcome(joined.near.service(TestService).echo({ text: 'x' }))).toBe('connection_closed');
    }
  });

  it('limits the calls that wait', async () => {
    const { waiting, implementation } = holding();
    const { client } = await join({
      prepare: (server) => server.implement(TestService, implementation),
      client: { maxPendingCalls: 2 },
    });
    const { echo } = client.service(TestService);
    const calls = [watch(echo({ text: '1' })), watch(echo({ text: '2' }))];
    expect(await outcome(echo({ text: '3' }))).toBe('too_many_calls');
    await settle();
    waiting[0]?.('done');
    await settle();
    expect(calls.map(({ settled }) => settled)).toEqual([1, 0]);
    const next = watch(echo({ text: '4' }));
    await settle();
    expect(next.settled).toBe(0);
    expect(waiting).toHaveLength(3);
  });

  it('rejects what cannot be encoded or is too large, and stays usable', async () => {
    const { client, near } = await join({
      prepare: (server) =>
        server.implement(TestService, { echo: (message) => message, touch: () => {}, fail: () => {} }),
      client: { maxPacketBytes: 200 },
    });
    const service = client.service(TestService);
    expect(await outcome(service.echo({ text: 1n as never }))).toBe('payload_invalid');
    expect(await outcome(service.echo({ text: 'x'.repeat(300) }))).toBe('too_large');
    expect(near.pendingCalls).toBe(0);
    expect(await outcome(service.echo({ text: 'y' }))).toEqual({ text: 'y' });
    expect(client.counters().callsOut).toBe(1);
  });

  it('rejects a response that cannot be decoded', async () => {
    const { client, near } = await join({
      prepare: (server) => {
        server.use((call, next) => (call.name.endsWith('Echo') ? { status: 0, payload: '{"te' } : next()));
        server.implement(TestService, { echo: (message) => message, touch: () => {}, fail: () => {} });
      },
    });
    const service = client.service(TestService);
    expect(await outcome(service.echo({ text: 'x' }))).toBe('payload_invalid');
    expect(near.isOpen).toBe(true);
    expect(await outcome(service.touch())).toBeUndefined();
  });

  it('keeps a packet while user code makes another connection read its own', async () => {
    // Two clients whose input is held back, as it is right after connecting: closing them reads it.
    const held: Client[] = [];
    for (let i = 0; i < 2; i++) {
      const common = { codecs: [jsonCodec()], clock: new FakeClock(), keepalive: { pingIntervalMs: 0 } };
      const other = createServer(common);
      other.onConnection((connection) => {
        connection.emit(TestEvents).said({ text: 'x'.repeat(60) });
      });
      const [a, b] = memoryPair();
      other.serve(b);
      held.push(await connectLink(a, common));
    }
    await settle();
    const { client } = await join({
      prepare: (server) =>
        server.implement(TestService, {
          echo: (message, { responseHeaders }) => {
            responseHeaders.set('K', 'v');
            return message;
          },
          touch: () => {},
          fail: () => {},
        }),
      server: { hooks: { onPacketIn: () => void held[0]?.close() } },
    });
    const answer = await client.service(TestService).echo({ text: 'kept' }, { onHeaders: () => void held[1]?.close() });
    expect(answer).toEqual({ text: 'kept' });
  });

  it('a codec that cannot carry a method fails that method only', async () => {
    const json = jsonCodec();
    const untyped: PayloadCodec = {
      ...json,
      message: (type) => {
        if (type === undefined) throw new StmpError('unsupported', 'needs a type');
        return json.message(type);
      },
    };
    const { client, server, near, reported } = await join({
      server: { codecs: [untyped] },
      prepare: (server) =>
        server.implement(TestService, { echo: (message) => message, touch: () => {}, fail: () => {} }),
    });
    const error = await client
      .service(TestService)
      .touch()
      .catch((e: unknown) => e);
    expect(isStmpError(error) && error.status).toBe(0x40);
    expect(reported.map(({ side, name }) => [side, name])).toEqual([['server', 'test.v1.TestService.Touch']]);
    expect(near.isOpen).toBe(true);
    expect(server.connections.size).toBe(1);
  });
});

describe('without a connection', () => {
  function unconnected(clock = new FakeClock()) {
    const { dialer, listener } = memoryTransport();
    const codecs = [jsonCodec()];
    const server = createServer({ codecs, clock, listeners: [listener] });
    server.implement(TestService, { echo: (message) => message, touch: () => {}, fail: () => {} });
    const client = createClient('memory://here', { codecs, clock, dialers: [dialer] });
    return {
      client,
      server,
      clock,
      end: async () => {
        await Promise.all([client.close(), server.close(), clock.advance(10_000)]);
        expect(clock.timers).toBe(0);
      },
    };
  }

  it('calls fail at once, or wait', async () => {
    const { client, server, clock, end } = unconnected();
    const { echo } = client.service(TestService);
    expect(await outcome(echo({ text: 'x' }))).toBe('not_connected');
    expect(client.emit(TestEvents).said({ text: 'x' })).toBe(false);
    expect(await client.emit(TestEvents, { policy: 'wait' }).said({ text: 'x' })).toBe(false);

    const waiting = watch(echo({ text: 'waited' }, { whenOffline: 'wait' }));
    const short = watch(echo({ text: 'x' }, { whenOffline: 'wait', timeoutMs: 50 }));
    const controller = new AbortController();
    const given = watch(echo({ text: 'x' }, { whenOffline: 'wait', signal: controller.signal }));
    await clock.advance(49);
    expect([waiting.settled, short.settled, given.settled]).toEqual([0, 0, 0]);
    controller.abort();
    await clock.advance(1);
    expect(short.error).toMatchObject({ code: 'call_timeout', status: 0x23 });
    expect(given.error).toMatchObject({ code: 'aborted' });
    expect(await outcome(echo({ text: 'x' }, { whenOffline: 'wait', signal: AbortSignal.abort() }))).toBe('aborted');

    await server.listen('memory://here');
    const connecting = client.connect();
    await clock.advance(0);
    await connecting;
    await clock.advance(0);
    expect(waiting.value).toEqual({ text: 'waited' });

    // A connection on its way out: the call waits for the one after it.
    void client.connection?.close({ status: 0x02 });
    expect(client.state.name).toBe('ready');
    const next = watch(echo({ text: 'again' }, { whenOffline: 'wait' }));
    await settle();
    expect(next.settled).toBe(0);
    await clock.advance(40_000);
    expect(next.value).toEqual({ text: 'again' });

    const last = watch(echo({ text: 'x' }, { whenOffline: 'wait' }));
    await settle();
    expect(last.value).toEqual({ text: 'x' });
    await end();
    expect(await outcome(echo({ text: 'x' }))).toBe('not_connected');
    expect(await outcome(echo({ text: 'x' }, { whenOffline: 'wait' }))).toBe('not_connected');
  });

  it('what waits fails when the client closes for good', async () => {
    const { client, end } = unconnected();
    const waiting = watch(client.service(TestService).echo({ text: 'x' }, { whenOffline: 'wait' }));
    await settle();
    await end();
    expect(waiting).toMatchObject({ settled: 1, error: { code: 'not_connected' } });
  });

  it('an attempt ends in time, whatever it waits for', async () => {
    const clock = new FakeClock();
    const { dialer } = memoryTransport();
    const client = createClient('memory://here', {
      codecs: [jsonCodec()],
      clock,
      dialers: [dialer],
      reconnect: false,
      connectTimeoutMs: 100,
      headers: () => new Promise(() => {}),
    });
    const connecting = watch(client.connect());
    await clock.advance(99);
    expect(connecting.settled).toBe(0);
    await clock.advance(1);
    expect(connecting.error).toMatchObject({ code: 'dial_failed' });
    expect(client.state.name).toBe('closed');
    expect(clock.timers).toBe(0);
  });
});
