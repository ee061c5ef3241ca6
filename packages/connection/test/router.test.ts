import type { Middleware, Reply } from '@stmp/connection';
import { actionOf, defineService, isStmpError, method, Status, StmpError, statusError } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { join, outcome, settle, TestEvents, TestService } from './helpers.js';

const nothing = { echo: () => ({ text: '' }), touch: () => {}, fail: () => {} };

/** What a caller is told. */
async function told(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (!isStmpError(error)) throw error;
    return { code: error.code, origin: error.origin, status: error.status, message: error.message };
  }
}

const status = (code: number, message: string) => ({ code: 'status', origin: 'peer', status: code, message });

describe('registration', () => {
  it('refuses what cannot be meant', async () => {
    const { server } = await join();
    server.implement(TestService, nothing);
    expect(() => server.implement(TestService, nothing)).toThrow('test.v1.TestService is implemented already');

    const Half = defineService('test.v1.HalfService', { a: method(), b: method() });
    expect(() => server.implement(Half, { a: () => {} } as never)).toThrow('HalfService: expected a handler b');
    expect(() => server.implement(Half, { a: () => {}, b: 3 } as never)).toThrow('handler b, got number');
    // The failed attempts have left nothing behind.
    server.implement(Half, { a: () => {}, b: () => {} });

    expect(() => server.on(TestEvents, { nobody: () => {} } as never)).toThrow(
      'test.v1.TestEvents has no event nobody',
    );
    expect(() => server.on(TestEvents, { said: 'x' } as never)).toThrow('expected a listener said, got string');
    const listeners = { said: () => {} };
    const remove = server.on(TestEvents, listeners);
    expect(() => server.on(TestEvents, listeners)).toThrow('registered already');
    remove();
    remove();
    server.on(TestEvents, listeners);

    const Twin = defineService('test.v1.TwinService', { echo: method({ action: TestService.methods.echo.action }) });
    expect(() => server.implement(Twin, { echo: () => {} })).toThrow('share action 0x');
  });

  it('keeps the object that handlers and listeners are methods of', async () => {
    class Counter {
      calls = 0;
      heard: string[] = [];
      echo({ text }: { text: string }): { text: string } {
        this.calls++;
        return { text };
      }
      touch(): void {
        this.calls++;
      }
      fail(): void {}
      said({ text }: { text: string }): void {
        this.heard.push(text);
      }
    }
    const counter = new Counter();
    const { client } = await join({
      prepare: (server) => {
        server.implement(TestService, counter);
        server.on(TestEvents, { said: counter.said.bind(counter) });
      },
    });
    await client.service(TestService).echo({ text: 'x' });
    await client.service(TestService).touch();
    client.emit(TestEvents).said({ text: 'hi' });
    await settle();
    expect(counter).toMatchObject({ calls: 2, heard: ['hi'] });
  });
});

describe('requests', () => {
  it('are answered by synchronous and asynchronous handlers, with and without a result', async () => {
    const { client, near } = await join({
      prepare: (server) =>
        server.implement(TestService, {
          echo: async ({ text }) => ({ text: `${text}!` }),
          touch: async () => {},
          fail: ({ text }) => {
            if (text !== undefined) throw new StmpError('status', text, { status: 0x77 });
          },
        }),
    });
    const service = client.service(TestService);
    expect(await service.echo({ text: 'a' })).toEqual({ text: 'a!' });
    expect(await service.touch()).toBeUndefined();
    expect(await service.fail({})).toBeUndefined();
    expect(await told(service.fail({ text: 'no' }))).toEqual(status(0x77, 'no'));
    expect(await near.service(TestService).echo({ text: 'b' })).toEqual({ text: 'b!' });
  });

  it('that nobody handles are NotFound', async () => {
    const Other = defineService('test.v1.OtherService', { a: method() });
    let heard = 0;
    const { client } = await join({
      prepare: (server) => {
        server.implement(TestService, nothing);
        server.on(Other, { a: () => void heard++ });
      },
    });
    // A listener is no answer.
    expect(await told(client.service(Other).a())).toEqual(status(Status.NotFound, 'NotFound'));
    expect(heard).toBe(0);
    expect(await told(client.service(defineService('test.v1.Unknown', { a: method() })).a())).toEqual(
      status(Status.NotFound, 'NotFound'),
    );
  });

  it('by name find their method', async () => {
    const Named = defineService('test.v1.TestService', {
      echo: { name: 'Echo', action: 'test.v1.TestService.Echo' as never },
      missing: { name: 'Missing', action: 'test.v1.TestService.Missing' as never },
    });
    const { client } = await join({
      prepare: (server) => server.implement(TestService, { ...nothing, echo: (message) => message }),
    });
    const service = client.service(Named);
    expect(await service.echo({ text: 'x' })).toEqual({ text: 'x' });
    expect(await told(service.missing({}))).toEqual(status(Status.NotFound, 'NotFound'));
  });

  it('whose payload is broken are answered BadRequest, and the connection stays', async () => {
    const raw = { name: 'Echo', action: actionOf('test.v1.TestService', 'Echo') };
    const Raw = defineService('test.v1.TestService', { echo: raw });
    const { client, reported } = await join({
      prepare: (server) => server.implement(TestService, { ...nothing, echo: (message) => message }),
      client: {
        codecs: [
          {
            contentType: 'application/json',
            text: true,
            message: () => ({ encode: (value) => value as string, decode: () => undefined as never }),
          },
        ],
      },
    });
    expect(await told(client.service(Raw).echo('{"te'))).toMatchObject({ code: 'status', status: Status.BadRequest });
    expect(await told(client.service(Raw).echo('{}'))).toBeUndefined();
    expect(reported).toEqual([]);
  });
});

