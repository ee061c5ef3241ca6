import { createKcp, type Kcp, type KcpOptions } from '@stmp/kcp';
import { describe, expect, it } from 'vitest';
import { pattern } from './sim.js';
import { CONV, read, wire } from './wire.js';

interface Bench {
  readonly kcp: Kcp;
  /** The datagrams since the last call, one array of lines each. */
  out(): string[][];
  /** The same, raw. */
  raw(): Uint8Array[];
  at(nowMs: number): string[][];
}

function bench(options: Partial<KcpOptions> = {}): Bench {
  let sent: Uint8Array[] = [];
  const kcp = createKcp({ conv: CONV, ...options, output: (bytes) => sent.push(bytes) });
  const raw = (): Uint8Array[] => {
    const taken = sent;
    sent = [];
    return taken;
  };
  const out = (): string[][] => raw().map(read);
  return {
    kcp,
    out,
    raw,
    at(nowMs) {
      kcp.update(nowMs);
      return out();
    },
  };
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('latin1');

describe('what goes out', () => {
  it('is one datagram with the bytes of the format', () => {
    const { kcp, raw } = bench();
    kcp.send(Buffer.from('STMP'));
    expect(kcp.deadlineMs).toBe(Number.NEGATIVE_INFINITY);
    kcp.update(5);
    expect(raw().map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual([
      '44332211510020000500000000000000000000000400000053544d50',
    ]);
    expect(kcp.deadlineMs).toBe(205);
    expect(kcp.pendingBytes).toBe(4);
    expect(kcp.unsentBytes).toBe(0);
  });

  it('is nothing for no bytes, and nothing when nothing is due', () => {
    const { kcp, at } = bench();
    kcp.send(new Uint8Array(0));
    expect(at(0)).toEqual([]);
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [1376, ['0:1376']],
    [1377, ['1:1376', '0:1']],
    [44032, [...Array.from({ length: 32 }, (_, i) => `${31 - i}:1376`)]],
    [44033, [...Array.from({ length: 32 }, (_, i) => `${31 - i}:1376`), '0:1']],
  ])('cuts one write of %i bytes into messages of at most 32 fragments', (length, expected) => {
    const { kcp, raw } = bench({ congestionWindow: false, sendWindow: 64 });
    kcp.input(wire({ cmd: 'tell', wnd: 64 }), 0);
    kcp.send(pattern(length));
    kcp.update(0);
    const pieces = raw().map((bytes) => `${bytes[5]}:${bytes.length - 24}`);
    expect(pieces).toEqual(expected);
  });

  it('puts small messages into shared datagrams, and lets stream mode join them', () => {
    for (const [mode, expected] of [
      ['message', ['push frg=0 wnd=32 ts=0 sn=0 una=0 ab', 'push frg=0 wnd=32 ts=0 sn=1 una=0 cde']],
      ['stream', ['push frg=0 wnd=32 ts=0 sn=0 una=0 abcde']],
    ] as const) {
      const { kcp, at } = bench({ mode, congestionWindow: false });
      kcp.send(Buffer.from('ab'));
      kcp.send(Buffer.from('cde'));
      expect(at(0)).toEqual([expected]);
    }
  });

  it('gives each datagram to its receiver for good', () => {
    const { kcp, raw } = bench({ congestionWindow: false });
    kcp.send(pattern(3000));
    kcp.update(0);
    const first = raw();
    const copies = first.map((bytes) => bytes.slice());
    kcp.send(pattern(100_000, 7));
    kcp.update(10);
    expect(raw().length).toBeGreaterThan(20);
    expect(first).toEqual(copies);
  });

  it('respects the send window, the window of the peer and the congestion window', () => {
    const starts: [Partial<KcpOptions>, number | undefined, number][] = [
      [{}, undefined, 1],
      [{ congestionWindow: false }, undefined, 32],
      [{ congestionWindow: false, sendWindow: 5 }, undefined, 5],
      [{ congestionWindow: false, sendWindow: 100 }, 7, 7],
    ];
    for (const [options, remote, expected] of starts) {
      const { kcp, raw } = bench({ ...options, mtuBytes: 100 });
      if (remote !== undefined) kcp.input(wire({ cmd: 'tell', wnd: remote }), 0);
      kcp.send(pattern(7600));
      kcp.update(0);
      expect(raw().length).toBe(expected);
      expect(kcp.writable).toBe(false);
    }
  });

  it('grows the congestion window on acknowledgements and drops to one on a timeout', () => {
    const { kcp, raw } = bench({ mtuBytes: 100 });
    kcp.send(pattern(7600));
    const burst = (nowMs: number): number => {
      kcp.update(nowMs);
      return raw().length;
    };
    expect(burst(0)).toBe(1);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 0 }), 10);
    expect(burst(10)).toBe(2);
    kcp.input(wire({ cmd: 'ack', sn: 2, una: 3, ts: 10 }), 20);
    expect(burst(20)).toBeGreaterThanOrEqual(2);
    const late = kcp.deadlineMs;
    expect(burst(late)).toBeGreaterThan(0);
    kcp.input(wire({ cmd: 'ack', sn: 3, una: 4, ts: late }), late + 1);
    // From one back to two, and one is in flight.
    expect(burst(late + 1)).toBe(1);
  });
});

