import { createKcp, type Kcp, type KcpOptions, kcpPresets } from '@stmp/kcp';
import { describe, expect, it } from 'vitest';
import { pattern } from './sim.js';
import { CONV, wire } from './wire.js';

interface Line {
  /** Time that the line takes for each datagram of data: the later ones wait in its queue. */
  readonly perDatagramMs: number;
  readonly delayMs: number;
  /** Numbers, from 0, of the datagrams of data that are lost. */
  readonly lost?: readonly number[];
}

/** Sends over a thin line with a long queue, in one direction, until everything is acknowledged. */
function transfer(bytes: number, line: Line, options: Partial<KcpOptions>) {
  const flights: { atMs: number; to: Kcp; bytes: Uint8Array }[] = [];
  let nowMs = 1000;
  let busyMs = 0;
  let datagrams = 0;
  let received = 0;
  const fly = (atMs: number, to: Kcp, datagram: Uint8Array): void => {
    flights.push({ atMs, to, bytes: datagram });
  };
  const sender: Kcp = createKcp({
    conv: 1,
    ...options,
    output(datagram) {
      if (line.lost?.includes(datagrams++)) return;
      busyMs = Math.max(nowMs, busyMs) + line.perDatagramMs;
      fly(busyMs + line.delayMs, receiver, datagram.slice());
    },
  });
  const receiver: Kcp = createKcp({
    conv: 1,
    ...options,
    output: (datagram) => fly(nowMs + line.delayMs, sender, datagram.slice()),
  });
  sender.send(pattern(bytes));
  sender.update(nowMs);
  while (sender.pendingBytes > 0 && nowMs < 60_000) {
    flights.sort((a, b) => a.atMs - b.atMs);
    nowMs = Math.max(nowMs, Math.min(flights[0]?.atMs ?? Number.POSITIVE_INFINITY, sender.deadlineMs));
    for (let flight = flights[0]; flight !== undefined && flight.atMs <= nowMs; flight = flights[0]) {
      flights.shift();
      flight.to.input(flight.bytes, nowMs);
      flight.to.update(nowMs);
    }
    for (let piece = receiver.read(); piece !== undefined; piece = receiver.read()) {
      if (Buffer.compare(piece, pattern(piece.length, received)) !== 0) throw new Error(`other bytes at ${received}`);
      received += piece.length;
    }
    sender.update(nowMs);
  }
  expect(received).toBe(bytes);
  return { tookMs: nowMs - 1000, ...sender.counters };
}

describe('a queue that fills while the timeouts run', () => {
  it.each(['normal', 'fast'] as const)('is not taken for loss: %s', (preset) => {
    // 100 segments behind each other, 5 ms each: the last acknowledgement comes after half a second.
    const { resentCount, sentCount, tookMs } = transfer(
      100 * 1376,
      { perDatagramMs: 5, delayMs: 10 },
      kcpPresets[preset],
    );
    expect({ resentCount, sentCount }).toEqual({ resentCount: 0, sentCount: 100 });
    if (preset === 'fast') expect(tookMs).toBe(520);
  });

  it('does not hide the loss of the last segment for long', () => {
    const line = { perDatagramMs: 5, delayMs: 10, lost: [99] };
    const { resentCount, timeoutCount, tookMs } = transfer(100 * 1376, line, kcpPresets.fast);
    expect({ resentCount, timeoutCount }).toEqual({ resentCount: 1, timeoutCount: 1 });
    // It would have been acknowledged after 520 ms; then a margin, and its way through the empty line.
    expect(tookMs).toBeGreaterThan(545);
    expect(tookMs).toBeLessThan(750);
  });

  it.each([
    ['an old', -50_000],
    ['a senseless', -1_000_000],
    ['a future', 50_000],
  ])('%s echo does not put a timeout off for long', (_, shiftMs) => {
    const out: number[] = [];
    let now = 2_000_000;
    const kcp = createKcp({ conv: CONV, ...kcpPresets.fast, output: () => out.push(now) });
    kcp.send(pattern(3));
    kcp.send(pattern(3));
    kcp.update(now);
    kcp.input(wire({ cmd: 'ack', ts: now + shiftMs, sn: 0 }), now);
    kcp.update(now);
    const first = out.length;
    while (out.length === first) {
      now = kcp.deadlineMs;
      kcp.update(now);
    }
    expect(now - 2_000_000).toBeLessThanOrEqual(shiftMs === -50_000 ? 60_000 : 200);
  });

  it('leaves a single segment its timeout', () => {
    const { timeoutCount, tookMs } = transfer(10, { perDatagramMs: 0, delayMs: 10, lost: [0] }, kcpPresets.fast);
    expect({ timeoutCount, tookMs }).toEqual({ timeoutCount: 1, tookMs: 220 });
  });

  it('sends a lost segment again without a timeout while others arrive', () => {
    const line = { perDatagramMs: 1, delayMs: 10, lost: [3, 40] };
    const { resentCount, timeoutCount } = transfer(100 * 1376, line, kcpPresets.fast);
    expect({ resentCount, timeoutCount }).toEqual({ resentCount: 2, timeoutCount: 0 });
  });
});