describe('failures', () => {
  const cases: {
    readonly name: string;
    readonly thrown: unknown;
    readonly told: readonly [number, string];
    readonly reported: boolean;
  }[] = [
    { name: 'a status error', thrown: statusError(0x77, 'why'), told: [0x77, 'why'], reported: false },
    { name: 'a status error without text', thrown: statusError(0x21), told: [0x21, 'Unauthorized'], reported: false },
    { name: 'a plain error', thrown: new Error('secret'), told: [0x40, 'InternalServerError'], reported: true },
    { name: 'no error at all', thrown: undefined, told: [0x40, 'InternalServerError'], reported: true },
    {
      name: 'what a peer said in a further call',
      thrown: new StmpError('status', 'secret', { status: 0x21, origin: 'peer' }),
      told: [0x40, 'InternalServerError'],
      reported: true,
    },
    {
      name: 'a further call that timed out',
      thrown: new StmpError('call_timeout', 'secret', { status: 0x23 }),
      told: [0x40, 'InternalServerError'],
      reported: true,
    },
    {
      name: 'a further message that did not fit',
      thrown: new StmpError('payload_invalid', 'secret'),
      told: [0x40, 'InternalServerError'],
      reported: true,
    },
  ];
  for (const how of ['throws', 'rejects', 'in middleware'] as const) {
    for (const { name, thrown, told: answer, reported: isReported } of cases) {
      it(`${name}: ${how}`, async () => {
        const { client, reported } = await join({
          prepare: (server) => {
            if (how === 'in middleware')
              server.use(() => {
                throw thrown;
              });
            server.implement(TestService, {
              ...nothing,
              fail: () => {
                if (how === 'throws') throw thrown;
                return Promise.reject(thrown);
              },
            });
          },
        });
        expect(await told(client.service(TestService).fail({}))).toEqual(status(...answer));
        expect(reported).toEqual(
          isReported ? [{ side: 'server', name: 'test.v1.TestService.Fail', error: thrown }] : [],
        );
      });
    }
  }

  it('show their text when asked to', async () => {
    const { client } = await join({
      server: { exposeErrors: true },
      prepare: (server) =>
        server.implement(TestService, {
          ...nothing,
          fail: ({ text }) => Promise.reject(text === undefined ? 'a string' : new Error(text)),
        }),
    });
    const { fail } = client.service(TestService);
    expect(await told(fail({ text: 'boom' }))).toEqual(status(0x40, 'boom'));
    expect(await told(fail({}))).toEqual(status(0x40, 'a string'));
  });

  it('of a result that cannot be encoded or is too large are the server’s own', async () => {
    const { client, reported, near } = await join({
      server: { maxPacketBytes: 100 },
      prepare: (server) =>
        server.implement(TestService, {
          ...nothing,
          echo: ({ text }) => ({ text: text === 'big' ? 'x'.repeat(200) : (1n as never) }),
        }),
    });
    const { echo } = client.service(TestService);
    const hidden = status(0x40, 'InternalServerError');
    expect(await told(echo({ text: 'odd' }))).toEqual(hidden);
    expect(await told(echo({ text: 'big' }))).toEqual(hidden);
    expect(reported.map(({ error }) => (error as StmpError).code)).toEqual(['payload_invalid', 'too_large']);
    expect(near.isOpen).toBe(true);
  });
});