describe('what comes in', () => {
  it('is acknowledged at once, with the timestamp of the peer', () => {
    const { kcp, at } = bench();
    expect(kcp.input(wire({ cmd: 'push', ts: 77, body: 'hello' }), 1)).toBe(true);
    expect(at(1)).toEqual([['ack frg=0 wnd=31 ts=77 sn=0 una=1']]);
    expect(text(kcp.read())).toBe('hello');
    expect(at(2)).toEqual([]);
  });

  it('shares the datagram of its acknowledgement with the answer', () => {
    const { kcp, at } = bench();
    kcp.input(wire({ cmd: 'push', ts: 77, body: 'ask' }), 1);
    text(kcp.read());
    kcp.send(Buffer.from('answer'));
    expect(at(1)).toEqual([['ack frg=0 wnd=32 ts=77 sn=0 una=1', 'push frg=0 wnd=32 ts=1 sn=0 una=1 answer']]);
  });

  it('is put in order, once, and named one by one while there are holes', () => {
    const { kcp, at } = bench();
    kcp.input(wire({ cmd: 'push', sn: 2, ts: 3, body: 'c' }), 0);
    kcp.input(wire({ cmd: 'push', sn: 1, ts: 2, body: 'b' }, { cmd: 'push', sn: 1, ts: 2, body: 'b' }), 0);
    expect(kcp.read()).toBeUndefined();
    expect(at(0)).toEqual([
      ['ack frg=0 wnd=32 ts=3 sn=2 una=0', 'ack frg=0 wnd=32 ts=2 sn=1 una=0', 'ack frg=0 wnd=32 ts=2 sn=1 una=0'],
    ]);
    kcp.input(wire({ cmd: 'push', sn: 0, ts: 9, body: 'a' }), 1);
    kcp.input(wire({ cmd: 'push', sn: 0, ts: 12, body: 'a' }), 1);
    expect([kcp.read(), kcp.read(), kcp.read(), kcp.read()].map(text)).toEqual(['a', 'b', 'c', undefined]);
    // One acknowledgement says it all: `una` covers the others.
    expect(at(1)).toEqual([['ack frg=0 wnd=32 ts=12 sn=0 una=3']]);
    expect(kcp.counters.duplicateCount).toBe(2);
  });

  it('gives whole messages, or pieces as they come', () => {
    for (const whole of [true, false]) {
      const { kcp } = bench();
      const next = (): string | undefined => text(whole ? kcp.receive() : kcp.read());
      kcp.input(wire({ cmd: 'push', sn: 0, frg: 2, body: 'ab' }, { cmd: 'push', sn: 1, frg: 1, body: 'c' }), 0);
      expect(next()).toBe(whole ? undefined : 'ab');
      kcp.input(wire({ cmd: 'push', sn: 2, frg: 0, body: 'd' }, { cmd: 'push', sn: 3, frg: 0, body: 'e' }), 0);
      const rest = [next(), next(), next()];
      expect(rest).toEqual(whole ? ['abcd', 'e', undefined] : ['c', 'd', 'e']);
    }
  });

  it('keeps no more than two windows, and tells when there is room again', () => {
    const { kcp, at } = bench({ receiveWindow: 32 });
    for (let sn = 0; sn < 200; sn++) kcp.input(wire({ cmd: 'push', sn, body: String.fromCharCode(sn) }), 0);
    expect(at(0)).toEqual([Array.from({ length: 32 }, (_, i) => `ack frg=0 wnd=0 ts=0 sn=${i + 32} una=32`)]);
    for (let sn = 0; sn < 64; sn++) expect(kcp.read()?.[0]).toBe(sn);
    expect(kcp.read()).toBeUndefined();
    expect(at(1)).toEqual([['tell frg=0 wnd=32 ts=0 sn=0 una=64']]);
  });

  it('does not pin large datagrams for small pieces', () => {
    const { kcp } = bench();
    const datagram = wire({ cmd: 'push', body: 'x' }, { cmd: 'push', sn: 9999, body: pattern(1300) });
    kcp.input(datagram, 0);
    expect(kcp.read()?.buffer.byteLength).toBe(1);
    const big = wire({ cmd: 'push', sn: 1, body: pattern(1300) });
    kcp.input(big, 0);
    expect(kcp.read()?.buffer).toBe(big.buffer);
  });

  it.each<[string, Uint8Array]>([
    ['another conversation', wire({ conv: 1, cmd: 'push', body: 'x' })],
    ['too short', wire({ cmd: 'push' }).subarray(0, 23)],
    ['a length past the end', wire({ cmd: 'push', body: 'abc' }).subarray(0, 26)],
    ['a length of 4 GiB', patched(wire({ cmd: 'push', body: 'abc' }), 23, 0xff)],
    ['an unknown command', patched(wire({ cmd: 'push', body: 'abc' }), 4, 0x55)],
    ['an acknowledgement of what was never sent', wire({ cmd: 'push', una: 2, body: 'abc' })],
    ['an acknowledgement from far behind', wire({ cmd: 'push', una: 0x7fffffff, body: 'abc' })],
  ])('is refused: %s', (_name, datagram) => {
    const { kcp, at } = bench();
    kcp.send(Buffer.from('q'));
    at(0);
    expect(kcp.input(datagram, 1)).toBe(false);
    expect(kcp.counters.refusedCount).toBe(1);
    expect(kcp.read()).toBeUndefined();
    expect(at(1)).toEqual([]);
    expect(kcp.pendingBytes).toBe(1);
  });

  it('counts up to the first bad segment', () => {
    const { kcp } = bench();
    const good = wire({ cmd: 'push', body: 'ok' });
    expect(kcp.input(new Uint8Array([...good, 1, 2, 3]), 0)).toBe(false);
    expect(text(kcp.read())).toBe('ok');
  });

  it('ends the session when fragments contradict each other', () => {
    const { kcp, at } = bench();
    kcp.send(Buffer.from('q'));
    kcp.input(wire({ cmd: 'push', sn: 0, frg: 2, body: 'a' }, { cmd: 'push', sn: 1, frg: 2, body: 'b' }), 0);
    expect(kcp.failure).toBe('bad_fragments');
    expect(at(0)).toEqual([]);
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(kcp.input(wire({ cmd: 'push', sn: 1, frg: 1, body: 'b' }), 0)).toBe(false);
  });

  it('ignores segments beyond the window, without an acknowledgement', () => {
    const { kcp, at } = bench();
    for (const sn of [32, 1000, 0x7fffffff]) kcp.input(wire({ cmd: 'push', sn, body: 'x' }), 0);
    expect(at(0)).toEqual([]);
    // What lies behind has arrived before, and its sender must hear so.
    kcp.input(wire({ cmd: 'push', sn: 0xfffffc00, body: 'x' }), 0);
    expect(at(0)).toEqual([['ack frg=0 wnd=32 ts=0 sn=4294966272 una=0']]);
    expect(kcp.read()).toBeUndefined();
  });
});

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

