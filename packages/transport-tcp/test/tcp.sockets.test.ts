import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Acceptor, Link, Refusal, StmpError, StreamLink } from '@stmp/contract';
import { tcpDialer, tcpLink, tcpListener } from '@stmp/transport-tcp';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from './fixture.js';

const certificate = await makeCertificate();
const other = await makeCertificate('other.test');

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Starts each link and answers what it says. */
const echo: Acceptor = {
  onLink: (link) => {
    const stream = link as StreamLink;
    stream.start({ onData: (unit) => void stream.send(unit), onDrain() {}, onClose() {} });
  },
};

/** Sends one word and waits for its echo. */
async function say(link: Link, word: string): Promise<string> {
  const stream = link as StreamLink;
  return new Promise((resolve, reject) => {
    let got = '';
    stream.start({
      onData(unit) {
        got += Buffer.from(unit).toString();
        if (got.length >= word.length) resolve(got);
      },
      onDrain() {},
      onClose: (reason) => reject(reason ?? new Error('closed')),
    });
    stream.send(text(word));
  });
}

const closing = (link: Link): Promise<StmpError | undefined> =>
  new Promise((resolve) => (link as StreamLink).start({ onData() {}, onDrain() {}, onClose: resolve }));

const listening = async (server: Server, host = '127.0.0.1'): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as { port: number }).port;
};
const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

describe('addresses', () => {
  it.each([
    'http://127.0.0.1:80',
    'tcp:127.0.0.1:80',
    'tcp://127.0.0.1',
    'tcp://:80',
    'tcp://',
    'tcp://127.0.0.1:0',
    'tcp://127.0.0.1:99999',
    'tcp://127.0.0.1:80/path',
    'tcp://127.0.0.1:80?a=b',
    'tcp://user@127.0.0.1:80',
    'nonsense',
    '',
  ])('%j cannot be dialed', async (address) => {
    await expect(tcpDialer().dial(address)).rejects.toThrow(TypeError);
    await expect(tcpDialer().dial(address)).rejects.toThrow('address must');
  });

  it.each(['tcp://', 'tcp://127.0.0.1', 'ws://127.0.0.1:0', 'tls://127.0.0.1:0'])(
    '%j cannot be listened on',
    async (address) => {
      await expect(tcpListener().listen(address, echo)).rejects.toThrow(TypeError);
    },
  );

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['[::1]', '[::1]'],
  ])('%s is listened on and dialed', async (host, shown) => {
    const server = await tcpListener().listen(`tcp://${host}:0`, echo);
    expect(server.address).toMatch(new RegExp(`^tcp://${shown.replace(/[[\]]/g, '\\$&')}:[1-9][0-9]*$`));
    const link = await tcpDialer().dial(`${server.address}/`);
    expect(await say(link, 'hello')).toBe('hello');
    await link.close();
    await server.close();
  });
});

