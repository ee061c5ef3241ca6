import { check, fail } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import type { Bench } from './bench.js';
import type { RecordedPair } from './fixture.js';
import type { Probe } from './probe.js';
import { canRecordWrites, recordWrites } from './recorded-writes.js';

const SIZES = Array.from({ length: 60 }, (_, i) => 20 + ((i * 37) % 200));
const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** That a stream hands over unit by unit, which a reader of the original needs. Source: STMP 1.0, section 7. */
export function writeCases(bench: Bench): Case[] {
  const { openRecorded } = bench.fixture;
  const blind = openRecorded === undefined && !canRecordWrites && 'the fixture has no openRecorded';

  /** Sends units in one turn. @returns what was written meanwhile, one list for each of `writes`. */
  const sendAll = async (a: Probe, b: Probe, writes: readonly (readonly number[])[]): Promise<number[][]> => {
    a.start();
    b.start();
    const before = writes.map((sizes) => sizes.length);
    for (const [i, size] of SIZES.entries()) a.send(randomBytes(size, 300 + i));
    await b.received(sum(SIZES));
    return writes.map((sizes, i) => sizes.slice(before[i]));
  };
  const expectOneByOne = (sizes: readonly number[]): void => {
    if (sizes.length >= SIZES.length) return;
    fail(
      `${SIZES.length} units sent in one turn: expected a write for each, got ${sizes.length} of ${sizes.join(', ')} bytes`,
    );
  };

  return [
    defineCase(
      'units of one turn are written one by one, never merged',
      bench.isStream ? blind : 'messages are never merged',
      async () => {
        if (openRecorded !== undefined) {
          await bench.pairFrom<RecordedPair>('openRecorded()', openRecorded, async (a, b, { writes }) => {
            check(Array.isArray(writes), "the fixture's openRecorded() must give a list of writes");
            const [made = []] = await sendAll(a, b, [writes]);
            expectOneByOne(made);
          });
          return;
        }
        const { opened, writes } = await recordWrites(() => bench.fixture.open());
        await bench.pairFrom(
          'open()',
          async () => opened,
          async (a, b) => {
            // What lies between, as TLS does, hides the units; then there is nothing to be seen here.
            for (const made of await sendAll(a, b, writes)) if (sum(made) >= sum(SIZES)) expectOneByOne(made);
          },
        );
      },
      { alone: openRecorded === undefined },
    ),
  ];
}
