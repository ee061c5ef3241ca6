import type { Link } from '@stmp/contract';
import { equal, sameBytes } from '../assert.js';
import { type Case, defineCase } from '../case.js';
import { rest } from '../time.js';
import { exchange, type ListenerBench } from './bench.js';

const GREETING = Uint8Array.of(0x53, 0x54, 0x4d, 0x50);

/** How links come, and which limits they have. */
export function acceptCases(bench: ListenerBench): Case[] {
  const { beRefused } = bench.fixture;
  return [
    defineCase('each dial gives one link, and links do not mix', false, () =>
      bench.run(async ({ listen, meet }) => {
        const stand = await listen();
        const dialed = [];
        for (let i = 0; i < 4; i++) {
          const [probe, accepted] = await meet(stand);
          probe.send(Uint8Array.of(i));
          await accepted.received(2);
          dialed.push(probe);
        }
        for (const [i, accepted] of stand.links.entries()) accepted.send(Uint8Array.of(100 + i));
        for (const probe of dialed) await probe.received(1);
        await rest();
        equal(stand.links.length, 4, 'links');
        for (const [i, probe] of dialed.entries()) {
          sameBytes(probe.bytes, Uint8Array.of(100 + i), `at dialed end ${i}`);
          sameBytes(stand.links[i]?.bytes as Uint8Array, Uint8Array.of(0, i), `at accepted end ${i}`);
        }
      }),
    ),
    defineCase(
      'a link that is closed as it comes ends at the other side',
      !bench.endTravels && 'the end of one side does not reach the other here',
      () =>
        bench.run(async ({ listen, dial }) => {
          const closings: Promise<void>[] = [];
          const stand = await listen(undefined, { onLink: (link: Link) => void closings.push(link.close()) });
          const probe = await dial(stand.listening.address);
          equal(await probe.closed(), undefined, 'reason at the dialed end');
          await bench.step('close() of a link that was not started', Promise.all(closings));
          equal(closings.length, 1, 'links');
        }),
    ),
    defineCase('maxUnitBytes of the acceptor is kept', bench.isStream && 'a stream has no units', () =>
      bench.run(async ({ listen, meet }) => {
        const stand = await listen(undefined, { maxUnitBytes: 1000 });
        const [probe, accepted] = await meet(stand);
        probe.send(new Uint8Array(1000));
        await accepted.received(1001);
        probe.send(new Uint8Array(1001));
        equal((await accepted.closed())?.code, 'too_large', 'reason at the accepted end');
        equal(accepted.units.length, 2, 'messages delivered');
      }),
    ),
    defineCase(
      'a greeting that is known ahead arrives once',
      !bench.isStream && 'only streams begin with a greeting',
      () =>
        bench.run(async ({ listen, meet }) => {
          const stand = await listen(undefined, { greeting: GREETING });
          const [probe, accepted] = await meet(stand);
          const first = Uint8Array.of(...GREETING, 1, 2, 3);
          accepted.send(first);
          accepted.send(Uint8Array.of(4));
          await probe.received(first.length + 1);
          await rest();
          sameBytes(probe.bytes, Uint8Array.of(...first, 4), 'at the dialed end');
          sameBytes(accepted.bytes, Uint8Array.of(0), 'at the accepted end');
        }),
    ),
    defineCase(
      'an attempt that is refused is told once, and the next one is taken',
      beRefused === undefined && 'the fixture has no beRefused',
      () =>
        bench.run(async ({ listen, meet }) => {
          const reasons: unknown[] = [];
          let told: () => void = () => {};
          const refused = new Promise<void>((resolve) => {
            told = resolve;
          });
          const stand = await listen(undefined, {
            onRefuse({ reason, message }) {
              reasons.push(reason);
              if (typeof message === 'string' && message !== '') told();
            },
          });
          await bench.step("the fixture's beRefused()", Promise.resolve(beRefused?.(stand.listening.address)));
          await bench.step('onRefuse with a message', refused);
          await rest();
          equal(reasons.length, 1, 'calls of onRefuse');
          equal(/^[a-z]+$/.test(String(reasons[0])), true, `a word as reason, got ${String(reasons[0])}`);
          equal(stand.links.length, 0, 'links from what was refused');
          await exchange(await meet(stand));
        }),
    ),
    defineCase(
      'an attempt that is refused is no matter where nobody wants to know',
      beRefused === undefined && 'the fixture has no beRefused',
      () =>
        bench.run(async ({ listen, meet }) => {
          const stand = await listen();
          await bench.step("the fixture's beRefused()", Promise.resolve(beRefused?.(stand.listening.address)));
          await exchange(await meet(stand));
        }),
    ),
  ];
}
