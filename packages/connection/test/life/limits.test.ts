import { type Link, type LinkPeer, Status } from '@stmp/contract';
import { encodeClientHandshake, encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { addressKey, createServer, forwardedAddress, type ServerOptions, socketAddress } from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  JSON_CODEC,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  testServer,
  world,
} from './harness.js';
import { type RawPeer, rawPeer } from './raw-peer.js';

const TICK = LifeEvents.methods.tick.action;
const ECHO = LifeService.methods.echo.action;
const PING = Uint8Array.of(0x80);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const notify = (size: number): Uint8Array =>
  encodePacket(
    { kind: 'notify', action: TICK, payload: bytes(JSON.stringify({ n: 1, text: 'x'.repeat(size) })) },
    'stream',
  );
const request = (mid: number): Uint8Array =>
  encodePacket({ kind: 'request', mid, action: ECHO, payload: bytes('{"n":1}') }, 'stream');

interface Bench {
  readonly clock: FakeClock;
  readonly server: ReturnType<typeof testServer>;
  /** One more client, from an address. */
  connect(peer?: LinkPeer): RawPeer;
  end(): Promise<void>;
}

function bench(options: Partial<ServerOptions<unknown, unknown>> = {}): Bench {
  const clock = new FakeClock();
  const server = testServer(clock, options);
  implementLife(server);
  server.on(LifeEvents, { tick: () => {} });
  return {
    clock,
    server,
    connect(peer) {
      const [mine, theirs] = memoryPair();
      if (peer !== undefined) Object.defineProperty(theirs, 'peer', { value: peer });
      server.serve(theirs);
      return rawPeer(mine, 'client');
    },
    async end() {
      const closed = server.close();
      await clock.advance(10_000);
      await closed;
      expect(clock.timers).toBe(0);
    },
  };
}

describe('sizes', () => {
  it.each([
    ['packet, within', { maxPacketBytes: 1_000 }, notify(900), undefined],
    ['packet, above', { maxPacketBytes: 1_000 }, notify(1_000), 0x24],
    ['packet, announced only', { maxPacketBytes: 1_000 }, notify(2_000).subarray(0, 10), 0x24],
    [
      'header block, above',
      { maxHeaderBytes: 100 },
      encodePacket({ kind: 'notify', action: TICK, header: [['a', 'x'.repeat(100)]] }, 'stream'),
      0x24,
    ],
  ])('%s', async (_name, options, unit, status) => {
    const b = bench(options);
    const peer = b.connect();
    await settle();
    peer.send(unit);
    await settle();
    expect(peer.packets.map((packet) => packet.status)).toEqual(status === undefined ? [] : [status]);
    expect(b.server.connections.size).toBe(status === undefined ? 1 : 0);
    await b.end();
  });

  it.each([
    ['within', 900, 0],
    ['above', 1_100, 0x24],
  ])('handshake, %s', async (_name, size, status) => {
    const b = bench({ maxHandshakeBytes: 1_000 });
    const [mine, theirs] = memoryPair();
    b.server.serve(theirs);
    const peer = rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      ['Pad', 'x'.repeat(size)],
    ]);
    await settle();
    expect(peer.handshake?.status).toBe(status);
    await b.end();
  });

  it('what comes before authentication is done is bounded', async () => {
    const b = bench({ authenticate: () => new Promise(() => {}) });
    const peer = b.connect();
    await settle();
    let sent = 0;
    while (!peer.closed && sent < 200) {
      peer.send(notify(1_000));
      sent++;
      await settle();
    }
    expect(sent).toBeLessThan(70);
    expect(peer.handshake?.status).toBe(0x24);
    await b.end();
  });
});

describe('pending calls', () => {
  it('above the limit fail at once', async () => {
    const w = world({ client: { maxPendingCalls: 3 } });
    const work = implementLife(w.server);
    await w.ready();
    const calls = [1, 2, 3, 4].map((n) => outcome(w.client.service(LifeService).work({ n })));
    expect(await calls[3]).toBe('too_many_calls');
    await settle();
    work[0]!.done();
    expect(await calls[0]).toBe('ok');
    const fifth = outcome(w.client.service(LifeService).work({ n: 5 }));
    await settle();
    expect(work.map(({ n }) => n)).toEqual([1, 2, 3, 5]);
    for (const one of work) one.done();
    expect(await Promise.all([...calls, fifth])).toEqual(['ok', 'ok', 'ok', 'too_many_calls', 'ok']);
    await w.end();
  });
});

