import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { dialKcp, type KcpDialOptions, type KcpListener, type KcpSession, listenKcp } from '@stmp/kcp/node';
import { eventually } from 'test-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { read, wire } from './wire.js';

const host = '127.0.0.1';
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Server {
  readonly listener: KcpListener;
  readonly sessions: KcpSession[];
  /** The n-th session, when it comes. */
  session(index?: number): Promise<KcpSession>;
}

async function serve(
  options: Partial<Parameters<typeof listenKcp>[0]> = {},
  onSession: (session: KcpSession) => void = () => {},
  onRefuse: (limit: string) => void = () => {},
): Promise<Server> {
  const sessions: KcpSession[] = [];
  const listener = await listenKcp(
    { host, port: 0, ...options },
    {
      onSession(session) {
        session.on('error', () => {});
        sessions.push(session);
        onSession(session);
      },
      onRefuse,
    },
  );
  cleanups.push(async () => {
    for (const session of sessions) session.destroy();
    await listener.close();
  });
  return {
    listener,
    sessions,
    session: (index = 0) => eventually(() => sessions[index] ?? Promise.reject(new Error('no session'))),
  };
}

async function dial(port: number, options: Partial<KcpDialOptions> = {}): Promise<KcpSession> {
  const session = await dialKcp({ host, port, ...options });
  session.on('error', () => {});
  cleanups.push(() => session.destroy());
  return session;
}

interface Bare {
  readonly socket: Socket;
  readonly got: Buffer[];
  send(bytes: Uint8Array): void;
  /** Begins a conversation and shows that it receives at its address. */
  begin(conv: number, body?: string): Promise<void>;
}

/** A bare UDP socket that keeps what it receives. */
async function bare(port: number): Promise<Bare> {
  const socket = createSocket('udp4');
  const got: Buffer[] = [];
  socket.on('message', (bytes) => got.push(bytes));
  socket.on('error', () => {});
  socket.bind(0, host);
  await once(socket, 'listening');
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const send = (bytes: Uint8Array): void => socket.send(bytes, port, host);
  const begin = async (conv: number, body = 'x'): Promise<void> => {
    send(wire({ conv, cmd: 'push', body }));
    const greeting = await eventually(
      () => got.find((bytes) => parse(bytes).conv === conv) ?? Promise.reject(new Error('no greeting')),
    );
    send(wire({ conv, cmd: 'ack', una: 1, ts: parse(greeting).ts }));
  };
  return { socket, got, send, begin };
}

const echo = (session: KcpSession): void => {
  session.on('data', (chunk) => session.write(chunk));
};
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function collect(session: KcpSession, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    session.on('error', reject);
    session.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) resolve();
    });
  });
  return Buffer.concat(chunks);
}

function bytesOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}