describe('loss', () => {
  it.each<[string, Partial<KcpOptions>, number[]]>([
    ['default', {}, [0, 200, 600, 1200, 2000]],
    ['nodelay', { nodelay: true, intervalMs: 10 }, [0, 200, 500, 900, 1400]],
  ])('is mended by timeouts that grow: %s', (_name, options, times) => {
    const { kcp, raw } = bench(options);
    kcp.send(Buffer.from('x'));
    const sent: number[] = [];
    for (let now = 0; sent.length < times.length; now = kcp.deadlineMs) {
      kcp.update(now);
      if (raw().length > 0) sent.push(now);
    }
    expect(sent).toEqual(times);
  });

  it('is looked for no more often than the interval', () => {
    const { kcp, at } = bench({ intervalMs: 100, congestionWindow: false });
    kcp.send(Buffer.from('a'));
    at(0);
    kcp.send(Buffer.from('b'));
    at(50);
    expect(kcp.deadlineMs).toBe(200);
    expect(
      at(200)
        .flat()
        .map((line) => line.slice(-1)),
    ).toEqual(['a']);
    expect(kcp.deadlineMs).toBe(300);
    expect(at(260)).toEqual([]);
    expect(
      at(300)
        .flat()
        .map((line) => line.slice(-1)),
    ).toEqual(['b']);
  });

  it('sets the timeout by the measured round trip', () => {
    const { kcp, at } = bench({ intervalMs: 10, nodelay: true });
    kcp.send(Buffer.from('a'));
    at(0);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 0 }), 20);
    expect(kcp.roundTripMs).toBe(20);
    kcp.send(Buffer.from('b'));
    at(20);
    // 20 + 4 x 10 (half of the first round trip).
    expect(kcp.deadlineMs).toBe(80);
  });

  it('is mended at once when enough later segments were acknowledged', () => {
    const { kcp, at } = bench({ resend: 2, congestionWindow: false });
    for (const letter of 'abcdefgh') kcp.send(Buffer.from(letter));
    expect(at(0)[0]?.length).toBe(8);
    kcp.send(pattern(50_000));
    at(0);
    kcp.input(wire({ cmd: 'ack', sn: 1, ts: 0 }), 20);
    expect(
      at(20)
        .flat()
        .filter((line) => line.includes(' sn=0 ')),
    ).toEqual([]);
    kcp.input(wire({ cmd: 'ack', sn: 2, ts: 0 }), 21);
    expect(
      at(21)
        .flat()
        .filter((line) => line.startsWith('push') && line.includes(' sn=0 ')).length,
    ).toBe(1);
    // Acknowledgements of what was sent before the repeat do not count against it.
    kcp.input(wire({ cmd: 'ack', sn: 3, ts: 0 }, { cmd: 'ack', sn: 4, ts: 0 }, { cmd: 'ack', sn: 5, ts: 0 }), 22);
    expect(
      at(22)
        .flat()
        .filter((line) => line.includes(' sn=0 ')),
    ).toEqual([]);
    expect(kcp.counters).toMatchObject({ resentCount: 1, timeoutCount: 0 });
  });

  it('is mended after one later acknowledgement when nothing else is to be sent', () => {
    for (const resend of [0, 2]) {
      const { kcp, at } = bench({ resend, congestionWindow: false });
      kcp.send(Buffer.from('a'));
      kcp.send(Buffer.from('b'));
      at(0);
      kcp.input(wire({ cmd: 'ack', sn: 1, ts: 0 }), 20);
      expect(at(20).flat()).toEqual(resend === 0 ? [] : ['push frg=0 wnd=32 ts=20 sn=0 una=0 a']);
    }
  });

  it.each([1, 5])('for ever is a dead link after %i transmissions', (deadLink) => {
    const { kcp, raw } = bench({ deadLink });
    kcp.send(Buffer.from('x'));
    let sent = 0;
    for (let now = 0, i = 0; kcp.failure === undefined && i < 50; now = kcp.deadlineMs, i++) {
      kcp.update(now);
      sent += raw().length;
    }
    expect(sent).toBe(deadLink);
    expect(kcp.failure).toBe('dead_link');
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    kcp.send(Buffer.from('y'));
    kcp.update(1e6);
    expect(raw()).toEqual([]);
    expect(kcp.pendingBytes).toBe(0);
  });

  it('of the peer is not believed from a timestamp that cannot be', () => {
    const { kcp, at } = bench();
    kcp.send(Buffer.from('x'));
    at(1000);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 5000 }), 1010);
    expect(kcp.roundTripMs).toBe(-1);
    expect(kcp.pendingBytes).toBe(0);
  });
});

