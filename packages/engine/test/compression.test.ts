import { describe, expect, it } from 'vitest';
import { encodeNotify } from '../src/index.js';
import {
  type Driver,
  FakeCompression,
  hex,
  join,
  type Pair,
  packetsOf,
  streamClient,
  streamPair,
  streamServer,
  textOf,
  toHex,
} from './harness.js';

const PLAIN_GZIP_HELLO = 'STMP\x10\x2cAccept:application/json;Accept-Encoding:fake\0';
const FAKE_REPLY = 'STMP\0\x33Content-Type:application/json;Content-Encoding:fake\0';

/** Undoes the fake compression of one direction. */
function inflate(units: readonly (Uint8Array | string)[]): Uint8Array {
  const decompressor = new FakeCompression().createDecompressor();
  const pieces: Uint8Array[] = [];
  const pull = (): void => {
    for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) pieces.push(piece);
  };
  pull();
  for (const unit of units) {
    decompressor.push(unit as Uint8Array);
    pull();
  }
  return join(pieces);
}

function compressedPair(fake: FakeCompression): Pair {
  return streamPair({ client: { compressions: [fake] }, server: { compressions: [fake] } });
}

function upstreamServer(fake: FakeCompression): Driver {
  const server = streamServer({ compressions: [fake] });
  const hello = PLAIN_GZIP_HELLO.replace('\x2c', String.fromCharCode(PLAIN_GZIP_HELLO.length - 7));
  server.feed(new TextEncoder().encode(hello));
  server.engine.answerHello({}, 0);
  server.poll();
  return server;
}

