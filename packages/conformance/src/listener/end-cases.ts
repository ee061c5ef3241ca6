import { type Link, StmpError } from '@stmp/contract';
import { equal, fail, show } from '../assert.js';
import { type Case, defineCase } from '../case.js';
import { activeResources, cannotTellWhatIsLeft, expectNothingLeft } from '../left-behind.js';
import { rest } from '../time.js';
import { dialFails, exchange, type ListenerBench } from './bench.js';

const ROUNDS = 8;
/** Some of a kind may have been there before and be gone. */
const FEWEST = 5;

/** How listening ends. */
export function endCases(bench: ListenerBench): Case[] {
  const { fixture } = bench;
  const { breakDown } = fixture;
  return [
    defineCase('close may be called again, at once and later', false, () =>
      bench.run(async ({ listen }) => {
        const { listening } = await listen();
        await bench.step('close() twice', Promise.all([listening.close(), listening.close()]));
        await bench.step('close() once more', listening.close());
      }),
    ),
    defineCase('a late close does not touch who listens there next', false, () =>
      bench.run(async ({ listen, meet }) => {
        const { listening } = await listen();
        await bench.step('close()', listening.close());
        const next = await listen(listening.address);
        await bench.step('close() of the first once more', listening.close());
        await exchange(await meet(next));
      }),
    ),
    defineCase('open links stay open when listening ends', false, () =>
      bench.run(async ({ listen, meet }) => {
        const stand = await listen();
        const [probe, accepted] = await meet(stand);
        await bench.step('close() while a link is open', stand.listening.close());
        await rest();
        equal(probe.closes.length + accepted.closes.length, 0, 'links that ended with the listening');
        await exchange([probe, accepted]);
      }),
    ),
    defineCase('close with a dial under way leaves neither hanging', false, () =>
      bench.run(async ({ listen }) => {
        const stand = await listen();
        const dialing = fixture.dialer.dial(stand.listening.address).then(
          (link: Link) => link.abort(new StmpError('connection_closed', 'the case is over')),
          (error: unknown) => {
            if ((error as { code?: unknown } | null)?.code !== 'dial_failed')
              fail(`dial: expected a link or dial_failed, got ${show(error)}`);
          },
        );
        await bench.step('close() with a dial under way', stand.listening.close());
        await bench.step('the end of the dial', dialing);
      }),
    ),
    defineCase(
      'a listener that fails tells onError once and is closed',
      breakDown === undefined && 'the fixture has no breakDown',
      () =>
        bench.run(async ({ listen }) => {
          const errors: unknown[] = [];
          let told: () => void = () => {};
          const failing = new Promise<void>((resolve) => {
            told = resolve;
          });
          const { listening } = await listen(undefined, {
            onError(error) {
              errors.push(error);
              told();
            },
          });
          await bench.step("the fixture's breakDown()", Promise.resolve(breakDown?.(listening)));
          await bench.step('onError', failing);
          await rest();
          equal(errors.length, 1, 'calls of onError');
          equal(errors[0] instanceof Error, true, `an Error for onError, got ${show(errors[0])}`);
          if (bench.dialNeedsListener) await dialFails(bench, listening.address, 'a dial after the failure');
          await bench.step('close() after the failure', listening.close());
        }),
    ),
    defineCase(
      'listeners that were closed leave nothing behind',
      cannotTellWhatIsLeft,
      async () => {
        const round = (): Promise<void> =>
          bench.run(async ({ listen, meet }) => {
            const stand = await listen();
            await exchange(await meet(stand));
          });
        await round();
        const before = activeResources();
        for (let i = 0; i < ROUNDS; i++) await round();
        await expectNothingLeft(before, FEWEST, bench.timeoutMs, `after ${ROUNDS} listeners`);
      },
      { alone: true },
    ),
  ];
}
