// The light client against the whole server.
import {
  type Connection,
  createLightClient,
  createServer,
  type LightClient,
  type LightClientOptions,
  type Server,
  type ServerOptions,
} from '@stmp/connection';
import { type Dialer, defineService, type MessageType, method, Status, statusError } from '@stmp/contract';
import { jsonCodec, plainJsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { memoryTransport } from '@stmp/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, outcome, TestEvents, TestService, watch } from '../helpers.js';

interface Bench {
  readonly clock: FakeClock;
  readonly server: Server<unknown, unknown>;
  readonly client: LightClient;
  readonly errors: unknown[];
  /** Of the server, in the order of their coming. */
  readonly connections: Connection[];
}

const open: Bench[] = [];

async function bench(options: {
  readonly server?: Partial<ServerOptions<unknown, unknown>>;
  readonly client?: Partial<LightClientOptions>;
  readonly dialer?: (dialer: Dialer) => Dialer;
}): Promise<Bench> {
  const clock = new FakeClock();
  const { dialer, listener } = memoryTransport({ kind: 'message' });
  const server = createServer<unknown, unknown>({
    codecs: [jsonCodec()],
    clock,
    listeners: [listener],
    ...options.server,
  });
  const connections: Connection[] = [];
  server.onConnection((connection) => void connections.push(connection));
  server.implement(TestService, {
    echo: ({ text }) => ({ text: `${text}!` }),
    touch: () => {},
    fail: ({ text }) => {
      throw statusError(0x77, text ?? 'failed');
    },
  });
  await server.listen('memory://here');
  const errors: unknown[] = [];
  const client = createLightClient('memory://here', {
    codec: jsonCodec(),
    dialer: options.dialer?.(dialer) ?? dialer,
    clock,
    onError: (error) => void errors.push(error),
    ...options.client,
  });
  const made = { clock, server, client, errors, connections };
  open.push(made);
  return made;
}

async function ready(b: Bench): Promise<void> {
  const connected = b.client.connect();
  await b.clock.advance(0);
  await connected;
}

afterEach(async () => {
  for (const { clock, client, server } of open.splice(0)) {
    await Promise.all([client.close(), server.close(), clock.advance(60_000)]);
    expect(clock.armed, 'timers that are still armed').toBe(0);
    expect(server.counters().connectionsOpen).toBe(0);
  }
});

const Small: MessageType<{ text: string }, { text?: string }> = {
  typeName: 'test.v1.Small',
  fields: [[1, 'text', 'string']],
} as never;
const Typed = defineService('test.v1.TypedService', { echo: method<{ text: string }, { text: string }>() });
Object.assign(Typed.methods.echo, { input: Small, output: Small });

describe('calls', () => {
  it.each([
    ['JSON', jsonCodec(), TestService],
    ['plain JSON', plainJsonCodec(), TestService],
    ['MessagePack', msgpackCodec(), TestService],
    ['protobuf', protobufCodec(), Typed],
  ] as const)('go over %s', async (_, codec, service) => {
    const b = await bench({ client: { codec }, server: { codecs: [protobufCodec(), msgpackCodec(), jsonCodec()] } });
    b.server.implement(Typed, { echo: ({ text }) => ({ text: `${text}!` }) });
    await ready(b);
    const answers = [1, 2, 3].map((i) => b.client.service(service as typeof TestService).echo({ text: `n${i}` }));
    await b.clock.advance(0);
    expect(await Promise.all(answers)).toEqual([{ text: 'n1!' }, { text: 'n2!' }, { text: 'n3!' }]);
    expect(b.connections[0]?.contentType).toBe(codec.contentType);
  });

  it('have no payload, or a large one', async () => {
    const b = await bench({});
    await ready(b);
    expect(await b.client.service(TestService).touch()).toBeUndefined();
    const text = 'x'.repeat(300_000);
    expect(await b.client.service(TestService).echo({ text })).toEqual({ text: `${text}!` });
  });

  it('fail with the status and the text of the peer', async () => {
    const b = await bench({});
    await ready(b);
    const error = await b.client
      .service(TestService)
      .fail({ text: 'why' })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'status', status: 0x77, message: 'why', origin: 'peer' });
  });

  it('never run twice or without a connection', async () => {
    const b = await bench({});
    expect(await outcome(b.client.service(TestService).touch())).toBe('not_connected');
    await ready(b);
    await b.client.close();
    expect(await outcome(b.client.service(TestService).touch())).toBe('not_connected');
  });

  it('end with their deadline, not before, and a late answer settles nothing else', async () => {
    let answer: (value: { text: string }) => void = () => {};
    const b = await bench({});
    const Slow = defineService('test.v1.SlowService', { wait: method<void, { text: string }>() });
    b.server.implement(Slow, {
      wait: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await ready(b);
    const slow = watch(b.client.service(Slow).wait(undefined, { timeoutMs: 500 }));
    await b.clock.advance(499);
    expect(slow.settled).toBe(0);
    await b.clock.advance(1);
    expect(slow.error).toMatchObject({ code: 'call_timeout', status: Status.RequestTimeout });
    const next = watch(b.client.service(Slow).wait());
    const late = answer;
    await b.clock.advance(0);
    late({ text: 'late' });
    await b.clock.advance(0);
    expect(next.settled).toBe(0);
    answer({ text: 'mine' });
    await b.clock.advance(0);
    expect(next.value).toEqual({ text: 'mine' });
    expect(slow.settled).toBe(1);
  });

  it('are given up by a signal, of which the server hears', async () => {
    const b = await bench({});
    const Slow = defineService('test.v1.SlowService', { wait: method<void, void>() });
    let heard = false;
    b.server.implement(Slow, {
      wait: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            heard = true;
            resolve();
          });
        }),
    });
    await ready(b);
    const controller = new AbortController();
    const slow = watch(b.client.service(Slow).wait(undefined, { signal: controller.signal }));
    await b.clock.advance(0);
    controller.abort();
    await b.clock.advance(0);
    expect(slow.error).toMatchObject({ code: 'aborted' });
    expect(heard).toBe(true);
    expect(await outcome(b.client.service(Slow).wait(undefined, { signal: controller.signal }))).toBe('aborted');
    expect(await outcome(b.client.service(Slow).wait(undefined, { timeoutMs: -1 }))).toBeInstanceOf(RangeError);
  });

  it('of the server are answered NotFound', async () => {
    const b = await bench({});
    await ready(b);
    const error = await b.connections[0]!.service(TestService)
      .touch()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'status', status: Status.NotFound });
  });

  it('that are pending when the connection ends fail, each once', async () => {
    const b = await bench({});
    const Slow = defineService('test.v1.SlowService', { wait: method<void, void>() });
    b.server.implement(Slow, { wait: () => new Promise(() => {}) });
    await ready(b);
    const calls = Array.from({ length: 20 }, () => watch(b.client.service(Slow).wait()));
    await b.clock.advance(0);
    b.connections[0]!.abort();
    await b.clock.advance(0);
    for (const { settled, error } of calls) {
      expect(settled).toBe(1);
      expect(error).toMatchObject({ code: 'connection_closed', status: Status.NetworkError });
    }
  });
});

