import { encodePacket, encodeTextPacket, type Packet } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { createInbound, EngineEvent, type EngineOptions } from '../src/index.js';
import {
  bytesOf,
  type Driver,
  hex,
  join,
  messagePair,
  readyClient,
  readyServer,
  type Seen,
  streamPair,
  toHex,
  watchAllocations,
} from './harness.js';

const PACKETS: readonly Packet[] = [
  { kind: 'request', mid: 1, action: 0x1101, payload: bytesOf('hello') },
  { kind: 'ping' },
  {
    kind: 'request',
    mid: 65_535,
    action: 2n ** 63n,
    header: [
      ['a', '1'],
      ['b', 'ü'],
    ],
  },
  { kind: 'notify', action: 'pkg.Svc.Method', payload: bytesOf('x'.repeat(300)) },
  { kind: 'pong' },
  { kind: 'notify', action: 300, header: [['k', 'v']], payload: bytesOf('{}') },
  { kind: 'response', mid: 9, status: 0, payload: bytesOf('unknown') },
  { kind: 'notify', action: 5 },
];
const SEEN: readonly Seen[] = [
  { event: 'Request', mid: 1, action: 0x1101, payload: 'hello' },
  {
    event: 'Request',
    mid: 65_535,
    action: 2n ** 63n,
    header: [
      ['a', '1'],
      ['b', 'ü'],
    ],
  },
  { event: 'Notify', action: 'pkg.Svc.Method', payload: 'x'.repeat(300) },
  { event: 'Notify', action: 300, header: [['k', 'v']], payload: '{}' },
  { event: 'Notify', action: 5 },
];
const STREAM = join(PACKETS.map((packet) => encodePacket(packet, 'stream')));

describe('packets of a byte stream', () => {
  it('share a chunk', () => {
    const server = readyServer();
    expect(server.feed(STREAM)).toEqual(SEEN);
    expect(server.takeHex()).toBe('90');
    expect(server.engine.packetsIn).toBe(PACKETS.length);
  });

  it('are split at every byte', () => {
    for (let at = 1; at < STREAM.length; at++) {
      const server = readyServer();
      expect(server.feed(STREAM.slice(0, at), STREAM.slice(at))).toEqual(SEEN);
      expect(server.takeHex()).toBe('90');
    }
  });

  for (const size of [1, 2, 3, 7, 64, 255, 256, 257]) {
    it(`come in pieces of ${size}`, () => {
      const server = readyServer();
      const twice = join([STREAM, STREAM]);
      for (let at = 0; at < twice.length; at += size) server.feed(twice.slice(at, at + size));
      expect(server.seen).toEqual([...SEEN, ...SEEN]);
      expect(toHex(join(server.take()))).toBe('9090');
    });
  }

  it('wait, when several chunks come before the poll', () => {
    const server = readyServer();
    const before = server.engine.bytesIn;
    for (let at = 0; at < STREAM.length; at += 10) server.engine.receive(STREAM.slice(at, at + 10), 0);
    server.engine.receive(new Uint8Array(0), 0);
    expect(server.engine.hasInput).toBe(true);
    expect(server.poll()).toEqual(SEEN);
    expect(server.engine.hasInput).toBe(false);
    expect(server.engine.bytesIn - before).toBe(STREAM.length);
  });

  it('are polled one by one, in the middle of a chunk', () => {
    const server = readyServer();
    server.engine.receive(STREAM, 0);
    expect(server.engine.poll(server.inbound)).toBe(EngineEvent.Request);
    expect(server.engine.hasInput).toBe(true);
    expect(server.engine.packetsIn).toBe(1);
    expect(server.poll()).toEqual(SEEN.slice(1));
  });
});

describe('a record that another engine filled with text', () => {
  it.each([
    ['whole', ['a8010007017b']],
    ['split', ['a80100', '07017b']],
  ])('is filled with bytes: a %s packet', (_, chunks) => {
    const { engine } = readyServer();
    const into = createInbound();
    into.text = 'Q1:7\nPx';
    for (const chunk of chunks) engine.receive(hex(chunk), 0);
    expect(engine.poll(into)).toBe(EngineEvent.Request);
    expect(into.text).toBeUndefined();
    expect(toHex(into.bytes.subarray(into.start, into.end))).toBe('7b');
  });
});

