import type { Link } from '@stmp/contract';
import { check, fail, show } from '../assert.js';
import { activeResources, type Resources } from '../left-behind.js';
import { within } from '../time.js';
import {
  DEFAULT_BULK_BYTES,
  DEFAULT_STALL_BYTES,
  DEFAULT_TIMEOUT_MS,
  type LinkPair,
  type OpenOptions,
  type TransportFixture,
} from './fixture.js';
import { Probe } from './probe.js';

export type PairBody<Pair> = (a: Probe, b: Probe, pair: Pair) => Promise<void>;

/** A fixture with its defaults filled in, and the frame of each case. */
export interface Bench {
  readonly fixture: TransportFixture;
  readonly isStream: boolean;
  readonly canPause: boolean;
  readonly endTravels: boolean;
  readonly abortTravels: boolean;
  readonly bulkBytes: number;
  readonly stallBytes: number;
  readonly timeoutMs: number;
  /** What there was before the first case. */
  readonly before: Resources;
  /** Opens a pair, runs the body, checks the rules that hold everywhere, ends both links, frees the pair. */
  pair(body: PairBody<LinkPair>, options?: OpenOptions): Promise<void>;
  /** As {@link pair}, with a pair that comes from elsewhere. */
  pairFrom<Pair extends LinkPair>(what: string, open: () => Promise<Pair>, body: PairBody<Pair>): Promise<void>;
}

export function createBench(fixture: TransportFixture): Bench {
  const timeoutMs = fixture.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  let before: Resources | undefined;
  const bench: Bench = {
    fixture,
    isStream: fixture.kind === 'stream',
    canPause: fixture.canPause ?? true,
    endTravels: fixture.endTravels ?? true,
    abortTravels: fixture.abortTravels ?? true,
    bulkBytes: fixture.bulkBytes ?? DEFAULT_BULK_BYTES,
    stallBytes: fixture.stallBytes ?? DEFAULT_STALL_BYTES,
    timeoutMs,
    get before() {
      before ??= activeResources();
      return before;
    },
    pair: (body, options) => bench.pairFrom('open()', () => fixture.open(options), body),
    async pairFrom(what, open, body) {
      void bench.before;
      const pair = await within(timeoutMs, `the fixture's ${what}`, open());
      checkPair(pair, what);
      const probes = [new Probe('a', pair.a, timeoutMs), new Probe('b', pair.b, timeoutMs)] as const;
      let failed = true;
      try {
        await body(...probes, pair);
        for (const probe of probes) probe.verify();
        failed = false;
      } finally {
        for (const probe of probes) probe.end();
        const closing = within(timeoutMs, "the fixture's close(), after both links were aborted", closePair(pair));
        // The first failure is the one to tell.
        await (failed ? closing.catch(() => {}) : closing);
      }
      // Ending must not have broken a rule either, such as a second onClose.
      for (const probe of probes) probe.verify();
    },
  };
  return bench;
}

function checkPair(pair: LinkPair, what: string): void {
  check(
    typeof pair === 'object' && pair !== null,
    `the fixture's ${what} must give { a, b, close }, got ${show(pair)}`,
  );
  const isLink = (link: Link): boolean => typeof link?.start === 'function';
  if (isLink(pair.a) && isLink(pair.b) && pair.a !== pair.b && typeof pair.close === 'function') return;
  fail(`the fixture's ${what} must give two links a and b, and a function close`);
}

async function closePair(pair: LinkPair): Promise<void> {
  try {
    await pair.close();
  } catch (error) {
    fail(`the fixture's close() failed: ${show(error)}`);
  }
}
