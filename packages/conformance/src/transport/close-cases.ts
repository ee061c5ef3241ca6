import { StmpError } from '@stmp/contract';
import { check, equal, hasCode, sameBytes, throwsCode } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { rest, within } from '../time.js';
import type { Bench } from './bench.js';
import type { Probe } from './probe.js';

/** What a link does this long after its end, such as a timer that was not cleared, is noticed. */
const LATE_MS = 300;

/** Every way in which a link ends; `onClose` comes exactly once in each. */
export function closeCases(bench: Bench): Case[] {
  const silentEnd = !bench.endTravels && 'the end of one side does not reach the other here';
  const silentAbort = !bench.abortTravels && 'an abort of one side does not reach the other here';

  /** Closes `probe`; where the other side cannot notice, that too. */
  const closeBoth = async (probe: Probe, other: Probe): Promise<void> => {
    const closing = [probe.close()];
    if (!bench.endTravels) closing.push(other.close());
    await within(bench.timeoutMs, 'close()', Promise.all(closing));
  };
  const endedOnce = async (probe: Probe): Promise<void> => {
    await probe.closed();
    await rest(10);
    equal(probe.closes.length, 1, `${probe.name}: calls of onClose`);
  };

  return [
    defineCase('close ends both sides in order, without a reason', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(Uint8Array.of(1));
        await b.received(1);
        let told = 0;
        const closing = a.close().then(() => {
          told = a.closes.length;
        });
        if (!bench.endTravels) void b.close();
        await within(bench.timeoutMs, 'close()', closing);
        equal(told, 1, 'calls of onClose when close() was done');
        await endedOnce(a);
        await endedOnce(b);
        equal(a.closes[0], undefined, 'reason at a');
        equal(b.closes[0], undefined, 'reason at b');
      }),
    ),
    defineCase('the side that was dialed can close, too', silentEnd, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        b.send(Uint8Array.of(1));
        await within(bench.timeoutMs, 'close() of b', b.close());
        equal(await a.closed(), undefined, 'reason at a');
        sameBytes(a.bytes, Uint8Array.of(1), 'b to a');
      }),
    ),
    defineCase('close sends everything that is queued first', silentEnd, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const unit = randomBytes(65_000, 21);
        const count = Math.max(2, Math.floor(bench.bulkBytes / unit.length));
        for (let i = 0; i < count; i++) a.send(unit);
        const closing = a.close();
        equal(await b.closed(), undefined, 'reason at b');
        equal(b.byteLength, count * unit.length, 'bytes received before onClose');
        sameBytes(b.bytes.subarray((count - 1) * unit.length), unit, 'last unit');
        await within(bench.timeoutMs, 'close()', closing);
        equal(a.closes.length, 1, 'calls of onClose');
      }),
    ),
    defineCase('what was sent before an end is delivered to a link that starts after it', silentEnd, () =>
      bench.pair(async (a, b) => {
        a.start();
        a.send(Uint8Array.of(1, 2, 3));
        void a.close();
        await rest(50);
        b.start();
        equal(b.closes.length, 0, 'calls of onClose when start returned');
        equal(await b.closed(), undefined, 'reason at b');
        sameBytes(b.bytes, Uint8Array.of(1, 2, 3), 'a to b');
      }),
    ),
    defineCase('what is queued is flushed when the peer ends', silentEnd, () =>
      bench.pair(async (a, b) => {
        // A reader that has ended may drop it, so what counts is that the end stays orderly.
        a.start();
        b.start();
        const unit = randomBytes(100_000, 22);
        for (let i = 0; i < 10; i++) b.send(unit);
        await within(bench.timeoutMs, 'close() of a', a.close());
        equal(await b.closed(), undefined, 'reason at b');
      }),
    ),
    defineCase('an answer that is sent from the last onData does not throw', silentEnd, () =>
      bench.pair(async (a, b) => {
        b.onUnit = () => {
          b.link.defer(() => b.attempt(() => b.send(Uint8Array.of(9))));
        };
        b.pause();
        b.start();
        a.start();
        a.send(Uint8Array.of(1));
        void a.close();
        await rest(50);
        b.resume();
        await b.closed();
        equal(b.closes[0], undefined, 'reason at b');
      }),
    ),
    defineCase('close may be called again and by both sides at once', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(Uint8Array.of(1));
        b.send(Uint8Array.of(2));
        await within(bench.timeoutMs, 'close()', Promise.all([a.close(), b.close(), a.close(), b.close()]));
        await endedOnce(a);
        await endedOnce(b);
        equal(a.closes[0], undefined, 'reason at a');
        equal(b.closes[0], undefined, 'reason at b');
        await within(bench.timeoutMs, 'close() of a closed link', a.close());
        equal(a.closes.length, 1, 'calls of onClose');
      }),
    ),
    defineCase('nothing follows onClose, however late', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(Uint8Array.of(1));
        await b.received(1);
        await within(bench.timeoutMs, 'close()', Promise.all([a.close(), b.close()]));
        await rest(LATE_MS);
        for (const probe of [a, b]) {
          equal(probe.closes.length, 1, `${probe.name}: calls of onClose`);
          probe.verify();
        }
      }),
    ),
    defineCase('send throws link_closed once closing has begun', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const closing = closeBoth(a, b);
        throwsCode(() => a.send(Uint8Array.of(1)), ['link_closed'], 'send while closing');
        await within(bench.timeoutMs, 'close()', closing);
        await a.closed();
        throwsCode(() => a.send(Uint8Array.of(1)), ['link_closed'], 'send when closed');
        await rest();
        equal(b.units.length, 0, 'units at b');
      }),
    ),
    defineCase('calls on a closed link are harmless', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        await closeBoth(a, b);
        await a.closed();
        a.pause();
        a.resume();
        a.abort(new StmpError('protocol_error', 'too late'));
        equal(a.link.queuedBytes, 0, 'queuedBytes');
        equal(typeof a.link.peer, 'object', 'type of peer');
        await rest();
        equal(a.closes.length, 1, 'calls of onClose');
        equal(a.closes[0], undefined, 'reason');
      }),
    ),
    defineCase('a link can be closed without having been started', silentEnd, () =>
      bench.pair(async (a, b) => {
        a.start();
        a.send(randomBytes(10_000, 23));
        await rest();
        await within(bench.timeoutMs, 'close()', b.close());
        await a.closed();
      }),
    ),
    defineCase('abort closes at once, with its reason, and drops what is queued', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        if (bench.canPause) b.pause();
        await rest();
        const unit = randomBytes(65_536, 24);
        for (let i = 0; i < 64; i++) a.send(unit);
        const reason = new StmpError('protocol_error', 'the reason');
        a.abort(reason);
        equal(a.closes.length, 0, 'calls of onClose when abort returned');
        throwsCode(() => a.send(unit), ['link_closed'], 'send after abort');
        a.abort(new StmpError('too_large', 'another reason'));
        equal(await a.closed(), reason, 'reason');
        equal(a.link.queuedBytes, 0, 'queuedBytes');
        await within(bench.timeoutMs, 'close() after abort', a.close());
        await endedOnce(a);
      }),
    ),
    defineCase('abort before start is told after start', false, () =>
      bench.pair(async (a) => {
        const reason = new StmpError('protocol_error', 'early');
        a.abort(reason);
        await rest();
        a.start();
        equal(a.closes.length, 0, 'calls of onClose when start returned');
        equal(await a.closed(), reason, 'reason');
      }),
    ),
    defineCase('a peer that aborts ends the link once; a reason, if any, is link_failed', silentAbort, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        a.send(Uint8Array.of(1));
        await b.received(1);
        a.abort(new StmpError('protocol_error', 'gone'));
        const reason = await b.closed();
        if (reason !== undefined) {
          hasCode(reason, ['link_failed'], 'reason at b');
          equal(reason.origin, 'link', 'origin of the reason');
        }
        await endedOnce(b);
        throwsCode(() => b.send(Uint8Array.of(1)), ['link_closed'], 'send after the peer has gone');
      }),
    ),
    defineCase('a writer whose peer vanishes hears of it once', silentAbort, () =>
      bench.pair(async (a, b) => {
        a.start();
        b.start();
        const unit = randomBytes(60_000, 25);
        for (let i = 0; i < 20; i++) b.send(unit);
        a.abort(new StmpError('protocol_error', 'gone'));
        await b.closed();
        await endedOnce(b);
        await endedOnce(a);
        check(b.link.queuedBytes === 0, 'queuedBytes must be 0 after the end');
      }),
    ),
    defineCase('a peer that vanishes before start is told after start', silentAbort, () =>
      bench.pair(async (a, b) => {
        a.start();
        a.abort(new StmpError('protocol_error', 'gone'));
        await rest(50);
        b.start();
        equal(b.closes.length, 0, 'calls of onClose when start returned');
        await b.closed();
        await endedOnce(b);
      }),
    ),
  ];
}
