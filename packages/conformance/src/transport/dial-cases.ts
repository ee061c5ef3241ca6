import { equal, rejectsCode } from '../assert.js';
import { type Case, defineCase } from '../case.js';
import { rest, within } from '../time.js';
import type { Bench } from './bench.js';

/** How a dial fails. */
export function dialCases(bench: Bench): Case[] {
  const { dial, dialSlow, dialNobody } = bench.fixture;
  const noDial = dial === undefined && 'the fixture has no dial';
  const noNobody = dialNobody === undefined && 'the fixture has no dialNobody';
  const aborted = async (abort: (stop: () => void) => void): Promise<void> => {
    if (dial === undefined) return;
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const stop = (): void => controller.abort(reason);
    if (abort === before) stop();
    const dialing = dial(controller.signal);
    abort(stop);
    const error = await within(
      bench.timeoutMs,
      'the end of an aborted dial',
      rejectsCode(dialing, ['aborted'], 'dial'),
    );
    equal(error.cause, reason, 'cause of the error');
  };
  const before = (): void => {};
  return [
    defineCase('a dial whose signal has aborted before rejects with aborted', noDial, () => aborted(before)),
    defineCase('a dial that is aborted rejects with aborted', noDial, () => aborted((stop) => stop())),
    defineCase(
      'a dial that is aborted while it is under way rejects with aborted',
      dialSlow === undefined && 'the fixture has no dialSlow',
      async () => {
        if (dialSlow === undefined) return;
        const controller = new AbortController();
        const reason = new Error('changed my mind');
        let over = false;
        const dialing = rejectsCode(dialSlow(controller.signal), ['aborted'], 'dial').finally(() => {
          over = true;
        });
        dialing.catch(() => {});
        await rest(50);
        const early = over;
        controller.abort(reason);
        const error = await within(bench.timeoutMs, 'the end of an aborted dial', dialing);
        equal(early, false, "over before the abort (does somebody answer the fixture's dialSlow?)");
        equal(error.cause, reason, 'cause of the error');
      },
    ),
    defineCase('an abort after the dial does not touch the link', noDial, async () => {
      if (dial === undefined) return;
      const controller = new AbortController();
      const link = await within(bench.timeoutMs, 'dial', dial(controller.signal));
      let closed = false;
      link.start({ onData() {}, onDrain() {}, onClose: () => (closed = true) });
      controller.abort();
      await rest(50);
      equal(closed, false, 'closed by an abort that came after the dial');
      const closing = link.close();
      await within(bench.timeoutMs, 'close()', closing);
    }),
    defineCase('a dial to an address where nobody listens rejects with dial_failed', noNobody, async () => {
      if (dialNobody === undefined) return;
      await within(bench.timeoutMs, 'the end of the dial', rejectsCode(dialNobody(), ['dial_failed'], 'dial'));
    }),
  ];
}