describe('dialing', () => {
  it('fails with the cause', async () => {
    const server = createServer();
    const port = await listening(server);
    await closed(server);
    const error = await tcpDialer()
      .dial(`tcp://127.0.0.1:${port}`)
      .then(undefined, (e: StmpError) => e);
    expect(error).toMatchObject({ code: 'dial_failed', origin: 'link', cause: { code: 'ECONNREFUSED' } });
    expect((error as StmpError).message).toBe(`cannot dial tcp://127.0.0.1:${port}: ECONNREFUSED`);
  });

  it('looks a host up through an option', async () => {
    const asked: string[] = [];
    const server = await tcpListener().listen('tcp://127.0.0.1:0', echo);
    const dialer = tcpDialer({
      lookup(hostname, options, callback) {
        asked.push(hostname);
        if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
        else callback(null, '127.0.0.1', 4);
      },
      localAddress: '127.0.0.2',
    });
    const link = await dialer.dial(server.address.replace('127.0.0.1', 'some.where.test'));
    expect(asked).toEqual(['some.where.test']);
    expect(link.peer).toMatchObject({ address: '127.0.0.1', localAddress: '127.0.0.2' });
    await link.close();
    await server.close();
  });

  it('gives up after connectTimeoutMs, also in the middle of TLS', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on('error', () => {}).resume()));
    const port = await listening(silent);
    const dialing = tcpDialer({ connectTimeoutMs: 30 }).dial(`tls://127.0.0.1:${port}`);
    await expect(dialing).rejects.toMatchObject({
      code: 'dial_failed',
      message: `cannot dial tls://127.0.0.1:${port}: no connection within 30 ms`,
    });
    await closed(silent);
    expect(sockets).toHaveLength(1);
  });

  it('is aborted in the middle of TLS, and lets the socket go', async () => {
    const ended: Promise<void>[] = [];
    const silent = createServer((socket) => {
      socket.on('error', () => {}).resume();
      ended.push(new Promise((resolve) => socket.on('close', () => resolve())));
    });
    const port = await listening(silent);
    const controller = new AbortController();
    silent.on('connection', () => controller.abort(new Error('enough')));
    const dialing = tcpDialer().dial(`tls://127.0.0.1:${port}`, { signal: controller.signal });
    await expect(dialing).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    await Promise.all(ended);
    await closed(silent);
  });

  it('refuses to listen on tls:// without a certificate', async () => {
    await expect(tcpListener().listen('tls://127.0.0.1:0', echo)).rejects.toThrow('tls must be given');
    await expect(tcpListener().listen('tls://127.0.0.1:0', echo, { tls: {} })).rejects.toThrow('cert and key');
  });

  it('resets the connection on abort, even if the reader has stalled', async () => {
    for (const bytes of [0, 20_000_000]) {
      const server = createServer((socket) => socket.pause());
      const port = await listening(server);
      const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
      const link = (await tcpDialer().dial(`tcp://127.0.0.1:${port}`)) as StreamLink;
      const end = closing(link);
      const socket = await accepted;
      const reset = new Promise<Error>((resolve) => socket.on('error', resolve));
      if (bytes > 0) expect(link.send(new Uint8Array(bytes))).toBe(false);
      const reason = { code: 'too_large' } as StmpError;
      link.abort(reason);
      expect(await end).toBe(reason);
      // After an orderly end the first write would still succeed, and unsent data would wait in the system.
      socket.write('x');
      expect((await reset) as { code?: string }).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
      await closed(server);
    }
  });

  it('survives an abort after the end was sent', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => void socket.on('error', () => {}).resume());
    const port = await listening(server);
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    const link = await tcpDialer().dial(`tcp://127.0.0.1:${port}`);
    const end = closing(link);
    const close = link.close();
    await new Promise((resolve) => setImmediate(resolve));
    const reason = { code: 'connection_closed' } as StmpError;
    link.abort(reason);
    expect(await end).toBe(reason);
    await close;
    for (const socket of sockets) socket.destroy();
    await closed(server);
  });
});

