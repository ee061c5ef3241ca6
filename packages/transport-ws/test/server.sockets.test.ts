import { createServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, connect } from 'node:net';
import type { MessageLink, Refusal } from '@stmp/contract';
import { wsDialer } from '@stmp/transport-ws';
import { createWsUpgrader, type WsListenerOptions, wsListener } from '@stmp/transport-ws/server';
import fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readVectors } from '../../../test/vectors/vectors.js';
import { certificate } from './certificate.js';
import { Inbox } from './pair.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An acceptor that answers each unit with the name of the place, and keeps what it gets. */
function place(name: string) {
  const links: MessageLink[] = [];
  const refusals: Refusal[] = [];
  return {
    links,
    refusals,
    onLink(link: unknown): void {
      const made = link as MessageLink;
      links.push(made);
      cleanups.push(() => made.abort(new Error('done') as never));
      made.start({ onData: (unit) => made.send(`${name}: ${unit}`), onDrain() {}, onClose() {} });
    },
    onRefuse: (refusal: Refusal) => void refusals.push(refusal),
  };
}

async function listen(options: WsListenerOptions = {}, path = '/stmp', at = place('here')) {
  const listening = await wsListener(options).listen(`ws://127.0.0.1:0${path}`, at);
  cleanups.push(() => listening.close());
  return { listening, at, port: Number(new URL(listening.address).port) };
}

async function ask(address: string, options = {}): Promise<unknown> {
  const link = (await wsDialer(options).dial(address)) as MessageLink;
  const inbox = new Inbox(link);
  link.send('hi');
  await inbox.count(1);
  await link.close();
  return inbox.units[0];
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode!, headers: response.headers, body: '' });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

