import { type Clock, connect, connectLink, createClient, createServer, type ServerOptions } from '@stmp/connection';
import { Status, statusError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { outcome, settle, TestEvents, TestService } from './helpers.js';

const codecs = [jsonCodec()];
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

function serverOn(kind: 'stream' | 'message', options: Partial<ServerOptions<unknown, unknown>> = {}) {
  const { dialer, listener } = memoryTransport({ kind });
  const server = createServer<unknown, unknown>({ codecs, listeners: [listener], ...options });
  ending.push(() => server.close());
  return { server, dialer };
}

it('a call that finds no connection says after how many whole milliseconds', async () => {
  const timers: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    nowMs: () => (now += 0.25),
    random: () => 0,
    setTimer: (fn) => timers.push(fn),
    clearTimer() {},
  };
  const client = createClient('memory://x', { codecs, clock });
  const call = client.service(TestService).echo({ text: 'x' }, { whenOffline: 'wait', timeoutMs: 50 });
  for (const fire of timers) fire();
  await expect(call).rejects.toThrow(/TestService\.Echo found no connection within 50 ms/);
  await client.close();
});

describe.each(['stream', 'message'] as const)('connecting over a %s link', (kind) => {
  it('misses nothing that the server says at once', async () => {
    const { server, dialer } = serverOn(kind);
    const answers: unknown[] = [];
    server.onConnection((connection) => {
      connection.emit(TestEvents).said({ text: 'first' });
      connection
        .service(TestService)
        .echo({ text: 'asked' })
        .then((answer) => answers.push(answer));
    });
    await server.listen('memory://here');
    // As a wrapper would: more turns of promises than one.
    const wrapped = async () => {
      const made = await connect('memory://here', { codecs, dialers: [dialer] });
      return await Promise.resolve(made);
    };
    const client = await wrapped();
    await Promise.resolve();
    const heard: string[] = [];
    client.on(TestEvents, { said: ({ text }) => void heard.push(text) });
    client.implement(TestService, { echo: ({ text }) => ({ text: `${text}!` }), touch: () => {}, fail: () => {} });
    await expect.poll(() => answers).toEqual([{ text: 'asked!' }]);
    expect(heard).toEqual(['first']);
    // Calls of our own work in the same turn, too.
    await client.close();
    expect(client.state.name).toBe('closed');
  });

  it('agrees on the content type, and says who is there', async () => {
    const { server, dialer } = serverOn(kind, { codecs: [jsonCodec(), msgpackCodec()] });
    await server.listen('memory://here');
    const client = await connect('memory://here', {
      codecs: [msgpackCodec(), jsonCodec()],
      dialers: [dialer],
      headers: [['Token', 'abc']],
    });
    const near = client.connection!;
    await expect.poll(() => server.connections.size).toBe(1);
    const [far] = server.connections;
    expect(near).toMatchObject({ side: 'client', contentType: 'application/msgpack', text: false, isOpen: true });
    expect(far).toMatchObject({
      side: 'server',
      contentType: 'application/msgpack',
      secure: false,
      encoding: undefined,
    });
    expect(far?.headers).toContainEqual(['Token', 'abc']);
    expect(far?.remoteAddress).toMatch(/^memory:\d+$/);
    expect(client.counters()).toMatchObject({ connectionsOpen: 1, connectionsOpened: 1 });
    await client.close();
    await expect.poll(() => server.connections.size).toBe(0);
    expect(server.counters()).toMatchObject({ connectionsOpen: 0, connectionsOpened: 1, connectionsRefused: 0 });
  });

  it('fails with what the server says', async () => {
    const { server, dialer } = serverOn(kind, {
      authenticate: ({ headers }) => {
        if (headers.get('token') === 'plain') throw new Error('secret');
        throw statusError(0x77, 'not you');
      },
    });
    await server.listen('memory://here');
    const tries = (token: string, accept = codecs) =>
      connect('memory://here', { codecs: accept, dialers: [dialer], headers: [['Token', token]] });
    await expect(tries('x')).rejects.toMatchObject({
      code: 'handshake_failed',
      status: 0x77,
      origin: 'peer',
      message: 'not you',
    });
    await expect(tries('plain')).rejects.toMatchObject({
      status: Status.InternalServerError,
      message: 'InternalServerError',
    });
    await expect(tries('x', [msgpackCodec()])).rejects.toMatchObject({
      code: 'handshake_failed',
      status: Status.BadRequest,
    });
    expect(server.counters()).toMatchObject({ connectionsOpened: 0, connectionsRefused: 3, errors: 1 });
  });

  it('fails when nobody listens, when aborted, and for unknown schemes', async () => {
    const { dialer } = serverOn(kind);
    const options = { codecs, dialers: [dialer] };
    expect(await outcome(connect('memory://nobody', options))).toBe('dial_failed');
    expect(await outcome(connect('other://here', options))).toBe('unsupported');
    expect(await outcome(connect('memory://nobody', { ...options, signal: AbortSignal.abort() }))).toBe('aborted');
    const controller = new AbortController();
    const connecting = outcome(connect('memory://nobody', { ...options, signal: controller.signal }));
    controller.abort();
    expect(await connecting).toBe('aborted');
    await expect(connect(3 as never, options)).rejects.toThrow(TypeError);
    expect(() => createClient('memory://x', { codecs: [] })).toThrow('codecs');
  });

  it.each([
    ['an object', { Token: 'x' }],
    ['a text', 'Token'],
    ['a name alone', [['Token']]],
    ['a number', [['Token', 5]]],
    ['a token that is not there', [['Token', undefined]]],
  ])('takes no headers that are %s', async (_, headers) => {
    const { server, dialer } = serverOn(kind);
    await server.listen('memory://here');
    const options = { codecs, dialers: [dialer] };
    const expected = 'headers must be a list of [name, value], both strings';
    const make = () => createClient('memory://here', { ...options, headers: headers as never });
    expect(make).toThrow(new TypeError(expected));
    await expect(connect('memory://here', { ...options, headers: () => headers as never })).rejects.toMatchObject({
      status: Status.InternalServerError,
      message: `the headers function failed: ${expected}`,
    });
  });

  it('refuses links when full, or closed, with a word for it', async () => {
    const server = createServer({ codecs, maxConnections: 1 });
    ending.push(() => server.close());
    const first = memoryPair({ kind } as { kind: 'stream' });
    server.serve(first[1]);
    const client = await connectLink(first[0], { codecs });
    const second = memoryPair({ kind } as { kind: 'stream' });
    const refused = server.serve(second[1]);
    await expect(connectLink(second[0], { codecs })).rejects.toMatchObject({ status: Status.TooManyRequests });
    expect((await refused.closed).status).toBe(Status.TooManyRequests);
    expect(server.counters()).toMatchObject({ connectionsRefused: 1, connectionsOpen: 1 });
    const ended = client.closed;
    await server.close();
    await server.closed;
    expect((await ended).status).toBe(Status.ServerShutdown);
    const third = memoryPair({ kind } as { kind: 'stream' });
    server.serve(third[1]);
    await expect(connectLink(third[0], { codecs })).rejects.toMatchObject({ status: Status.ServerShutdown });
    expect(await outcome(server.listen('memory://here'))).toBe('bad_state');
  });
});