describe('notifies and events', () => {
  it('reach handlers and listeners, and are never answered', async () => {
    const heard: string[] = [];
    const packets: string[] = [];
    const { client, server, reported } = await join({
      client: { hooks: { onPacketIn: ({ kind }) => void packets.push(kind) } },
      prepare: (server) => {
        server.implement(TestService, {
          echo: ({ text }) => {
            heard.push(`handler ${text}`);
            return { text };
          },
          touch: () => {},
          fail: async () => {
            throw new Error('mine');
          },
        });
        server.on(TestService, { echo: ({ text }) => void heard.push(`listener ${text}`) });
        server.on(TestEvents, { said: ({ text }) => void heard.push(`event ${text}`) });
      },
    });
    expect(client.notify(TestService).echo({ text: 'a' })).toBe(true);
    client.notify(TestService).fail({});
    client.emit(TestEvents).said({ text: 'b' });
    client.emit(defineService('test.v1.OtherEvents', { x: method() })).x();
    await settle();
    expect(heard).toEqual(['handler a', 'listener a', 'event b']);
    expect(packets).toEqual([]);
    expect(reported).toMatchObject([{ side: 'server', name: 'test.v1.TestService.Fail' }]);
    expect(server.counters()).toMatchObject({ notifiesIn: 4, callsIn: 0, callsFailed: 0, errors: 1 });
    expect(client.counters()).toMatchObject({ eventsOut: 4 });
  });

  it('run several listeners in order, each on its own', async () => {
    const heard: string[] = [];
    const { client, far, reported } = await join();
    client.on(TestEvents, {
      said: () => {
        heard.push('first');
        throw new Error('mine');
      },
    });
    client.on(TestEvents, {
      said: () => {
        heard.push('second');
        removeThird();
      },
    });
    const removeThird = client.on(TestEvents, { said: async () => void heard.push('third') });
    client.on(TestEvents, {
      said: async () => {
        throw new Error('also mine');
      },
    });
    far.emit(TestEvents).said({ text: '1' });
    await settle();
    // A listener that was there when the event came is still told.
    expect(heard).toEqual(['first', 'second', 'third']);
    far.emit(TestEvents).said({ text: '2' });
    await settle();
    expect(heard).toEqual(['first', 'second', 'third', 'first', 'second']);
    expect(reported.map(({ error }) => (error as Error).message)).toEqual(['mine', 'also mine', 'mine', 'also mine']);
  });

  it('carry headers', async () => {
    const seen: unknown[] = [];
    const { client, far } = await join();
    client.on(TestEvents, {
      said: (_, context) => void seen.push(context.kind, context.name, context.headers.toList(), context.connection),
    });
    far.emit(TestEvents, { headers: [['K', 'a;b:c\n%']] }).said({ text: 'x' });
    await settle();
    expect(seen).toEqual(['notify', 'test.v1.TestEvents.Said', [['K', 'a;b:c\n%']], client.connection]);
  });
});

