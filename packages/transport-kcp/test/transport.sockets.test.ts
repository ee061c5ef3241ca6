import { Socket } from 'node:dgram';
import { isStmpError, type Link, type LinkHandler, type Refusal, StmpError, type StreamLink } from '@stmp/contract';
import { createKcp } from '@stmp/kcp';
import {
  type KcpDialerOptions,
  type KcpLinkOptions,
  type KcpListenerOptions,
  kcpDialer,
  kcpListener,
  resolveKcpLinkOptions,
} from '@stmp/transport-kcp';
import { eventually } from 'test-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate } from './fixture.js';

const certificate = await makeCertificate();
const other = await makeCertificate('example.test');
const cleanups: (() => unknown)[] = [];
const over = new StmpError('connection_closed', 'the test is over');

afterEach(async () => {
  vi.restoreAllMocks();
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface Served {
  readonly address: string;
  readonly links: StreamLink[];
  readonly refusals: Refusal[];
  reloadTls?(options: object): void;
  close(): Promise<void>;
  link(index?: number): Promise<StreamLink>;
}

async function serve(address: string, options: KcpListenerOptions = {}): Promise<Served> {
  const links: StreamLink[] = [];
  const refusals: Refusal[] = [];
  const listening = await kcpListener().listen(
    address,
    {
      onLink: (link) => links.push(link as StreamLink),
      onRefuse: (refusal) => refusals.push(refusal),
    },
    options,
  );
  cleanups.push(async () => {
    for (const link of links) link.abort(over);
    await listening.close();
  });
  const link = (index = 0): Promise<StreamLink> =>
    eventually(() => links[index] ?? Promise.reject(new Error('no link')));
  return { ...listening, links, refusals, link };
}

async function dial(address: string, options: KcpDialerOptions = {}): Promise<StreamLink> {
  const link = (await kcpDialer(options).dial(address)) as StreamLink;
  cleanups.push(() => link.abort(over));
  return link;
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Taken extends LinkHandler<Uint8Array> {
  bytes: number[];
  closes: (StmpError | undefined)[];
}

function take(link: Link, onData: (unit: Uint8Array) => void = () => {}): Taken {
  const taken: Taken = {
    bytes: [],
    closes: [],
    onData(unit) {
      taken.bytes.push(...unit);
      onData(unit);
    },
    onDrain() {},
    onClose: (reason) => taken.closes.push(reason),
  };
  (link as StreamLink).start(taken);
  return taken;
}

/** The datagrams that this process sends from now on. */
function datagrams(): Uint8Array[] {
  const sent: Uint8Array[] = [];
  const send = Socket.prototype.send as (...args: unknown[]) => void;
  vi.spyOn(Socket.prototype, 'send').mockImplementation(function (this: Socket, ...args: unknown[]) {
    sent.push(args[0] as Uint8Array);
    send.apply(this, args);
  } as Socket['send']);
  return sent;
}

describe('kcp://', () => {
  it('carries units both ways and knows the peer', async () => {
    const server = await serve('kcp://127.0.0.1:0');
    const a = await dial(server.address);
    const taken = take(a);
    a.send(Uint8Array.of(1, 2, 3));
    const b = await server.link();
    take(b, (unit) => b.send(unit.map((byte) => byte * 2)));
    await eventually(() => expect(taken.bytes).toEqual([2, 4, 6]));
    const port = Number(new URL(server.address).port);
    expect(a.peer).toMatchObject({ address: '127.0.0.1', port, localAddress: '127.0.0.1' });
    expect(b.peer).toMatchObject({ address: '127.0.0.1', port: a.peer.localPort, localPort: port });
    expect([a.secure, b.secure, a.peer.certificate]).toEqual([false, false, undefined]);
    expect([a.safeWriteBytes, b.safeWriteBytes]).toEqual([44_032, 44_032]);
  });

  it('sends one unit as one message', async () => {
    const server = await serve('kcp://127.0.0.1:0');
    const a = await dial(server.address, { congestionWindow: false });
    const sent = datagrams();
    a.send(new Uint8Array(44_032));
    await eventually(() => expect(sent.filter((bytes) => bytes[4] === 0x51).length).toBeGreaterThanOrEqual(32));
    const fragments = new Set(sent.filter((bytes) => bytes[4] === 0x51).map((bytes) => bytes[5]));
    expect([...fragments]).toEqual(Array.from({ length: 32 }, (_, i) => 31 - i));
  });

  it('listens on IPv6', async () => {
    const server = await serve('kcp://[::1]:0');
    expect(server.address).toMatch(/^kcp:\/\/\[::1\]:\d+$/);
    const a = await dial(server.address);
    const taken = take(a);
    a.send(Uint8Array.of(1));
    const b = await server.link();
    b.send(Uint8Array.of(9));
    await eventually(() => expect(taken.bytes).toEqual([9]));
    expect(b.peer.address).toBe('::1');
  });

  it('fails the link when nobody is there', async () => {
    const server = await serve('kcp://127.0.0.1:0');
    await server.close();
    const a = await dial(server.address);
    const taken = take(a);
    a.send(Uint8Array.of(1));
    await eventually(() => expect(taken.closes.length).toBe(1));
    expect(taken.closes[0]).toMatchObject({ code: 'link_failed', origin: 'link', cause: { code: 'KCP_REFUSED' } });
  });

  it('fails the link of a peer that has vanished', async () => {
    const server = await serve('kcp://127.0.0.1:0', { idleTimeoutMs: 80 });
    const a = await dial(server.address);
    a.send(Uint8Array.of(1));
    const taken = take(await server.link());
    await eventually(() => expect(taken.closes.length).toBe(1));
    expect(taken.closes[0]).toMatchObject({ code: 'link_failed', cause: { code: 'KCP_IDLE' } });
  });

  it('frees the address once the last link has ended', async () => {
    const server = await serve('kcp://127.0.0.1:0');
    const a = await dial(server.address);
    take(a);
    a.send(Uint8Array.of(1));
    const b = await server.link();
    take(b);
    await server.close();
    await expect(serve(server.address)).rejects.toMatchObject({ code: 'listen_failed' });
    b.abort(over);
    await eventually(() => serve(server.address));
  });

  it('tells what it refuses', async () => {
    const server = await serve('kcp://127.0.0.1:0', { maxSessionsCount: 1 });
    (await dial(server.address)).send(Uint8Array.of(0));
    (await server.link()).send(Uint8Array.of(1));
    (await dial(server.address)).send(Uint8Array.of(2));
    await eventually(() => expect(server.refusals.length).toBe(1));
    expect(server.refusals[0]).toMatchObject({ reason: 'limit', remoteAddress: '127.0.0.1' });
    expect(server.refusals[0]?.message).toContain('maxSessionsCount');
  });

  it('takes another engine', async () => {
    const made: number[] = [];
    const engine: KcpLinkOptions['createKcp'] = (options) => {
      made.push(options.conv);
      return createKcp(options);
    };
    const server = await serve('kcp://127.0.0.1:0', { createKcp: engine });
    const a = await dial(server.address, { createKcp: engine, conv: 42 });
    a.send(Uint8Array.of(1));
    await server.link();
    expect(made).toEqual([42, 42]);
  });
});

describe('kcps://', () => {
  const tls = { ca: certificate.cert };

  it('is TLS inside', async () => {
    const server = await serve('kcps://127.0.0.1:0', { tls: certificate });
    const sent = datagrams();
    const a = await dial(server.address, { tls });
    const taken = take(a);
    const b = await server.link();
    take(b, (unit) => b.send(unit));
    const secret = Buffer.from('nobody may read this');
    a.send(secret);
    await eventually(() => expect(Buffer.from(taken.bytes).toString()).toBe(secret.toString()));
    expect(sent.some((bytes) => Buffer.from(bytes).includes(secret))).toBe(false);
    expect([a.secure, b.secure]).toEqual([true, true]);
    expect([a.safeWriteBytes, b.safeWriteBytes]).toEqual([16_384, 16_384]);
    expect(a.peer).toMatchObject({ address: '127.0.0.1', authorized: true });
    expect(a.peer.certificate).toMatchObject({ subject: { CN: 'localhost' } });
    expect(b.peer).toMatchObject({ address: '127.0.0.1', port: a.peer.localPort, certificate: undefined });
  });

  it('refuses a certificate of another name; the server gives up a handshake that does not end', async () => {
    const server = await serve('kcps://127.0.0.1:0', { tls: { ...other, handshakeTimeoutMs: 100 } });
    const dialing = kcpDialer({ tls: { ca: other.cert, servername: 'localhost' } }).dial(server.address);
    await expect(dialing).rejects.toMatchObject({ code: 'dial_failed', origin: 'link' });
    const untrusting = kcpDialer({ tls }).dial(server.address);
    await expect(untrusting).rejects.toMatchObject({ code: 'dial_failed' });
    await eventually(() => expect(server.refusals.length).toBeGreaterThan(0));
    expect(server.refusals[0]).toMatchObject({ reason: 'tls', remoteAddress: '127.0.0.1' });
  });

  it('changes certificates for new links', async () => {
    const server = await serve('kcps://127.0.0.1:0', { tls: other });
    server.reloadTls?.(certificate);
    await dial(server.address, { tls });
  });

  it('gives up a peer that does not answer', async () => {
    const silent = await serve('kcp://127.0.0.1:0');
    const options = { tls, connectTimeoutMs: 60 };
    const dialing = kcpDialer(options).dial(silent.address.replace('kcp:', 'kcps:'));
    await expect(dialing).rejects.toMatchObject({ code: 'dial_failed', message: expect.stringContaining('60 ms') });
  });
});

describe.each(['kcp', 'kcps'] as const)('the end over %s', (scheme) => {
  const options = scheme === 'kcps' ? { tls: certificate } : {};
  const trust = scheme === 'kcps' ? { tls: { ca: certificate.cert } } : {};

  it('is silent after the last answer of the peer: no acknowledgement, no goodbye', async () => {
    const server = await serve(`${scheme}://127.0.0.1:0`, { ...options, lingerMs: 50 });
    const a = await dial(server.address, trust);
    const port = a.peer.localPort;
    const closing: Promise<void>[] = [];
    // As STMP ends: Close, its echo, then each end closes its transport.
    const taken = take(a, () => closing.push(a.close()));
    a.send(Buffer.from('close'));
    const b = await server.link();
    const there = take(b, (unit) => {
      b.send(unit);
      closing.push(b.close());
    });
    const sent: unknown[] = [];
    const send = Socket.prototype.send as (...args: unknown[]) => void;
    vi.spyOn(Socket.prototype, 'send').mockImplementation(function (this: Socket, ...args: unknown[]) {
      if (taken.bytes.length > 0 && this.address().port === port) sent.push(args[0]);
      send.apply(this, args);
    } as Socket['send']);
    await eventually(() => expect(closing.length).toBe(2));
    await Promise.all(closing);
    await rest(40);
    expect(sent).toEqual([]);
    expect([taken.closes, there.closes]).toEqual([[undefined], [undefined]]);
  });

  it('keeps what was sent right before it', async () => {
    const server = await serve(`${scheme}://127.0.0.1:0`, options);
    const a = await dial(server.address, trust);
    const taken = take(a);
    a.send(Uint8Array.of(1));
    const b = await server.link();
    take(b);
    const bytes = new Uint8Array(300_000).map((_, i) => i * 31);
    for (let at = 0; at < bytes.length; at += 10_000) b.send(bytes.subarray(at, at + 10_000));
    await b.close();
    await eventually(() => expect(taken.bytes.length).toBe(bytes.length));
    expect(Buffer.from(taken.bytes).equals(bytes)).toBe(true);
  });
});

describe('arguments', () => {
  it.each([
    'tcp://127.0.0.1:1',
    'kcp:127.0.0.1:1',
    'kcp://127.0.0.1',
    'kcp://:5',
    'kcp://127.0.0.1:5/path',
    'kcp://127.0.0.1:5?x=1',
    'kcp://user@127.0.0.1:5',
    'kcp://127.0.0.1:99999',
    'nonsense',
    '',
  ])('that are no address are refused: %s', async (address) => {
    await expect(kcpDialer().dial(address)).rejects.toThrow(TypeError);
    await expect(kcpListener().listen(address, { onLink() {} })).rejects.toThrow(TypeError);
  });

  it.each<[KcpDialerOptions, RegExp]>([
    [{ preset: 'slow' as 'fast' }, /preset must be 'upstream', 'normal' or 'fast', got slow/],
    [{ conv: -1 }, /conv must be an integer from 0 to 4294967295, not -1/],
    [{ mtuBytes: 10 }, /mtuBytes/],
    [{ connectTimeoutMs: -1 }, /connectTimeoutMs/],
    [{ openingBytes: 5000 }, /openingBytes/],
    [{ tls: { nonsense: 1 } as object }, /tls.nonsense/],
  ])('of a dialer are checked at once: %o', (options, message) => {
    expect(() => kcpDialer(options)).toThrow(message);
  });

  it('must fit the scheme', async () => {
    await expect(kcpListener().listen('kcps://127.0.0.1:0', { onLink() {} })).rejects.toThrow(/tls must be given/);
    const without = kcpListener().listen('kcps://127.0.0.1:0', { onLink() {} }, { tls: {} });
    await expect(without).rejects.toThrow(/cert and key/);
    await expect(kcpDialer().dial('kcp://127.0.0.1:0')).rejects.toThrow(/port above 0/);
  });

  it('start from the preset', () => {
    expect(resolveKcpLinkOptions().session).toMatchObject({ nodelay: false, intervalMs: 100, sendWindow: 32 });
    const fast = resolveKcpLinkOptions({ preset: 'fast', intervalMs: 20, resend: undefined });
    expect(fast.session).toMatchObject({ nodelay: true, intervalMs: 20, resend: 2, congestionWindow: false });
    const small = resolveKcpLinkOptions({ mtuBytes: 524 });
    expect([small.safeWriteBytes, small.tlsSafeWriteBytes]).toEqual([16_000, 15_744]);
  });

  it('that name no host give dial_failed and listen_failed', async () => {
    const lookup: KcpDialerOptions['lookup'] = (_host, _options, callback) =>
      callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), '');
    const error = await kcpDialer({ lookup })
      .dial('kcp://nowhere.test:1')
      .catch((e: unknown) => e);
    expect(isStmpError(error) && error.code).toBe('dial_failed');
    expect((error as Error).message).toBe('cannot dial kcp://nowhere.test:1: ENOTFOUND');
    await expect(kcpListener().listen('kcp://192.0.2.1:0', { onLink() {} })).rejects.toMatchObject({
      code: 'listen_failed',
    });
  });
});
