import { details, type LinkPeer, Status, StmpError, statusError } from '@stmp/contract';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type AuthenticationRequest, createServer, type ServerOptions } from '../../src/index.js';
import { FakeClock, JSON_CODEC, LifeService, outcome, settle, type World, world } from './harness.js';
import { rawPeer } from './raw-peer.js';

type Authenticate = NonNullable<ServerOptions<unknown>['authenticate']>;

function guarded(authenticate: Authenticate, options: object = {}, client: object = {}): World {
  return world({ server: { authenticate, ...options }, client: { reconnect: false, ...client } });
}

describe('the authentication hook', () => {
  it('sees headers, message, peer, and who it is', async () => {
    const seen: AuthenticationRequest[] = [];
    const certificate = { subject: { CN: 'one' } };
    const peer: LinkPeer = {
      address: '10.0.0.9',
      port: 1234,
      certificate,
      authorized: true,
      http: {
        method: 'GET',
        url: '/?Accept=application%2Fjson',
        headers: [
          ['cookie', 'a=b'],
          ['origin', 'https://example.org'],
        ],
      },
    };
    const w = guarded(
      (request) => {
        seen.push(request);
        return { identity: 'me' };
      },
      {},
      { headers: [['Token', 'abc']], message: 'hello there' },
    );
    w.dialer.fate = (link) => {
      Object.defineProperty(link, 'peer', { value: peer });
      Object.defineProperty(link, 'secure', { value: true });
      w.server.serve(link);
    };
    await w.ready();
    const [request] = seen;
    expect(request!.headers.get('token')).toBe('abc');
    expect(request!.message).toBe('hello there');
    expect(request!.secure).toBe(true);
    expect(request!.remoteAddress).toBe('10.0.0.9:1234');
    expect(request!.peer.certificate).toBe(certificate);
    expect(request!.peer.http?.headers).toContainEqual(['cookie', 'a=b']);
    // The raw HTTP headers are not among those of the handshake.
    expect(request!.headers.get('cookie')).toBeUndefined();
    await w.end();
  });

  it('answers with headers and a message of its own', async () => {
    const w = guarded(async () => ({ identity: 1, headers: [['Session', 's1']], message: 'welcome' }));
    await w.ready();
    expect(w.client.connection!.headers).toContainEqual(['Session', 's1']);
    expect(w.client.connection!.handshakeMessage).toBe('welcome');
    await w.end();
  });

  const failures: [name: string, error: unknown, outcome: string, message: string, reported: number][] = [
    [
      'a plain error is InternalServerError, and hidden',
      new Error('no such user: bob'),
      'status 40',
      'InternalServerError',
      1,
    ],
    ['a thrown string too', 'oops', 'status 40', 'InternalServerError', 1],
    ['a status error passes', statusError(Status.TooManyRequests, 'later'), 'status 25', 'later', 0],
    ['with a status of the application', statusError(0x77, 'pay first'), 'status 77', 'pay first', 0],
    [
      'what another server said stays here',
      new StmpError('status', 'secret', { status: 0x50, origin: 'peer' }),
      'status 40',
      'InternalServerError',
      1,
    ],
  ];
  it.each(failures)('%s', async (_name, error, expected, message, reported) => {
    const errors: unknown[] = [];
    const w = guarded(
      () => {
        throw error;
      },
      { hooks: { onError: (thrown: unknown) => void errors.push(thrown) } },
    );
    const failed = w.client.connect().catch((thrown: StmpError) => thrown);
    await w.clock.advance(0);
    const thrown = (await failed) as StmpError;
    expect([
      `${thrown.code === 'handshake_failed' ? 'status' : thrown.code} ${thrown.status!.toString(16)}`,
      thrown.message,
    ]).toEqual([expected, expect.stringContaining(message)]);
    expect(thrown.message).not.toMatch(/bob|oops|secret/);
    expect(errors).toHaveLength(reported);
    expect(w.server.connections.size).toBe(0);
    await w.end();
  });

  it('that never ends is cut by the handshake timeout, and told so', async () => {
    let signal: AbortSignal | undefined;
    const w = guarded(
      (request) => {
        signal = request.signal;
        return new Promise(() => {});
      },
      { handshakeTimeoutMs: 1_000 },
    );
    const failed = outcome(w.client.connect());
    await w.clock.advance(999);
    expect(signal!.aborted).toBe(false);
    await w.clock.advance(1);
    expect(await failed).toMatch(/02$/);
    expect(signal!.aborted).toBe(true);
    await w.end();
  });

  it('is told when the client has gone, and its late answer is dropped', async () => {
    let request: AuthenticationRequest | undefined;
    let allow: (() => void) | undefined;
    const w = guarded((given) => {
      request = given;
      return new Promise((resolve) => (allow = () => resolve({ identity: 1, expiresInMs: 5_000 })));
    });
    void w.client.connect().catch(() => {});
    await w.clock.advance(0);
    void w.client.close();
    await w.clock.advance(0);
    expect(request!.signal.aborted).toBe(true);
    allow!();
    await settle();
    expect(w.connections).toHaveLength(0);
    expect(w.server.counters().connectionsOpen).toBe(0);
    await w.end();
  });

  it('comes after negotiation, and not at all when that failed', async () => {
    let asked = 0;
    const w = guarded(() => {
      asked++;
      return { identity: 1 };
    });
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    const peer = rawPeer(mine, 'client', [['Accept', 'text/plain']]);
    await settle();
    expect(peer.handshake?.status).toBe(Status.BadRequest);
    expect(asked).toBe(0);
    await w.end();
  });
});