describe('on a port of its own', () => {
  it('tells its address, and answers', async () => {
    const { listening, port } = await listen();
    expect(listening.address).toBe(`ws://127.0.0.1:${port}/stmp`);
    expect(port).toBeGreaterThan(0);
    expect(await ask(listening.address)).toBe('here: hi');
    expect(await ask(`${listening.address}?x=1`)).toBe('here: hi');
  });

  it('answers what is not for it in plain HTTP', async () => {
    const { port, at } = await listen();
    const plain = await get(port, '/stmp?x=1');
    expect(plain).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
    expect(plain.headers.connection).toContain('Upgrade');
    expect((await get(port, '/')).status).toBe(404);
    expect((await get(port, '/stmp/')).status).toBe(404);
    expect(at.refusals).toEqual([]);
    expect((await get(port, '/other?token=secret', UPGRADE)).status).toBe(404);
    expect(at.refusals).toMatchObject([{ reason: 'path', remoteAddress: '127.0.0.1' }]);
    expect(at.refusals[0]!.message).toContain('/other?token=***');
    expect((await get(port, '/stmp', { ...UPGRADE, Upgrade: 'h2c' })).status).toBe(426);
    expect(at.refusals[1]).toMatchObject({ reason: 'upgrade' });
    const old = await get(port, '/stmp', { ...UPGRADE, 'Sec-WebSocket-Version': '7' });
    expect(old).toMatchObject({ status: 400, headers: { 'sec-websocket-version': '13' } });
    expect(at.refusals[2]).toMatchObject({ reason: 'upgrade' });
    expect(at.links).toEqual([]);
  });

  it('refuses foreign pages, and says how to let them in', async () => {
    const { port, at } = await listen();
    const headers = { ...UPGRADE, Origin: 'https://evil.example' };
    expect((await get(port, '/stmp?Token=secret', headers)).status).toBe(403);
    expect((await get(port, '/stmp', { ...UPGRADE, Origin: 'null' })).status).toBe(403);
    expect(at.refusals.map(({ reason }) => reason)).toEqual(['origin', 'origin']);
    const [{ message } = { message: '' }] = at.refusals;
    for (const part of ['https://evil.example', `127.0.0.1:${port}`, 'allowedOrigins']) expect(message).toContain(part);
    expect(message).not.toContain('secret');
    expect((await get(port, '/stmp', { ...UPGRADE, Origin: `http://127.0.0.1:${port}` })).status).toBe(101);
    const open = await listen({ allowedOrigins: ['https://evil.example'] });
    expect((await get(open.port, '/stmp', headers)).status).toBe(101);
  });

  it.each<[host: string, options: WsListenerOptions, status: number]>([
    ['evil.example', {}, 403],
    ['evil.example', { allowedHosts: ['app.example'] }, 403],
    ['127.0.0.1.evil.example', {}, 403],
    ['localhost.evil.example', {}, 403],
    ['evillocalhost', {}, 403],
    ['192.0.2.1', {}, 403],
    ['127.0.0.1', {}, 101],
    ['127.9.9.9', {}, 101],
    ['[::1]', {}, 101],
    ['localhost', {}, 101],
    ['LOCALHOST.', {}, 101],
    ['app.localhost', {}, 101],
    ['localhost', { allowedHosts: ['app.example'] }, 101],
    ['app.example', { allowedHosts: ['app.example'] }, 101],
    ['APP.example', { allowedHosts: ['app.example'] }, 101],
    ['a.app.example', { allowedHosts: [/[a-z]\.app\.example/] }, 101],
    ['a.app.example.evil.example', { allowedHosts: [/[a-z]\.app\.example/] }, 403],
    ['evil.example', { allowedHosts: '*' }, 101],
    ['evil.example', { allowedOrigins: '*' }, 101],
    ['evil.example', { allowedOrigins: () => true }, 101],
  ])('takes a page of the host %s, over loopback with %o: %i', async (host, options, status) => {
    const { port, at } = await listen(options);
    const headers = { ...UPGRADE, Host: `${host}:${port}`, Origin: `http://${host}:${port}` };
    expect((await get(port, '/stmp?Token=secret', headers)).status).toBe(status);
    if (status === 101) return;
    expect(at.refusals).toMatchObject([{ reason: 'host' }]);
    for (const part of [host, 'allowedHosts', 'Token=***']) expect(at.refusals[0]!.message).toContain(part);
  });

  it('takes a program whatever host it asks for', async () => {
    const { port } = await listen();
    expect((await get(port, '/stmp', { ...UPGRADE, Host: 'app.example' })).status).toBe(101);
  });

  it('serves several paths on one port, each with its own acceptor', async () => {
    const listener = wsListener();
    const [a, b] = [place('a'), place('b')];
    const one = await listener.listen('ws://127.0.0.1:0/a', a);
    const base = one.address.slice(0, -2);
    const two = await listener.listen(`${base}/b`, b, { allowedOrigins: '*' });
    expect(two.address).toBe(`${base}/b`);
    expect(await ask(one.address)).toBe('a: hi');
    expect(await ask(two.address)).toBe('b: hi');
    await expect(listener.listen(`${base}/a`, a)).rejects.toMatchObject({ code: 'listen_failed' });
    await one.close();
    await expect(ask(one.address)).rejects.toMatchObject({ code: 'dial_failed' });
    expect(await ask(two.address)).toBe('b: hi');
    await two.close();
    await expect(ask(two.address)).rejects.toMatchObject({ code: 'dial_failed' });
    const again = await listener.listen(`${base}/a`, a);
    expect(await ask(again.address)).toBe('a: hi');
    await again.close();
  });

  it('closes while links stay open, and frees the port at once', async () => {
    const { listening, at } = await listen();
    const link = (await wsDialer().dial(listening.address)) as MessageLink;
    const inbox = new Inbox(link);
    link.send('1');
    await inbox.count(1);
    await Promise.all([listening.close(), listening.close()]);
    const next = await wsListener().listen(listening.address, at);
    link.send('2');
    await inbox.count(2);
    expect(inbox.units).toEqual(['here: 1', 'here: 2']);
    await next.close();
  });

  it('says so when the port is taken or the address is none', async () => {
    const { listening, at } = await listen();
    await expect(wsListener().listen(listening.address, at)).rejects.toMatchObject({
      code: 'listen_failed',
      cause: { code: 'EADDRINUSE' },
    });
    for (const address of ['http://127.0.0.1/', 'nonsense', 'ws://127.0.0.1:0/?a=b', 'ws://127.0.0.1:0/#a']) {
      await expect(wsListener().listen(address, at), address).rejects.toThrow(TypeError);
    }
    await expect(wsListener().listen('wss://127.0.0.1:0/', at)).rejects.toThrow(/needs the tls option/);
    await expect(wsListener().listen('wss://127.0.0.1:0/', at, { tls: {} })).rejects.toThrow(/cert and key/);
  });

  it('drops clients that are slow to say what they want', async () => {
    const { port } = await listen({ handshakeTimeoutMs: 100 });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /stmp HTTP/1.1\r\nHost: h\r\n');
    await new Promise((resolve) =>
      socket
        .resume()
        .on('error', () => {})
        .once('close', resolve),
    );
  });

  it.each([
    [{ handshakeTimeoutMs: -1 }, RangeError],
    [{ highWaterBytes: 0 }, RangeError],
    [{ highWaterBytes: '1' as never }, TypeError],
    [{ queryHeaders: ['X-Forwarded-For'] }, TypeError],
    [{ allowedOrigins: ['example.com'] }, TypeError],
    [{ allowedHosts: ['example.com:80'] }, TypeError],
    [{ allowedHosts: ['https://example.com'] }, TypeError],
    [{ allowedHosts: [''] }, TypeError],
    [{ allowedHosts: 'example.com' as never }, TypeError],
    [{ deflate: { windowBits: 16 } }, RangeError],
    [{ deflate: { level: 0 } }, RangeError],
  ])('refuses options %j', (options, type) => {
    expect(() => wsListener(options)).toThrow(type);
    expect(() => wsListener(options)).toThrow(Object.keys(options)[0]);
  });
});

