import { readFileSync } from 'node:fs';
import { actionOf, type Headers } from '@stmp/contract';
import { readServerHandshake, readServerHandshakeText } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { createMessageEngine, type Engine } from '../src/index.js';
import {
  ALL_TYPES,
  bytesOf,
  Driver,
  FakeCompression,
  hex,
  join,
  packetOf,
  packetsOf,
  type Seen,
  serverHandshake,
  streamServer,
  textOf,
  toHex,
} from './harness.js';
import { EXCHANGE_OVERRIDES, HANDSHAKE_OVERRIDES, NOT_HERE } from './overrides.js';

interface Frame {
  readonly frame: string;
  readonly data: string;
}
interface Vectors {
  readonly tcpHandshakes: readonly {
    readonly name: string;
    readonly input: string;
    readonly reply: string;
    readonly closes: boolean;
  }[];
  readonly wsHandshakes: readonly {
    readonly name: string;
    readonly query: string;
    readonly httpHeaders: Headers;
    readonly frame?: string;
    readonly reply?: string;
    readonly closes?: boolean;
  }[];
  readonly tcpExchanges: readonly {
    readonly name: string;
    readonly accept: string;
    readonly input: string;
    readonly reply: string;
    readonly closes: boolean;
  }[];
  readonly wsExchanges: readonly {
    readonly name: string;
    readonly format: string;
    readonly input: readonly Frame[];
    readonly reply: readonly Frame[];
    readonly closes: boolean;
  }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/stmp-v1.json', import.meta.url), 'utf8'),
);
const LIMITS = { maxHandshakeBytes: 65_536 };
const gzip = Object.assign(new FakeCompression(), { encoding: 'gzip' });

interface Reply {
  readonly status: number;
  readonly header: Headers;
  readonly text: boolean;
}

function replyOf(unit: Uint8Array | string): Reply {
  if (typeof unit === 'string') {
    const { status, header } = readServerHandshakeText(unit, LIMITS);
    return { status, header: [...header].sort(), text: true };
  }
  const read = readServerHandshake(unit, 0, unit.length, LIMITS)!;
  expect(read.next).toBe(unit.length);
  return { status: read.value.status, header: [...read.value.header].sort(), text: false };
}

function expectedReply(name: string, unit: Uint8Array | string): Reply {
  const override = HANDSHAKE_OVERRIDES[name];
  if (override === undefined) return replyOf(unit);
  return { status: override.status!, header: override.header!, text: override.text ?? false };
}

/** Says the hello that is polled, as a server without authentication. */
function greetAll(driver: Driver): void {
  if (driver.engine.phase === 'authenticating') {
    driver.engine.answerHello({}, 0);
    driver.poll();
  }
}

const ECHO = actionOf('interop.v1.EchoService', 'Echo');
const NOTHING = actionOf('interop.v1.EchoService', 'Nothing');

/** The part of the service of the vectors that echoes, and knows no other action. */
function answer(engine: Engine, seen: readonly Seen[]): void {
  for (const { event, mid, action, header, payload } of seen) {
    if (event !== 'Request') continue;
    const known = action === ECHO || action === 0x1101;
    if (known || action === 'interop.v1.EchoService.Echo') {
      const headers = header?.map(([name, value]) => [`Echo-${name}`, value] as const);
      engine.respond(mid!, 0, headers, payload);
    } else if (action === NOTHING) engine.respond(mid!, 0, undefined, undefined);
    else engine.respond(mid!, 0x22, undefined, 'NotFound');
  }
}

describe('handshakes on byte streams', () => {
  for (const vector of vectors.tcpHandshakes) {
    const name = `tcp: ${vector.name}`;
    const input = hex(vector.input);
    const isPing = vector.name === 'ping right behind the handshake';
    const given = hex(isPing ? vector.reply.slice(0, -2) : vector.reply);
    const expected = expectedReply(name, given);
    const closes = expected.status !== 0;

    const check = (chunks: Uint8Array[], pongs: number): void => {
      const server = streamServer({ compressions: [gzip] });
      for (const chunk of chunks) {
        server.feed(chunk);
        greetAll(server);
      }
      const [reply, ...rest] = server.take();
      expect(replyOf(reply!)).toEqual(expected);
      expect(server.engine.phase).toBe(closes ? 'closed' : 'ready');
      if (closes) {
        expect(server.engine.ending).toMatchObject({ status: expected.status, origin: 'local' });
        expect(rest).toEqual([]);
      } else if (server.engine.session?.compression === undefined) {
        expect(toHex(join(rest))).toBe('90'.repeat(pongs));
      }
    };

    it(name, () => {
      expect(HANDSHAKE_OVERRIDES[name] === undefined ? vector.closes : closes).toBe(closes);
      check([input], isPing ? 1 : 0);
    });
    it(`${name}, split at every byte`, () => {
      for (let at = 1; at < input.length; at++) check([input.slice(0, at), input.slice(at)], isPing ? 1 : 0);
      check(
        [...input].map((byte) => Uint8Array.of(byte)),
        isPing ? 1 : 0,
      );
    });
    it(`${name}, with packets behind it`, () => {
      let behind = hex('80 b063 80');
      if (vector.name === 'json with gzip') {
        const compressor = gzip.createCompressor();
        compressor.add(behind, 0, behind.length);
        behind = compressor.flush();
      }
      check([join([input, behind])], isPing ? 3 : 2);
    });
  }
});

