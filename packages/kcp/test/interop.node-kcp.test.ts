import { createRequire } from 'node:module';
import { createKcp, HEADER_BYTES, type KcpTuning, kcpPresets } from '@stmp/kcp';
import { hasTool, seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { pattern } from './sim.js';

/** What is used of `node-kcp`, a binding of the C implementation. */
interface Native {
  nodelay(nodelay: number, intervalMs: number, resend: number, noCongestionWindow: number): void;
  wndsize(send: number, receive: number): void;
  stream(on: number): void;
  output(callback: (data: Buffer, size: number) => void): void;
  input(data: Buffer): void;
  send(data: Buffer): void;
  recv(): Buffer | undefined;
  update(nowMs: number): void;
}

// Installed and named by .ci/steps/node-kcp.sh: it must be compiled, which not every machine can.
const place = process.env.STMP_NODE_KCP;
const { KCP } = (place === undefined ? {} : createRequire(import.meta.url)(place)) as {
  KCP: new (conv: number, context: object) => Native;
};
const hasNodeKcp = hasTool('node-kcp', place !== undefined, 'KCP against the C implementation');

const CONV = 0x5eed;
const presets = [
  ['upstream', 0, 100, 0, 0],
  ['normal', 0, 40, 2, 0],
  ['fast', 1, 10, 2, 1],
] as const;

describe.skipIf(!hasNodeKcp)('the C implementation', () => {
  for (const [name, ...nodelay] of presets) {
    for (const stream of [0, 1]) {
      for (const loss of [0, 0.1, 0.3]) {
        it(`${name}, ${stream ? 'stream' : 'message'} mode, ${loss * 100} % loss: all bytes both ways`, () => {
          const tuning: KcpTuning = { ...kcpPresets[name], mode: stream ? 'stream' : 'message' };
          converse(tuning, nodelay, stream, loss);
        });
      }
    }
  }
});

function converse(tuning: KcpTuning, nodelay: readonly [number, number, number, number], stream: number, loss: number) {
  const random = seeded(nodelay[1] * 10 + stream + loss * 1000);
  let flights: { atMs: number; to: 'ours' | 'theirs'; bytes: Uint8Array }[] = [];
  let now = 1000;
  const fly = (to: 'ours' | 'theirs', bytes: Uint8Array): void => {
    if (random() >= loss) flights.push({ atMs: now + 10 + random() * 20, to, bytes: bytes.slice() });
  };
  const ours = createKcp({
    conv: CONV,
    ...tuning,
    // As a listener does: nothing but what the peer has paid for until it has echoed a timestamp.
    limitUntilProven: loss > 0,
    clockOffset: 0xfffff000,
    output: (bytes) => fly('theirs', bytes),
  });
  const theirs = new KCP(CONV, {});
  theirs.nodelay(...nodelay);
  theirs.wndsize(128, 128);
  theirs.stream(stream);
  theirs.output((bytes, size) => fly('ours', Uint8Array.from(bytes.subarray(0, size))));

  const sizes = Array.from({ length: 30 }, (_, i) => 1 + Math.floor(random() * (i % 5 === 0 ? 40_000 : 300)));
  // What follows the greeting is one message as far as one segment holds.
  if (loss > 0) sizes[0] = Math.min(sizes[0]!, 1_400 - HEADER_BYTES);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let at = 0;
  for (const size of sizes) {
    ours.send(pattern(size, at));
    theirs.send(Buffer.from(pattern(size, at)));
    at += size;
  }
  const gotOurs: Uint8Array[] = [];
  const gotTheirs: Uint8Array[] = [];
  const bytesOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);
  const endMs = now + 600_000;
  while (now < endMs && (bytesOf(gotOurs) < total || bytesOf(gotTheirs) < total)) {
    now += 5;
    const due = flights.filter(({ atMs }) => atMs <= now);
    flights = flights.filter(({ atMs }) => atMs > now);
    for (const { to, bytes } of due) {
      if (to === 'ours') ours.input(bytes, now);
      else theirs.input(Buffer.from(bytes));
    }
    for (let piece = ours.receive(); piece !== undefined; piece = ours.receive()) gotOurs.push(piece);
    for (let piece = theirs.recv(); piece !== undefined; piece = theirs.recv()) gotTheirs.push(Uint8Array.from(piece));
    if (ours.deadlineMs <= now) ours.update(now);
    theirs.update(now);
  }
  expect(ours.failure).toBeUndefined();
  const wanted = Buffer.from(pattern(total));
  expect(Buffer.concat(gotOurs).equals(wanted)).toBe(true);
  expect(Buffer.concat(gotTheirs).equals(wanted)).toBe(true);
  if (stream === 0) {
    expect(gotOurs.map(({ length }) => length)).toEqual(sizes);
    expect(gotTheirs.map(({ length }) => length)).toEqual(sizes);
  }
}
