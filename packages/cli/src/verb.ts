import type { Args, OptionSpecs } from './args.js';
import type { Io } from './io.js';

/** One of the things that the program does. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** The arguments behind the verb. */
  readonly usage: string;
  /** Of help: what goes beyond the options. */
  readonly details?: string;
  readonly options: OptionSpecs;
  /** Command lines, without `stmp` in front. */
  readonly examples: readonly string[];
  /** Resolves when done; what it rejects with becomes the exit code. */
  run(args: Args, io: Io): Promise<void>;
}