describe('handshakes of messages', () => {
  for (const vector of vectors.wsHandshakes) {
    const name = `ws: ${vector.name}`;
    if (NOT_HERE.includes(name)) continue;
    it(name, () => {
      // As the transport does it: the query overlays the HTTP headers.
      const query = [...new URLSearchParams(vector.query)] as [string, string][];
      const named = new Set(query.map(([key]) => key.toLowerCase()));
      const hello = [...query, ...vector.httpHeaders.filter(([key]) => !named.has(key.toLowerCase()))];
      const server = new Driver(
        createMessageEngine({
          handshake: serverHandshake({ content: ALL_TYPES, compressions: [gzip], hello }),
          nowMs: 0,
        }),
      );
      server.poll();
      greetAll(server);
      const units = server.take();
      const reply = hex(vector.reply!);
      const expected = expectedReply(name, vector.frame === 'text' ? textOf(reply) : reply);
      expect(units.map(replyOf)).toEqual([expected]);
      expect(server.engine.phase).toBe(expected.status === 0 ? 'ready' : 'closed');
    });
  }
});

/** Close packets are compared without their text, which is for people. */
function comparable(packet: ReturnType<typeof packetOf>, isEcho: boolean): unknown {
  return packet.kind === 'close' && !isEcho ? { kind: 'close', status: packet.status } : packet;
}

describe('exchanges on byte streams', () => {
  for (const vector of vectors.tcpExchanges) {
    const name = `tcp: ${vector.name}`;
    if (NOT_HERE.includes(name)) continue;
    const input = hex(vector.input);
    const override = EXCHANGE_OVERRIDES[name]?.reply;
    const isEcho = vector.input === vector.reply;
    const expected = packetsOf(override === undefined ? hex(vector.reply) : join(override.map(hex)));

    const check = (chunks: Uint8Array[]): void => {
      const server = streamServer();
      server.feed(hex(`53544d5010${(7 + vector.accept.length).toString(16).padStart(2, '0')}`));
      server.feed(bytesOf(`Accept:${vector.accept}\0`));
      greetAll(server);
      server.take();
      for (const chunk of chunks) answer(server.engine, server.feed(chunk));
      const got = packetsOf(join(server.take()));
      expect(got.map((packet) => comparable(packet, isEcho))).toEqual(
        expected.map((packet) => comparable(packet, isEcho)),
      );
      expect(server.engine.phase).toBe(vector.closes ? 'closed' : 'ready');
      expect(server.seen.filter(({ event }) => event === 'Closed')).toHaveLength(vector.closes ? 1 : 0);
    };

    it(name, () => check([input]));
    it(`${name}, split at every byte`, () => {
      for (let at = 1; at < input.length; at++) check([input.slice(0, at), input.slice(at)]);
      check([...input].map((byte) => Uint8Array.of(byte)));
    });
  }
});

describe('exchanges of messages', () => {
  for (const vector of vectors.wsExchanges) {
    const name = `ws: ${vector.name}`;
    if (NOT_HERE.includes(name)) continue;
    it(name, () => {
      const hello: Headers = [
        ['Accept', 'application/json'],
        ['Stmp-Version', '1.0'],
        ['Packet-Format', vector.format],
      ];
      const server = new Driver(
        createMessageEngine({ handshake: serverHandshake({ content: ALL_TYPES, hello }), nowMs: 0 }),
      );
      server.poll();
      greetAll(server);
      server.take();
      for (const { frame, data } of vector.input) {
        answer(server.engine, server.feed(frame === 'text' ? textOf(hex(data)) : hex(data)));
      }
      const units = server.take();
      // Text packets leave as text messages; the original sends them in binary ones.
      for (const unit of units) expect(typeof unit === 'string').toBe(vector.format === 'text');
      const override = EXCHANGE_OVERRIDES[name]?.reply;
      const frames = override ?? vector.reply.filter(({ frame }) => frame === 'binary').map(({ data }) => data);
      const isEcho = frames[0] === vector.input[0]!.data;
      const expected = frames.map((data) => packetOf(vector.format === 'text' ? textOf(hex(data)) : hex(data)));
      expect(units.map((unit) => comparable(packetOf(unit), isEcho))).toEqual(
        expected.map((packet) => comparable(packet, isEcho)),
      );
      if (isEcho) expect(units.map(toHex)).toEqual(frames);
      expect(server.engine.phase).toBe(vector.closes ? 'closed' : 'ready');
    });
  }
});

it('every override and every omission names a vector, and nothing else is overruled', () => {
  const handshakes = [
    ...vectors.tcpHandshakes.map(({ name }) => `tcp: ${name}`),
    ...vectors.wsHandshakes.map(({ name }) => `ws: ${name}`),
  ];
  const exchanges = [
    ...vectors.tcpExchanges.map(({ name }) => `tcp: ${name}`),
    ...vectors.wsExchanges.map(({ name }) => `ws: ${name}`),
  ];
  expect(Object.keys(HANDSHAKE_OVERRIDES).filter((name) => !handshakes.includes(name))).toEqual([]);
  expect(Object.keys(EXCHANGE_OVERRIDES).filter((name) => !exchanges.includes(name))).toEqual([]);
  expect(NOT_HERE.filter((name) => !handshakes.includes(name) && !exchanges.includes(name))).toEqual([]);
  expect(Object.keys(HANDSHAKE_OVERRIDES)).toHaveLength(12);
  expect(Object.keys(EXCHANGE_OVERRIDES)).toHaveLength(6);
  expect(NOT_HERE).toHaveLength(8);
  // An override that agrees with the original would be none.
  for (const vector of vectors.tcpHandshakes) {
    const override = HANDSHAKE_OVERRIDES[`tcp: ${vector.name}`];
    if (override === undefined) continue;
    const { status, header } = replyOf(hex(vector.reply));
    expect({ status, header }).not.toEqual({ status: override.status, header: override.header });
  }
});
