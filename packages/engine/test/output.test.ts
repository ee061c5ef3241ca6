import { type Payload, StmpError } from '@stmp/contract';
import { encodeHeaderBlock } from '@stmp/packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, encodeNotify } from '../src/index.js';
import {
  bytesOf,
  Driver,
  hex,
  join,
  messagePair,
  packetOf,
  packetsOf,
  readyClient,
  readyServer,
  streamPair,
  textOf,
  toHex,
} from './harness.js';

/** A writer as protobufjs has them. */
function writer(text: string): Payload {
  const bytes = bytesOf(text);
  return { len: bytes.length, finishInto: (slab, offset) => slab.set(bytes, offset) };
}

const ours = (): Driver => streamPair().server;

describe('one packet', () => {
  const payloads: [name: string, payload: Payload | undefined, hex: string][] = [
    ['none', undefined, 'b08002'],
    ['empty bytes', new Uint8Array(0), 'b08002'],
    ['empty text', '', 'b08002'],
    ['an empty writer', writer(''), 'b08002'],
    ['bytes', hex('0102'), 'b88002020102'],
    ['a view with an offset', hex('00010200').subarray(1, 3), 'b88002020102'],
    ['short text', 'ab', 'b88002026162'],
    ['text beyond ASCII', 'ü', 'b8800202c3bc'],
    ['a byte order mark', '\ufeff', 'b8800203efbbbf'],
    ['a lone surrogate', '\ud800', 'b8800203efbfbd'],
    ['a writer', writer('ab'), 'b88002026162'],
  ];
  for (const [name, payload, expected] of payloads) {
    it(`with a payload: ${name}`, () => {
      for (const make of [ours, readyServer]) {
        const server = make();
        server.engine.notify(0x100, undefined, payload);
        expect(server.engine.outputBytes).toBe(expected.length / 2);
        expect(server.takeHex()).toBe(expected);
        expect(server.engine.outputBytes).toBe(0);
      }
      if (name === 'a lone surrogate') return;
      const { client, server } = messagePair({ client: { text: true } });
      server.engine.notify(0x100, undefined, payload);
      const decoded = packetOf(server.take()[0]!).payload;
      const bytes = expected.length > 6 ? expected.slice(8) : '';
      expect(toHex(decoded)).toBe(bytes);
      expect(client.engine.phase).toBe('ready');
    });
  }

  const sizes = [1, 47, 48, 49, 127, 128, 16_383, 16_384, 21_845, 21_846, 65_535, 65_536, 70_000, 1_000_000];
  for (const size of sizes) {
    it(`of ${size} bytes, in every kind of payload`, () => {
      const text = 'x'.repeat(size);
      for (const payload of [text, bytesOf(text), writer(text)]) {
        for (const make of [ours, readyServer]) {
          const server = make();
          server.engine.respond(1, 0, undefined, payload);
          const units = server.take();
          expect(units).toHaveLength(1);
          const head = units[0]!.length - size;
          expect(textOf(units[0]!.slice(head) as Uint8Array) === text).toBe(true);
          expect(toHex(units[0]!.slice(0, 4))).toBe('c8010000');
        }
      }
    });
  }

  it('has headers, a method name, a large action', () => {
    const server = ours();
    server.engine.notify('a.B.c', [['k', 'v']], 'x');
    server.engine.notify(2n ** 64n - 1n, [], undefined);
    server.engine.respond(0xabcd, 0x77, [['k', 'a;b']], undefined);
    expect(packetsOf(join(server.take()))).toEqual([
      { kind: 'notify', action: 'a.B.c', header: [['k', 'v']], payload: bytesOf('x') },
      { kind: 'notify', action: 2n ** 64n - 1n },
      { kind: 'response', mid: 0xabcd, status: 0x77, header: [['k', 'a;b']] },
    ]);
  });
});