describe('memory', () => {
  it('a payload inside one chunk is a view of it', () => {
    const server = readyServer();
    const inbound = createInbound();
    const chunk = hex('b8 07 03 616263 b8 07 03 64');
    server.engine.receive(chunk, 0);
    expect(server.engine.poll(inbound)).toBe(EngineEvent.Notify);
    expect(inbound.bytes).toBe(chunk);
    expect([inbound.start, inbound.end]).toEqual([3, 6]);
    expect(server.engine.poll(inbound)).toBe(EngineEvent.None);
    // The rest is a copy, so that the chunk can be let go, and the chunk after it is not copied.
    const next = hex('6566 b8 07 02 6768');
    server.engine.receive(next, 0);
    expect(server.engine.poll(inbound)).toBe(EngineEvent.Notify);
    expect(inbound.bytes).not.toBe(chunk);
    expect(toHex(inbound.bytes.subarray(inbound.start, inbound.end))).toBe('646566');
    expect(inbound.bytes.buffer.byteLength).toBeLessThanOrEqual(256);
    expect(server.engine.poll(inbound)).toBe(EngineEvent.Notify);
    expect(inbound.bytes).toBe(next);
  });

  it('grows with what has arrived, not with what is announced', () => {
    const server = readyServer();
    const length = 16_777_216;
    const head = hex('b8 07 80808008');
    const piece = new Uint8Array(65_536);
    watchAllocations((made) => {
      server.engine.receive(head, 0);
      expect(server.engine.poll(server.inbound)).toBe(EngineEvent.None);
      server.engine.receive(piece.subarray(0, 94), 0);
      expect(server.engine.poll(server.inbound)).toBe(EngineEvent.None);
      expect(made).toEqual([256]);
      for (let arrived = 94; arrived < length; ) {
        const count = Math.min(piece.length, length - arrived);
        server.engine.receive(piece.subarray(0, count), 0);
        arrived += count;
        const event = server.engine.poll(server.inbound);
        expect(event).toBe(arrived === length ? EngineEvent.Notify : EngineEvent.None);
        expect(made.at(-1)).toBeLessThanOrEqual(2 * (arrived + head.length));
      }
      expect(server.inbound.end - server.inbound.start).toBe(length);
      // Doubling: all copies together are a small multiple of the packet, and the last has its very size.
      expect(made.reduce((sum, size) => sum + size, 0)).toBeLessThan(4 * length);
      expect(made.at(-1)).toBe(length + head.length);
    });
  });
});