describe('middleware', () => {
  it('runs in the order of its addition around the handler, listeners last', async () => {
    const order: string[] = [];
    const layer =
      (name: string): Middleware =>
      async (call, next) => {
        order.push(`${name} before, raw ${new TextDecoder().decode(call.rawPayload as Uint8Array)}`);
        const reply = await next();
        order.push(`${name} after ${reply.status} ${JSON.stringify(call.responseHeaders.toList())}`);
        call.responseHeaders.append('Seen', name);
        return reply;
      };
    const { client } = await join({
      prepare: (server) => {
        server.use(layer('outer'));
        server.use(layer('inner'));
        server.implement(TestService, {
          ...nothing,
          echo: ({ text }, { responseHeaders }) => {
            order.push(`handler ${text}`);
            responseHeaders.append('Seen', 'handler');
            return { text };
          },
          fail: () => {
            throw statusError(0x33, 'no');
          },
        });
        server.on(TestService, { echo: ({ text }) => void order.push(`listener ${text}`) });
      },
    });
    let headers: unknown;
    await client.service(TestService).echo({ text: 'x' }, { onHeaders: (given) => (headers = given) });
    expect(order).toEqual([
      'outer before, raw {"text":"x"}',
      'inner before, raw {"text":"x"}',
      'handler x',
      'inner after 0 [["Seen","handler"]]',
      'outer after 0 [["Seen","handler"],["Seen","inner"]]',
      'listener x',
    ]);
    expect(headers).toEqual([
      ['Seen', 'handler'],
      ['Seen', 'inner'],
      ['Seen', 'outer'],
    ]);
    order.length = 0;
    expect(await outcome(client.service(TestService).fail({ text: 'y' }))).toBe('status');
    expect(order.slice(2)).toEqual(['inner after 51 []', 'outer after 51 [["Seen","inner"]]']);
  });

  const replies: {
    readonly name: string;
    readonly reply: Reply;
    readonly answer: unknown;
    readonly headers?: unknown;
  }[] = [
    { name: 'a value', reply: { status: 0, value: { text: 'own' } }, answer: { text: 'own' } },
    { name: 'raw text', reply: { status: 0, payload: '{"text":"raw"}' }, answer: { text: 'raw' } },
    {
      name: 'raw bytes and headers',
      reply: { status: 0, payload: new TextEncoder().encode('{"text":"bytes"}'), headers: [['K', 'v']] },
      answer: { text: 'bytes' },
      headers: [['K', 'v']],
    },
    { name: 'a status', reply: { status: 0x21 }, answer: status(0x21, 'Unauthorized') },
    {
      name: 'a status with text and headers',
      reply: { status: 0x99, payload: 'not you', headers: [['K', 'v']] },
      answer: status(0x99, 'not you'),
      headers: [['K', 'v']],
    },
    {
      name: 'an error',
      reply: { status: 0x99, error: statusError(0x99, 'its text') },
      answer: status(0x99, 'its text'),
    },
  ];
  for (const { name, reply, answer, headers = [] } of replies) {
    it(`may answer by itself: ${name}`, async () => {
      let runs = 0;
      const { client } = await join({
        prepare: (server) => {
          server.use(() => reply);
          server.implement(TestService, { ...nothing, echo: () => ({ text: `run ${++runs}` }) });
          // What was refused is not heard either.
          server.on(TestService, { echo: () => void runs++ });
        },
      });
      let seen: unknown;
      const call = client.service(TestService).echo({ text: 'x' }, { onHeaders: (given) => (seen = given) });
      expect(await told(call)).toEqual(answer);
      expect(seen).toEqual(headers);
      await settle();
      expect(runs).toBe(0);
    });
  }

  it('keeps what it refuses from listeners of events', async () => {
    const heard: string[] = [];
    const { client } = await join({
      prepare: (server) => {
        server.use((call, next) => (call.headers.get('Token') === 'ok' ? next() : { status: Status.Unauthorized }));
        server.on(TestEvents, { said: ({ text }) => void heard.push(text) });
      },
    });
    client.emit(TestEvents).said({ text: 'refused' });
    client.emit(TestEvents, { headers: [['token', 'ok']] }).said({ text: 'let through' });
    await settle();
    expect(heard).toEqual(['let through']);
  });

  it('sees the decoded message, the same object as the handler, and why decoding failed', async () => {
    const seen: unknown[] = [];
    const { client } = await join({
      prepare: (server) => {
        server.use(async (call, next) => {
          seen.push(call.input());
          return next();
        });
        server.implement(TestService, {
          ...nothing,
          echo: (message) => {
            seen.push(message);
            return message;
          },
        });
      },
      client: {
        codecs: [
          {
            contentType: 'application/json',
            text: true,
            message: () => ({ encode: (value) => value as string, decode: () => undefined as never }),
          },
        ],
      },
    });
    const { echo } = client.service(TestService);
    await echo('{"text":"x"}' as never);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual({ text: 'x' });
    expect(seen[0]).toBe(seen[1]);
    expect(await told(echo('{"te' as never))).toMatchObject({ status: Status.BadRequest });
    expect(seen).toHaveLength(2);
  });

  it('changes the reply, and gets the same one when it asks twice', async () => {
    let runs = 0;
    const { client } = await join({
      prepare: (server) => {
        server.use(async (_, next) => {
          const [reply] = await Promise.all([next(), next()]);
          return { ...reply, value: { text: `${(reply.value as { text: string }).text}!` } };
        });
        server.implement(TestService, {
          ...nothing,
          echo: (message) => {
            runs++;
            return message;
          },
        });
      },
    });
    expect(await client.service(TestService).echo({ text: 'x' })).toEqual({ text: 'x!' });
    expect(runs).toBe(1);
  });

  it('hides its own failures, also those after the handler', async () => {
    const { client, reported } = await join({
      prepare: (server) => {
        server.use(async (_, next) => {
          await next();
          throw new Error('secret');
        });
        server.implement(TestService, nothing);
      },
    });
    expect(await told(client.service(TestService).touch())).toEqual(status(0x40, 'InternalServerError'));
    expect(reported).toHaveLength(1);
  });
});
