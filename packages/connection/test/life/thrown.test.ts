import { defineService, type MessageType, method, type PayloadCodec, StmpError } from '@stmp/contract';
import { memoryPair } from '@stmp/transport-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLink, type Hooks, type Logger, type ServerOptions } from '../../src/index.js';
import {
  implementLife,
  JSON_CODEC,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  testDialer,
  testServer,
  world,
} from './harness.js';
import { rawPeer } from './raw-peer.js';

// Whatever user code throws, and wherever, the process goes on and so do all other calls.

/** A proxy that throws whatever is done with it. */
const untouchable = (): object => {
  const refuse = (): never => {
    throw new Error('do not touch');
  };
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, refuse]));
  return new Proxy({}, traps as ProxyHandler<object>);
};

const THROWN: [name: string, make: () => unknown][] = [
  ['an error', () => new Error('plain')],
  ['nothing', () => undefined],
  ['null', () => null],
  ['a symbol', () => Symbol('s')],
  ['an object without a prototype', () => Object.create(null)],
  ['a proxy that throws at any access', untouchable],
  [
    'an error whose message throws',
    () =>
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('no message');
        },
      }),
  ],
  ['a status error with a status that is none', () => new StmpError('status', 'odd', { status: 4711 })],
  ['a status error that is not a number', () => new StmpError('status', 'odd', { status: Number.NaN })],
];

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(async () => {
  await settle();
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  expect(unhandled).toHaveLength(0);
});