describe('closing', () => {
  async function connected() {
    const server = createServer({ codecs });
    const [a, b] = memoryPair();
    const far = server.serve(b);
    const client = await connectLink(a, { codecs });
    ending.push(
      () => server.close(),
      () => client.close(),
    );
    await settle();
    return { server, client, near: client.connection!, far };
  }

  it('tells both sides why, each once', async () => {
    const { client, near, far } = await connected();
    const ends: unknown[] = [];
    near.onClose((end) => ends.push(['near', end.status, end.message, end.origin]));
    far.onClose((end) => ends.push(['far', end.status, end.message, end.origin]));
    const remove = far.onClose(() => ends.push('removed'));
    remove();
    const closing = far.close({ status: 0x55, message: 'bye' });
    expect(far.isOpen).toBe(false);
    expect(far.close({ status: 0x66 })).toBe(closing);
    expect(await closing).toMatchObject({ status: 0x55, message: 'bye', origin: 'local' });
    expect(await near.closed).toMatchObject({ status: 0x55, message: 'bye', origin: 'peer' });
    expect(await client.closed).toMatchObject({ status: 0x55, origin: 'peer' });
    expect(ends.sort()).toEqual([
      ['far', 0x55, 'bye', 'local'],
      ['near', 0x55, 'bye', 'peer'],
    ]);
    near.onClose((end) => ends.push(end.status));
    await settle();
    expect(ends).toHaveLength(3);
  });

  it('sends what is queued first', async () => {
    const { near, far, server } = await connected();
    const heard: string[] = [];
    server.on(TestEvents, { said: ({ text }) => void heard.push(text) });
    for (let i = 0; i < 100; i++) near.emit(TestEvents).said({ text: String(i) });
    await near.close();
    await far.closed;
    expect(heard).toHaveLength(100);
    expect(near.emit(TestEvents).said({ text: 'late' })).toBe(false);
    expect(await near.emit(TestEvents, { policy: 'wait' }).said({ text: 'late' })).toBe(false);
  });

  it('may happen inside a handler, of this connection or of all', async () => {
    for (const how of ['close', 'abort', 'server'] as const) {
      const { client, server, far } = await connected();
      server.implement(TestService, {
        echo: (message) => message,
        touch: (_, { connection }) => {
          if (how === 'close') void connection.close({ status: 0x55 });
          else if (how === 'abort') connection.abort();
          else void server.close();
        },
        fail: () => {},
      });
      await expect(client.service(TestService).touch()).rejects.toMatchObject({ code: 'connection_closed' });
      const status = { close: 0x55, abort: Status.NetworkError, server: Status.ServerShutdown }[how];
      expect((await far.closed).status).toBe(status);
      expect((await client.closed).status).toBe(status);
    }
  });

  it('is what leaving the scope does', async () => {
    const { client, server } = await connected();
    await (client as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    expect(client.state.name).toBe('closed');
    await (server as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    await server.closed;
  });
});
