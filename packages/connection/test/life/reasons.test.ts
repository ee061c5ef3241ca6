import { Status, StmpError, statusError } from '@stmp/contract';
import { encodeServerHandshake } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { type Backoff, type ClientOptions, DEFAULT_RETRY_ON, type FailedAttempt } from '../../src/index.js';
import { implementLife, JSON_CODEC, LifeService, outcome, settle, stateNames, type World, world } from './harness.js';

const REFUSED = new StmpError('dial_failed', 'cannot dial test:world: ECONNREFUSED');
const STEP: Backoff = { delayMs: (attempt) => attempt * 100, longestMs: 1_000 };

/** A server that refuses with a status. */
function refuses(status: number, header: [string, string][] = []): World['dialer']['fate'] {
  return (link) => {
    link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    link.send(encodeServerHandshake({ status, header, message: `no: ${status}` }) as Uint8Array & string);
    void link.close();
  };
}

/** What a dialer fails with when HTTP refused the upgrade. */
const refusedUpgrade = (status: number, retryAfterMs?: number): StmpError =>
  new StmpError('dial_failed', `the server answered ${status}`, { status, origin: 'peer', retryAfterMs });

async function tries(fate: World['dialer']['fate'], client: Partial<ClientOptions> = {}): Promise<World> {
  const w = world({ client: { reconnect: STEP, ...client } });
  w.dialer.fate = fate;
  w.client.connect().catch(() => {});
  await w.clock.advance(0);
  return w;
}