describe('units', () => {
  it('are one per turn towards a peer of ours', () => {
    const { client, server } = streamPair();
    const other = ours();
    for (let i = 0; i < 50; i++) {
      server.engine.notify(0x100 + i, undefined, `${i}`);
      if (i % 7 === 0) other.engine.notify(0x100, undefined, 'between');
      if (i % 11 === 0) server.engine.writeEncoded(hex('b09902'));
      if (i % 13 === 0) server.engine.notify('large', undefined, 'x'.repeat(20_000));
    }
    const units = server.take();
    expect(units).toHaveLength(1);
    const got = client.feed(...units).map(({ action }) => action);
    expect(got.filter((action) => action === 0x119)).toHaveLength(5 + 1);
    expect(got.filter((action) => action === 'large')).toHaveLength(4);
    expect(got).toHaveLength(50 + 5 + 4);
  });

  it('are cut at packet borders towards a peer that is not', () => {
    const server = readyServer();
    const sent: string[] = [];
    for (let i = 0; i < 100; i++) {
      const payload = 'x'.repeat((i * 37) % 120);
      sent.push(payload);
      server.engine.notify(0x100, undefined, payload);
    }
    const units = server.take(200) as Uint8Array[];
    const packets = units.map(packetsOf);
    expect(packets.flat().map(({ payload = new Uint8Array(0) }) => textOf(payload))).toEqual(sent);
    for (const [i, unit] of units.entries()) {
      expect(unit.length).toBeLessThanOrEqual(200);
      // As full as it gets: the first packet of the next would not have fitted.
      const next = packets[i + 1]?.[0];
      if (next !== undefined) expect(unit.length + 3 + 1 + (next.payload?.length ?? 0)).toBeGreaterThan(200);
    }
  });

  it('may fill the limit to the last byte', () => {
    for (const [maxBytes, lengths] of [
      [10, [10]],
      [9, [5, 5]],
    ] as const) {
      const server = readyServer();
      server.engine.notify(0x100, undefined, 'a');
      server.engine.notify(0x100, undefined, 'b');
      expect(server.take(maxBytes).map((unit) => unit.length)).toEqual(lengths);
    }
  });

  it('larger than the limit leave alone', () => {
    const server = readyServer();
    server.engine.notify(0x100, undefined, 'a');
    server.engine.notify(0x100, undefined, 'x'.repeat(500));
    server.engine.notify(0x100, undefined, 'b');
    server.feed(hex('80'));
    expect(server.take(100).map((unit) => unit.length)).toEqual([6, 505, 5]);
  });

  it('a prepared event leaves by reference when it is alone', () => {
    const packet = encodeNotify('stream', 0x100, undefined, 'event') as Uint8Array;
    for (const make of [ours, readyServer]) {
      const server = make();
      expect(server.engine.writeEncoded(packet)).toBe(0);
      expect(server.engine.outputBytes).toBe(packet.length);
      expect(server.engine.takeOutput(1e9)).toBe(packet);
      expect(server.engine.takeOutput(1e9)).toBeUndefined();
      server.engine.notify(0x100, undefined, 'a');
      server.take();
      server.engine.writeEncoded(packet);
      expect(server.engine.takeOutput(1e9)).toBe(packet);
    }
    for (const text of [false, true]) {
      const { server } = messagePair({ client: { text } });
      const event = encodeNotify(text ? 'text' : 'message', 0x100, [['a', 'b']], 'event');
      server.engine.writeEncoded(event);
      server.engine.writeEncoded(event);
      expect(server.engine.takeOutput(1e9)).toBe(event);
      expect(server.engine.takeOutput(1e9)).toBe(event);
    }
  });

  it('a prepared event is what notify writes', () => {
    for (const action of [0x100, 'a.B.c', 2n ** 63n]) {
      for (const headers of [undefined, [], [['k', 'v;']] as const]) {
        for (const payload of [undefined, '', 'text', 'ü'.repeat(100), bytesOf('bytes'), writer('w')]) {
          const stream = ours();
          stream.engine.notify(action, headers, payload);
          expect(encodeNotify('stream', action, headers, payload)).toEqual(stream.take()[0]);
          for (const text of [false, true]) {
            const { server } = messagePair({ client: { text } });
            server.engine.notify(action, headers, payload);
            expect(encodeNotify(text ? 'text' : 'message', action, headers, payload)).toEqual(server.take()[0]);
          }
        }
      }
    }
  });

  it('never change once taken', () => {
    const drivers = [ours(), ours(), readyClient(), readyServer()];
    const taken: { unit: Uint8Array; copy: string }[] = [];
    for (let i = 0; i < 5_000; i++) {
      const { engine } = drivers[(i * 7) % drivers.length]!;
      engine.notify(0x100 + i, undefined, 'payload'.repeat((i * 31) % 40));
      if (i % 3 !== 0) continue;
      const unit = engine.takeOutput(1e9) as Uint8Array | undefined;
      if (unit !== undefined) taken.push({ unit, copy: textOf(unit) });
    }
    expect(taken.length).toBeGreaterThan(1_000);
    for (const { unit, copy } of taken) expect(textOf(unit) === copy).toBe(true);
  });
});