describe('compression', () => {
  it('begins after the handshake, with a ping at once from either side', () => {
    const fake = new FakeCompression();
    const client = streamClient({ compressions: [fake] });
    const server = streamServer({ compressions: [fake] });
    const hello = client.take();
    expect(textOf(join(hello))).toContain('Accept-Encoding:fake');
    server.feed(...hello);
    expect(server.take()).toEqual([]);
    server.engine.answerHello({}, 0);
    server.poll();
    const [reply, first, ...rest] = server.take();
    expect(textOf(reply as Uint8Array)).toContain('Content-Encoding:fake');
    expect(toHex(inflate([first!]))).toBe('80');
    expect(rest).toEqual([]);
    expect(client.feed(reply!)).toEqual([{ event: 'Ready' }]);
    const pings = client.take();
    expect(toHex(inflate(pings))).toBe('80');
    client.feed(first!);
    server.feed(...pings);
    expect(client.take()).toHaveLength(1);
  });

  it('is not used when it was not agreed', () => {
    const fake = new FakeCompression();
    const { client } = streamPair({ client: { compressions: [fake] } });
    expect(client.engine.session!.compression).toBeUndefined();
    expect(fake.log).toEqual([]);
  });

  it('bounds members only for peers that are not ours, one add per packet', () => {
    const fake = new FakeCompression();
    const server = upstreamServer(fake);
    server.engine.notify(0x100, undefined, 'abc');
    server.engine.writeEncoded(encodeNotify('stream', 0x100, undefined, undefined) as Uint8Array);
    server.engine.notify(0x100, undefined, 'x'.repeat(40_000));
    server.engine.notify(0x100, undefined, undefined);
    const [, ...units] = server.take();
    expect(units).toHaveLength(1);
    expect(fake.log).toEqual(['decompressor', 'compressor 32768', 'add 1', 'add 7', 'add 3', 'add 40006', 'add 3']);

    const own = new FakeCompression();
    compressedPair(own);
    expect(own.log.filter((line) => line.startsWith('compressor'))).toEqual([
      'compressor endless',
      'compressor endless',
    ]);
  });

  it('cuts writes at packet borders by their plain size', () => {
    const server = upstreamServer(new FakeCompression());
    server.take();
    for (let i = 0; i < 10; i++) server.engine.notify(0x100, undefined, 'x'.repeat(30));
    const units = server.take(70);
    expect(units).toHaveLength(5);
  });

  it('carries calls, split at every byte, in pieces of any size', () => {
    for (const pieceBytes of [1, 3, 65_536]) {
      const fake = new FakeCompression();
      fake.pieceBytes = pieceBytes;
      const { client, server } = compressedPair(fake);
      for (let i = 0; i < 5; i++) client.engine.call(i, 0x100 + i, [['n', `${i}`]], 'p'.repeat(i * 50), 0, 0);
      const bytes = join(client.take());
      for (const byte of bytes) server.feed(Uint8Array.of(byte));
      expect(server.seen.map(({ event, mid, payload = '' }) => [event, mid, payload.length])).toEqual(
        [0, 1, 2, 3, 4].map((i) => ['Request', i + 1, i * 50]),
      );
      expect(server.engine.hasInput).toBe(false);
    }
  });

  it('counts bytes as they are after decompression', () => {
    const fake = new FakeCompression();
    const { client, server } = compressedPair(fake);
    const before = server.engine.bytesIn;
    client.engine.notify(0x100, undefined, 'x'.repeat(100));
    server.feed(...client.take());
    expect(server.engine.bytesIn - before).toBe(104);
  });

  it('is pulled, and stops in the middle', () => {
    const fake = new FakeCompression();
    fake.pieceBytes = 10;
    const { client, server } = compressedPair(fake);
    for (let i = 0; i < 20; i++) client.engine.notify(0x100, undefined, 'ab');
    for (const unit of client.take()) server.engine.receive(unit, 0);
    server.engine.poll(server.inbound);
    expect([server.engine.packetsIn, server.engine.hasInput]).toEqual([3, true]);
    server.poll();
    expect([server.engine.packetsIn, server.engine.hasInput]).toEqual([22, false]);
  });

  it('packets behind the handshake in the same chunk are compressed', () => {
    const fake = new FakeCompression();
    const compressor = new FakeCompression().createCompressor();
    compressor.add(hex('b8070161'), 0, 4);
    const hello = PLAIN_GZIP_HELLO.replace('\x2c', String.fromCharCode(PLAIN_GZIP_HELLO.length - 7));
    const server = streamServer({ compressions: [fake] });
    const flushed = compressor.flush();
    server.feed(join([hello, flushed.slice(0, 3)]), flushed.slice(3));
    server.engine.answerHello({}, 0);
    server.poll();
    expect(server.seen).toEqual([{ event: 'Hello' }, { event: 'Ready' }, { event: 'Notify', action: 7, payload: 'a' }]);
    expect(server.engine.bytesIn).toBe(hello.length + 4);
  });

  it('broken bytes end the connection, told at once', () => {
    const fake = new FakeCompression();
    const client = streamClient({ compressions: [fake] });
    client.take();
    const reply = FAKE_REPLY.replace('\x33', String.fromCharCode(FAKE_REPLY.length - 7));
    client.feed(new TextEncoder().encode(reply));
    client.take();
    expect(client.feed(hex('ffff'))).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toMatchObject({ status: 3, clean: false, error: { code: 'compression_failed' } });
    expect(client.take()).toHaveLength(1);
    // Also when the input ends in the same turn: the reason stays.
    const other = streamClient({ compressions: [fake] });
    other.feed(new TextEncoder().encode(reply));
    other.engine.receive(hex('ffff'), 0);
    other.engine.receiveEnd(0);
    expect(other.poll()).toEqual([{ event: 'Closed' }]);
    expect(other.engine.ending).toMatchObject({ error: { code: 'compression_failed' } });
  });

  it('a Close is compressed too, and all state is freed once', () => {
    const fake = new FakeCompression();
    const { client, server } = compressedPair(fake);
    client.engine.notify(0x100, undefined, 'x');
    client.engine.close(0, undefined, 0);
    server.feed(...client.take());
    const echo = server.take();
    expect(packetsOf(inflate([join([hex('3c'), join(echo)])])).at(-1)).toEqual({ kind: 'close', status: 0 });
    client.feed(...echo);
    client.take();
    server.take();
    expect(fake.log.filter((line) => line.endsWith('closed')).sort()).toEqual([
      'compressor closed',
      'compressor closed',
      'decompressor closed',
      'decompressor closed',
    ]);
  });

  it('a broken link frees all state as well', () => {
    const fake = new FakeCompression();
    const { client } = compressedPair(fake);
    fake.log.length = 0;
    client.end();
    expect(fake.log.sort()).toEqual(['compressor closed', 'decompressor closed']);
  });

  it('a compressor that fails ends the connection', () => {
    const fake = new FakeCompression();
    const { client } = compressedPair(fake);
    fake.broken = true;
    client.engine.notify(0x100, undefined, 'x');
    expect([client.take(), client.engine.outputBytes]).toEqual([[], 0]);
    expect(client.poll()).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toMatchObject({ clean: false, error: { code: 'compression_failed' } });
    expect(client.take()).toEqual([]);
  });

  it('dropped packets are not compressed', () => {
    const fake = new FakeCompression();
    const { client } = compressedPair(fake);
    client.engine.hold = true;
    const ticket = client.engine.notify(0x100, undefined, 'x');
    client.engine.drop(ticket);
    expect(client.take()).toEqual([]);
  });
});