describe('connections', () => {
  it('in total', async () => {
    const b = bench({ maxConnections: 2 });
    const peers = [b.connect(), b.connect(), b.connect()];
    await settle();
    expect(peers.map(({ handshake }) => handshake?.status)).toEqual([0, 0, 0x25]);
    expect(b.server.counters()).toMatchObject({ connectionsOpen: 2, connectionsRefused: 1 });
    void peers[0]!.link.close();
    await settle();
    const again = b.connect();
    await settle();
    expect(again.handshake?.status).toBe(0);
    await b.end();
  });

  it('count from the first byte: handshakes that never come take places', async () => {
    const b = bench({ maxConnections: 1, handshakeTimeoutMs: 1_000 });
    const [mine, theirs] = memoryPair();
    b.server.serve(theirs);
    mine.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    const second = b.connect();
    await settle();
    expect(second.handshake?.status).toBe(0x25);
    await b.clock.advance(1_000);
    const third = b.connect();
    await settle();
    expect(third.handshake?.status).toBe(0);
    await b.end();
  });

  it('that are refused and do not leave are cut', async () => {
    const b = bench({ maxConnections: 1 });
    b.connect();
    const links: Link[] = [];
    const ends: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const [mine, theirs] = memoryPair();
      b.server.serve(theirs);
      // It reads nothing, so it never learns that it was refused.
      mine.start({ onData: () => {}, onDrain: () => {}, onClose: () => (ends[i] = true) });
      mine.pause();
      links.push(mine);
    }
    await settle();
    // One refusal may be on its way, the others get none.
    expect(ends).toEqual([undefined, true, true]);
    await b.end();
    expect(links).toHaveLength(3);
  });

  it('per address', async () => {
    const b = bench({ maxConnectionsPerAddress: 2 });
    const from = (address: string): RawPeer => b.connect({ address });
    const peers = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '::ffff:10.0.0.2', '::ffff:10.0.0.2'].map(from);
    await settle();
    expect(peers.map(({ handshake }) => handshake?.status)).toEqual([0, 0, 0x25, 0, 0, 0x25]);
    void peers[0]!.link.close();
    await settle();
    expect([from('10.0.0.1'), from('10.0.0.1')].length).toBe(2);
    await settle();
    expect(b.server.connections.size).toBe(4);
    await b.end();
  });

  it('per address have no limit by default', async () => {
    const b = bench();
    for (let i = 0; i < 50; i++) b.connect({ address: '10.0.0.1' });
    await settle();
    expect(b.server.connections.size).toBe(50);
    await b.end();
  });

  it('while draining or closing are told ServerShutdown', async () => {
    const b = bench();
    const drained = b.server.drain({ withinMs: 100 });
    b.connect();
    const peer = b.connect();
    await settle();
    expect(peer.handshake?.status).toBe(0x41);
    await b.clock.advance(10_000);
    await drained;
    const late = b.connect();
    await b.clock.advance(10_000);
    expect(late.handshake?.status).toBe(0x41);
    await b.end();
  });
});

