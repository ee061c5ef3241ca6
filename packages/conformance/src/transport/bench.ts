import {
  DEFAULT_BULK_BYTES,
  DEFAULT_STALL_BYTES,
  DEFAULT_TIMEOUT_MS,
  type LinkPair,
  type OpenOptions,
  type TransportFixture,
} from './fixture.js';
import { Probe } from './probe.js';

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
  /** Opens a pair, runs the body, checks the rules that hold everywhere, frees the pair. */
  pair(body: (a: Probe, b: Probe, pair: LinkPair) => Promise<void>, options?: OpenOptions): Promise<void>;
}

export function createBench(fixture: TransportFixture): Bench {
  const timeoutMs = fixture.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return {
    fixture,
    isStream: fixture.kind === 'stream',
    canPause: fixture.canPause ?? true,
    endTravels: fixture.endTravels ?? true,
    abortTravels: fixture.abortTravels ?? true,
    bulkBytes: fixture.bulkBytes ?? DEFAULT_BULK_BYTES,
    stallBytes: fixture.stallBytes ?? DEFAULT_STALL_BYTES,
    timeoutMs,
    async pair(body, options) {
      const pair = await fixture.open(options);
      const a = new Probe('a', pair.a, timeoutMs);
      const b = new Probe('b', pair.b, timeoutMs);
      try {
        await body(a, b, pair);
        a.verify();
        b.verify();
      } finally {
        await pair.close();
      }
      // Closing must not have broken a rule either, such as a second onClose.
      a.verify();
      b.verify();
    },
  };
}