describe('a server that is handed in', () => {
  async function mount(options: WsListenerOptions = {}) {
    const server = createServer((_, response) => response.end('the page'));
    const at = place('mounted');
    const listening = await wsListener({ server, ...options }).listen('ws://127.0.0.1/stmp', at);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { server, at, listening, port, address: `ws://127.0.0.1:${port}/stmp` };
  }

  it('keeps its own pages, ours among them', async () => {
    const { port, address } = await mount();
    expect(await ask(address)).toBe('mounted: hi');
    for (const path of ['/', '/stmp']) expect(await get(port, path)).toMatchObject({ status: 200, body: 'the page' });
  });

  it('keeps the other upgrade paths that it has a listener for', async () => {
    const { server, port, address } = await mount();
    expect((await get(port, '/other', UPGRADE)).status).toBe(404);
    server.on('upgrade', (incoming, socket) => {
      if (incoming.url === '/other') socket.end('HTTP/1.1 299 Other\r\nConnection: close\r\n\r\n');
    });
    expect((await get(port, '/other', UPGRADE)).status).toBe(299);
    expect(await ask(address)).toBe('mounted: hi');
  });

  it('serves several paths, even of several listeners, with one upgrade listener', async () => {
    const { server, port, address, listening } = await mount();
    const two = await wsListener({ server }).listen('ws://localhost/two', place('two'));
    expect(server.listenerCount('upgrade')).toBe(1);
    expect(two.address).toBe(`ws://localhost:${port}/two`);
    expect(await ask(`ws://127.0.0.1:${port}/two`)).toBe('two: hi');
    await listening.close();
    await expect(ask(address)).rejects.toMatchObject({ code: 'dial_failed' });
    await two.close();
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(server.listening).toBe(true);
    const again = await wsListener({ server }).listen('ws://localhost/two', place('again'));
    expect(await ask(`ws://127.0.0.1:${port}/two`)).toBe('again: hi');
    await again.close();
  });

  it('of https makes wss', async () => {
    const tls = await certificate();
    const server = createTlsServer(tls, (_, response) => response.end('the page'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const at = place('secure');
    const listening = await wsListener({ server }).listen('ws://127.0.0.1/', at);
    expect(listening.address).toMatch(/^wss:/);
    expect(await ask(listening.address, { tls: { ca: tls.cert } })).toBe('secure: hi');
    expect(at.links[0]!.secure).toBe(true);
  });

  it('of Express', async () => {
    // It comes without types.
    const app = createRequire(import.meta.url)('express')();
    app.get('/page', (_: unknown, response: { send(text: string): void }) => response.send('express'));
    const server: HttpServer = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanups.push(() => server.close());
    const listening = await wsListener({ server }).listen('ws://127.0.0.1/stmp', place('express'));
    expect(await ask(listening.address)).toBe('express: hi');
    const { port } = server.address() as AddressInfo;
    expect(await get(port, '/page')).toMatchObject({ status: 200, body: 'express' });
    expect((await get(port, '/stmp')).status).toBe(404);
  });

  it('of Fastify', async () => {
    const app = fastify();
    app.get('/page', async () => 'fastify');
    const listening = await wsListener({ server: app.server }).listen('ws://127.0.0.1/stmp', place('fastify'));
    await app.listen({ port: 0, host: '127.0.0.1' });
    cleanups.push(() => app.close());
    const { port } = app.server.address() as AddressInfo;
    expect(await ask(`ws://127.0.0.1:${port}/stmp`)).toBe('fastify: hi');
    expect(await get(port, '/page')).toMatchObject({ status: 200, body: 'fastify' });
    await listening.close();
  });
});

describe('an upgrade request that is handed in', () => {
  it('becomes a link, or is answered', async () => {
    const at = place('upgraded');
    const upgrader = createWsUpgrader(at, { allowedOrigins: ['https://app.example'] });
    const server = createServer();
    server.on('upgrade', (incoming, socket, head) => upgrader.handleUpgrade(incoming, socket, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(await ask(`ws://127.0.0.1:${port}/any/path`)).toBe('upgraded: hi');
    expect((await get(port, '/', { ...UPGRADE, Origin: 'https://app.example' })).status).toBe(101);
    expect((await get(port, '/', { ...UPGRADE, Origin: 'https://else.example' })).status).toBe(403);
    expect(at.refusals).toMatchObject([{ reason: 'origin' }]);
  });

  it('holds its input back until the link is started', async () => {
    const server = createServer();
    const links: MessageLink[] = [];
    const upgrader = createWsUpgrader({ onLink: (link) => void links.push(link as MessageLink) });
    server.on('upgrade', (incoming, socket, head) => upgrader.handleUpgrade(incoming, socket, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await new Promise((resolve) => client.once('open', resolve));
    for (let i = 0; i < 20; i++) client.send(`${i}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const inbox = new Inbox(links[0]!);
    expect(inbox.units).toEqual([]);
    await inbox.count(20);
    expect(inbox.units).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    client.close();
    expect(await inbox.closed()).toBeUndefined();
  });
});

describe('the handshake of a client', () => {
  interface WsHandshake {
    name: string;
    path: string;
    query: string;
    httpHeaders: [string, string][];
    http: number;
  }
  const { wsHandshakes } = readVectors<{ wsHandshakes: WsHandshake[] }>();
  const first = (headers: readonly (readonly [string, string])[], name: string): string | undefined =>
    headers.find(([key]) => key.toLowerCase() === name)?.[1];

  it.each(wsHandshakes.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    const { port, at } = await listen();
    const path = vector.query === '' ? vector.path : `${vector.path}?${vector.query}`;
    const answer = await get(port, path, { ...UPGRADE, ...Object.fromEntries(vector.httpHeaders) });
    expect(answer.status).toBe(vector.http);
    expect(at.links).toHaveLength(vector.http === 101 ? 1 : 0);
    if (vector.http !== 101) return;
    const query = [...new URLSearchParams(vector.query)];
    const { headers } = at.links[0]!.hello!;
    for (const name of ['accept', 'stmp-version', 'packet-format', 'accept-packet-format', 'accept-encoding']) {
      expect(first(headers, name), name).toBe(first(query, name) ?? first(vector.httpHeaders, name));
    }
    expect(first(headers, 'host')).toBeUndefined();
    expect(first(headers, 'sec-websocket-key')).toBeUndefined();
    const { http } = at.links[0]!.peer;
    expect(http).toMatchObject({ method: 'GET', url: path });
    expect(first(http!.headers, 'sec-websocket-version')).toBe('13');
  });

  it('cannot put on the headers of a proxy', async () => {
    const { port, at } = await listen({ queryHeaders: ['X-Session'] });
    const query = 'X-User=admin&X-Forwarded-For=1.2.3.4&Cookie=a&Authorization=b&X-Session=q';
    await get(port, `/stmp?${query}`, { ...UPGRADE, 'X-User': 'bob', 'X-Session': 'h', 'X-Forwarded-For': '9.9.9.9' });
    const { hello, peer } = at.links[0]!;
    expect(first(hello!.headers, 'x-user')).toBe('bob');
    expect(first(hello!.headers, 'x-session')).toBe('q');
    for (const name of ['x-forwarded-for', 'cookie', 'authorization']) {
      expect(first(hello!.headers, name)).toBeUndefined();
    }
    expect(first(peer.http!.headers, 'x-forwarded-for')).toBe('9.9.9.9');
    expect(first(peer.http!.headers, 'x-session')).toBe('h');
  });
});

describe('TLS', () => {
  it('shows the certificates of clients, and takes new ones of its own', async () => {
    const [old, fresh, client] = await Promise.all([certificate(), certificate(), certificate()]);
    const at = place('tls');
    const listening = await wsListener({ tls: { ...old, ca: client.cert, requestCert: true } }).listen(
      'wss://127.0.0.1:0/',
      at,
    );
    cleanups.push(() => listening.close());
    const mine = { cert: client.cert, key: client.key };
    expect(await ask(listening.address, { tls: { ca: old.cert, ...mine } })).toBe('tls: hi');
    expect(at.links[0]!.peer).toMatchObject({ authorized: true, certificate: { subject: { CN: 'localhost' } } });
    await expect(ask(listening.address, { tls: { ca: fresh.cert, ...mine } })).rejects.toMatchObject({
      code: 'dial_failed',
    });
    listening.reloadTls!({ ...fresh, ca: client.cert });
    expect(await ask(listening.address, { tls: { ca: fresh.cert, ...mine } })).toBe('tls: hi');
  });

  it('keeps what a new certificate does not replace', async () => {
    const [old, fresh, client] = await Promise.all([certificate(), certificate(), certificate()]);
    const at = place('tls');
    const tls = { ...old, ca: client.cert, requestCert: true, maxVersion: 'TLSv1.2' } as const;
    const listening = await wsListener({ tls }).listen('wss://127.0.0.1:0/', at);
    cleanups.push(() => listening.close());
    listening.reloadTls!(fresh);
    const mine = { cert: client.cert, key: client.key };
    expect(await ask(listening.address, { tls: { ca: fresh.cert, ...mine } })).toBe('tls: hi');
    expect(at.links[0]!.peer.authorized).toBe(true);
    await expect(ask(listening.address, { tls: { ca: fresh.cert, ...mine, minVersion: 'TLSv1.3' } })).rejects.toThrow();
    expect(() => listening.reloadTls!({ nonsense: 1 })).toThrow('tls.nonsense is not an option');
  });

  it('reports handshakes that fail', async () => {
    const at = place('tls');
    const listening = await wsListener({ tls: await certificate() }).listen('wss://127.0.0.1:0/', at);
    cleanups.push(() => listening.close());
    const socket = connect(Number(new URL(listening.address).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.end('not TLS at all, not even near');
    await new Promise((resolve) => socket.resume().once('close', resolve));
    await expect.poll(() => at.refusals).toMatchObject([{ reason: 'tls' }]);
  });
});