describe('statuses', () => {
  it('are sorted by one table', () => {
    expect(DEFAULT_RETRY_ON).toEqual({
      2: 'backoff',
      33: 'fresh-headers',
      37: 'longest',
      64: 'backoff',
      65: 'backoff',
      66: 'backoff',
    });
  });

  const rows: [name: string, status: number, own: ClientOptions['retryOn'], delayMs: number | undefined][] = [
    ['final by the table', Status.Forbidden, undefined, undefined],
    ['tried again by the table', Status.Unavailable, undefined, 100],
    ['made to be tried again', Status.Forbidden, { [Status.Forbidden]: 'backoff' }, 100],
    ['made to wait longest', 0x77, { 119: 'longest' }, 1_100],
    ['made final', Status.ServerShutdown, { [Status.ServerShutdown]: 'final' }, undefined],
  ];
  it.each(rows)('%s, in a refusal, a Close and a session hook', async (_name, status, retryOn, delayMs) => {
    const refused = await tries(refuses(status), { retryOn });
    const closed = world({ client: { reconnect: STEP, retryOn } });
    void (await closed.ready()).close({ status });
    await closed.clock.advance(0);
    const hooked = world({ client: { reconnect: STEP, retryOn } });
    hooked.server.implement(LifeService, {
      echo: () => {
        throw statusError(status);
      },
      work: (input) => input,
    });
    hooked.client.onSession((connection) => connection.service(LifeService).echo({ n: 1 }));
    hooked.client.connect().catch(() => {});
    await hooked.clock.advance(0);
    for (const w of [refused, closed, hooked]) {
      if (delayMs === undefined) expect(w.client.state).toMatchObject({ name: 'closed', reason: { status } });
      else expect(w.client.state).toMatchObject({ name: 'waiting', attempt: 1, delayMs, reason: { status } });
      await w.end();
    }
  });

  it('a hook that throws once is tried again: authenticate, a handler, the headers, the session', async () => {
    let left = 4;
    const once = (at: number): void => {
      if (left === at) {
        left--;
        throw new Error('passing');
      }
    };
    const w = world({
      client: {
        reconnect: STEP,
        headers: () => {
          once(4);
          return [];
        },
      },
      server: {
        authenticate: () => {
          once(3);
          return { identity: 1 };
        },
      },
    });
    w.server.implement(LifeService, {
      echo: (input) => {
        once(2);
        return input;
      },
      work: (input) => input,
    });
    w.client.onSession((connection) => connection.service(LifeService).echo({ n: 1 }));
    w.client.onSession(() => once(1));
    w.client.connect().catch(() => {});
    await w.clock.advance(2_000);
    expect(stateNames(w.states)).toBe(
      'connecting(1) waiting(1,100) connecting(2) handshaking waiting(2,200) connecting(3) handshaking waiting(3,300) ' +
        'connecting(4) handshaking waiting(4,400) connecting(5) handshaking ready',
    );
    const reasons = w.states.flatMap((state) => (state.name === 'waiting' ? [state.reason] : []));
    expect(reasons.map(({ status }) => status)).toEqual([0x40, 0x40, 0x40, 0x40]);
    expect(reasons.map(({ message }) => message)).toEqual([
      'the headers function failed: passing',
      'InternalServerError',
      'InternalServerError',
      'the session hook failed: passing',
    ]);
    await w.end();
  });

  it('Unauthorized asks a headers function once more, and no list', async () => {
    let asked = 0;
    const asks = await tries(refuses(Status.Unauthorized), { headers: () => [['Token', `${++asked}`]] });
    expect(asks.client.state).toMatchObject({ name: 'waiting', delayMs: 100 });
    await asks.clock.advance(10_000);
    expect(asked).toBe(2);
    expect(asks.client.state).toMatchObject({ name: 'closed', reason: { status: Status.Unauthorized } });
    await asks.end();
    const list = await tries(refuses(Status.Unauthorized), { headers: [['Token', '1']] });
    expect(list.client.state.name).toBe('closed');
    await list.end();
  });

  it('an identity that expires is renewed by a fresh token, again and again', async () => {
    let asked = 0;
    const w = world({
      client: { reconnect: STEP, headers: () => [['Token', `${++asked}`]] },
      server: {
        authenticate: ({ headers }) => {
          if (Number(headers.get('token')) !== asked) throw statusError(Status.Unauthorized);
          return { identity: 1, expiresInMs: 60_000 };
        },
      },
    });
    await w.ready();
    for (let expired = 1; expired <= 3; expired++) {
      await w.clock.advance(60_000);
      expect(w.client.state).toMatchObject({ name: 'waiting', delayMs: 100, reason: { status: Status.Unauthorized } });
      await w.clock.advance(100);
      expect(w.client.state.name).toBe('ready');
    }
    expect(asked).toBe(4);
    await w.end();
  });

  it('refused upgrades: 400 is final, 401 and 403 after fresh headers, all others wait longest', async () => {
    const headers = (): [] => [];
    const rows: [status: number, options: Partial<ClientOptions>, dials: number, end: string][] = [
      [Status.BadRequest, { headers }, 1, 'closed'],
      [Status.Unauthorized, {}, 1, 'closed'],
      [Status.Unauthorized, { headers }, 2, 'closed'],
      [Status.Forbidden, { headers }, 2, 'closed'],
      [Status.NotFound, { headers }, 4, 'waiting'],
      [Status.TooManyRequests, { headers }, 4, 'waiting'],
      [Status.Unavailable, { headers }, 4, 'waiting'],
      [Status.Unknown, { headers }, 4, 'waiting'],
    ];
    for (const [status, options, dials, end] of rows) {
      const w = await tries(refusedUpgrade(status), options);
      await w.clock.advance(1_100 + 1_200 + 1_300);
      expect([status, w.dialer.dials, w.client.state.name]).toEqual([status, dials, end]);
      await w.end();
    }
  });

  it('Retry-After-Ms puts the next attempt off: in a refusal, an upgrade and a session hook', async () => {
    const header: [string, string][] = [['Retry-After-Ms', '5000']];
    const far: [string, string][] = [['Retry-After-Ms', '999999999']];
    const busy = (): never => {
      throw statusError(Status.Unavailable, 'busy', { retryAfterMs: 5_000 });
    };
    const authenticated = world({ client: { reconnect: STEP }, server: { authenticate: busy } });
    authenticated.client.connect().catch(() => {});
    const hooked = world({ client: { reconnect: STEP } });
    hooked.server.implement(LifeService, { echo: busy, work: busy });
    hooked.client.onSession((connection) => connection.service(LifeService).echo({ n: 1 }));
    hooked.client.connect().catch(() => {});
    for (const [w, delayMs] of [
      [await tries(refuses(Status.Unavailable, header)), 5_100],
      [await tries(refuses(Status.TooManyRequests, header)), 5_100],
      [await tries(refuses(Status.Unavailable, [['Retry-After-Ms', 'soon']])), 100],
      [await tries(refuses(Status.Unavailable, far)), 3_600_100],
      [await tries(refusedUpgrade(Status.Unavailable, 7_000)), 7_100],
      [authenticated, 5_100],
      [hooked, 5_100],
    ] as const) {
      await w.clock.advance(0);
      expect(w.client.state).toMatchObject({ name: 'waiting', delayMs });
      await w.end();
    }
  });

  it('a caller sees retryAfterMs of an answer', async () => {
    const w = world();
    w.server.implement(LifeService, {
      echo: () => {
        throw statusError(Status.Unavailable, 'busy', { retryAfterMs: 1_500 });
      },
      work: (input) => input,
    });
    await w.ready();
    await expect(w.client.service(LifeService).echo({ n: 1 })).rejects.toMatchObject({
      status: Status.Unavailable,
      message: 'busy',
      retryAfterMs: 1_500,
    });
    await w.end();
  });
});

