import { createHash } from 'node:crypto';
import { Duplex, type Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { FrameReader } from '../src/node/frame-reader.js';
import { frameBytes, putFrame, type Unit, unitBytes, unmaskedHeader } from '../src/node/frame-writer.js';
import { applyMask, randomMask } from '../src/node/mask.js';
import { flushSoon, writeUnits } from '../src/node/turn.js';

const MAX = 1_000_000;

function frame(unit: Unit, masked: boolean): Buffer {
  const into = Buffer.alloc(frameBytes(unitBytes(unit), masked));
  expect(putFrame(into, 0, unit, masked)).toBe(into.length);
  return into;
}

/** A frame with any head, to be read by a server. */
function rawFrame(first: number, payload: Uint8Array | string, masked = true): Buffer {
  const body = Buffer.from(payload);
  const out = frame(body, masked);
  out[0] = first;
  return out;
}

interface Seen {
  events: (string | Uint8Array)[];
  error: string | undefined;
}

/** The parser of `ws`, which our reader and writer are measured by. */
function receiver(isServer: boolean): { seen: Seen; receiver: Writable } {
  const seen: Seen = { events: [], error: undefined };
  const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };
  const made = new Receiver({ isServer, maxPayload: MAX });
  made.on('message', (data: Buffer, isBinary: boolean) =>
    seen.events.push(isBinary ? Uint8Array.from(data) : data.toString()),
  );
  made.on('ping', (data: Buffer) => seen.events.push(`ping ${data}`));
  made.on('pong', (data: Buffer) => seen.events.push(`pong ${data}`));
  made.on('conclude', (code: number) => seen.events.push(`close ${code}`));
  made.on('error', (error: { code?: string }) => {
    seen.error = error.code;
  });
  return { seen, receiver: made };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What our reader, with the parser of `ws` behind it, makes of chunks; they are copied, for they are unmasked in place. */
async function readChunks(chunks: readonly Uint8Array[], isServer: boolean): Promise<Seen & { closeFrames: number }> {
  const { seen, receiver: ofWs } = receiver(isServer);
  let closeFrames = 0;
  const reader = new FrameReader(isServer, MAX, {
    onFrame: (unit) => void seen.events.push(typeof unit === 'string' ? unit : Uint8Array.from(unit)),
    onOther: (chunk) => void ofWs.write(chunk),
    onCloseFrame: () => closeFrames++,
  });
  for (const chunk of chunks) if (!seen.error) reader.read(Buffer.from(chunk));
  await tick();
  return { ...seen, closeFrames };
}

async function readByWs(bytes: Uint8Array, isServer: boolean): Promise<Seen> {
  const { seen, receiver: ofWs } = receiver(isServer);
  ofWs.write(Buffer.from(bytes));
  await tick();
  return seen;
}

/** Comparing large arrays element by element is slow. */
const brief = (events: readonly Unit[]): string[] =>
  events.map((event) => (event.length < 500 ? JSON.stringify(event) : createHash('sha1').update(event).digest('hex')));

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);

describe('frames as written', () => {
  const lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000];
  it.each(lengths.flatMap((length) => [[length, false] as const, [length, true] as const]))(
    '%i bytes, masked %s, are what ws reads',
    async (length, masked) => {
      const unit = bytesOf(length);
      const text = 'é'.repeat(length >> 1) + 'x'.repeat(length & 1);
      const bytes = Buffer.concat([frame(unit, masked), frame(text, masked), frame(unit, masked)]);
      const seen = await readByWs(bytes, masked);
      expect(seen.error).toBeUndefined();
      expect(brief(seen.events)).toEqual(brief([unit, text, unit]));
      expect(brief((await readChunks([bytes], masked)).events)).toEqual(brief([unit, text, unit]));
    },
  );

  it('heads have the bytes of RFC 6455', () => {
    const table: [number, string][] = [
      [0, '8200'],
      [125, '827d'],
      [126, '827e007e'],
      [65_535, '827effff'],
      [65_536, '827f0000000000010000'],
    ];
    for (const [length, hex] of table) {
      const unit = new Uint8Array(length);
      expect(unmaskedHeader(unit).toString('hex')).toBe(hex);
      expect(
        frame(unit, false)
          .subarray(0, hex.length / 2)
          .toString('hex'),
      ).toBe(hex);
    }
    expect(frame('a', false).toString('hex')).toBe('810161');
  });

  it('every masked frame has a key of its own, and the unit is left as it was', () => {
    const unit = bytesOf(40);
    const keys = new Set(Array.from({ length: 50 }, () => frame(unit, true).subarray(2, 6).toString('hex')));
    expect(keys.size).toBeGreaterThan(45);
    expect(unit).toEqual(bytesOf(40));
  });

  it('masks as byte by byte, at every length and offset', () => {
    for (let length = 0; length < 300; length += 1 + (length >> 4)) {
      for (const start of [0, 1, 2, 3, 5]) {
        const key = randomMask();
        const bytes = bytesOf(length + 10);
        const expected = bytes.map((byte, i) =>
          i < start || i >= start + length ? byte : byte ^ (key >>> (8 * ((i - start) & 3))),
        );
        applyMask(bytes, start, start + length, key);
        expect(bytes).toEqual(expected);
      }
    }
  });
});