describe('addresses', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:a01:203', '10.1.2.3'],
    ['0:0:0:0:0:FFFF:10.1.2.3', '10.1.2.3'],
    ['1:2::3::4', '1:2::3::4'],
    ['memory', 'memory'],
  ])('%s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
    expect(socketAddress({ address })).toBe(key);
  });

  it.each([
    ['no proxy', '1.2.3.4', '9.9.9.9', '1.2.3.4'],
    ['one proxy', '10.0.0.1', '9.9.9.9', '9.9.9.9'],
    ['one proxy, and a claim of the client', '10.0.0.1', '6.6.6.6, 9.9.9.9', '9.9.9.9'],
    ['two proxies', '10.0.0.1', '6.6.6.6, 9.9.9.9, 10.0.0.2', '9.9.9.9'],
    ['only proxies', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['no header', '10.0.0.1', undefined, '10.0.0.1'],
    ['an empty header', '10.0.0.1', '', '10.0.0.1'],
    ['IPv6 behind a proxy', '::ffff:10.0.0.1', '2001:db8:1:2:3::4', '2001:db8:1:2::/64'],
  ])('forwarded: %s', (_name, address, forwarded, expected) => {
    const headers = forwarded === undefined ? [] : [['x-forwarded-for', forwarded] as const];
    const peer = { address, http: { method: 'GET', url: '/', headers } };
    expect(forwardedAddress(['10.0.0.1', '10.0.0.2'])(peer)).toBe(expected);
    expect(forwardedAddress((one) => one.startsWith('10.0.0.'))(peer)).toBe(expected);
  });

  it.each<[name: string, header: 'X-Forwarded-For' | 'Forwarded', lines: string[], expected: string]>([
    ['a line of the client before that of the proxy', 'X-Forwarded-For', ['6.6.6.6', '9.9.9.9'], '9.9.9.9'],
    ['lines in their order', 'X-Forwarded-For', ['6.6.6.6', '9.9.9.9, 10.0.0.2', '10.0.0.2'], '9.9.9.9'],
    ['IPv4 with a port', 'X-Forwarded-For', ['9.9.9.9:4711'], '9.9.9.9'],
    ['IPv6 with a port', 'X-Forwarded-For', ['[2001:db8:1:2:3::4]:4711'], '2001:db8:1:2::/64'],
    ['IPv6 in brackets', 'X-Forwarded-For', ['[2001:db8:1:2:3::4]'], '2001:db8:1:2::/64'],
    ['a proxy with a port', 'X-Forwarded-For', ['9.9.9.9, 10.0.0.2:80'], '9.9.9.9'],
    ['a proxy in IPv6 clothes', 'X-Forwarded-For', ['9.9.9.9, ::ffff:a00:2'], '9.9.9.9'],
    ['nothing between commas', 'X-Forwarded-For', ['9.9.9.9, ,'], '9.9.9.9'],
    ['unknown', 'X-Forwarded-For', ['9.9.9.9, unknown'], '10.0.0.1'],
    ['rubbish', 'X-Forwarded-For', ['9.9.9.9, 1.2.3.400'], '10.0.0.1'],
    ['rubbish behind a second proxy', 'X-Forwarded-For', ['9.9.9.9, x, 10.0.0.2'], '10.0.0.1'],
    ['a quote of the client', 'X-Forwarded-For', ['"6.6.6.6, 9.9.9.9'], '9.9.9.9'],
    ['rubbish of the client', 'X-Forwarded-For', ['x, 9.9.9.9'], '9.9.9.9'],
    ['RFC 7239', 'Forwarded', ['for=6.6.6.6, for=9.9.9.9;proto=https;by=10.0.0.1'], '9.9.9.9'],
    ['RFC 7239, several lines', 'Forwarded', ['for=6.6.6.6', 'For=9.9.9.9', 'for=10.0.0.2'], '9.9.9.9'],
    ['RFC 7239, IPv6 and a port', 'Forwarded', ['proto=https; for="[2001:db8:1:2::4]:47"'], '2001:db8:1:2::/64'],
    ['RFC 7239, a comma in quotes', 'Forwarded', ['for=9.9.9.9;x="a, for=6.6.6.6"'], '9.9.9.9'],
    ['RFC 7239, an escaped quote', 'Forwarded', ['for=9.9.9.9;x="a\\", for=6.6.6.6"'], '9.9.9.9'],
    ['RFC 7239, a hidden name', 'Forwarded', ['for=9.9.9.9, for=_hidden'], '10.0.0.1'],
    ['RFC 7239, without for', 'Forwarded', ['for=9.9.9.9, proto=https'], '10.0.0.1'],
  ])('forwarded: %s', (_name, header, lines, expected) => {
    const other = header === 'Forwarded' ? 'X-Forwarded-For' : 'Forwarded';
    // What the proxies do not write is the client's own.
    const headers: [string, string][] = [
      [other, header === 'Forwarded' ? '6.6.6.6' : 'for=6.6.6.6'],
      ...lines.map((line): [string, string] => [header.toLowerCase(), line]),
    ];
    const peer = { address: '10.0.0.1', http: { method: 'GET', url: '/', headers } };
    expect(forwardedAddress(['10.0.0.1', '10.0.0.2'], { header })(peer)).toBe(expected);
    expect(forwardedAddress((one) => one.startsWith('10.0.0.'), { header })(peer)).toBe(expected);
  });

  it('forwarded: two spellings of a proxy are one', () => {
    const headers = [['X-Forwarded-For', '9.9.9.9']] as const;
    const peer = { address: '2001:db8:0:0:0:0:0:1', http: { method: 'GET', url: '/', headers } };
    expect(forwardedAddress(['2001:DB8::1'])(peer)).toBe('9.9.9.9');
    expect(forwardedAddress(['2001:DB8::2'])(peer)).toBe('2001:db8:0:0::/64');
  });

  it('that cannot be had share one place', async () => {
    const errors: string[] = [];
    const b = bench({
      maxConnectionsPerAddress: 1,
      addressOf: () => {
        throw new Error('no idea');
      },
      hooks: { onError: (_, { name }) => errors.push(name) },
    });
    const peers = [b.connect(), b.connect()];
    await settle();
    expect(peers.map(({ handshake }) => handshake?.status)).toEqual([0, 0x25]);
    expect(errors).toEqual(['addressOf', 'addressOf']);
    await b.end();
  });
});