describe('a session', () => {
  it.each([
    ['default', {}],
    [
      'fast',
      { nodelay: true, intervalMs: 10, resend: 2, congestionWindow: false, sendWindow: 128, receiveWindow: 128 },
    ],
    ['stream mode', { mode: 'stream' }],
    ['a small mtu', { mtuBytes: 120 }],
  ] as const)('carries bytes both ways: %s', async (_name, options) => {
    const { listener } = await serve(options, echo);
    const session = await dial(listener.port, options);
    const data = bytesOf(300_000);
    const back = collect(session, data.length);
    for (let at = 0; at < data.length; at += 50_000) session.write(data.subarray(at, at + 50_000));
    expect((await back).equals(data)).toBe(true);
  });

  it('knows who is there, at both ends, also after the end', async () => {
    const server = await serve({}, echo);
    const session = await dial(server.listener.port, { conv: 0xdeadbeef });
    session.write('x');
    await once(session, 'data');
    const [accepted] = server.sessions as [KcpSession];
    const where = (one: KcpSession): unknown => [
      one.conv,
      [one.remoteAddress, one.remotePort],
      [one.localAddress, one.localPort],
    ];
    const client = [host, session.localPort];
    const there = [host, server.listener.port];
    expect(where(session)).toEqual([0xdeadbeef, there, client]);
    expect(where(accepted)).toEqual([0xdeadbeef, client, there]);
    session.destroy();
    accepted.destroy();
    await rest(5);
    expect(where(session)).toEqual([0xdeadbeef, there, client]);
    expect(where(accepted)).toEqual([0xdeadbeef, client, there]);
  });

  it('answers a call in three datagrams: question, answer with acknowledgement, acknowledgement', async () => {
    const { listener } = await serve({}, echo);
    const session = await dial(listener.port);
    session.write('warm');
    await once(session, 'data');
    await rest(20);
    const sends = vi.spyOn(Object.getPrototypeOf(createSocketSpy()) as Socket, 'send');
    session.write('question');
    await once(session, 'data');
    await rest(20);
    const lines = sends.mock.calls.map(([bytes]) =>
      read(bytes as unknown as Uint8Array).map((line) => line.slice(0, 4)),
    );
    sends.mockRestore();
    expect(lines).toEqual([['push'], ['ack ', 'push'], ['ack ']]);
  });

  it('makes the writer wait while its reader does, and no longer', async () => {
    const server = await serve();
    const session = await dial(server.listener.port);
    const chunk = bytesOf(10_000);
    let sent = 0;
    while (session.write(chunk)) sent += chunk.length;
    sent += chunk.length;
    const accepted = await server.session();
    await rest(50);
    expect(session.writableNeedDrain).toBe(true);
    // Both windows, the reader's buffer twice over and what the writer queues.
    expect(sent).toBeLessThan(2 * 32 * 1376 + 65_536 + 65_536 + 2 * chunk.length);
    let read = 0;
    accepted.on('data', (piece) => {
      read += piece.length;
    });
    await once(session, 'drain');
    await eventually(() => expect(read).toBe(sent));
  });

  it('notices that nobody answers, and that nothing arrives', async () => {
    const { got, socket } = await bare(9);
    const port = socket.address().port;
    const dead = await dialKcp({ host, port, deadLink: 2, nodelay: true, intervalMs: 1, minRtoMs: 1 });
    dead.write('x');
    const [error] = await once(dead, 'error');
    expect(error.code).toBe('KCP_DEAD_LINK');
    expect(got.length).toBe(2);
    const idle = await dialKcp({ host, port, idleTimeoutMs: 30 });
    expect((await once(idle, 'error'))[0].code).toBe('KCP_IDLE');
  });

  it('ends when nobody listens, if it never heard anybody', async () => {
    const { socket } = await bare(9);
    const { port } = socket.address();
    socket.close();
    cleanups.pop();
    const session = await dialKcp({ host, port });
    session.write('x');
    expect((await once(session, 'error'))[0].code).toBe('KCP_REFUSED');
  });
});

function createSocketSpy(): Socket {
  const socket = createSocket('udp4');
  socket.close();
  return socket;
}