describe('identity', () => {
  it('is read by handlers, typed', async () => {
    interface User {
      readonly name: string;
    }
    const clock = new FakeClock();
    const server = createServer({
      codecs: [JSON_CODEC],
      clock,
      authenticate: ({ headers }): { identity: User } => ({ identity: { name: headers.get('user') ?? '' } }),
      state: (connection) => ({ greeted: 0, of: connection.identity.name }),
    });
    server.implement(LifeService, {
      echo: (input, { connection }) => {
        expectTypeOf(connection.identity).toEqualTypeOf<User>();
        expectTypeOf(connection.state).toEqualTypeOf<{ greeted: number; of: string }>();
        connection.state.greeted++;
        return { n: input.n, text: `${connection.identity.name} ${connection.state.of} ${connection.state.greeted}` };
      },
      work: (input) => input,
    });
    const w = world({ clock, client: { headers: [['User', 'ann']] } });
    w.dialer.fate = (link) => void server.serve(link);
    const connected = w.client.connect();
    await clock.advance(0);
    await connected;
    const service = w.client.service(LifeService);
    expect(await service.echo({ n: 1 })).toEqual({ n: 1, text: 'ann ann 1' });
    expect(await service.echo({ n: 2 })).toEqual({ n: 2, text: 'ann ann 2' });
    const closed = server.close();
    await w.end();
    await closed;
  });
});

describe('an identity that expires', () => {
  const expiring: Authenticate = ({ headers }) => {
    if (headers.get('token') === 'bad') throw statusError(Status.Unauthorized, 'bad token');
    return { identity: headers.get('token') ?? 'first', expiresInMs: 1_000 };
  };

  it('ends the connection with Unauthorized', async () => {
    const w = guarded(expiring);
    await w.ready();
    await w.clock.advance(999);
    expect(w.client.state.name).toBe('ready');
    await w.clock.advance(1);
    expect((await w.client.closed).status).toBe(Status.Unauthorized);
    await w.end();
  });

  it('lives on when it authenticates again', async () => {
    const w = guarded(expiring);
    const connection = await w.ready();
    await w.clock.advance(900);
    await connection.reauthenticate([['Token', 'second']]);
    expect(connection.identity).toBe('second');
    await w.clock.advance(999);
    expect(w.client.state.name).toBe('ready');
    expect(await outcome(connection.reauthenticate([['Token', 'bad']]))).toBe('status 21');
    expect(connection.identity).toBe('second');
    await w.clock.advance(1);
    expect(w.client.state.name).toBe('closed');
    await w.end();
  });

  it('has nobody to authenticate it without a hook, nor on the client', async () => {
    const w = world();
    const connection = await w.ready();
    expect(await outcome(connection.reauthenticate([]))).toBe('bad_state');
    expect(await outcome(w.client.connection!.reauthenticate([]))).toBe('bad_state');
    await w.end();
  });

  it('leaves no timer when it authenticates again after the end', async () => {
    let allow: (() => void) | undefined;
    let asked = 0;
    const w = guarded(() =>
      ++asked === 1
        ? { identity: 1 }
        : new Promise((resolve) => (allow = () => resolve({ identity: 2, expiresInMs: 1e6 }))),
    );
    const connection = await w.ready();
    const again = connection.reauthenticate([]);
    connection.abort();
    await w.clock.advance(10_000);
    allow!();
    await again;
    await w.end();
  });
});

describe('error details', () => {
  const problem = { field: 'name', longest: 12 };

  it('travel to the caller, both ways', async () => {
    const w = world();
    const fail = (): never => {
      throw statusError(Status.BadRequest, 'too long', { details: details(undefined, problem) });
    };
    w.server.implement(LifeService, { echo: fail, work: (input) => input });
    w.client.implement(LifeService, { echo: fail, work: (input) => input });
    const connection = await w.ready();
    for (const service of [w.client.service(LifeService), connection.service(LifeService)]) {
      const error = (await service.echo({ n: 1 }).catch((thrown: unknown) => thrown)) as StmpError;
      expect([error.code, error.status, error.message, error.origin]).toEqual(['status', 0x20, 'too long', 'peer']);
      expect(error.details!.as()).toEqual(problem);
    }
    await w.end();
  });

  it('are absent where there are none, and broken ones are refused when asked for', async () => {
    const w = world();
    w.server.implement(LifeService, {
      echo: () => {
        throw statusError(0x50, 'plain');
      },
      work: (_, { responseHeaders }) => {
        responseHeaders.set('Stmp-Details', '?');
        throw statusError(0x51, 'broken');
      },
    });
    await w.ready();
    const service = w.client.service(LifeService);
    const plain = (await service.echo({ n: 1 }).catch((thrown: unknown) => thrown)) as StmpError;
    const broken = (await service.work({ n: 1 }).catch((thrown: unknown) => thrown)) as StmpError;
    expect(plain.details).toBeUndefined();
    expect([broken.status, broken.message]).toEqual([0x51, 'broken']);
    expect(() => broken.details!.as()).toThrow(/base64url/);
    await w.end();
  });

  it('are a header that other peers need not know', async () => {
    const w = world();
    w.server.implement(LifeService, {
      echo: () => {
        throw statusError(Status.BadRequest, 'too long', { details: details(undefined, problem) });
      },
      work: (input) => input,
    });
    await w.ready();
    const seen: (readonly [string, string])[] = [];
    const call = w.client.service(LifeService).echo({ n: 1 }, { onHeaders: (headers) => void seen.push(...headers) });
    await outcome(call);
    expect(seen).toEqual([['Stmp-Details', Buffer.from(JSON.stringify(problem)).toString('base64url')]]);
    await w.end();
  });
});
