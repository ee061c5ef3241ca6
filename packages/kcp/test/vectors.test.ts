import { readFileSync } from 'node:fs';
import { createKcp, openingConv } from '@stmp/kcp';
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

/** The stream of one direction by the numbers of its segments, lost datagrams included: the sender meant them all. */
function streamOf(conversation: Conversation, from: string): string {
  const bodies = new Map<number, string>();
  for (const { hex, ...datagram } of conversation.datagrams) {
    const bytes = Buffer.from(hex, 'hex');
    for (let at = 0; datagram.from === from && at < bytes.length; at += 24 + bytes.readUInt32LE(at + 20)) {
      const end = at + 24 + bytes.readUInt32LE(at + 20);
      if (bytes[at + 4] === 0x51) bodies.set(bytes.readUInt32LE(at + 12), bytes.toString('hex', at + 24, end));
    }
  }
  return Array.from(bodies.keys())
    .sort((a, b) => a - b)
    .map((sn) => bodies.get(sn))
    .join('');
}

describe('recorded conversations of the original', () => {
  it('are two', () => expect(conversations.length).toBe(2));

  it.each(conversations.flatMap((c) => [[c.name, 'client', c] as const, [c.name, 'server', c] as const]))(
    '%s: what the %s sent comes out whole, through their losses',
    (_name, from, conversation) => {
      const conv = Buffer.from(conversation.datagrams[0]?.hex ?? '', 'hex').readUInt32LE(0);
      const answers: Uint8Array[] = [];
      const kcp = createKcp({ conv, output: (bytes) => answers.push(bytes), firstSent: 0 });
      // What the other end said: it makes the recorded acknowledgements refer to something.
      const own = Buffer.from(streamOf(conversation, from === 'client' ? 'server' : 'client'), 'hex');
      for (let at = 0; at < own.length; at += 16) kcp.send(own.subarray(at, at + 16));
      kcp.update(0);
      let stream = '';
      for (const { from: sender, hex, lost = false, ms } of conversation.datagrams) {
        if (sender !== from || lost) continue;
        // Their acknowledgements name segments of theirs, not ours: only the data counts here.
        const data = withoutAcks(Buffer.from(hex, 'hex'));
        if (data.length > 0) expect(kcp.input(data, ms)).toBe(true);
        for (let piece = kcp.read(); piece !== undefined; piece = kcp.read())
          stream += Buffer.from(piece).toString('hex');
        const before = answers.length;
        kcp.update(ms);
        if (data.length > 0) expect(answers.slice(before).flatMap(read).join()).toMatch(/^ack /);
      }
      expect(stream).toBe(streamOf(conversation, from));
      expect(stream.slice(0, 8)).toBe(Buffer.from('STMP').toString('hex'));
    },
  );

  it.each(conversations)('$name: its first datagram opens a session, no other does', ({ datagrams }) => {
    const opening = datagrams
      .filter(({ from }) => from === 'client')
      .map(({ hex }) => openingConv(Buffer.from(hex, 'hex'), 32) !== undefined);
    expect(opening[0]).toBe(true);
    // The first may have been repeated, byte for byte in all that counts, before it was answered.
    expect(opening.slice(opening.lastIndexOf(true) + 1).every((opens) => !opens)).toBe(true);
    expect(opening.filter(Boolean).length).toBeLessThan(4);
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