describe('a client that cannot connect says why', () => {
  it('in its state, by a hook, and once for each reason to the logger', async () => {
    const failed: FailedAttempt[] = [];
    const warnings: string[] = [];
    const w = await tries(REFUSED, {
      hooks: { onAttemptFailed: (attempt) => void failed.push(attempt) },
      logger: { info() {}, error() {}, warn: (_, message) => void warnings.push(message!) },
    });
    expect(w.client.state).toMatchObject({
      name: 'waiting',
      reason: { code: 'dial_failed', message: REFUSED.message },
    });
    await w.clock.advance(300);
    w.dialer.fate = refuses(Status.ServerShutdown);
    await w.clock.advance(300);
    w.dialer.fate = REFUSED;
    await w.clock.advance(400);
    expect(failed.map(({ attempt, delayMs, error }) => [attempt, delayMs, error.message])).toEqual([
      [1, 100, REFUSED.message],
      [2, 200, REFUSED.message],
      [3, 300, REFUSED.message],
      [4, 400, 'no: 65'],
      [5, 500, REFUSED.message],
    ]);
    expect(warnings).toEqual([REFUSED.message, 'no: 65']);
    w.dialer.fate = w.server;
    await w.clock.advance(500);
    expect(w.client.state.name).toBe('ready');
    w.dialer.fate = REFUSED;
    w.connections[0]!.abort();
    await w.clock.advance(10_000);
    // After a connection the same reason is news again.
    expect(warnings.slice(2)).toEqual(['the link failed: reset by the other end', REFUSED.message]);
    await w.end();
  });

  it('of the attempt after which it gives up, too', async () => {
    const failed: FailedAttempt[] = [];
    const w = await tries(refuses(Status.BadRequest), {
      hooks: { onAttemptFailed: (attempt) => void failed.push(attempt) },
    });
    expect(failed).toMatchObject([{ attempt: 1, delayMs: undefined, error: { status: Status.BadRequest } }]);
    await w.end();
    expect(failed).toHaveLength(1);
  });

  it('to calls that fail or wait, and to whoever gives up waiting', async () => {
    const w = world({ client: { reconnect: STEP } });
    w.dialer.fate = REFUSED;
    const abort = new AbortController();
    const connecting = w.client.connect({ signal: abort.signal });
    await w.clock.advance(50);
    const service = w.client.service(LifeService);
    await expect(service.echo({ n: 1 })).rejects.toMatchObject({ code: 'not_connected', cause: REFUSED });
    const waits = service.echo({ n: 1 }, { whenOffline: 'wait', timeoutMs: 500 });
    waits.catch(() => {});
    await w.clock.advance(500);
    await expect(waits).rejects.toMatchObject({
      code: 'call_timeout',
      cause: REFUSED,
      message: expect.stringContaining(REFUSED.message),
    });
    abort.abort();
    await expect(connecting).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringContaining(REFUSED.message),
    });
    await w.end();
  });

  it('an option that cannot work is final, and not tried for ever', async () => {
    const w = await tries(REFUSED, {
      packetFormat: 'text',
      codecs: [{ ...JSON_CODEC, text: false }],
    });
    expect(w.client.state).toMatchObject({ name: 'closed', reason: { error: { code: 'unsupported' } } });
    await w.end();
  });
});

describe('reconnectNow()', () => {
  it('cuts a wait short, and does nothing where there is none', async () => {
    const w = world({ client: { reconnect: { delayMs: () => 30_000, longestMs: 30_000 } } });
    w.client.reconnectNow();
    expect(w.client.state.name).toBe('idle');
    w.dialer.fate = REFUSED;
    void w.client.connect();
    await w.clock.advance(0);
    w.dialer.fate = w.server;
    w.client.reconnectNow();
    w.client.reconnectNow();
    await w.clock.advance(0);
    expect(stateNames(w.states)).toBe('connecting(1) waiting(1,30000) connecting(2) handshaking ready');
    w.client.reconnectNow();
    await settle();
    expect(w.dialer.dials).toBe(2);
    await w.end();
  });

  it('also while a client moves', async () => {
    const w = world({ client: { reconnect: { delayMs: () => 30_000, longestMs: 30_000 } } });
    const work = implementLife(w.server);
    await w.ready();
    const call = outcome(w.client.service(LifeService).work({ n: 1 }));
    await settle();
    w.dialer.fate = REFUSED;
    void w.server.drain({ withinMs: 60_000 });
    await w.clock.advance(0);
    const dials = w.dialer.dials;
    w.client.reconnectNow();
    await settle();
    expect(w.dialer.dials).toBe(dials + 1);
    expect(w.client.state.name).toBe('draining');
    work[0]!.done();
    expect(await call).toBe('ok');
    await w.end();
  });
});
