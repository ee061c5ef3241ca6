import { Agent, createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import { isStmpError, type MessageLink, Status } from '@stmp/contract';
import { wsDialer } from '@stmp/transport-ws';
import { wsListener } from '@stmp/transport-ws/server';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { dialUrl } from '../src/address.js';
import { Inbox, openPair } from './pair.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve<S extends Server>(server: S): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the URL', () => {
  const hello = {
    headers: [
      ['Accept', 'application/json'],
      ['Stmp-Version', '1.0'],
    ],
  } as const;
  it.each([
    ['ws://h', 'ws://h?Accept=application%2Fjson&Stmp-Version=1.0'],
    ['wss://h:1/p', 'wss://h:1/p?Accept=application%2Fjson&Stmp-Version=1.0'],
    ['WS://h/p?token=a%20b', 'WS://h/p?token=a%20b&Accept=application%2Fjson&Stmp-Version=1.0'],
  ])('%s becomes %s', (address, url) => {
    expect(dialUrl(address, hello)).toBe(url);
    expect(dialUrl(address, undefined)).toBe(address);
  });
  it('escapes names and values', () => {
    expect(
      dialUrl('ws://h/', {
        headers: [
          ['Accept', 'a, b;q=0.5&c'],
          ['X é', '+%'],
        ],
      }),
    ).toBe('ws://h/?Accept=a%2C%20b%3Bq%3D0.5%26c&X%20%C3%A9=%2B%25');
  });
  it.each(['tcp://h', 'h', '', 'ws://', 'ws:///p', 'ws://h/#x', 'ws://h/ x', 'http://h'])(
    '%j is refused',
    async (address) => {
      await expect(wsDialer().dial(address)).rejects.toThrow(TypeError);
    },
  );
});

describe('the request', () => {
  async function requestOf(options: Parameters<typeof wsDialer>[0], path: string, headers: [string, string][] = []) {
    const server = createServer();
    const ws = new WebSocketServer({ server });
    const seen = new Promise<IncomingMessage>((resolve) => {
      ws.on('connection', (_, request) => resolve(request));
    });
    const address = await serve(server);
    const link = await wsDialer(options).dial(address + path, { hello: { headers } });
    cleanups.push(() => link.abort(new Error('done') as never));
    return { request: await seen, link };
  }

  it('carries the hello in the query and the headers in HTTP, and asks for nothing else', async () => {
    const { request, link } = await requestOf({ headers: { 'X-A': '1', Origin: 'https://app.example' } }, '/p?x=1', [
      ['Accept', 'application/json'],
      ['Stmp-Version', '1.0'],
    ]);
    expect(request.url).toBe('/p?x=1&Accept=application%2Fjson&Stmp-Version=1.0');
    expect(request.headers).toMatchObject({ 'x-a': '1', origin: 'https://app.example' });
    expect(request.headers['sec-websocket-protocol']).toBeUndefined();
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
    expect(link.hello!.headers).toEqual([
      ['Accept', 'application/json'],
      ['Stmp-Version', '1.0'],
    ]);
    expect(link).toMatchObject({ kind: 'message', secure: false, canPause: true });
    expect(link.peer).toMatchObject({ address: '127.0.0.1', port: request.socket.localPort });
    expect(link.peer.http).toBeUndefined();
  });

  it('goes through the agent, if there is one', async () => {
    let created = 0;
    const agent = new Agent();
    const create = agent.createConnection;
    agent.createConnection = (...args) => {
      created++;
      return Reflect.apply(create, agent, args);
    };
    const { link } = await requestOf({ agent }, '/');
    expect(created).toBe(1);
    expect(link.peer.address).toBe('127.0.0.1');
  });

  it('offers deflate when told to', async () => {
    const { request } = await requestOf({ deflate: { contextTakeover: true, windowBits: 12 } }, '/');
    expect(request.headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits',
    );
  });
});

