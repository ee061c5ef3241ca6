import { check, fail } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { rest } from '../time.js';
import type { Bench } from './bench.js';
import type { LinkPair, RecordedPair } from './fixture.js';
import { fill } from './flow-cases.js';
import type { Probe } from './probe.js';
import { canRecordWrites, recordWrites } from './recorded-writes.js';

const UNIT_BYTES = 32_768;
const SIZES = Array.from({ length: 60 }, (_, i) => 20 + ((i * 37) % 200));
const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** That a stream hands over unit by unit, which a reader of the original needs. Source: STMP 1.0, section 7. */
export function writeCases(bench: Bench): Case[] {
  const { openRecorded } = bench.fixture;
  const blind = openRecorded === undefined && !canRecordWrites && 'the fixture has no openRecorded';

  const sendAll = (a: Probe): void => {
    for (const [i, size] of SIZES.entries()) a.send(randomBytes(size, 300 + i));
  };
  /** Runs `send`, which says how many units it has sent; there has to be a write for each. */
  const expectOneByOne = async (send: (a: Probe, b: Probe) => Promise<number>): Promise<void> => {
    const run = async (a: Probe, b: Probe, writes: readonly (readonly number[])[], isSure: boolean): Promise<void> => {
      a.start();
      b.start();
      const before = writes.map((sizes) => sizes.length);
      const units = await send(a, b);
      for (const [i, sizes] of writes.entries()) {
        const made = sizes.slice(before[i]);
        // What lies between, as TLS does, hides the units; then there is nothing to be seen here.
        if (!isSure && sum(made) < b.byteLength) continue;
        if (made.length >= units) continue;
        fail(
          `${units} units were sent: expected a write for each, got ${made.length} writes of ${made.slice(-5).join(', ')} bytes at the end`,
        );
      }
    };
    if (openRecorded !== undefined) {
      await bench.pairFrom<RecordedPair>('openRecorded()', openRecorded, async (a, b, { writes }) => {
        check(Array.isArray(writes), "the fixture's openRecorded() must give a list of writes");
        await run(a, b, [writes], true);
      });
      return;
    }
    const { opened, writes } = await recordWrites(() => bench.fixture.open());
    const open = async (): Promise<LinkPair> => opened;
    await bench.pairFrom('open()', open, (a, b) => run(a, b, writes, false));
  };
  const skip = bench.isStream ? blind : 'messages are never merged';
  const alone = openRecorded === undefined;

  return [
    defineCase(
      'units of one turn are written one by one, never merged',
      skip,
      () =>
        expectOneByOne(async (a, b) => {
          sendAll(a);
          await b.received(sum(SIZES));
          return SIZES.length;
        }),
      { alone },
    ),
    defineCase(
      'units that wait for a full path are written one by one, never merged',
      skip || (!bench.canPause && 'the flow cannot be stopped here'),
      () =>
        expectOneByOne(async (a, b) => {
          b.pause();
          await rest();
          const unit = randomBytes(UNIT_BYTES, 370);
          const sent = await fill(a, unit, bench.stallBytes);
          sendAll(a);
          b.resume();
          await b.received(sent * unit.length + sum(SIZES));
          return sent + SIZES.length;
        }),
      { alone },
    ),
  ];
}
