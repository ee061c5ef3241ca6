import { readFileSync } from 'node:fs';
import { createKcp, openingConv } from '@stmp/kcp';
import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { read } from './wire.js';

interface Recorded {
  readonly ms: number;
  readonly from: 'client' | 'server';
  readonly hex: string;
  readonly lost?: boolean;
}
interface Conversation {
  readonly name: string;
  readonly datagrams: readonly Recorded[];
}

const { conversations } = JSON.parse(readFileSync(new URL('./vectors/kcp-v1.json', import.meta.url), 'utf8')) as {
  conversations: Conversation[];
};

/** The bodies of one direction in the order of their segments, up to the first that is missing. */
function streamOf(datagrams: readonly Recorded[], from: string): string {
  const bodies = new Map<number, string>();
  for (const { hex, ...datagram } of datagrams) {
    const bytes = Buffer.from(hex, 'hex');
    for (let at = 0; datagram.from === from && at < bytes.length; at += 24 + bytes.readUInt32LE(at + 20)) {
      const end = at + 24 + bytes.readUInt32LE(at + 20);
      if (bytes[at + 4] === 0x51) bodies.set(bytes.readUInt32LE(at + 12), bytes.toString('hex', at + 24, end));
    }
  }
  let stream = '';
  for (let sn = 0; bodies.has(sn); sn++) stream += bodies.get(sn);
  return stream;
}

/** Reads what one side sent, as its peer, and checks that it comes out as far as it can. @returns its stream. */
function replay(datagrams: readonly Recorded[], from: 'client' | 'server'): string {
  const conv = Buffer.from(datagrams[0]?.hex ?? '', 'hex').readUInt32LE(0);
  const answers: Uint8Array[] = [];
  // Room for all that comes behind a segment that nobody repeats.
  const kcp = createKcp({ conv, output: (bytes) => answers.push(bytes), firstSent: 0, receiveWindow: 1_024 });
  // What the other end said: it makes the recorded acknowledgements refer to something.
  const own = Buffer.from(streamOf(datagrams, from === 'client' ? 'server' : 'client'), 'hex');
  for (let at = 0; at < own.length; at += 16) kcp.send(own.subarray(at, at + 16));
  kcp.update(0);
  let stream = '';
  for (const { from: sender, hex, lost = false, ms } of datagrams) {
    if (sender !== from || lost) continue;
    // Their acknowledgements name segments of theirs, not ours: only the data counts here.
    const data = withoutAcks(Buffer.from(hex, 'hex'));
    if (data.length > 0) expect(kcp.input(data, ms)).toBe(true);
    for (let piece = kcp.read(); piece !== undefined; piece = kcp.read()) stream += Buffer.from(piece).toString('hex');
    const before = answers.length;
    kcp.update(ms);
    if (data.length > 0) expect(answers.slice(before).flatMap(read).join()).toMatch(/^ack /);
  }
  const arrived = datagrams.filter(({ lost = false }) => !lost);
  expect(stream).toBe(streamOf(arrived, from));
  return stream;
}

describe('recorded conversations of the original', () => {
  it('are there, with losses and without', () => {
    const losses = conversations.map(({ datagrams }) => datagrams.filter(({ lost }) => lost).length);
    expect(losses).toEqual(expect.arrayContaining([0]));
    expect(Math.max(...losses)).toBeGreaterThan(0);
  });

  it.each(conversations.flatMap((c) => [[c.name, 'client', c] as const, [c.name, 'server', c] as const]))(
    '%s: what the %s sent comes out, through their losses and through others',
    (_name, from, { datagrams }) => {
      const hello = Buffer.from('STMP').toString('hex');
      expect(hello.startsWith(replay(datagrams, from).slice(0, 8))).toBe(true);
      const random = seeded(3);
      for (let round = 0; round < 40; round++) {
        replay(
          datagrams.map((one) => (random() < 0.2 ? { ...one, lost: true } : one)),
          from,
        );
      }
    },
  );

  it.each(conversations)('$name: its first datagram opens a session, no other does', ({ datagrams }) => {
    const sent = datagrams.filter(({ from }) => from === 'client').map(({ hex }) => Buffer.from(hex, 'hex'));
    const opening = sent.filter((bytes) => openingConv(bytes, 32) !== undefined);
    expect(opening[0]).toBe(sent[0]);
    // The first may have been repeated before it was answered: its number and its data.
    const numberAndData = (bytes: Buffer): string =>
      bytes.toString('hex', 12, 16) + bytes.toString('hex', 24, 24 + bytes.readUInt32LE(20));
    for (const bytes of opening) expect(numberAndData(bytes)).toBe(numberAndData(opening[0]!));
  });

  it('have the very bytes that we would send for the same data at the same time', () => {
    const [first] = conversations[0]?.datagrams ?? [];
    const bytes = Buffer.from(first?.hex ?? '', 'hex');
    const sent: Uint8Array[] = [];
    const kcp = createKcp({ conv: bytes.readUInt32LE(0), output: (datagram) => sent.push(datagram) });
    kcp.send(bytes.subarray(24));
    kcp.update(bytes.readUInt32LE(8));
    expect(sent.map((datagram) => Buffer.from(datagram).toString('hex'))).toEqual([first?.hex]);
  });
});

function withoutAcks(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 24 + bytes.readUInt32LE(at + 20);
    if (bytes[at + 4] === 0x51) {
      const segment = Buffer.from(bytes.subarray(at, end));
      segment.writeUInt32LE(0, 16);
      kept.push(segment);
    }
    at = end;
  }
  return Buffer.concat(kept);
}