describe('what goes wrong', () => {
  it('a server that refuses', async () => {
    const address = await serve(createServer((_, response) => response.writeHead(418).end()));
    const error = await wsDialer()
      .dial(`${address}/?Token=secret`)
      .catch((caught: unknown) => caught);
    expect(isStmpError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'dial_failed', cause: expect.any(Error) });
    expect((error as Error).message).toContain('418');
    expect((error as Error).message).toContain('Token=***');
    expect((error as Error).message).not.toContain('secret');
  });

  it.each([
    [301, {}, 'Unknown', undefined, /answered 301 Moved Permanently .*redirects/],
    [400, {}, 'BadRequest', undefined, /answered 400 Bad Request/],
    [401, {}, 'Unauthorized', undefined, /answered 401 Unauthorized/],
    [403, {}, 'Forbidden', undefined, /answered 403 Forbidden/],
    [404, {}, 'NotFound', undefined, /answered 404 Not Found/],
    [429, { 'Retry-After': '7' }, 'TooManyRequests', 7_000, /answered 429/],
    [503, { 'Retry-After': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 'Unavailable', 0, /answered 503 Service Unavailable/],
    [502, { 'Retry-After': 'soon' }, 'Unavailable', undefined, /answered 502 Bad Gateway/],
    [200, {}, 'Unknown', undefined, /answered 200 OK/],
    [599, {}, 'Unavailable', undefined, /answered 599 instead/],
  ] as const)(
    'an upgrade that HTTP refuses with %i, and says so',
    async (code, headers, status, retryAfterMs, message) => {
      const server = createServer();
      const answer = { Connection: 'close', 'Content-Length': '0', ...headers };
      server.on('upgrade', (_, socket) => {
        const lines = Object.entries(answer).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(`HTTP/1.1 ${code} x\r\n${lines.join('')}\r\n`);
      });
      const address = await serve(server);
      const dialing = wsDialer().dial(`${address}/?Token=secret`);
      await expect(dialing).rejects.toMatchObject({
        code: 'dial_failed',
        origin: 'peer',
        status: Status[status],
        retryAfterMs,
        message: expect.stringMatching(message),
      });
      await expect(dialing).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
    },
  );

  it('nobody listens, at any of the addresses of a name', async () => {
    const address = await serve(createNetServer());
    await cleanups.pop()!();
    await new Promise((resolve) => setImmediate(resolve));
    for (const url of [address, address.replace('127.0.0.1', 'localhost')])
      await expect(wsDialer().dial(url)).rejects.toMatchObject({
        code: 'dial_failed',
        origin: 'local',
        status: undefined,
        message: expect.stringContaining('ECONNREFUSED'),
      });
  });

  it.each([
    ['ws', 'the server does not speak HTTP: Expected HTTP/'],
    ['wss', 'wrong version number'],
  ])('a port of another protocol, over %s, in one line', async (scheme, why) => {
    const address = await serve(
      createNetServer((socket) => void socket.on('error', () => {}).write('STMP, and no other')),
    );
    const url = address.replace('ws:', `${scheme}:`);
    const error: Error = await wsDialer()
      .dial(url)
      .then(
        () => expect.fail('it was opened'),
        (reason) => reason,
      );
    expect(error).toMatchObject({ code: 'dial_failed' });
    expect(error.message.slice(0, `cannot open ${url}: ${why}`.length)).toBe(`cannot open ${url}: ${why}`);
    expect(error.message).not.toMatch(/\n|openssl/i);
  });

  it('a server that says nothing', async () => {
    const sockets: Socket[] = [];
    const address = await serve(createNetServer((socket) => void sockets.push(socket.on('error', () => {}).resume())));
    cleanups.push(() => sockets.map((socket) => socket.destroy()));
    await expect(wsDialer({ connectTimeoutMs: 50 }).dial(address)).rejects.toMatchObject({
      code: 'dial_failed',
      message: expect.stringContaining('connectTimeoutMs'),
    });
    const stop = new AbortController();
    const dialing = wsDialer({ connectTimeoutMs: 0 }).dial(address, { signal: stop.signal });
    setTimeout(() => stop.abort('why'), 20);
    await expect(dialing).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    await expect.poll(() => sockets.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true);
  });

  it.each([
    [{ connectTimeoutMs: -1 }, RangeError],
    [{ connectTimeoutMs: 1.5 }, RangeError],
    [{ highWaterBytes: 0 }, RangeError],
    [{ highWaterBytes: '1' as never }, TypeError],
    [{ tls: { nonsense: 1 } as never }, TypeError],
  ])('options %j', (options, type) => {
    expect(() => wsDialer(options)).toThrow(type);
  });

  it.each([0, 1.5, -1])('maxUnitBytes %s', async (maxUnitBytes) => {
    await expect(wsDialer().dial('ws://127.0.0.1:1/', { maxUnitBytes })).rejects.toThrow(RangeError);
    await expect(wsListener().listen('ws://127.0.0.1:0/', { maxUnitBytes, onLink() {} })).rejects.toThrow(RangeError);
  });
});

