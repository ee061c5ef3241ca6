import type { Case } from '@stmp/conformance';
import { expect } from 'vitest';

/** Runs all cases; the names of those that fail, with their messages. */
export async function failures(cases: readonly Case[]): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  await Promise.all(
    cases
      .filter((c) => c.skip === false)
      .map(async (c) => {
        try {
          await c.run();
        } catch (error) {
          failed.set(c.name, (error as Error).message);
        }
      }),
  );
  return failed;
}

/** At least one case must fail, and one of them for the right reason. */
export function expectNoticed(failed: ReadonlyMap<string, string>, reason: RegExp): void {
  expect([...failed.values()].join('\n')).toMatch(reason);
}

/** As {@link expectNoticed}, running one case after the other until one fails for the right reason. */
export async function noticed(cases: readonly Case[], reason: RegExp): Promise<void> {
  const failed = new Map<string, string>();
  for (const c of cases) {
    for (const [name, message] of await failures([c])) failed.set(name, message);
    if (reason.test(failed.get(c.name) ?? '')) return;
  }
  expectNoticed(failed, reason);
}