describe('the handshake', () => {
  it.each([
    ['silence', []],
    [
      'a byte at a time',
      [...encodeClientHandshake({ major: 1, minor: 0, header: [['Accept', 'application/json']], message: '' })],
    ],
  ])('may take so long: %s', async (_name, drip) => {
    const b = bench({ handshakeTimeoutMs: 1_000 });
    const [mine, theirs] = memoryPair();
    b.server.serve(theirs);
    let answer: Uint8Array | undefined;
    let closed = false;
    mine.start({ onData: (unit) => (answer = unit), onDrain: () => {}, onClose: () => (closed = true) });
    for (let i = 0; i < 9; i++) {
      if (drip[i] !== undefined) mine.send(Uint8Array.of(drip[i]!));
      await b.clock.advance(100);
    }
    await b.clock.advance(99);
    expect(answer).toBeUndefined();
    await b.clock.advance(1);
    expect(answer?.[4]).toBe(Status.NetworkError);
    await settle();
    expect(closed).toBe(true);
    expect(b.server.counters()).toMatchObject({ connectionsOpen: 0, connectionsRefused: 1 });
    await b.end();
  });
});

describe('rates', () => {
  it('packets above the rate end the connection with TooManyRequests', async () => {
    const b = bench({ rates: { packetsPerSecond: 10 } });
    const peer = b.connect();
    await settle();
    for (let second = 0; second < 3; second++) {
      peer.send(...Array<Uint8Array>(10).fill(PING));
      await b.clock.advance(1_000);
    }
    expect(b.server.connections.size).toBe(1);
    peer.send(...Array<Uint8Array>(11).fill(PING));
    await settle();
    expect(peer.packets.at(-1)).toMatchObject({ kind: 'close', status: 0x25 });
    await b.end();
  });

  it('bytes above the rate end the connection; a burst may be longer than a second', async () => {
    for (const [burstSeconds, most] of [
      [undefined, 10],
      [3, 30],
    ] as const) {
      const b = bench({ rates: { bytesPerSecond: 10_000, burstSeconds } });
      const peer = b.connect();
      await b.clock.advance(40_000);
      let sent = 0;
      while (b.server.connections.size === 1 && sent < 100) {
        peer.send(notify(960));
        sent++;
        await settle();
      }
      expect(sent).toBe(most + 1);
      await b.end();
    }
  });

  it('calls above the rate are answered, and the connection stays', async () => {
    const b = bench({ rates: { callsPerSecond: 5 } });
    const peer = b.connect();
    await settle();
    for (let mid = 1; mid <= 8; mid++) peer.send(request(mid));
    peer.send(notify(1));
    await settle();
    expect(peer.packets.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0x25, 0x25, 0x25]);
    expect(b.server.counters().overloaded).toBe(4);
    await b.clock.advance(400);
    for (let mid = 9; mid <= 11; mid++) peer.send(request(mid));
    await settle();
    expect(peer.packets.slice(8).map(({ status }) => status)).toEqual([0, 0, 0x25]);
    expect(b.server.connections.size).toBe(1);
    await b.end();
  });

  it('per key are shared by all connections of an address', async () => {
    const b = bench({ ratesPerAddress: { callsPerSecond: 4, packetsPerSecond: 10 } });
    const [first, second, other] = ['10.0.0.1', '10.0.0.1', '10.0.0.2'].map((address) => b.connect({ address }));
    await settle();
    for (let mid = 1; mid <= 3; mid++) {
      first!.send(request(mid));
      second!.send(request(mid));
      other!.send(request(mid));
      await settle();
    }
    const statuses = [first!, second!, other!].map((peer) => peer.packets.map(({ status }) => status));
    expect(statuses).toEqual([
      [0, 0, 0x25],
      [0, 0, 0x25],
      [0, 0, 0],
    ]);
    // Six packets are gone; five more are one too many, wherever they come from.
    second!.send(...Array<Uint8Array>(5).fill(PING));
    await settle();
    expect(b.server.connections.size).toBe(2);
    expect(other!.packets).toHaveLength(3);
    await b.end();
  });
});