describe('the end of a link', () => {
  it.each([
    [1000, undefined],
    [1001, undefined],
    [1005, undefined],
    [1009, 'too_large'],
    [1011, 'link_failed'],
    [4000, 'link_failed'],
  ] as const)('with close code %i is %s', async (code, expected) => {
    const server = createServer();
    new WebSocketServer({ server }).on('connection', (ws) => (code === 1005 ? ws.close() : ws.close(code)));
    const link = await wsDialer().dial(await serve(server));
    const reason = await new Inbox(link).closed();
    expect(reason?.code).toBe(expected);
    if (code === 1011) expect(reason!.message).toContain('1011');
  });

  it('without close frame is a broken link', async () => {
    const server = createServer();
    new WebSocketServer({ server }).on('connection', (ws) => ws.terminate());
    const link = await wsDialer().dial(await serve(server));
    expect(await new Inbox(link).closed()).toMatchObject({ code: 'link_failed', origin: 'link' });
  });

  it('after a fault of the peer is protocol_error, at once', async () => {
    const server = createServer();
    new WebSocketServer({ server }).on('connection', (_, request) => {
      request.socket.write(Buffer.from('820141830142820143', 'hex'));
    });
    const link = await wsDialer().dial(await serve(server));
    const inbox = new Inbox(link);
    expect(await inbox.closed()).toMatchObject({ code: 'protocol_error', origin: 'peer' });
    expect(inbox.units).toEqual([Uint8Array.of(0x41)]);
    expect(() => link.send(Uint8Array.of(1) as never)).toThrow(/closing or closed/);
    link.abort(new Error('nothing') as never);
    expect(inbox.closes).toHaveLength(1);
  });

  it('closes with 1009 when a message is too large, and tells both sides', async () => {
    const { client, server, close } = await openPair({ maxUnitBytes: 100 });
    const [atClient, atServer] = [new Inbox(client), new Inbox(server)];
    client.send(new Uint8Array(100));
    client.send('x'.repeat(101));
    expect(await atServer.closed()).toMatchObject({ code: 'too_large', message: expect.stringContaining('100') });
    expect(atServer.units).toEqual([new Uint8Array(100)]);
    expect(await atClient.closed()).toMatchObject({ code: 'too_large', origin: 'peer' });
    await close();
  });

  it('flushes what is queued before it answers the close frame of the peer', async () => {
    const { client, server, close } = await openPair();
    const atClient = new Inbox(client);
    new Inbox(server, () => server.send('answer'));
    client.send('question');
    const closing = client.close();
    expect(await atClient.closed()).toBeUndefined();
    await closing;
    expect(atClient.units).toEqual(['answer']);
    await close();
  });
});