describe('the end', () => {
  it('flushes what is queued, then ends both directions', async () => {
    const server = await serve();
    const session = await dial(server.listener.port);
    const data = bytesOf(400_000);
    const closed = once(session, 'close');
    session.end(data);
    session.resume();
    const accepted = await server.session();
    expect((await collect(accepted, data.length)).equals(data)).toBe(true);
    await closed;
    expect(session.readableEnded).toBe(true);
  });

  it('with linger "answer" and nothing left to say is silent, without even an acknowledgement', async () => {
    const { socket, got } = await bare(9);
    const session = await dial(socket.address().port, { linger: 'answer', conv: 7, lingerMs: 100 });
    session.write('close');
    await eventually(() => expect(got.length).toBe(1));
    const { ts } = parse(got[0] as Buffer);
    session.on('data', () => session.end());
    const closed = once(session, 'close');
    socket.send(wire({ conv: 7, cmd: 'push', una: 1, ts: ts + 1, body: 'echo' }), session.localPort, host);
    await closed;
    await rest(50);
    expect(got.length).toBe(1);
  });

  it('with linger "answer" repeats the last data only when the peer repeats its own', async () => {
    const { socket, got } = await bare(9);
    const session = await dial(socket.address().port, { linger: 'answer', conv: 7, lingerMs: 400, minRtoMs: 10 });
    session.write('hello');
    await eventually(() => expect(got.length).toBe(1));
    const close = wire({ conv: 7, cmd: 'push', una: 1, body: 'close' });
    session.on('data', () => session.end('echo'));
    const closed = once(session, 'close');
    socket.send(close, session.localPort, host);
    await closed;
    await eventually(() => expect(got.length).toBe(2));
    const lines = (): string[] => read(got.at(-1) as Buffer).map((line) => line.replace(/ts=\d+/, ''));
    expect(lines()).toEqual(['ack frg=0 wnd=32  sn=0 una=1', 'push frg=0 wnd=32  sn=1 una=1 echo']);
    const before = got.length;
    await rest(120);
    expect(got.length).toBe(before);
    socket.send(close, session.localPort, host);
    await eventually(() => expect(got.length).toBe(before + 1));
    expect(lines()).toEqual(['ack frg=0 wnd=32  sn=0 una=1', 'push frg=0 wnd=32  sn=1 una=1 echo']);
    await rest(50);
    expect(got.length).toBe(before + 1);
  });

  it('with linger "resend" repeats the last data until it is acknowledged, then is silent', async () => {
    const server = await serve({ minRtoMs: 10, intervalMs: 1 }, (session) => session.end('bye'));
    const { got, send, begin } = await bare(server.listener.port);
    await begin(7, 'x'.repeat(900));
    const pushes = (): Buffer[] => got.filter((bytes) => read(bytes).some((line) => line.endsWith('bye')));
    await eventually(() => expect(pushes().length).toBeGreaterThan(1));
    expect(server.sessions[0]?.writableFinished).toBe(true);
    send(wire({ conv: 7, cmd: 'ack', una: 2, sn: 1, ts: parse(pushes()[0] as Buffer).ts }));
    await rest(30);
    const before = got.length;
    await rest(300);
    expect(got.length).toBe(before);
    // A late copy of the opening does not begin the conversation anew.
    send(wire({ conv: 7, cmd: 'push', body: 'x'.repeat(900) }));
    await rest(30);
    expect(got.length).toBe(before);
    expect(server.sessions.length).toBe(1);
  });

  it('by destroy is silent at once', async () => {
    const { socket, got } = await bare(9);
    const session = await dial(socket.address().port, { minRtoMs: 5, intervalMs: 1 });
    session.write('x');
    session.destroy();
    await rest(50);
    expect(got.length).toBe(0);
  });

  it('of a listener waits for its sessions, and accepts no more', async () => {
    const server = await serve({}, echo);
    const session = await dial(server.listener.port);
    session.write('x');
    await once(session, 'data');
    expect(server.listener.sessionCount).toBe(1);
    let closed = false;
    const closing = server.listener.close().then(() => {
      closed = true;
    });
    const late = await dial(server.listener.port);
    late.write('y');
    session.write('z');
    await once(session, 'data');
    await rest(20);
    expect([server.sessions.length, closed]).toEqual([1, false]);
    server.sessions[0]?.destroy();
    await closing;
  });
});

function parse(bytes: Buffer): { conv: number; ts: number; sn: number } {
  return { conv: bytes.readUInt32LE(0), ts: bytes.readUInt32LE(8), sn: bytes.readUInt32LE(12) };
}

