import { StmpError } from '@stmp/contract';
import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { createMessageEngine, createStreamEngine, type Engine } from '../src/index.js';
import {
  ALL_TYPES,
  clientHandshake,
  clientHeaders,
  Driver,
  FakeCompression,
  hex,
  JSON_TYPE,
  join,
  PLAIN_HELLO,
  PLAIN_REPLY,
  serverHandshake,
} from './harness.js';

const PACKETS = [
  '80',
  '90',
  'a8 0100 8122 03 616263',
  'a0 0200 07',
  'ac 0300 07 03 6b3a76 02 7b7d',
  'b2 03 612e62',
  'b8 8102 01 78',
  'b001',
  'b802020100',
  'c8 0100 00 02 7b7d',
  'c0 0200 22',
  'cc 0300 00 03 6b3a76 01 78',
  'd8 00 03 627965',
].map(hex);
const TEXTS = ['I', 'O', 'Q1:1101\nPabc', 'N7\nHk:v\nPx', 'N1', 'N2\nP1', 'S1:0\nP{}', 'S2:22', 'C0\nPbye', 'Q2:M:a.b'];

type Unit = Uint8Array | string;

function mutate(unit: Uint8Array, below: (n: number) => number): Uint8Array {
  const bytes = [...unit];
  for (let times = below(3); times > 0; times--) {
    const at = below(bytes.length + 1);
    const how = below(4);
    if (how === 0) bytes.splice(at, 1);
    else if (how === 1) bytes.splice(at, 0, below(256));
    else if (how === 2 && at < bytes.length) bytes[at] = bytes[at]! ^ (1 << below(8));
    else if (at < bytes.length) bytes[at] = [0, 0x7f, 0x80, 0xff][below(4)]!;
  }
  return Uint8Array.from(bytes);
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const codes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);

const offer = { content: [JSON_TYPE], outOfBand: true };
const kinds: [
  name: string,
  make: () => Engine,
  hello: Uint8Array | undefined,
  kind: 'stream' | 'compressed' | 'message' | 'text',
][] = [
  [
    'stream client',
    () => createStreamEngine({ handshake: clientHandshake({ content: ALL_TYPES }), nowMs: 0 }),
    PLAIN_REPLY,
    'stream',
  ],
  [
    'stream client with compression',
    () =>
      createStreamEngine({
        handshake: clientHandshake({ content: ALL_TYPES, compressions: [new FakeCompression()] }),
        nowMs: 0,
      }),
    codes(`STMP\0\x33Content-Type:application/json;Content-Encoding:fake\0`),
    'compressed',
  ],
  [
    'stream server',
    () => createStreamEngine({ handshake: serverHandshake({ content: ALL_TYPES }), nowMs: 0 }),
    PLAIN_HELLO,
    'stream',
  ],
  [
    'message client',
    () => createMessageEngine({ handshake: clientHandshake(offer), nowMs: 0 }),
    PLAIN_REPLY,
    'message',
  ],
  [
    'text client',
    () => createMessageEngine({ handshake: clientHandshake({ ...offer, text: true }), nowMs: 0 }),
    codes('STMP0\nHContent-Type:application/json;Packet-Format:text;Stmp-Extensions:drain,cancel'),
    'text',
  ],
  [
    'message server',
    () =>
      createMessageEngine({
        handshake: serverHandshake({ content: ALL_TYPES, hello: clientHeaders(offer, 'message') }),
        nowMs: 0,
      }),
    undefined,
    'message',
  ],
  [
    'text server',
    () =>
      createMessageEngine({
        handshake: serverHandshake({
          content: ALL_TYPES,
          hello: clientHeaders({ ...offer, text: true }, 'message'),
        }),
        nowMs: 0,
      }),
    undefined,
    'text',
  ],
];

