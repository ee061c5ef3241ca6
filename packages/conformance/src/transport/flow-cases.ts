import { StmpError } from '@stmp/contract';
import { check, equal, sameBytes } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { rest, within } from '../time.js';
import type { Bench } from './bench.js';
import type { Probe } from './probe.js';

const UNIT_BYTES = 32_768;
/** Without a drain in this time the path counts as full. */
const FULL_MS = 60;

/**
 * Sends one unit again and again until `send` has returned false and no drain follows: the path is full.
 * @returns how many were sent.
 */
export async function fill(probe: Probe, unit: Uint8Array, limitBytes: number): Promise<number> {
  for (let sent = 1; sent * unit.length <= limitBytes; sent++) {
    const drains = probe.drains;
    if (!probe.send(unit)) {
      for (let ms = 0; ms < FULL_MS && probe.drains === drains; ms += 2) await rest(2);
      if (probe.drains === drains) return sent;
    } else if (sent % 16 === 0) {
      // Writes of one turn may wait for its end.
      await rest(0);
    }
  }
  throw new Error(`send did not return false for good in ${limitBytes} bytes that nobody reads`);
}

/** Backpressure: `send`'s result, `queuedBytes`, `onDrain`, `pause` and `resume`. */
export function flowCases(bench: Bench): Case[] {
  const noPause = !bench.canPause && 'the flow cannot be stopped here';
  return [
    defineCase('send returns false while the reader has paused, and onDrain follows when it reads again', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        b.pause();
        await rest();
        const unit = randomBytes(UNIT_BYTES, 11);
        let sent = await fill(a, unit, bench.stallBytes);
        check(a.link.queuedBytes > 0, 'queuedBytes must be above 0 after send returned false');
        equal(a.send(unit), false, 'a further send');
        sent++;
        const drains = a.drains;
        await rest();
        equal(a.drains, drains, 'calls of onDrain before anybody read');
        b.resume();
        await a.until('onDrain', () => a.drains > drains);
        await b.received(sent * UNIT_BYTES);
        await rest();
        equal(a.drains, drains + 1, 'calls of onDrain');
        equal(a.link.queuedBytes, 0, 'queuedBytes at the end');
        equal(b.byteLength, sent * UNIT_BYTES, 'bytes received');
        b.units.length = 0;
      }),
    ),
    defineCase('send returns false above highWaterBytes, and queues the unit all the same', noPause, () =>
      bench.pair(
        async (a, b) => {
          a.start();
          b.start();
          b.pause();
          await rest();
          const unit = randomBytes(UNIT_BYTES, 12);
          const sent = await fill(a, unit, bench.stallBytes);
          check(
            a.link.queuedBytes <= 3 * UNIT_BYTES,
            `expected at most ${3 * UNIT_BYTES} queued bytes with highWaterBytes 1000, got ${a.link.queuedBytes} (does the fixture's open() pass highWaterBytes on?)`,
          );
          b.resume();
          await b.received(sent * UNIT_BYTES);
          const bytes = b.bytes;
          for (let i = 0; i < sent; i += Math.max(1, sent >> 3)) {
            sameBytes(bytes.subarray(i * UNIT_BYTES, (i + 1) * UNIT_BYTES), unit, `unit ${i}`);
          }
        },
        { highWaterBytes: 1000 },
      ),
    ),
    defineCase('queuedBytes counts bytes', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        b.pause();
        await rest();
        const unit = randomBytes(UNIT_BYTES, 16);
        await fill(a, unit, bench.stallBytes);
        const before = a.link.queuedBytes;
        const count = 8;
        for (let i = 0; i < count; i++) a.send(unit);
        const grown = a.link.queuedBytes - before;
        const least = count * UNIT_BYTES;
        // The path may add heads of its own to each unit.
        check(grown >= least && grown <= 1.1 * least, `queuedBytes: expected ${least} bytes more, got ${grown}`);
      }),
    ),
    defineCase('dropQueued, if there is one, drops whole units, the last ones', noPause, () =>
      bench.pair(async (a, b) => {
        if (a.link.dropQueued === undefined) return;
        a.start();
        b.start();
        b.pause();
        await rest();
        const unit = randomBytes(UNIT_BYTES, 17);
        let sent = await fill(a, unit, bench.stallBytes);
        for (let i = 0; i < 8; i++) a.send(unit);
        sent += 8;
        const before = a.link.queuedBytes;
        a.call(() => a.link.dropQueued?.());
        check(a.link.queuedBytes <= before - 8 * UNIT_BYTES, 'queuedBytes must go down by what was dropped');
        const last = Uint8Array.of(1, 2, 3);
        a.send(last);
        b.resume();
        await b.until('the unit sent after dropQueued', () => b.byteLength % UNIT_BYTES === last.length);
        await rest();
        const { bytes } = b;
        check(bytes.length < sent * UNIT_BYTES, 'nothing was dropped');
        equal(bytes.length % UNIT_BYTES, last.length, 'bytes beyond whole units');
        for (let at = 0; at + UNIT_BYTES <= bytes.length; at += UNIT_BYTES) {
          sameBytes(bytes.subarray(at, at + UNIT_BYTES), unit, `unit at ${at}`);
        }
        sameBytes(bytes.subarray(-last.length), last, 'the unit sent after dropQueued');
      }),
    ),
    defineCase('a writer that waits for onDrain moves a large amount in bounded memory', false, () =>
      bench.pair(async (a, b) => {
        const unit = randomBytes(UNIT_BYTES, 13);
        const total = Math.ceil(bench.bulkBytes / UNIT_BYTES);
        let sent = 0;
        let most = 0;
        const pump = (): void => {
          while (sent < total) {
            sent++;
            const more = a.send(unit);
            most = Math.max(most, a.link.queuedBytes);
            if (!more) return;
          }
        };
        a.onDrain = pump;
        a.start();
        b.start();
        pump();
        await b.received(total * UNIT_BYTES);
        check(most <= 65_536 + UNIT_BYTES, `expected at most ${65_536 + UNIT_BYTES} queued bytes, got ${most}`);
        sameBytes(b.bytes.subarray((total - 1) * UNIT_BYTES), unit, 'last unit');
      }),
    ),
    defineCase('onDrain comes only after send has returned false', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        for (let i = 0; i < 20; i++) equal(a.send(Uint8Array.of(i)), true, 'send of one byte');
        await b.received(20);
        await rest();
        equal(a.drains + b.drains, 0, 'calls of onDrain');
      }),
    ),
    defineCase('pause brings silence, resume brings everything', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(Uint8Array.of(1));
        await b.received(1);
        b.pause();
        await rest();
        const before = b.byteLength;
        const unit = randomBytes(3000, 14);
        for (let i = 0; i < 10; i++) {
          a.send(unit);
          await rest(2);
        }
        await rest();
        equal(b.byteLength, before, 'bytes while paused');
        b.pause();
        b.resume();
        await b.received(before + 30_000);
        b.resume();
        sameBytes(b.bytes.subarray(before, before + 3000), unit, 'first unit');
      }),
    ),
    defineCase('pause before start holds everything back', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.pause();
        b.start();
        a.send(Uint8Array.of(1, 2));
        await rest();
        equal(b.units.length, 0, 'units while paused');
        b.resume();
        await b.received(2);
      }),
    ),
    defineCase('pause and resume inside onData are obeyed', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.onUnit = () => b.pause();
        b.start();
        for (let i = 0; i < 5; i++) {
          a.send(Uint8Array.of(i));
          await rest(5);
        }
        const before = b.byteLength;
        check(before >= 1 && before < 5, `expected 1 to 4 bytes before the pause took hold, got ${before}`);
        b.onUnit = undefined;
        b.resume();
        await b.received(5);
        sameBytes(b.bytes, Uint8Array.of(0, 1, 2, 3, 4), 'a to b');
      }),
    ),
    defineCase('a paused link can still send', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        b.pause();
        b.send(Uint8Array.of(7));
        await a.received(1);
      }),
    ),
    defineCase('close waits for a reader that has stalled, and abort ends the wait', noPause, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        b.pause();
        await rest();
        const unit = randomBytes(UNIT_BYTES, 15);
        await fill(a, unit, bench.stallBytes);
        for (let i = 0; i < 8; i++) a.send(unit);
        let closed = false;
        const closing = a.close().then(() => {
          closed = true;
        });
        await rest(50);
        equal(closed, false, 'close() done while the reader has stalled');
        const reason = new StmpError('connection_closed', 'waited long enough');
        a.abort(reason);
        equal(await a.closed(), reason, 'reason');
        await within(bench.timeoutMs, 'close()', closing);
        equal(a.link.queuedBytes, 0, 'queuedBytes after abort');
      }),
    ),
  ];
}