describe('a listener', () => {
  it('serves many sessions on one socket with one timer', async () => {
    const { listener } = await serve({}, echo);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const sessions = await Promise.all(Array.from({ length: 200 }, () => dial(listener.port)));
    const answers = sessions.map((session) => once(session, 'data'));
    for (const session of sessions) session.write(`I am ${session.conv}`);
    const got = await Promise.all(answers);
    expect(got.map(([answer]) => String(answer))).toEqual(sessions.map(({ conv }) => `I am ${conv}`));
    expect(listener.sessionCount).toBe(200);
    const handles = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
    timers.mockRestore();
    const armed = handles.filter((handle) => (handle as unknown as { _destroyed: boolean })._destroyed === false);
    // One for each dialed socket, and one for the 200 sessions of the listener.
    expect(armed.length).toBeLessThanOrEqual(201);
  });

  it('is not opened, and does not answer, to what cannot be a beginning', async () => {
    const server = await serve();
    const { got, send } = await bare(server.listener.port);
    for (const bytes of [
      wire({ cmd: 'push', sn: 1, body: 'x' }),
      wire({ cmd: 'ack' }),
      wire({ cmd: 'ask' }),
      wire({ cmd: 'push', una: 4, body: 'x' }),
      wire({ cmd: 'push', body: 'xyz' }).subarray(0, 25),
      new Uint8Array(1400),
      new Uint8Array(0),
    ]) {
      send(bytes);
    }
    await rest(30);
    expect([server.sessions.length, got.length]).toEqual([0, 0]);
  });

  it('hands nothing on, and sends no more than has come, before an address is proven', async () => {
    const server = await serve({ greeting: Buffer.from('STMP') }, (session) => session.write(`STMP${'y'.repeat(900)}`));
    const { got, send, begin } = await bare(server.listener.port);
    let paid = 0;
    for (let conv = 0; conv < 20; conv++) {
      const opening = wire({ conv, cmd: 'push', body: 'x'.repeat(conv + 1) });
      paid += 28 + opening.length;
      send(opening);
    }
    // Behind all others, and answered, so all others have been.
    await begin(99, 'x'.repeat(40));
    await server.session();
    const unproven = got.filter((bytes) => bytes.readUInt32LE(0) < 99);
    expect(unproven.length).toBeGreaterThan(10);
    expect(unproven.reduce((sum, bytes) => sum + 28 + bytes.length, 0)).toBeLessThanOrEqual(paid);
    expect(
      new Set(
        unproven.map((bytes) =>
          read(bytes)
            .join()
            .replace(/ts=\d+/, ''),
        ),
      ),
    ).toEqual(new Set(['push frg=1 wnd=31  sn=0 una=0 STMP']));
    expect([server.sessions.length, server.listener.sessionCount]).toEqual([1, 1]);
  });

  it('forgets a peer that opens and says no more in time', async () => {
    const server = await serve({ provenTimeoutMs: 2_000 });
    const { got, send, begin } = await bare(server.listener.port);
    send(wire({ conv: 5, cmd: 'push', body: 'S' }));
    await eventually(() => expect(got.length).toBe(1));
    await rest(2_100);
    send(wire({ conv: 5, cmd: 'ack', una: 1, ts: parse(got[0] as Buffer).ts }));
    await begin(6);
    await server.session();
    expect(server.sessions.map(({ conv }) => conv)).toEqual([6]);
  });

  it('keeps the youngest of those that are not proven', async () => {
    const server = await serve({ maxUnprovenCount: 4 });
    const peer = await bare(server.listener.port);
    for (let conv = 1; conv <= 5; conv++) peer.send(wire({ conv, cmd: 'push', body: 'S' }));
    await eventually(() => expect(peer.got.length).toBe(5));
    // All from one address and port, so each that is proven replaces the one before.
    for (const bytes of peer.got) {
      const { conv, ts } = parse(bytes);
      peer.send(wire({ conv, cmd: 'ack', una: 1, ts }));
    }
    await server.session(3);
    expect(server.sessions.map(({ conv }) => conv)).toEqual([2, 3, 4, 5]);
  });

  it('counts an unproven address for nobody', async () => {
    const server = await serve({ maxSessionsPerAddressCount: 1, maxSessionsCount: 1 }, (session) => session.write('y'));
    const forger = await bare(server.listener.port);
    for (let conv = 0; conv < 50; conv++) forger.send(wire({ conv, cmd: 'push', body: 'x' }));
    const victim = await bare(server.listener.port);
    await victim.begin(7);
    await server.session();
    expect([server.sessions.length, server.sessions[0]?.destroyed]).toEqual([1, false]);
  });

  it.each(['maxSessionsCount', 'maxSessionsPerAddressCount'])(
    'keeps %s, and those that were answered',
    async (name) => {
      const refusals: string[] = [];
      const answer = (session: KcpSession): unknown => session.write('y');
      const server = await serve({ [name]: 3 }, answer, (limit) => refusals.push(limit));
      for (let conv = 0; conv < 5; conv++) await (await bare(server.listener.port)).begin(conv);
      await eventually(() => expect(server.sessions.length + refusals.length).toBe(5));
      expect(server.listener.sessionCount).toBe(3);
      expect(refusals).toEqual([name, name]);
      expect(server.sessions.map((session) => session.destroyed)).toEqual([false, false, false]);
    },
  );

  it.each(['maxSessionsCount', 'maxSessionsPerAddressCount'])(
    'gives the place of the oldest that was not answered to the next at %s',
    async (name) => {
      const refusals: string[] = [];
      const server = await serve({ [name]: 3 }, undefined, (limit) => refusals.push(limit));
      for (let conv = 0; conv < 5; conv++) {
        await (await bare(server.listener.port)).begin(conv);
        const session = await server.session(conv);
        if (conv === 0) session.write('y');
      }
      expect(server.listener.sessionCount).toBe(3);
      expect(server.sessions.map((session) => session.destroyed)).toEqual([false, true, true, false, false]);
      expect((server.sessions[1]?.errored as { code?: string } | null)?.code).toBe('KCP_REPLACED');
      expect(refusals).toEqual([]);
    },
  );

  it('does not let another port or address take a conversation over', async () => {
    const server = await serve({}, echo);
    const session = await dial(server.listener.port, { conv: 77 });
    session.write('mine');
    await once(session, 'data');
    const thief = await bare(server.listener.port);
    thief.send(wire({ conv: 77, cmd: 'push', sn: 1, una: 1, body: 'theirs' }));
    thief.send(wire({ conv: 77, cmd: 'ack', sn: 0, una: 1 }));
    await rest(20);
    expect([thief.got.length, server.sessions.length]).toEqual([0, 1]);
    session.write('still mine');
    expect(String((await once(session, 'data'))[0])).toBe('still mine');
    // With a beginning it gets a conversation of its own.
    await thief.begin(77, 'x'.repeat(50));
    await server.session(1);
    session.write('and still');
    expect(String((await once(session, 'data'))[0])).toBe('and still');
  });

  it('lets an address begin anew, but a forged beginning does not end the old conversation', async () => {
    const server = await serve({}, echo);
    const peer = await bare(server.listener.port);
    await peer.begin(1);
    await server.session();
    peer.send(wire({ conv: 2, cmd: 'push', body: 'forged' }));
    await peer.begin(3);
    await server.session(1);
    expect(server.sessions.map(({ conv }) => conv)).toEqual([1, 3]);
    expect(server.sessions.map((session) => session.destroyed)).toEqual([true, false]);
    expect((server.sessions[0]?.errored as { code?: string } | null)?.code).toBe('KCP_REPLACED');
  });
});

