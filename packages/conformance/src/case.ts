import { within } from './time.js';
import { inTurn } from './turns.js';

/** Time that a case may take in all; its steps have shorter ones. */
export const CASE_LIMIT_MS = 60_000;

/** One case, for any test runner: `test(c.name, { skip: c.skip }, c.run)`. */
export interface Case {
  readonly name: string;
  /** Why the case does not apply to the fixture, or false. Print it. */
  readonly skip: string | false;
  /** Rejects with an Error that says what was expected and what came; settles within about a minute, whatever the fixture does. */
  run(): Promise<void>;
}

export interface CaseOptions {
  /** True for a case that looks at the whole process: no other case of any kit runs beside it. */
  readonly alone?: boolean | undefined;
}

export function defineCase(
  name: string,
  skip: string | false | undefined,
  run: () => Promise<void>,
  { alone = false }: CaseOptions = {},
): Case {
  return {
    name,
    skip: skip ?? false,
    run: () => inTurn(alone, () => within(CASE_LIMIT_MS, 'the end of the case', run())),
  };
}