describe('limits and faults on byte streams', () => {
  const small: EngineOptions = { maxPacketBytes: 10, maxHeaderBytes: 5 };
  const cases: [name: string, input: string, status: string, options?: EngineOptions][] = [
    ['payload over the limit', 'b8 07 0b', '24', small],
    ['header over its limit', 'b4 07 06', '24', small],
    ['header and payload together', 'bc 07 05 613a626364 06', '24', small],
    ['method over the limit', 'b2 0b', '24', small],
    ['length of 2^63', 'b8 07 ffffffffffffffff7f', '24'],
    ['length over 64 bits', 'b8 07 ffffffffffffffffff02', '02'],
    ['header block without colon', 'b4 07 01 61', '20'],
    ['reserved bit', '81', '03'],
    ['FIN not set', '00', '03'],
    ['kind 6', 'e0', '03'],
    ['kind 7', 'f0', '03'],
    ['ping with payload', '88', '03'],
    ['response with a string action', 'c2', '03'],
    ['close with header', 'd4', '03'],
  ];
  for (const [name, input, status, options] of cases) {
    it(name, () => {
      for (const chunks of [[hex(input)], [...hex(input)].map((byte) => Uint8Array.of(byte))]) {
        const other = readyServer(options);
        const server = readyServer(options);
        server.engine.notify(1, undefined, 'queued');
        // As soon as it is certain, whatever follows, and what came before counts.
        expect(server.feed(hex('b0 05'), ...chunks, hex('80 b005'))).toEqual([
          { event: 'Notify', action: 5 },
          { event: 'Closed' },
        ]);
        expect(server.engine.phase).toBe('closed');
        expect(server.engine.ending).toMatchObject({
          status: Number.parseInt(status, 16),
          origin: 'local',
          clean: false,
          error: { code: status === '24' ? 'too_large' : 'protocol_error' },
          message: expect.stringMatching(
            status === '24' ? /above maxPacketBytes or maxHeaderBytes/ : /broke the rules/,
          ),
        });
        // The queue is dropped.
        expect(toHex(join(server.take())).slice(0, 4)).toBe(`d8${status}`);
        expect(server.poll()).toEqual([]);
        // Nobody else is touched.
        expect(other.feed(hex('b005'))).toEqual([{ event: 'Notify', action: 5 }]);
      }
    });
  }

  it('what lies exactly on the limit passes', () => {
    const server = readyServer(small);
    expect(server.feed(hex('bc 07 05 613a626364 05 3132333435'))).toEqual([
      { event: 'Notify', action: 7, header: [['a', 'bcd']], payload: '12345' },
    ]);
  });

  it('empty blocks and padded numbers pass', () => {
    const server = readyServer();
    expect(server.feed(hex('ac 0100 8700 8000 828000 6162'))).toEqual([
      { event: 'Request', mid: 1, action: 7, payload: 'ab' },
    ]);
    expect(server.feed(hex('b8 07 00'))).toEqual([{ event: 'Notify', action: 7, payload: '' }]);
  });

  it('the end of input inside a packet is the end', () => {
    for (let length = 1; length < 6; length++) {
      const server = readyServer();
      server.feed(hex('b8 07 03 616263').slice(0, length));
      expect(server.end()).toEqual([{ event: 'Closed' }]);
      expect(server.engine.ending).toMatchObject({ status: 2, origin: 'link', clean: false });
    }
  });

  it('what came before the end of input is polled first', () => {
    const server = readyServer();
    server.engine.receive(hex('b005 b006'), 0);
    server.engine.receiveEnd(0);
    expect(server.poll()).toEqual([
      { event: 'Notify', action: 5 },
      { event: 'Notify', action: 6 },
      { event: 'Closed' },
    ]);
  });

  it('a limit of one byte still lets the end be told', () => {
    const server = readyServer({ maxPacketBytes: 1 });
    expect(server.feed(hex('b8 07 02'))).toEqual([{ event: 'Closed' }]);
    expect(toHex(join(server.take())).slice(0, 4)).toBe('d824');
  });

  it('a string is no unit of a byte stream', () => {
    expect(() => readyServer().engine.receive('I', 0)).toThrow(TypeError);
  });
});