describe('a closed window', () => {
  it('is asked about, ever more slowly, and answered', () => {
    const { kcp, at } = bench({ congestionWindow: false });
    kcp.input(wire({ cmd: 'tell', wnd: 0 }), 0);
    expect(at(0)).toEqual([]);
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    kcp.send(Buffer.from('x'));
    const times: number[] = [];
    for (let now = 0; times.length < 3; now = kcp.deadlineMs) if (at(now).flat()[0]?.startsWith('ask')) times.push(now);
    expect(times).toEqual([1000, 2500, 4750]);
    kcp.input(wire({ cmd: 'tell', wnd: 1 }), 5000);
    expect(at(5000)).toEqual([['push frg=0 wnd=32 ts=5000 sn=0 una=0 x']]);

    const other = bench();
    other.kcp.input(wire({ cmd: 'ask' }), 0);
    expect(other.at(0)).toEqual([['tell frg=0 wnd=32 ts=0 sn=0 una=0']]);
  });

  it('is not reopened by a segment that was overtaken', () => {
    const { kcp, at, raw } = bench({ congestionWindow: false });
    kcp.send(Buffer.from('a'));
    at(0);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, wnd: 0 }), 10);
    kcp.input(wire({ cmd: 'tell', una: 0, wnd: 99 }), 11);
    kcp.send(Buffer.from('b'));
    kcp.update(11);
    expect(raw()).toEqual([]);
  });
});