describe('connects per second', () => {
  it('of one address are limited, those of others are not', async () => {
    const b = bench({ ratesPerAddress: { connectsPerSecond: 2 } });
    const from = (address: string): RawPeer => b.connect({ address });
    const peers = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2'].map(from);
    await settle();
    expect(peers.map(({ handshake }) => handshake?.status)).toEqual([0, 0, 0x25, 0]);
    // That the first have left makes no difference.
    for (const peer of peers) void peer.link.close();
    await settle();
    const later = from('10.0.0.1');
    await b.clock.advance(500);
    const last = from('10.0.0.1');
    await settle();
    expect([later, last].map(({ handshake }) => handshake?.status)).toEqual([0x25, 0]);
    await b.end();
  });

  it('count logins on live connections too', async () => {
    let logins = 0;
    const w = world({
      server: {
        ratesPerAddress: { connectsPerSecond: 3 },
        authenticate: () => ({ identity: ++logins }),
      },
    });
    const connection = await w.ready();
    const outcomes = await Promise.all([1, 2, 3].map(() => outcome(connection.reauthenticate([]))));
    expect(outcomes).toEqual(['ok', 'ok', 'status 25']);
    expect([logins, connection.identity]).toEqual([3, 3]);
    await w.end();
  });
});

describe('wrong options', () => {
  it.each([
    ['maxConnections', 0],
    ['maxConnectionsPerAddress', -1],
    ['maxPendingCalls', 65_536],
    ['maxConcurrentHandlers', 0],
    ['maxInboxBytes', -1],
    ['maxInboxCount', Number.NaN],
    ['maxQueuedBytes', -5],
    ['handlerTimeoutMs', -1],
    ['callTimeoutMs', -1],
    ['handshakeTimeoutMs', -1],
    ['maxPacketBytes', 0],
    ['maxHeaderBytes', 0],
    ['maxHandshakeBytes', 0],
  ])('%s: %s', (name, value) => {
    const options = { codecs: [JSON_CODEC], [name]: value };
    expect(() => createServer(options)).toThrow(RangeError);
    expect(() => createServer(options)).toThrow(new RegExp(`${name}.*${value}`));
  });

  it('rates of nothing', () => {
    expect(() => createServer({ codecs: [JSON_CODEC], rates: { callsPerSecond: 0 } })).toThrow(
      /rates.callsPerSecond must be a number above 0 /,
    );
    expect(() => createServer({ codecs: [JSON_CODEC], ratesPerAddress: { bytesPerSecond: -1 } })).toThrow(
      /ratesPerAddress.bytesPerSecond/,
    );
    expect(() => createServer({ codecs: [JSON_CODEC], ratesPerAddress: { connectsPerSecond: Number.NaN } })).toThrow(
      /ratesPerAddress.connectsPerSecond/,
    );
  });
});
