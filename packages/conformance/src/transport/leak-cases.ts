import { check, equal, fail } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { activeResources, cannotTellWhatIsLeft, expectNothingLeft } from '../left-behind.js';
import { cannotCollect, Watched } from '../let-go.js';
import { rest, within } from '../time.js';
import type { Bench } from './bench.js';
import type { Probe } from './probe.js';

const ROUNDS = 8;
/** Some of a kind may have been there before and be gone. */
const FEWEST = 5;
const UNITS = 40;
/** A link may hold the last one of each direction, and a platform some that it is done with. */
const KEPT_UNITS = 6;

/** What links and dials leave behind when they are over: no timer, no handle, no listener, no unit. */
export function leakCases(bench: Bench): Case[] {
  const { dial, dialNobody } = bench.fixture;
  const noDial = dial === undefined && 'the fixture has no dial';
  const noNobody = dialNobody === undefined && 'the fixture has no dialNobody';

  const leavesNothing = async (what: string, round: () => Promise<void>): Promise<void> => {
    // What is made once, at the first use, is no leak.
    await round();
    const before = activeResources();
    for (let i = 0; i < ROUNDS; i++) await round();
    await expectNothingLeft(before, FEWEST, bench.timeoutMs, what);
  };

  return [
    defineCase(
      'links that have ended leave nothing behind',
      cannotTellWhatIsLeft,
      () =>
        leavesNothing(`after ${ROUNDS} pairs of links`, () =>
          bench.pair(async (a, b) => {
            a.start();
            b.start();
            a.send(Uint8Array.of(1));
            await b.received(1);
            const closing = Promise.all([a.close(), b.close()]);
            await within(bench.timeoutMs, 'close() of both ends', closing);
          }),
        ),
      { alone: true },
    ),
    defineCase(
      'dials that were aborted leave nothing behind',
      noDial || cannotTellWhatIsLeft,
      () =>
        leavesNothing(`after ${ROUNDS} aborted dials`, async () => {
          const controller = new AbortController();
          const dialing = dial?.(controller.signal);
          controller.abort(new Error('changed my mind'));
          await within(bench.timeoutMs, 'the end of an aborted dial', Promise.allSettled([dialing]));
        }),
      { alone: true },
    ),
    defineCase(
      'dials that failed leave nothing behind',
      noNobody || cannotTellWhatIsLeft,
      () =>
        leavesNothing(`after ${ROUNDS} failed dials`, () =>
          within(bench.timeoutMs, 'the end of the dial', Promise.allSettled([dialNobody?.()])).then(() => {}),
        ),
      { alone: true },
    ),
    defineCase('a dial that is over has no listener on its signal', noDial, async () => {
      if (dial === undefined) return;
      const { signal, count } = countedSignal();
      const link = await within(bench.timeoutMs, 'dial', dial(signal));
      link.start({ onData() {}, onDrain() {}, onClose() {} });
      await rest(10);
      const left = count();
      void link.close();
      equal(left, 0, 'listeners on the signal');
      check((signal as { onabort?: unknown }).onabort == null, 'onabort of the signal must be as it was');
    }),
    defineCase(
      'units that were sent and read are let go',
      cannotCollect(),
      () =>
        bench.pair(async (a, b) => {
          const watched = new Watched();
          b.onUnit = (unit) => {
            if (typeof unit !== 'string') watched.add(unit);
            b.units.length = 0;
          };
          a.start();
          b.start();
          await sendWatched(a, b, watched);
          await watched.expectLetGo(KEPT_UNITS, bench.timeoutMs, 'units that were sent and read');
        }),
      { alone: true },
    ),
  ];
}

async function sendWatched(a: Probe, b: Probe, watched: Watched): Promise<void> {
  let seen = 0;
  const take = b.onUnit;
  b.onUnit = (unit) => {
    seen += unit.length;
    take?.(unit);
  };
  const sendOne = (seed: number): void => {
    const unit = randomBytes(4000, seed);
    watched.add(unit);
    a.send(unit);
  };
  for (let i = 0; i < UNITS; i++) {
    sendOne(400 + i);
    await b.until(`${4000 * (i + 1)} bytes`, () => seen >= 4000 * (i + 1));
  }
  if (seen !== 4000 * UNITS) fail(`bytes received: expected ${4000 * UNITS}, got ${seen}`);
}

interface Listening {
  addEventListener(type: string, listener: object, options?: { readonly once?: boolean } | boolean): void;
  removeEventListener(type: string, listener: object): void;
}

/** A signal that does not abort, and how many listen to it. */
function countedSignal(): { readonly signal: AbortSignal; count(): number } {
  const { signal } = new AbortController();
  const target = signal as unknown as Listening;
  const { addEventListener, removeEventListener } = target;
  const listeners = new Set<object>();
  target.addEventListener = (type, listener, options) => {
    if (type === 'abort') listeners.add(listener);
    addEventListener.call(signal, type, listener, options);
  };
  target.removeEventListener = (type, listener) => {
    if (type === 'abort') listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return { signal, count: () => listeners.size };
}

/** The very last case: what all the others have left. */
export function leftoverCases(bench: Bench): Case[] {
  return [
    defineCase(
      'nothing is left when all cases are over',
      cannotTellWhatIsLeft,
      () => expectNothingLeft(bench.before, 2, bench.timeoutMs, 'after the cases that ran, all links aborted'),
      { alone: true },
    ),
  ];
}