describe('packets of messages', () => {
  for (const text of [false, true]) {
    it(`${text ? 'text' : 'binary'}, one packet each`, () => {
      const { server } = messagePair({ ours: false, client: { text } });
      const units = PACKETS.map((packet) => (text ? encodeTextPacket(packet) : encodePacket(packet, 'message')));
      for (const unit of units) server.engine.receive(unit, 0);
      expect(server.engine.hasInput).toBe(true);
      expect(server.poll()).toEqual(SEEN);
      expect(server.engine.hasInput).toBe(false);
      expect(server.take().map(toHex)).toEqual([text ? '4f' : '90']);
      // The negotiated format decides, not the type of the message.
      const other = units.map((unit) => (typeof unit === 'string' ? bytesOf(unit) : unit));
      expect(server.feed(...other)).toEqual(SEEN);
    });
  }

  it('a payload is a view of the message', () => {
    const { server } = messagePair({ ours: false });
    const unit = hex('b8 07 616263');
    server.engine.receive(unit, 0);
    expect(server.engine.poll(server.inbound)).toBe(EngineEvent.Notify);
    expect(server.inbound.bytes).toBe(unit);
    expect(server.inbound.text).toBeUndefined();
  });

  it('text stays text', () => {
    const { server } = messagePair({ ours: false, client: { text: true } });
    server.engine.receive('N7\nPäöü', 0);
    expect(server.engine.poll(server.inbound)).toBe(EngineEvent.Notify);
    const { text, start, end } = server.inbound;
    expect([text, text!.slice(start, end)]).toEqual(['N7\nPäöü', 'äöü']);
  });

  it('a byte order mark is data', () => {
    const { server } = messagePair({ ours: false, client: { text: true } });
    expect(server.feed('N7\nP\ufeffa', bytesOf('N7\nP\ufeffb'))).toEqual([
      { event: 'Notify', action: 7, payload: '\ufeffa' },
      { event: 'Notify', action: 7, payload: '\ufeffb' },
    ]);
    expect(server.feed(bytesOf('\ufeffN7'))).toEqual([{ event: 'Closed' }]);
  });

  const faults: [unit: Uint8Array | string, text: boolean][] = [
    [new Uint8Array(0), false],
    [hex('81'), false],
    [hex('80 80'), false],
    [hex('b0 07 61'), false],
    [hex('b8'), false],
    [hex('b4 07 05 613a'), false],
    ['N7', false],
    ['', true],
    ['X', true],
    ['I\n', true],
    ['Q1:', true],
    ['N7\nX', true],
    ['C', true],
    [hex('b007'), true],
  ];
  for (const [unit, text] of faults) {
    it(`${text ? 'text' : 'binary'}: ${typeof unit === 'string' ? JSON.stringify(unit) : toHex(unit) || 'empty'} is 03`, () => {
      const { client, server } = messagePair({ ours: false, client: { text } });
      expect(server.feed(unit)).toEqual([{ event: 'Closed' }]);
      expect(server.engine.ending).toMatchObject({ status: 3, clean: false });
      const units = server.take();
      expect(units).toEqual(text ? ['C3\nPProtocolError'] : [join([hex('d803'), 'ProtocolError'])]);
      // The other end takes it for a Close and echoes.
      expect(client.feed(...units)).toEqual([{ event: 'Closed' }]);
      expect(client.engine.ending).toMatchObject({ status: 3, origin: 'peer', message: 'ProtocolError' });
      expect(client.take()).toEqual(units);
    });
  }
});

describe('what we send is within the limits', () => {
  const options: EngineOptions = { maxPacketBytes: 20, maxHeaderBytes: 10 };
  for (const [name, make] of [
    ['stream', () => readyClient(options, true)],
    ['message', () => messagePair({ options }).client],
    ['text', () => messagePair({ options, client: { text: true } }).client],
  ] as [string, () => Driver][]) {
    it(name, () => {
      const driver = make();
      const { engine } = driver;
      expect(() => engine.call('x', 7, undefined, 'a'.repeat(21), 0, 0)).toThrow(/21 bytes is above maxPacketBytes 20/);
      expect(() => engine.call('x', 7, undefined, 'ü'.repeat(11), 0, 0)).toThrow(/22 bytes/);
      expect(() => engine.notify(7, [['a', '123456789']], undefined)).toThrow(/11 bytes is above maxHeaderBytes 10/);
      expect(() => engine.notify('a.method.of.21.chars.', undefined, undefined)).toThrow(/maxPacketBytes/);
      expect(() => engine.notify(7, [['a', '12345678']], 'a'.repeat(11))).toThrow(/21 bytes/);
      expect(engine.pendingCalls).toBe(0);
      expect(driver.take()).toEqual([]);
      expect(engine.call('x', 7, [['a', '12345678']], 'ü'.repeat(5), 0, 0)).toBeGreaterThan(0);
      expect(driver.take()).toHaveLength(1);
    });
  }

  it('prepared events too', () => {
    for (const { engine } of [readyClient(options, true), messagePair({ options }).client]) {
      expect(() => engine.writeEncoded(new Uint8Array(60))).toThrow(/maxPacketBytes/);
    }
  });

  it('a payload that cannot be written leaves no trace', () => {
    const { client, server } = streamPair();
    const broken = {
      len: 3,
      finishInto(): void {
        throw new Error('broken writer');
      },
    };
    client.engine.notify(1_000, undefined, 'a');
    expect(() => client.engine.call('x', 7, undefined, broken, 0, 0)).toThrow('broken writer');
    client.engine.notify(1_001, undefined, 'b');
    expect(server.feed(...client.take())).toEqual([
      { event: 'Notify', action: 1_000, payload: 'a' },
      { event: 'Notify', action: 1_001, payload: 'b' },
    ]);
    expect(client.engine.pendingCalls).toBe(0);
  });
});