describe.each(THROWN)('%s', (_name, make) => {
  const fail = (): never => {
    throw make();
  };
  const failLater = async (): Promise<never> => {
    await Promise.resolve();
    throw make();
  };

  it.each([
    ['a handler', false, fail],
    ['an asynchronous handler', false, failLater],
    ['a handler whose errors are told', true, fail],
    ['an asynchronous handler whose errors are told', true, failLater],
  ])('from %s is answered InternalServerError', async (_where, exposeErrors, work) => {
    const w = world({ server: { exposeErrors } });
    w.server.implement(LifeService, { echo: (input) => input, work });
    await w.ready();
    expect(await outcome(w.client.service(LifeService).work({ n: 1 }))).toBe('status 40');
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each([
    ['middleware', fail],
    ['asynchronous middleware', failLater],
  ])('from %s is answered InternalServerError', async (_where, layer) => {
    const w = world();
    implementLife(w.server);
    let on = true;
    w.server.use((_, next) => (on ? layer() : next()));
    await w.ready();
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('status 40');
    on = false;
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each([
    ['listener', fail],
    ['asynchronous listener', failLater],
  ])('from a %s is reported', async (_where, tick) => {
    const w = world();
    implementLife(w.server);
    w.server.on(LifeEvents, { tick });
    await w.ready();
    w.client.emit(LifeEvents).tick({ n: 1 });
    await settle();
    expect(w.server.counters().errors).toBe(1);
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each([
    ['hooks', fail],
    ['asynchronous hooks', failLater],
  ])('from %s changes nothing', async (_where, hook) => {
    const hooks: Hooks = {
      onConnect: hook,
      onClose: hook,
      onPacketIn: hook,
      onPacketOut: hook,
      onError: hook,
    };
    const w = world({ server: { hooks, state: hook }, client: { hooks } });
    implementLife(w.server);
    w.server.onConnection(hook);
    w.client.onState(hook);
    const connection = await w.ready();
    connection.onClose(hook);
    expect(await w.client.service(LifeService).echo({ n: 1 }, { onHeaders: () => {} })).toEqual({ n: 1 });
    await w.end();
  });

  it.each([
    ['loggers', fail],
    ['asynchronous loggers', failLater],
  ])('from %s changes nothing', async (_where, log) => {
    const logger: Logger = { info: log, warn: log, error: log };
    for (const accessLog of [undefined, { logger, headers: ['Accept'] }]) {
      const w = world({ server: { logger, accessLog } });
      w.server.implement(LifeService, { echo: (input) => input, work: fail });
      await w.ready();
      w.server.acceptor.onRefuse?.({ reason: 'origin', message: 'foreign' });
      w.server.acceptor.onError?.(new Error('listener'));
      expect(await outcome(w.client.service(LifeService).work({ n: 1 }))).toBe('status 40');
      expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
      await w.end();
    }
  });

  it.each([
    ['authenticate', { authenticate: fail }],
    ['asynchronous authenticate', { authenticate: failLater }],
  ])('from %s refuses', async (_where, options: Partial<ServerOptions<unknown, unknown>>) => {
    const w = world({ server: options, client: { reconnect: false } });
    expect(await Promise.all([outcome(w.client.connect()), w.clock.advance(10)])).toEqual([
      'handshake_failed 40',
      undefined,
    ]);
    await w.end();
  });

  it('from addressOf counts as no address', async () => {
    const w = world({ server: { addressOf: fail, maxConnectionsPerAddress: 1 } });
    await w.ready();
    expect(w.server.connections.size).toBe(1);
    await w.end();
  });

  it.each<[where: string, codec: Partial<ReturnType<PayloadCodec['message']>>]>([
    ['encode', { encode: fail }],
    ['decode', { decode: fail }],
  ])('from the %s of a codec fails the one call', async (_where, part) => {
    let on = false;
    const given = JSON_CODEC.message(undefined);
    const codec: PayloadCodec = {
      ...JSON_CODEC,
      message: () =>
        ({
          encode: (value: unknown) => (on ? (part.encode ?? given.encode)(value) : given.encode(value)),
          decode: (...args: [Uint8Array, number, number]) =>
            (on ? (part.decode ?? given.decode) : given.decode)(...args),
        }) as never,
    };
    const w = world({ server: { codecs: [codec] } });
    implementLife(w.server);
    await w.ready();
    on = true;
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toMatch(/^status (20|40)$/);
    on = false;
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each([
    ['headers', { headers: fail }],
    ['asynchronous headers', { headers: failLater }],
    ['onSession', {}],
    ['reconnect', { reconnect: fail }],
    ['onWake', { onWake: () => fail }],
  ])("from the client's %s is a failed attempt at most", async (where, options) => {
    const server = testServer({ nowMs: () => 0, setTimer: () => 0, clearTimer() {}, random: () => 0 });
    const w = world({
      client: { ...(options as object), dialers: [testDialer(where === 'reconnect' ? new Error() : server)] },
    });
    if (where === 'onSession') w.client.onSession(failLater);
    const connecting = outcome(w.client.connect());
    await w.clock.advance(100);
    void w.client.close();
    await w.end();
    expect(typeof (await connecting)).toBe('string');
    await server.close();
  });

  it('from a dialer is a failed attempt', async () => {
    const dialer = { schemes: ['test'], dial: failLater };
    const w = world({ client: { dialers: [dialer], reconnect: false } });
    expect(await outcome(w.client.connect())).not.toBe('ok');
    await w.end();
  });
});

describe('what user code returns', () => {
  it.each<[name: string, reply: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'ok'],
    ['no status', {}],
    ['a status above 255', { status: 256 }],
    ['a status below 0', { status: -1 }],
    ['half a status', { status: 1.5 }],
    ['headers that are none', { status: 0, headers: 7 }],
    ['a payload that is none', { status: 0, payload: 7 }],
    ['a payload without a length', { status: 0x44, payload: {} }],
    ['a proxy that throws at any access', untouchable()],
  ])('%s is no reply of middleware', async (_name, reply) => {
    const w = world();
    implementLife(w.server);
    let on = true;
    w.server.use((_, next) => (on ? (reply as never) : next()));
    await w.ready();
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('status 40');
    expect(w.server.counters().errors).toBe(1);
    on = false;
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each<[name: string, payload: unknown]>([
    ['a number', 7],
    ['null', null],
    ['an object', {}],
    ['a length that is none', { len: Number.NaN, finishInto() {} }],
    ['a proxy that throws at any access', untouchable()],
  ])('%s is no payload of a codec', async (_name, payload) => {
    let on = false;
    const given = JSON_CODEC.message(undefined);
    const codec = {
      ...JSON_CODEC,
      message: () => ({ ...given, encode: (value: unknown) => (on ? payload : given.encode(value)) }) as never,
    };
    const w = world({ server: { codecs: [codec] } });
    implementLife(w.server);
    await w.ready();
    on = true;
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('status 40');
    on = false;
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it.each<[name: string, result: unknown]>([
    ['a proxy that throws at any access', untouchable()],
    [
      'a thenable that throws',
      {
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then: () => {
          throw new Error('then');
        },
      },
    ],
    [
      'a promise whose constructor throws',
      Object.defineProperty(Promise.resolve(1), 'constructor', {
        get: () => {
          throw new Error('constructor');
        },
      }),
    ],
  ])('%s is no result of a handler', async (_name, result) => {
    const w = world();
    w.server.implement(LifeService, { echo: (input) => input, work: () => result as never });
    await w.ready();
    expect(await outcome(w.client.service(LifeService).work({ n: 1 }))).toBe('status 40');
    expect(await w.client.service(LifeService).echo({ n: 2 })).toEqual({ n: 2 });
    await w.end();
  });

  it('headers of a login that cannot be written refuse it', async () => {
    const authenticate = () => ({ identity: 1, headers: 7 as never });
    const w = world({ server: { authenticate }, client: { reconnect: false } });
    const connecting = outcome(w.client.connect());
    await w.clock.advance(10);
    expect(await connecting).toBe('handshake_failed 40');
    expect(w.server.counters().errors).toBe(1);
    await w.end();
  });

  it('a wait that is no number is the longest step, and reported', async () => {
    const errors: unknown[] = [];
    const w = world({
      client: {
        dialers: [testDialer(new Error('no way'))],
        reconnect: { delayMs: () => Number.NaN, longestMs: 700 },
        hooks: { onError: (error, { name }) => void errors.push([name, (error as Error).message]) },
      },
    });
    void outcome(w.client.connect());
    await w.clock.advance(1);
    expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs: 700 });
    expect(errors).toEqual([['reconnect', expect.stringMatching(/delayMs.*NaN/)]]);
    await w.end();
  });
});

describe('a message that is due', () => {
  const Note: MessageType<{ text: string }, { text?: string }> = {
    typeName: 'test.Note',
    fields: [[1, 'text', 'string']],
  };
  const Empty: MessageType<void, void> = { typeName: 'google.protobuf.Empty', fields: [] };
  const Typed = defineService('test.TypedService', {
    note: { ...method<void, { text: string }>(), output: Note },
    nothing: { ...method<void, void>(), output: Empty },
    plain: method<void, unknown>(),
  });

  it.each<['note' | 'nothing' | 'plain', string]>([
    ['note', 'status 40'],
    ['nothing', 'ok'],
    ['plain', 'ok'],
  ])('and does not come: %s', async (name, expected) => {
    for (const result of [() => undefined, async () => undefined]) {
      const w = world();
      w.server.implement(Typed, { note: result as never, nothing: result as never, plain: result });
      await w.ready();
      expect(await outcome(w.client.service(Typed)[name]())).toBe(expected);
      expect(w.server.counters().errors).toBe(expected === 'ok' ? 0 : 1);
      await w.end();
    }
  });
});

describe('expiry', () => {
  it.each<[name: string, expiresInMs: unknown, outcome: string]>([
    ['NaN, as of a token without exp', Number.NaN, 'handshake_failed 40'],
    ['text', '60000', 'handshake_failed 40'],
    ['null', null, 'handshake_failed 40'],
    ['over since long ago', -1e15, 'handshake_failed 21'],
    ['over since now', 0, 'handshake_failed 21'],
    ['never, said', Number.POSITIVE_INFINITY, 'ok'],
    ['never, not said', undefined, 'ok'],
    ['in a moment', 1, 'ok'],
  ])('%s', async (_name, expiresInMs, expected) => {
    const authenticate = () => ({ identity: 1, expiresInMs: expiresInMs as number });
    const w = world({ server: { authenticate }, client: { reconnect: false } });
    const connecting = outcome(w.client.connect());
    await w.clock.advance(0);
    expect(await connecting).toBe(expected);
    await w.clock.advance(1_000);
    expect(w.server.connections.size).toBe(expected === 'ok' && expiresInMs !== 1 ? 1 : 0);
    await w.end();
  });

  it('that is wrong leaves the timers of others alone', async () => {
    const w = world({
      server: { handshakeTimeoutMs: 1_000, authenticate: () => ({ identity: 1, expiresInMs: Number.NaN }) },
      client: { reconnect: false },
    });
    const halfOpen = Array.from({ length: 20 }, () => {
      const [mine, theirs] = memoryPair();
      const end = { closed: false };
      w.server.serve(theirs);
      mine.start({ onData: () => {}, onDrain: () => {}, onClose: () => (end.closed = true) });
      return end;
    });
    for (let i = 0; i < 10; i++) {
      const [mine, theirs] = memoryPair();
      w.server.serve(theirs);
      rawPeer(mine, 'client');
    }
    await w.clock.advance(1_000);
    expect(halfOpen.filter(({ closed }) => closed)).toHaveLength(20);
    await w.end();
  });

  it('of a second login that is wrong or over leaves the first', async () => {
    let expiresInMs: number | undefined = 10_000;
    const w = world({ server: { authenticate: () => ({ identity: expiresInMs, expiresInMs }) } });
    const connection = await w.ready();
    for (const wrong of [Number.NaN, -5]) {
      expiresInMs = wrong;
      expect(await outcome(connection.reauthenticate([]))).not.toBe('ok');
      expect(connection.identity).toBe(10_000);
    }
    await w.clock.advance(9_999);
    expect(connection.isOpen).toBe(true);
    await w.clock.advance(1);
    expect(connection.isOpen).toBe(false);
    await w.end();
  });
});

describe('a status that is none', () => {
  it.each([256, -1, 1.5, Number.NaN])('%s is refused where it is given', async (status) => {
    const w = world();
    const connection = await w.ready();
    expect(() => connection.close({ status })).toThrow(RangeError);
    expect(() => void w.server.close({ status })).toThrow(RangeError);
    expect(connection.isOpen).toBe(true);
    await w.end();
  });
});

it('any number of calls share one signal without a warning', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', onWarning);
  const w = world();
  const work = implementLife(w.server);
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  const waiting = Array.from({ length: 20 }, (_, n) =>
    outcome(w.client.service(LifeService).work({ n }, { signal, whenOffline: 'wait' })),
  );
  await w.ready();
  const calls = Array.from({ length: 30 }, (_, n) => outcome(w.client.service(LifeService).work({ n }, { signal })));
  const dials = await Promise.all(
    Array.from({ length: 15 }, async () => {
      const [mine, theirs] = memoryPair();
      w.server.serve(theirs);
      return connectLink(mine, { codecs: [JSON_CODEC], clock: w.clock });
    }),
  );
  await settle();
  expect(work).toHaveLength(50);
  work[0]!.done();
  work[25]!.done();
  await settle();
  controller.abort();
  const outcomes = await Promise.all([...waiting, ...calls]);
  expect(outcomes.filter((one) => one === 'ok')).toHaveLength(2);
  expect(outcomes.filter((one) => one === 'aborted')).toHaveLength(48);
  expect(listeners).toBeLessThanOrEqual(2);
  await Promise.all(dials.map((client) => client.close()));
  await w.end();
  await settle();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});