describe('events', () => {
  it('come in order, and go out', async () => {
    const b = await bench({});
    const heard: string[] = [];
    const said: string[] = [];
    const remove = b.client.on(TestEvents, { said: ({ text }) => void heard.push(text) });
    b.server.on(TestEvents, { said: ({ text }) => void said.push(text) });
    expect(b.client.emit(TestEvents).said({ text: 'nobody' })).toBe(false);
    await ready(b);
    for (const text of ['a', 'b', 'c']) b.connections[0]!.emit(TestEvents).said({ text });
    expect(b.client.emit(TestEvents).said({ text: 'd' })).toBe(true);
    expect(b.client.notify(TestService).touch()).toBe(true);
    await b.clock.advance(0);
    expect([heard, said]).toEqual([['a', 'b', 'c'], ['d']]);
    remove();
    b.connections[0]!.emit(TestEvents).said({ text: 'e' });
    await b.clock.advance(0);
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('that listeners fail at are told, and nothing else happens', async () => {
    const b = await bench({});
    b.client.on(TestEvents, {
      said: ({ text }) => {
        if (text === 'sync') throw new Error(text);
        return Promise.reject(new Error(text));
      },
    });
    await ready(b);
    for (const text of ['sync', 'async']) b.connections[0]!.emit(TestEvents).said({ text });
    await b.clock.advance(0);
    expect(b.errors.map((error) => (error as Error).message).sort()).toEqual(['async', 'sync']);
    expect(await b.client.service(TestService).echo({ text: 'on' })).toEqual({ text: 'on!' });
  });

  it('need listeners of their names', async () => {
    const b = await bench({});
    expect(() => b.client.on(TestEvents, { heard: () => {} } as never)).toThrow(/test.v1.TestEvents.*heard/);
    expect(() => b.client.on(TestEvents, { said: 1 } as never)).toThrow(TypeError);
  });
});

describe('the life of a light client', () => {
  it('shows in its states', async () => {
    const b = await bench({});
    const states: string[] = [];
    b.client.onState(({ name }) => void states.push(name));
    await ready(b);
    await Promise.all([b.client.close(), b.clock.advance(0)]);
    expect(states).toEqual(['connecting', 'handshaking', 'ready', 'closed']);
    expect(await b.client.closed).toMatchObject({ status: Status.Ok, origin: 'local' });
  });

  it.each([
    [Status.NetworkError, true],
    [Status.ServerShutdown, true],
    [Status.Ok, false],
    [Status.Unauthorized, false],
    [0x77, false],
  ])('goes on after a Close with %s: %s', async (status, retried) => {
    const b = await bench({});
    await ready(b);
    void b.connections[0]!.close({ status });
    await b.clock.advance(0);
    expect(b.client.state.name).toBe(retried ? 'waiting' : 'closed');
    await b.clock.advance(1_000);
    expect(b.client.state.name).toBe(retried ? 'ready' : 'closed');
    if (!retried) expect(await b.client.closed).toMatchObject({ status, origin: 'peer' });
  });

  it('waits its longest step after TooManyRequests', async () => {
    const b = await bench({});
    await ready(b);
    void b.connections[0]!.close({ status: Status.TooManyRequests });
    await b.clock.advance(30_000);
    expect(b.client.state.name).toBe('waiting');
    await b.clock.advance(1_000);
    expect(b.client.state.name).toBe('ready');
  });

  it('ends where it may not reconnect', async () => {
    const b = await bench({ client: { reconnect: false } });
    await ready(b);
    b.connections[0]!.abort();
    await b.clock.advance(0);
    expect(b.client.state.name).toBe('closed');
  });

  it('is told why it is refused', async () => {
    const b = await bench({
      server: {
        authenticate: () => {
          throw statusError(Status.Unauthorized, 'who are you?');
        },
      },
    });
    const connected = watch(b.client.connect());
    await b.clock.advance(0);
    expect(connected.error).toMatchObject({
      code: 'handshake_failed',
      status: Status.Unauthorized,
      message: 'who are you?',
    });
    expect(b.client.state.name).toBe('closed');
  });

  it('sends its headers, asked for at every connect', async () => {
    let count = 0;
    const b = await bench({ client: { headers: async () => [['Token', `t${++count}`]] } });
    await ready(b);
    b.connections[0]!.abort();
    await b.clock.advance(1_000);
    const tokens = b.connections.map(({ headers }) => headers.find(([name]) => name === 'Token')?.[1]);
    expect(tokens).toEqual(['t1', 't2']);
  });

  it('logs in before it is ready, on every connection', async () => {
    const b = await bench({});
    const answers: unknown[] = [];
    b.client.onSession(async () => {
      expect(b.client.state.name).toBe('handshaking');
      answers.push(await b.client.service(TestService).echo({ text: 'login' }));
    });
    await ready(b);
    b.connections[0]!.abort();
    await b.clock.advance(1_000);
    expect(b.client.state.name).toBe('ready');
    expect(answers).toEqual([{ text: 'login!' }, { text: 'login!' }]);
  });

  it('tries again when the login fails, or takes too long', async () => {
    const b = await bench({ client: { connectTimeoutMs: 2_000 } });
    const ways: (() => unknown)[] = [
      () => {
        throw statusError(Status.Unauthorized);
      },
      () => new Promise(() => {}),
      () => {},
    ];
    b.client.onSession(() => ways.shift()!());
    const connected = watch(b.client.connect());
    await b.clock.advance(0);
    expect(b.client.state).toMatchObject({ name: 'waiting', attempt: 1 });
    await b.clock.advance(2_500);
    expect(connected.settled).toBe(0);
    await b.clock.advance(1_000);
    expect(b.client.state.name).toBe('ready');
    expect(b.connections.map(({ isOpen }) => isOpen)).toEqual([false, false, true]);
    expect(b.errors).toHaveLength(1);
  });

  it('moves when the server asks, and loses nothing', async () => {
    const other = await bench({});
    let moved = false;
    const b = await bench({
      dialer: (dialer) => ({
        schemes: ['memory'],
        dial: (address, options) => (moved ? otherDialer : dialer).dial(address, options),
      }),
    });
    const otherLinks = memoryTransport({ kind: 'message' });
    const otherDialer = otherLinks.dialer;
    other.server.implement(defineService('test.v1.WhereService', { am: method<void, string>() }), {
      am: () => 'there',
    });
    const Where = defineService('test.v1.WhereService', { am: method<void, string>() });
    let answer: (value: string) => void = () => {};
    b.server.implement(Where, {
      am: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await otherLinks.listener.listen('memory://here', other.server.acceptor);
    await ready(b);
    const states: string[] = [];
    b.client.onState(({ name }) => void states.push(name));
    const begun = watch(b.client.service(Where).am());
    await b.clock.advance(0);
    moved = true;
    const drained = b.server.drain({ withinMs: 1_000, graceMs: 1_000 });
    await b.clock.advance(900);
    expect(states).toEqual(['draining', 'ready']);
    expect(await b.client.service(Where).am()).toBe('there');
    expect(begun.settled).toBe(0);
    answer('here');
    await b.clock.advance(0);
    expect(begun.value).toBe('here');
    await b.clock.advance(2_000);
    await drained;
    expect(b.client.state.name).toBe('ready');
    await Promise.all([b.client.close(), b.clock.advance(0), other.clock.advance(0)]);
  });

  it('closes while an attempt is under way', async () => {
    const b = await bench({ dialer: () => ({ schemes: ['memory'], dial: () => new Promise(() => {}) }) });
    const connected = watch(b.client.connect());
    await b.clock.advance(0);
    await b.client.close();
    expect(connected.error).toMatchObject({ code: 'not_connected' });
    expect(b.client.state.name).toBe('closed');
    expect(
      await outcome(
        createLightClient('memory://x', {
          codec: jsonCodec(),
          dialer: { schemes: [], dial: () => Promise.reject(new TypeError('wrong')) },
        }).connect(),
      ),
    ).toBe('unsupported');
  });
});
