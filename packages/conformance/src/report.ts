import { show } from './assert.js';
import type { Case } from './case.js';

/** How a case ended. */
export interface Outcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What was expected and what came, or why the case does not apply; undefined for one that passed. */
  readonly why: string | undefined;
}

/** How many cases ended in which way. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface ReportOptions {
  /** Takes one line, without its end. */
  readonly print: (line: string) => void;
  /** Cases that run beside each other; most of them wait most of the time. Default 4. */
  readonly atOnce?: number | undefined;
}

async function run({ name, skip, run }: Case): Promise<Outcome> {
  if (skip !== false) return { name, state: 'skipped', why: skip };
  try {
    await run();
    return { name, state: 'passed', why: undefined };
  } catch (error) {
    return { name, state: 'failed', why: error instanceof Error ? error.message : show(error) };
  }
}

const HEADS = { passed: 'ok    ', failed: 'FAILED', skipped: 'skip  ' } as const;

function linesOf({ name, state, why }: Outcome): string[] {
  const first = `  ${HEADS[state]}  ${name}`;
  if (why === undefined) return [first];
  return [
    first,
    ...why.split('\n').map((line, i) => `            ${i === 0 && state === 'skipped' ? 'because ' : ''}${line}`),
  ];
}

/**
 * Runs cases where there is no test runner, as in a page, and prints a line for each, in their order: whether it
 * passed, what was expected and what came, or why it was skipped.
 */
export async function reportCases(cases: readonly Case[], { print, atOnce = 4 }: ReportOptions): Promise<Totals> {
  const outcomes: (Outcome | undefined)[] = cases.map(() => undefined);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  let next = 0;
  let printed = 0;
  const work = async (): Promise<void> => {
    while (next < cases.length) {
      const index = next++;
      const outcome = await run(cases[index] as Case);
      outcomes[index] = outcome;
      totals[outcome.state]++;
      for (let ready = outcomes[printed]; ready !== undefined; ready = outcomes[++printed]) {
        for (const line of linesOf(ready)) print(line);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, work));
  return totals;
}