describe('listening', () => {
  it('fails with the cause', async () => {
    const server = await tcpListener().listen('tcp://127.0.0.1:0', echo);
    const again = tcpListener().listen(server.address, echo);
    await expect(again).rejects.toMatchObject({ code: 'listen_failed', cause: { code: 'EADDRINUSE' } });
    await server.close();
  });

  it('frees its address on close and leaves open links alone', async () => {
    const server = await tcpListener().listen('tcp://127.0.0.1:0', echo);
    const link = await tcpDialer().dial(server.address);
    await Promise.all([server.close(), server.close()]);
    expect(await say(link, 'still here')).toBe('still here');
    const again = await tcpListener().listen(server.address, echo);
    await again.close();
    await link.close();
  });

  it('takes options per address over its own', async () => {
    const links: Link[] = [];
    const listener = tcpListener({ highWaterBytes: 10, tls: certificate });
    const server = await listener.listen('tcp://127.0.0.1:0', { onLink: (link) => void links.push(link) });
    const large = await listener.listen(
      'tcp://127.0.0.1:0',
      { onLink: (link) => void links.push(link) },
      {
        highWaterBytes: 1e9,
        keepAliveMs: 1000,
        backlog: 5,
      },
    );
    for (const { address } of [server, large]) {
      const link = (await tcpDialer({ keepAliveMs: 1000 }).dial(address)) as StreamLink;
      link.pause();
      link.start({ onData() {}, onDrain() {}, onClose() {} });
      await expect.poll(() => links.length).toBeGreaterThan(0);
      const accepted = links.pop() as StreamLink;
      accepted.start({ onData() {}, onDrain() {}, onClose() {} });
      expect(accepted.send(new Uint8Array(30_000_000))).toBe(address === large.address);
      link.abort({ code: 'aborted' } as StmpError);
      accepted.abort({ code: 'aborted' } as StmpError);
    }
    await server.close();
    await large.close();
  });

  it('uses a ready server and leaves it open', async () => {
    const ready = createServer();
    await expect(tcpListener({ server: ready }).listen('tcp://', echo)).rejects.toMatchObject({
      code: 'listen_failed',
    });
    const port = await listening(ready);
    await expect(tcpListener({ server: ready }).listen('tcp://127.0.0.1:1', echo)).rejects.toThrow('scheme only');
    for (const [scheme, dialer] of [
      ['tcp', tcpDialer()],
      ['tls', tcpDialer({ tls: { ca: certificate.cert } })],
    ] as const) {
      const options = { server: ready, tls: scheme === 'tls' ? certificate : undefined };
      const server = await tcpListener(options).listen(`${scheme}://`, echo);
      expect(server.address).toBe(`${scheme}://127.0.0.1:${port}`);
      const link = await dialer.dial(server.address);
      expect(await say(link, 'hello')).toBe('hello');
      await link.close();
      await server.close();
      expect(ready.listening).toBe(true);
      expect(ready.listenerCount('connection')).toBe(0);
    }
    await closed(ready);
  });

  it('tells when the server fails later, once', async () => {
    const ready = createServer();
    await listening(ready);
    const errors: Error[] = [];
    await tcpListener({ server: ready }).listen('tcp://', { ...echo, onError: (error) => errors.push(error) });
    const error = new Error('EMFILE');
    ready.emit('error', error);
    expect(errors).toEqual([error]);
    expect(ready.listenerCount('error')).toBe(0);
    await closed(ready);
  });

  it('makes links of ready sockets', async () => {
    const server = await tcpListener().listen('tcp://127.0.0.1:0', echo);
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    await new Promise((resolve) => socket.on('connect', resolve));
    const link = tcpLink(socket, { highWaterBytes: 1000, keepAliveMs: 500 });
    expect(link).toMatchObject({ secure: false, safeWriteBytes: 65_536, safeUnreadBytes: 65_536 });
    expect(await say(link, 'hello')).toBe('hello');
    await link.close();
    await server.close();
  });
});