describe('frames as read', () => {
  const stream = (masked: boolean): { bytes: Buffer; events: (string | Uint8Array)[] } => ({
    bytes: Buffer.concat([
      frame(bytesOf(3), masked),
      rawFrame(0x89, 'hi', masked),
      frame('text é', masked),
      rawFrame(0x02, bytesOf(4), masked),
      rawFrame(0x8a, 'po', masked),
      rawFrame(0x80, bytesOf(2), masked),
      frame(bytesOf(130), masked),
      frame(bytesOf(0), masked),
      rawFrame(0x01, 'a', masked),
      rawFrame(0x00, 'b', masked),
      rawFrame(0x80, 'c', masked),
      frame('', masked),
      rawFrame(0x88, Uint8Array.of(3, 232), masked),
      frame('after the close frame', masked),
    ]),
    events: [
      bytesOf(3),
      'ping hi',
      'text é',
      'pong po',
      Uint8Array.from([...bytesOf(4), ...bytesOf(2)]),
      bytesOf(130),
      bytesOf(0),
      'abc',
      '',
      'close 1000',
    ],
  });

  it.each([true, false])('split at every byte, masked %s', async (masked) => {
    const { bytes, events } = stream(masked);
    for (let at = 0; at <= bytes.length; at++) {
      const seen = await readChunks([bytes.subarray(0, at), bytes.subarray(at)], masked);
      expect(seen.events, `split at ${at}`).toEqual(events);
      expect(seen.closeFrames).toBe(1);
    }
  });

  it.each([1, 2, 3, 7])('in chunks of %i bytes', async (size) => {
    const { bytes, events } = stream(true);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    expect((await readChunks(chunks, true)).events).toEqual(events);
  });

  it('a large frame in several chunks, then small ones', async () => {
    const bytes = Buffer.concat([frame(bytesOf(200_000), true), frame('next', true), frame(bytesOf(70_000), true)]);
    const chunks = [bytes.subarray(0, 5), bytes.subarray(5, 65_536), bytes.subarray(65_536, 250_000)];
    const seen = await readChunks([...chunks, bytes.subarray(250_000)], true);
    expect(brief(seen.events)).toEqual(brief([bytesOf(200_000), 'next', bytesOf(70_000)]));
  });

  it('any frames in any chunks are what ws alone reads', async () => {
    const part = fc.record({
      first: fc.constantFrom(0x82, 0x81, 0x82, 0x81, 0x02, 0x01, 0x00, 0x80, 0x89, 0x8a, 0xc2, 0x83),
      payload: fc.constantFrom('', 'a', 'hello', 'é'.repeat(70), 'x'.repeat(200)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(400)), async (parts, cuts) => {
        const bytes = Buffer.concat(parts.map(({ first, payload }) => rawFrame(first, payload)));
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const { events, error } = await readChunks(chunks, true);
        expect({ events, error }).toEqual(await readByWs(bytes, true));
      }),
      { seed: 4711, numRuns: 300 },
    );
  });

  it.each([
    ['a reserved bit', rawFrame(0xc2, 'x'), 'WS_ERR_UNEXPECTED_RSV_1'],
    ['an unknown opcode', rawFrame(0x83, 'x'), 'WS_ERR_INVALID_OPCODE'],
    ['a long control frame', rawFrame(0x89, bytesOf(126)), 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
    ['a client that does not mask', rawFrame(0x82, 'x', false), 'WS_ERR_EXPECTED_MASK'],
    ['a continuation of nothing', rawFrame(0x80, 'x'), 'WS_ERR_INVALID_OPCODE'],
    ['a message inside a message', Buffer.concat([rawFrame(0x02, 'x'), frame('y', true)]), 'WS_ERR_INVALID_OPCODE'],
    ['text that is not UTF-8', rawFrame(0x81, Uint8Array.of(0xc3, 0x28)), 'WS_ERR_INVALID_UTF8'],
    ['a message over the limit', frame(new Uint8Array(MAX + 1), true), 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    [
      'parts that are over the limit together',
      Buffer.concat([rawFrame(0x02, new Uint8Array(MAX)), rawFrame(0x80, 'x')]),
      'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    ],
    ['a length of 2^53', Buffer.from('82ff0020000000000000', 'hex'), 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
  ])('%s is a fault, and nothing after it is delivered', async (_, bad, code) => {
    const bytes = Buffer.concat([frame('before', true), bad, frame('after', true)]);
    expect(await readChunks([bytes], true)).toMatchObject({ events: ['before'], error: code });
  });

  it('a server that masks is a fault', async () => {
    expect((await readChunks([frame('x', true)], false)).error).toBe('WS_ERR_UNEXPECTED_MASK');
  });
});

/** A socket that keeps what is written, chunk by chunk. */
function sink(stalled = false): { socket: Duplex; writes: Buffer[] } {
  const writes: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    writev(chunks, done) {
      writes.push(...chunks.map(({ chunk }) => chunk as Buffer));
      if (!stalled) done();
    },
    write(chunk: Buffer, _, done) {
      writes.push(chunk);
      if (!stalled) done();
    },
  });
  return { socket, writes };
}

describe('the units of a turn', () => {
  const write = (socket: Duplex, masked: boolean, units: Unit[], done?: () => void): void => {
    const bytes = units.reduce((sum, unit) => sum + frameBytes(unitBytes(unit), masked), 0);
    writeUnits(socket, masked, units[0]!, units.length > 1 ? units.slice(1) : undefined, bytes, done);
  };
  const inTurn = (fn: () => void): Promise<void> =>
    new Promise((resolve) => {
      flushSoon({ flush: fn });
      process.nextTick(resolve);
    });

  it.each([true, false])('leave in one write, masked %s', async (masked) => {
    const { socket, writes } = sink();
    const units = [bytesOf(5), 'text', bytesOf(300), ''];
    let written = 0;
    write(socket, masked, units, () => written++);
    expect(writes).toHaveLength(1);
    await tick();
    expect(written).toBe(1);
    expect((await readByWs(writes[0]!, masked)).events).toEqual(units);
  });

  it.each([true, false])('of which some are large arrive in order, masked %s', async (masked) => {
    const { socket, writes } = sink();
    const units = [bytesOf(5), bytesOf(20_000), 'x'.repeat(30_000), bytesOf(90_000), bytesOf(1)];
    let written = 0;
    write(socket, masked, units, () => written++);
    await tick();
    expect(written).toBe(1);
    expect(brief((await readByWs(Buffer.concat(writes), masked)).events)).toEqual(brief(units));
    // Copying large units is for the mask alone.
    expect(writes.some((chunk) => chunk.buffer === (units[3] as Uint8Array).buffer)).toBe(!masked);
  });

  it('are framed once when many links send the same one', async () => {
    const members = Array.from({ length: 4 }, () => sink());
    const unit = bytesOf(64);
    await inTurn(() => {
      for (const { socket } of members) write(socket, false, [unit]);
    });
    const frames = members.map(({ writes }) => writes[0]!);
    expect((await readByWs(frames[0]!, false)).events).toEqual([unit]);
    for (const other of frames) expect(other).toBe(frames[0]);
    const later = sink();
    await inTurn(() => write(later.socket, false, [unit]));
    expect(later.writes[0]).not.toBe(frames[0]);
  });

  it('are framed for themselves when equal units are not the same', async () => {
    const [one, two] = [sink(), sink()];
    await inTurn(() => {
      write(one.socket, false, [bytesOf(10)]);
      write(two.socket, false, [bytesOf(11)]);
    });
    expect((await readByWs(two.writes[0]!, false)).events).toEqual([bytesOf(11)]);
    expect((await readByWs(one.writes[0]!, false)).events).toEqual([bytesOf(10)]);
  });

  it('do not hold a shared slab for a peer that reads slowly', () => {
    const { socket, writes } = sink(true);
    write(socket, true, [bytesOf(10)]);
    expect(writes[0]!.buffer.byteLength).toBeGreaterThan(1000);
    const before = Buffer.from(writes[0]!);
    write(socket, true, [bytesOf(10)]);
    // The second waits in the stream: what waits is its own small piece.
    expect(socket.writableLength).toBe(32);
    expect(writes[0]).toEqual(before);
  });
});