describe('while held', () => {
  it('packets can be dropped one by one until they leave', () => {
    for (const make of [ours, readyServer, () => messagePair({}).server]) {
      const { engine } = make();
      expect(engine.notify(0x100, undefined, 'before')).toBe(0);
      engine.hold = true;
      const tickets = ['a', 'b', 'c', 'd'].map((text) => engine.notify(0x100, undefined, text));
      tickets.push(engine.writeEncoded(encodeNotify('message', 0x100, undefined, 'e')));
      expect(new Set(tickets).size).toBe(5);
      expect(tickets.every((ticket) => ticket > 0)).toBe(true);
      const before = engine.outputBytes;
      expect(engine.drop(tickets[1]!)).toBe(true);
      expect(engine.drop(tickets[1]!)).toBe(false);
      expect(engine.outputBytes).toBeLessThan(before);
      for (const none of [0, -1, 1_000, tickets[4]! + 1]) expect(engine.drop(none)).toBe(false);
      const first = engine.takeOutput(1) as Uint8Array;
      expect(textOf(first)).toContain('before');
      expect(textOf(engine.takeOutput(1) as Uint8Array)).toMatch(/a$/);
      expect(engine.drop(tickets[0]!)).toBe(false);
      expect(engine.drop(tickets[2]!)).toBe(true);
      expect(textOf(engine.takeOutput(1) as Uint8Array)).toMatch(/d$/);
      expect(engine.drop(tickets[4]!)).toBe(true);
      expect([engine.takeOutput(1), engine.outputBytes]).toEqual([undefined, 0]);
    }
  });

  it('a ticket from before a failure does not drop the Close', () => {
    for (const { engine } of [ours(), messagePair().server]) {
      engine.hold = true;
      const tickets = [1, 2, 3].map(() => engine.notify(0x100, undefined, 'x'));
      engine.fail(new StmpError('too_large', 'x', { status: 0x25 }));
      expect(tickets.map((ticket) => engine.drop(ticket))).toEqual([false, false, false]);
      expect(toHex(engine.takeOutput(1e9)).slice(0, 4)).toBe('d825');
    }
  });

  it('tickets are not given again', () => {
    const { engine } = ours();
    engine.hold = true;
    const seen = new Set<number>();
    for (let i = 0; i < 5_000; i++) {
      const ticket = engine.notify(0x100, undefined, 'x');
      if (seen.has(ticket)) throw new Error(`ticket ${ticket} was given again`);
      seen.add(ticket);
      if (i % 3 === 0) engine.takeOutput(10);
      if (i % 1_000 === 999) while (engine.takeOutput(1e9) !== undefined);
    }
    for (const ticket of seen) engine.drop(ticket);
    expect(engine.outputBytes).toBe(0);
  });
});

type Step =
  | { readonly do: 'notify' | 'prepared'; readonly size: number }
  | { readonly do: 'take'; readonly maxBytes: number }
  | { readonly do: 'hold'; readonly on: boolean }
  | { readonly do: 'drop'; readonly pick: number }
  | { readonly do: 'other' | 'ping' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('notify' as const), size: fc.constantFrom(0, 1, 40, 300, 20_000) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('prepared' as const), size: fc.constantFrom(0, 5, 300) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('take' as const), maxBytes: fc.constantFrom(1, 100, 1_000, 1e9) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), on: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), pick: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('other' as const, 'ping' as const) }) },
  ),
  { maxLength: 80 },
);