describe('deflate', () => {
  it.each([{}, { contextTakeover: true }, { thresholdBytes: 0, windowBits: 10, level: 1 }])(
    '%j keeps order',
    async (deflate) => {
      const { client, server, close } = await openPair({ listener: { deflate }, dialer: { deflate: true } });
      const [atClient, atServer] = [new Inbox(client), new Inbox(server)];
      const units = [new Uint8Array(5000), 'x'.repeat(3000), Uint8Array.of(1), '', new Uint8Array(0), 'é'.repeat(2000)];
      for (const unit of units) {
        client.send(unit);
        server.send(unit);
      }
      await Promise.all([atServer.count(units.length), atClient.count(units.length)]);
      expect(atServer.units).toEqual(units);
      expect(atClient.units).toEqual(units);
      await client.close();
      expect(await atServer.closed()).toBeUndefined();
      await close();
    },
  );

  it('saves bytes, from the threshold on', async () => {
    const sizes: number[] = [];
    for (const size of [1023, 1024]) {
      const { client, server, close } = await openPair({ listener: { deflate: true }, dialer: { deflate: true } });
      const inbox = new Inbox(server);
      new Inbox(client);
      const { socket } = socketOf(client);
      const before = socket.bytesWritten;
      client.send(new Uint8Array(size));
      await inbox.count(1);
      sizes.push(socket.bytesWritten - before);
      await close();
    }
    expect(sizes[0]).toBe(1023 + 8);
    expect(sizes[1]).toBeLessThan(100);
  });

  it('is not agreed on when one side does not want it', async () => {
    for (const [listener, dialer] of [
      [{ deflate: true }, {}],
      [{}, { deflate: true }],
    ] as const) {
      const { client, server, close } = await openPair({ listener, dialer });
      const inbox = new Inbox(server);
      client.send('x'.repeat(5000));
      client.send('y');
      await inbox.count(2);
      expect(inbox.units).toEqual(['x'.repeat(5000), 'y']);
      await close();
    }
  });

  it('limits what a small message may become', async () => {
    const { client, server, close } = await openPair({
      maxUnitBytes: 10_000,
      listener: { deflate: true },
      dialer: { deflate: true },
    });
    new Inbox(client);
    const inbox = new Inbox(server);
    client.send(new Uint8Array(1_000_000));
    expect(await inbox.closed()).toMatchObject({ code: 'too_large' });
    await close();
  });
});

/** The socket below a link, found through the peer's own view of it. */
function socketOf(link: MessageLink): { socket: Socket } {
  const open = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles() as Socket[];
  const { localPort } = link.peer;
  const socket = open.find((handle) => handle.localPort === localPort && handle.remotePort === link.peer.port);
  return { socket: socket! };
}

describe('a link', () => {
  it('remembers the address of its peer beyond its end', async () => {
    const { client, server, close } = await openPair();
    const [atClient, atServer] = [new Inbox(client), new Inbox(server)];
    await client.close();
    await Promise.all([atClient.closed(), atServer.closed()]);
    expect(server.peer.address).toBe('127.0.0.1');
    expect(server.peer.port).toBeGreaterThan(0);
    expect(client.peer.address).toBe('127.0.0.1');
    await close();
  });

  it('leaves reading to ws where others read the socket as well', async () => {
    const server = createServer();
    let spied = 0;
    server.on('upgrade', (_, socket) => socket.on('data', (chunk) => (spied += chunk.length)));
    let accepted: MessageLink | undefined;
    await wsListener({ server }).listen('ws://127.0.0.1/', { onLink: (link) => (accepted = link as MessageLink) });
    const client = (await wsDialer().dial(await serve(server))) as MessageLink;
    new Inbox(client);
    const inbox = new Inbox(accepted!);
    for (const unit of [Uint8Array.of(1, 2), 'text', '']) client.send(unit);
    await inbox.count(3);
    expect(inbox.units).toEqual([Uint8Array.of(1, 2), 'text', '']);
    expect(spied).toBe(8 + 10 + 6);
    await client.close();
    expect(await inbox.closed()).toBeUndefined();
  });
});

describe('one write for a turn', () => {
  it.each(['client', 'server'] as const)('of the %s', async (side) => {
    const pair = await openPair();
    const [from, to] = side === 'client' ? [pair.client, pair.server] : [pair.server, pair.client];
    new Inbox(from);
    const inbox = new Inbox(to);
    const { socket } = socketOf(from);
    let writes = 0;
    const { write } = socket;
    socket.write = function (this: Socket, ...args: unknown[]) {
      writes++;
      return Reflect.apply(write, this, args);
    } as never;
    from.send('a');
    from.send(Uint8Array.of(1, 2));
    queueMicrotask(() => from.send('b'));
    from.defer(() => from.send('c'));
    await inbox.count(4);
    expect(inbox.units).toEqual(['a', Uint8Array.of(1, 2), 'b', 'c']);
    expect(writes).toBeLessThanOrEqual(2);
    from.send('d');
    const before = writes;
    await inbox.count(5);
    expect(writes - before).toBe(1);
    await pair.close();
  });
});