describe('2^32', () => {
  it('is passed by segment numbers and by the clock', () => {
    const { kcp, at } = bench({
      congestionWindow: false,
      firstSent: 0xffffffff,
      firstReceived: 0xfffffffe,
      clockOffset: 0xffffffff,
    });
    kcp.send(Buffer.from('a'));
    kcp.send(Buffer.from('b'));
    expect(at(0)).toEqual([
      [
        'push frg=0 wnd=32 ts=4294967295 sn=4294967295 una=4294967294 a',
        'push frg=0 wnd=32 ts=4294967295 sn=0 una=4294967294 b',
      ],
    ]);
    for (const sn of [0, 0xffffffff, 0xfffffffe])
      kcp.input(wire({ cmd: 'push', sn, una: 0xffffffff, body: `${sn % 10}` }), 30);
    expect([kcp.read(), kcp.read(), kcp.read()].map(text)).toEqual(['4', '5', '0']);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 0xffffffff }), 30);
    expect(kcp.roundTripMs).toBe(30);
    expect(kcp.pendingBytes).toBe(0);
  });

  it('is passed by a clock that has run for 50 days', () => {
    const { kcp, at } = bench();
    const start = 2 ** 32 - 5.5;
    kcp.send(Buffer.from('a'));
    expect(at(start)[0]?.[0]).toContain('ts=4294967290');
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 4294967290 }), start + 20);
    expect(kcp.roundTripMs).toBe(20);
    kcp.send(Buffer.from('b'));
    expect(at(start + 20)[0]?.[0]).toContain('ts=14 ');
  });
});