describe('wrong arguments', () => {
  it.each<[object, RegExp]>([
    [{ host: 5 }, /host must be a string, not number/],
    [{ port: 0 }, /port must be an integer from 1 to 65535, not 0/],
    [{ conv: 1.5 }, /conv/],
    [{ mtuBytes: 10 }, /mtuBytes/],
    [{ linger: 'no' }, /linger must be 'resend' or 'answer', not no/],
    [{ idleTimeoutMs: -1 }, /idleTimeoutMs/],
    [{ createKcp: 1 }, /createKcp/],
  ])('are refused by dialKcp: %o', async (wrong, message) => {
    await expect(dialKcp({ host, port: 9, ...wrong })).rejects.toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ port: -1 }, /port/],
    [{ maxSessionsCount: 0 }, /maxSessionsCount/],
    [{ maxUnprovenCount: 0 }, /maxUnprovenCount/],
    [{ provenTimeoutMs: 0 }, /provenTimeoutMs/],
    [{ receiveWindow: 3 }, /receiveWindow/],
    [{ greeting: 5 }, /greeting must be a Uint8Array/],
  ])('are refused by listenKcp: %o', async (wrong, message) => {
    await expect(listenKcp({ host, port: 0, ...wrong }, { onSession() {} })).rejects.toThrow(message);
  });

  it('and an aborted signal ends a dial with its reason', async () => {
    const reason = new Error('enough');
    await expect(dialKcp({ host, port: 9, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const dialing = dialKcp({ host, port: 9, signal: controller.signal });
    controller.abort(reason);
    await expect(dialing).rejects.toBe(reason);
  });
});