describe('TLS', () => {
  const dialer = tcpDialer({ tls: { ca: certificate.cert } });

  it('states what it is', async () => {
    const links: Link[] = [];
    const server = await tcpListener({ tls: certificate }).listen('tls://localhost:0', {
      onLink(link) {
        links.push(link);
        echo.onLink(link);
      },
    });
    expect(server.address).toMatch(/^tls:\/\/localhost:\d+$/);
    const link = await dialer.dial(server.address);
    expect(link).toMatchObject({ kind: 'stream', secure: true, safeWriteBytes: 16_384, safeUnreadBytes: undefined });
    await expect.poll(() => links.length).toBe(1);
    expect(links[0]).toMatchObject({
      kind: 'stream',
      secure: true,
      safeWriteBytes: 16_384,
      safeUnreadBytes: undefined,
    });
    expect(link.peer.authorized).toBe(true);
    expect(links[0]?.peer).toMatchObject({ port: link.peer.localPort, localPort: link.peer.port });
    await link.close();
    await server.close();
  });

  it('knows its clients by their certificates', async () => {
    const links: Link[] = [];
    const server = await tcpListener({ tls: { ...certificate, requestCert: true, ca: other.cert } }).listen(
      'tls://127.0.0.1:0',
      {
        onLink(link) {
          links.push(link);
          echo.onLink(link);
        },
      },
    );
    const link = await tcpDialer({ tls: { ca: certificate.cert, ...other } }).dial(server.address);
    expect(await say(link, 'hello')).toBe('hello');
    expect(links[0]?.peer).toMatchObject({ authorized: true, certificate: { subject: { CN: 'other.test' } } });
    await link.close();
    await server.close();
  });

  it('refuses in words, and goes on', async () => {
    const refusals: Refusal[] = [];
    const links: Link[] = [];
    const tls = { ...certificate, requestCert: true, ca: other.cert };
    const handler: Acceptor = {
      onLink: (link) => {
        links.push(link);
        echo.onLink(link);
      },
      onRefuse: (refusal) => refusals.push(refusal),
    };
    const server = await tcpListener({ tls }).listen('tls://127.0.0.1:0', handler);
    const port = Number(new URL(server.address).port);
    // Of its own, so that nobody else has to be that quick.
    const hasty = await tcpListener({ tls: { ...tls, handshakeTimeoutMs: 30 } }).listen('tls://127.0.0.1:0', handler);

    const plain = connect(port, '127.0.0.1').on('error', () => {});
    plain.write('STMP\x10\x00\x00');
    await expect.poll(() => refusals.length).toBe(1);

    const silent = connect(Number(new URL(hasty.address).port), '127.0.0.1').on('error', () => {});
    await expect.poll(() => refusals.length).toBe(2);

    // TLS 1.3 lets the client finish before the server has looked at its certificate.
    const nameless = await dialer.dial(server.address).then(undefined, () => undefined);
    await expect.poll(() => refusals.length).toBe(3);
    void nameless?.close();

    const gone = connect(port, '127.0.0.1', () => gone.resetAndDestroy());
    await expect.poll(() => refusals.length).toBe(4);

    const stranger = await tcpDialer({ tls: { ca: certificate.cert, ...certificate } })
      .dial(server.address)
      .then(undefined, () => undefined);
    await expect.poll(() => refusals.length).toBe(5);
    void stranger?.close();

    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ reason: 'tls', remoteAddress: '127.0.0.1' });
      expect(refusal.message).toMatch(/^the TLS handshake failed: /);
      expect(refusal.cause).toBeInstanceOf(Error);
    }
    expect(refusals[2]?.message).toBe('the TLS handshake failed: peer did not return a certificate');
    expect(refusals[4]?.message).toContain("the client's certificate was refused");
    const link = await tcpDialer({ tls: { ca: certificate.cert, ...other } }).dial(server.address);
    expect(await say(link, 'hello')).toBe('hello');
    expect(links).toHaveLength(1);
    await link.close();
    plain.destroy();
    silent.destroy();
    await Promise.all([server.close(), hasty.close()]);
  });

  it('reloads certificates for new connections and keeps the open ones', async () => {
    const server = await tcpListener({ tls: certificate }).listen('tls://127.0.0.1:0', echo);
    const before = await dialer.dial(server.address);
    server.reloadTls?.(other);
    await expect(dialer.dial(server.address)).rejects.toMatchObject({ code: 'dial_failed' });
    const after = await tcpDialer({ tls: { ca: other.cert } }).dial(server.address);
    expect(after.peer.certificate).toMatchObject({ subject: { CN: 'other.test' } });
    expect(() => server.reloadTls?.({ cert: 'nonsense' })).toThrow(TypeError);
    expect(await say(before, 'hello')).toBe('hello');
    expect(await say(after, 'hello')).toBe('hello');
    await before.close();
    await after.close();
    await server.close();
  });

  it('is not reloaded where there is none', async () => {
    const server = await tcpListener().listen('tcp://127.0.0.1:0', echo);
    expect(server.reloadTls).toBeUndefined();
    await server.close();
  });
});

describe('options', () => {
  it.each([
    [{ connectTimeoutMs: -1 }, RangeError, 'connectTimeoutMs must be an integer from 0 to 2147483647, got -1'],
    [{ connectTimeoutMs: 'x' }, TypeError, 'connectTimeoutMs must be a number, got string'],
    [{ highWaterBytes: 0 }, RangeError, 'highWaterBytes must be'],
    [{ keepAliveMs: 0.5 }, RangeError, 'keepAliveMs must be'],
    [{ lookup: 5 }, TypeError, 'lookup must be a function, got number'],
    [{ tls: { nonsense: 1 } }, TypeError, 'tls.nonsense is not an option'],
  ])('a dialer refuses %j', (options, type, message) => {
    expect(() => tcpDialer(options as never)).toThrow(type);
    expect(() => tcpDialer(options as never)).toThrow(message);
  });

  it.each([
    [{ backlog: 0 }, 'backlog must be an integer from 1 to 65535, got 0'],
    [{ highWaterBytes: -1 }, 'highWaterBytes must be'],
  ])('a listener refuses %j', (options, message) => {
    expect(() => tcpListener(options as never)).toThrow(message);
  });
});