describe('whatever the order of commands, packets leave in the order in which they were given', () => {
  const forms: [name: string, make: () => Driver, form: 'stream' | 'message' | 'text'][] = [
    ['stream, ours', ours, 'stream'],
    ['stream, not ours', readyServer, 'stream'],
    ['message', () => messagePair().server, 'message'],
    ['text', () => messagePair({ client: { text: true } }).server, 'text'],
  ];
  for (const [name, make, form] of forms) {
    it(name, () => {
      const neighbour = ours().engine;
      fc.assert(
        fc.property(steps, (list: readonly Step[]) => {
          const { engine } = make();
          let expected: number[] = [];
          const dropped = new Set<number>();
          const tickets: { ticket: number; action: number }[] = [];
          const units: { unit: Uint8Array | string; copy: string }[] = [];
          let pings = 0;
          let action = 0x100;
          const take = (maxBytes: number): boolean => {
            const before = engine.outputBytes;
            const unit = engine.takeOutput(maxBytes);
            if (unit === undefined) return false;
            expect(unit.length).toBe(before - engine.outputBytes);
            units.push({ unit, copy: toHex(unit.slice(0, 64)) });
            return true;
          };
          for (const step of list) {
            if (step.do === 'notify' || step.do === 'prepared') {
              action++;
              expected.push(action);
              const payload = 'x'.repeat(step.size);
              const ticket =
                step.do === 'notify'
                  ? engine.notify(action, undefined, payload)
                  : engine.writeEncoded(encodeNotify(form, action, undefined, payload));
              expect(ticket > 0).toBe(engine.hold);
              if (ticket > 0) tickets.push({ ticket, action });
            } else if (step.do === 'take') take(step.maxBytes);
            else if (step.do === 'hold') engine.hold = step.on;
            else if (step.do === 'other') neighbour.notify(0x100, undefined, 'neighbour');
            else if (step.do === 'ping') {
              if (pings < 10) receivePing(engine, form);
              pings++;
            } else if (step.do === 'drop') {
              const entry = tickets[step.pick];
              if (entry !== undefined && engine.drop(entry.ticket)) {
                expect(dropped.has(entry.action)).toBe(false);
                dropped.add(entry.action);
              }
            }
          }
          while (take(1e9));
          neighbour.takeOutput(1e9);
          expect(engine.outputBytes).toBe(0);
          for (const { unit, copy } of units) expect(toHex(unit.slice(0, 64))).toBe(copy);
          const packets =
            form === 'stream'
              ? fastPackets(join2(units.map(({ unit }) => unit as Uint8Array)))
              : units
                  .map(({ unit }) => packetOf(unit))
                  .map(({ kind, action: at }) => (kind === 'pong' ? -1 : Number(at)));
          expected = expected.filter((at) => !dropped.has(at));
          expect(packets.filter((at) => at >= 0)).toEqual(expected);
          expect(packets.filter((at) => at < 0)).toHaveLength(Math.min(pings, 10));
        }),
        { seed: 4_711, numRuns: 60 },
      );
    });
  }
});

function receivePing(engine: Engine, form: string): void {
  engine.receive(form === 'text' ? 'I' : hex('80'), 0);
  new Driver(engine).poll();
}

function join2(units: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(units.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const unit of units) {
    whole.set(unit, at);
    at += unit.length;
  }
  return whole;
}

/** The actions of a stream of notifies with actions of two bytes, and -1 for each pong; by hand, as the bytes are many. */
function fastPackets(bytes: Uint8Array): number[] {
  const actions: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = bytes[at++]!;
    if (head === 0x90) {
      actions.push(-1);
      continue;
    }
    if (head !== 0xb0 && head !== 0xb8) throw new Error(`not a notify: ${head}`);
    const number = (): number => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    actions.push(number());
    if (head === 0xb8) {
      const length = number();
      for (let i = 0; i < length; i++) if (bytes[at + i] !== 0x78) throw new Error('another payload');
      at += length;
    }
  }
  return actions;
}

it('header blocks are those of the packet layer', () => {
  const server = ours();
  const headers = [['Ä', 'ö;:%\n']] as const;
  server.engine.notify(0x100, headers, undefined);
  expect(textOf(join(server.take()))).toContain(encodeHeaderBlock(headers));
});