describe('an unproven peer', () => {
  const opening = (body: string): Uint8Array => wire({ cmd: 'push', ts: 5, body });

  it.each(['message', 'stream'] as const)('never gets an empty message, which readers take for none: %s', (mode) => {
    const { kcp, at } = bench({ mode, limitUntilProven: true });
    kcp.input(opening('x'.repeat(40)), 0);
    expect(at(0)).toEqual([['push frg=1 wnd=31 ts=0 sn=0 una=0']]);
  });

  it('gets the greeting, as an answer, and is told nothing of its data', () => {
    const { kcp, at } = bench({ limitUntilProven: true });
    expect(at(0)).toEqual([]);
    kcp.input(opening('x'.repeat(40)), 0);
    expect(text(kcp.read())).toBe('x'.repeat(40));
    kcp.send(Buffer.from('y'.repeat(40)));
    // So it will repeat its data, and with it ask again, should the greeting be lost.
    expect(at(0)).toEqual([['push frg=1 wnd=32 ts=0 sn=0 una=0']]);
    expect([kcp.proven, kcp.deadlineMs]).toEqual([false, Number.POSITIVE_INFINITY]);
    expect(at(60_000)).toEqual([]);
    kcp.input(opening('x'.repeat(40)), 60_300);
    expect(at(60_300)).toEqual([['push frg=1 wnd=32 ts=0 sn=0 una=0']]);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 0 }), 60_310);
    expect(kcp.proven).toBe(true);
    expect(at(60_310)).toEqual([
      ['tell frg=0 wnd=32 ts=0 sn=0 una=1', 'push frg=0 wnd=32 ts=60310 sn=1 una=1 40 bytes'],
    ]);
  });

  it('gets no more bytes than it sent, IP and UDP included', () => {
    const { kcp, raw } = bench({ limitUntilProven: true, greeting: Buffer.from('STMP') });
    // 28 + 24 + 4 bytes are due, and 28 + 24 + 1 have come.
    kcp.input(opening('x'), 0);
    kcp.update(0);
    expect(raw()).toEqual([]);
    let credit = 28 + 25;
    for (let i = 0; i < 100; i++) {
      kcp.input(opening('x'), i);
      credit += 28 + 25;
      kcp.update(i);
      for (const bytes of raw()) credit -= 28 + bytes.length;
      expect(credit).toBeGreaterThanOrEqual(0);
    }
    expect(credit).toBeLessThan(56);
  });

  it('reads the greeting and what follows as one message', () => {
    const client = bench();
    const server = bench({ limitUntilProven: true, greeting: Buffer.from('STMP') });
    const exchange = (from: Bench, to: Bench, ms: number): void => {
      from.kcp.update(ms);
      for (const bytes of from.raw()) to.kcp.input(bytes, ms);
    };
    client.kcp.send(Buffer.from('hello'));
    exchange(client, server, 0);
    exchange(server, client, 10);
    expect(client.kcp.receive()).toBeUndefined();
    exchange(client, server, 20);
    server.kcp.send(Buffer.from(`STMP${'a'.repeat(1376)}`));
    server.kcp.send(Buffer.from('next'));
    for (let ms = 30; ms < 60; ms += 10) {
      exchange(server, client, ms);
      exchange(client, server, ms);
    }
    expect(text(client.kcp.receive())).toBe(`STMP${'a'.repeat(1376)}`);
    expect(text(client.kcp.receive())).toBe('next');
    expect(server.kcp.pendingBytes).toBe(0);
  });

  it.each(['message', 'stream'] as const)('reads what does not fit behind the greeting as well: %s', (mode) => {
    const client = bench({ mode });
    const server = bench({ mode, limitUntilProven: true, greeting: Buffer.from('STMP') });
    client.kcp.send(Buffer.from('hello'));
    const bytes = Buffer.concat([Buffer.from('STMP'), pattern(5000)]);
    server.kcp.send(bytes.subarray(0, 4));
    server.kcp.send(bytes.subarray(4));
    const got: Uint8Array[] = [];
    for (let ms = 0; ms < 300; ms += 10) {
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.kcp.update(ms);
        for (const datagram of from.raw()) to.kcp.input(datagram, ms);
      }
      for (let piece = client.kcp.read(); piece !== undefined; piece = client.kcp.read()) got.push(piece);
    }
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
  });

  it('has got the greeting, so nothing else can be sent instead', () => {
    const { kcp } = bench({ limitUntilProven: true, greeting: Buffer.from('STMP') });
    for (const wrong of ['STM', 'HTTP/1.1', 'stmp0']) {
      expect(() => kcp.send(Buffer.from(wrong))).toThrow('the first bytes sent must begin with the greeting');
    }
    kcp.send(Buffer.from('STMP0'));
    expect(kcp.unsentBytes).toBe(1);
  });

  it('is not proven by a guess, nor by an acknowledgement of what was not sent', () => {
    const { kcp, at } = bench({ limitUntilProven: true, clockOffset: 123456789 });
    kcp.input(new Uint8Array([...opening('x'.repeat(30)), ...wire({ cmd: 'ack', sn: 0, una: 1, ts: 0 })]), 0);
    expect(kcp.proven).toBe(false);
    kcp.send(Buffer.from('y'.repeat(1000)));
    expect(at(0)).toHaveLength(1);
    kcp.input(opening('x'.repeat(30)), 5_000);
    expect(at(5_000)).toHaveLength(1);
    for (const ts of [0, 1, 123456788, 123456790, 123456789 + 5_000]) {
      kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts }), 5_001);
    }
    kcp.input(wire({ cmd: 'push', sn: 1, una: 1, body: 'z' }), 5_001);
    expect(kcp.proven).toBe(false);
    expect(kcp.pendingBytes).toBe(1000);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 123456789 }), 5_002);
    expect(kcp.proven).toBe(true);
  });

  it('takes room for two datagrams at most', () => {
    const { kcp } = bench({ limitUntilProven: true });
    for (let sn = 0; sn < 30; sn++) kcp.input(wire({ cmd: 'push', sn, body: 'x'.repeat(1376) }), 0);
    let bytes = 0;
    for (let piece = kcp.read(); piece !== undefined; piece = kcp.read()) bytes += piece.length;
    expect(bytes).toBe(2 * 1376);
  });

  it('can be answered at once when the opening is padded', () => {
    const client = bench({ openingBytes: 288 });
    client.kcp.send(Buffer.from('hello'));
    client.kcp.update(0);
    const [first] = client.raw();
    expect(first?.length).toBe(24 + 5 + 11 * 24);
    expect(read(first as Uint8Array).slice(0, 2)).toEqual([
      'push frg=0 wnd=32 ts=0 sn=0 una=0 hello',
      'tell frg=0 wnd=32 ts=0 sn=0 una=0',
    ]);
    const server = bench({ limitUntilProven: true });
    server.kcp.input(first as Uint8Array, 10);
    server.kcp.send(Buffer.from('y'.repeat(120)));
    server.kcp.update(10);
    const [answer] = server.raw();
    client.kcp.input(answer as Uint8Array, 20);
    client.kcp.send(Buffer.from('next'));
    expect(client.at(20)).toEqual([['ack frg=0 wnd=31 ts=10 sn=0 una=1']]);
    server.kcp.input(wire({ cmd: 'ack', sn: 0, una: 1, ts: 10 }), 30);
    server.kcp.update(30);
    for (const bytes of server.raw()) client.kcp.input(bytes, 40);
    expect(client.kcp.read()?.length).toBe(120);
  });
});

describe('answerOnly', () => {
  it('sends nothing on its own, and repeats itself when the peer does', () => {
    const { kcp, at } = bench();
    kcp.input(wire({ cmd: 'push', sn: 0, body: 'close' }), 0);
    kcp.send(Buffer.from('echo'));
    expect(at(0)[0]?.length).toBe(2);
    kcp.answerOnly();
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(at(5000)).toEqual([]);
    kcp.input(wire({ cmd: 'push', sn: 0, ts: 9, body: 'close' }), 6000);
    expect(at(6000)).toEqual([['ack frg=0 wnd=31 ts=9 sn=0 una=1', 'push frg=0 wnd=31 ts=6000 sn=0 una=1 echo']]);
    expect(kcp.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    kcp.input(wire({ cmd: 'ack', sn: 0, una: 1 }), 6010);
    expect(at(6010)).toEqual([]);
    expect(kcp.pendingBytes).toBe(0);
  });
});
