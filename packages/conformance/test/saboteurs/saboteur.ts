import type { Case } from '@stmp/conformance';

/** Somebody who breaks one rule, and the case that has to say so. */
export interface Saboteur {
  /** What it does, after "one that". */
  readonly does: string;
  /** The case that names it. */
  readonly caughtBy: string;
  /** Other cases that may fail of it, at most three. */
  readonly also?: readonly string[];
  cases(): readonly Case[];
  /** Ends what it has left behind on purpose. */
  cleanUp?(): void;
}