describe('whatever comes in', () => {
  for (const [name, make, hello, kind] of kinds) {
    it(name, () => {
      const below = seeded(99);
      const reached = { ready: 0, closed: 0, packets: 0 };
      for (let run = 0; run < 400; run++) {
        const engine = make();
        const driver = new Driver(engine);
        const session = new Session(driver, below);
        driver.poll();
        session.act();
        const units: Unit[] = [];
        if (hello !== undefined) {
          const said = below(4) === 0 ? mutate(hello, below) : hello;
          units.push(kind === 'text' ? latin(said) : said);
        }
        for (let i = below(12); i > 0; i--) {
          if (kind === 'text') {
            const text = TEXTS[below(TEXTS.length)]!;
            const unit = below(3) === 0 ? latin(mutate(codes(text), below)) : text;
            units.push(below(4) === 0 ? codes(unit) : unit);
          } else {
            const packet = PACKETS[below(PACKETS.length)]!;
            units.push(below(3) === 0 ? mutate(packet, below) : packet);
          }
        }
        const chunks =
          kind === 'stream'
            ? cut(join(units), below)
            : kind === 'compressed'
              ? cut(join([units[0]!, compress(units.slice(1), below)]), below)
              : units;
        for (const chunk of chunks) {
          driver.feed(chunk);
          session.act();
        }
        const how = below(3);
        if (how === 0) driver.end();
        else if (how === 1) engine.receiveError(new StmpError('link_failed', 'gone'));
        // Paused, silence would not be judged.
        engine.setPaused(false, driver.now);
        driver.at(driver.now + 400_000);
        driver.poll();
        session.check();
        if (session.wasReady) reached.ready++;
        if (engine.phase === 'closed') reached.closed++;
        reached.packets += engine.packetsIn;
      }
      expect(reached.closed).toBe(400);
      expect(reached.ready).toBeGreaterThan(100);
      expect(reached.packets).toBeGreaterThan(200);
    });
  }
});

function compress(units: readonly Unit[], below: (n: number) => number): Uint8Array {
  const compressor = new FakeCompression().createCompressor();
  for (const unit of units) compressor.add(unit as Uint8Array, 0, unit.length);
  const flushed = compressor.flush();
  return below(4) === 0 ? mutate(flushed, below) : flushed;
}

function cut(bytes: Uint8Array, below: (n: number) => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + 1 + below(below(2) === 0 ? 3 : 40));
    chunks.push(bytes.slice(at, next));
    at = next;
  }
  return chunks;
}

/** A connection that does something of everything, and keeps account of its calls. */
class Session {
  readonly #driver: Driver;
  readonly #below: (n: number) => number;
  readonly #open = new Set<unknown>();
  #serial = 0;
  #told = 0;
  wasReady = false;

  constructor(driver: Driver, below: (n: number) => number) {
    this.#driver = driver;
    this.#below = below;
  }

  act(): void {
    const { engine } = this.#driver;
    const below = this.#below;
    if (engine.phase === 'authenticating' && below(4) > 0) {
      engine.answerHello(below(10) === 0 ? { status: 0x21 } : {}, this.#driver.now);
    }
    if (engine.phase === 'ready') this.wasReady = true;
    switch (below(12)) {
      case 0:
      case 1:
      case 2: {
        const token = this.#serial + 1;
        const mid = engine.call(token, 0x100, undefined, 'x'.repeat(below(100)), this.#driver.now, below(3) * 40);
        if (mid === 0) break;
        this.#serial++;
        this.#open.add(token);
        break;
      }
      case 3: {
        const mid = 1 + below(4);
        const before = engine.pendingCalls;
        engine.abandon(mid);
        // Who gives a call up knows its token; here it is the one that is missing in the end.
        if (engine.pendingCalls < before) this.#open.delete(mid);
        break;
      }
      case 4:
        engine.notify(7, [['a', 'b']], undefined);
        break;
      case 5:
        engine.hold = !engine.hold;
        break;
      case 6:
        engine.setPaused(below(2) === 0, this.#driver.now);
        break;
      case 7:
        if (below(5) === 0) engine.close(0, 'bye', this.#driver.now);
        break;
      case 8:
        if (below(8) === 0) engine.fail(new StmpError('too_large', 'x', { status: 0x25 }));
        break;
      default:
        this.#driver.now += below(50);
        engine.tick(this.#driver.now);
    }
    this.#driver.poll();
    if (below(3) > 0) this.#driver.take(1 + below(200));
    this.#settle();
  }

  #settle(): void {
    const { seen } = this.#driver;
    for (; this.#told < seen.length; this.#told++) {
      const { event, token, mid } = seen[this.#told]!;
      if (event === 'Response' || event === 'Expired') {
        // Ids are not used twice in so short a life: the token is the id.
        expect(token).toBe(mid);
        expect(this.#open.delete(token)).toBe(true);
      }
    }
  }

  check(): void {
    this.#settle();
    const { engine, seen } = this.#driver;
    expect(seen.filter(({ event }) => event === 'Closed')).toHaveLength(engine.phase === 'closed' ? 1 : 0);
    expect(seen.filter(({ event }) => event === 'Ready').length).toBeLessThanOrEqual(1);
    if (engine.phase === 'closed') {
      expect(seen.at(-1)).toEqual({ event: 'Closed' });
      expect(engine.ending).toBeDefined();
      expect(engine.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    }
    this.#driver.take(100);
    expect([this.#driver.take(100), engine.outputBytes, engine.hasInput]).toEqual([[], 0, false]);
    // Every call has settled exactly once.
    expect(new Set(engine.takePending())).toEqual(this.#open);
    expect(engine.pendingCalls).toBe(0);
  }
}
