// The program stmp-conformance; bin/stmp-conformance.js runs it.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { kitsOf } from './kits.js';
import { reportCases } from './report.js';
import type { Stack } from './transport/fixture.js';

const USAGE = `usage: stmp-conformance [--only TEXT] MODULE...

Runs the cases of @stmp/conformance against what each module exports: fixtures of
transports, listeners, payload codecs and compressions, and codecs and compressions
themselves. Says for each case whether it passed, what was expected and what came, or
why it was skipped. Ends with 1 when a case failed, with 2 when there was none to run.

  --only TEXT   only the cases whose name has TEXT in it
  --help        this text
`;

interface Arguments {
  readonly modules: readonly string[];
  readonly only: string;
}

/** @returns a text in place of arguments that are none. */
function parse(args: readonly string[]): Arguments | string {
  const modules: string[] = [];
  let only = '';
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--only') {
      const text = args[++i];
      if (text === undefined) return '--only needs a text';
      only = text;
    } else if (arg.startsWith('-')) return `${arg} is unknown`;
    else modules.push(arg);
  }
  return modules.length === 0 ? 'a module is needed' : { modules, only };
}

/** What a service is called over, where it is installed beside the author's module. */
async function findStack(path: string): Promise<Stack | undefined> {
  try {
    return (await import(pathToFileURL(createRequire(path).resolve('stmp')).href)) as Stack;
  } catch {
    return undefined;
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    process.stderr.write(`stmp-conformance: ${parsed}\n\n${USAGE}`);
    return 2;
  }
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const begin = performance.now();
  // What is thrown where no case waits, as from an event, is a failure too, and must not end the report.
  process.on('uncaughtException', (error) => {
    totals.failed++;
    print(`  FAILED  outside of any case\n            ${String(error)}`);
  });
  for (const module of parsed.modules) {
    const path = resolve(module);
    const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    const kits = kitsOf(exported, await findStack(path));
    if (kits.length === 0) {
      const names = Object.keys(exported).join(', ') || 'nothing';
      process.stderr.write(`stmp-conformance: ${module} exports ${names}, of which nothing can be tested\n`);
      return 2;
    }
    for (const { name, what, cases } of kits) {
      print(`${module}: ${name}, ${what}`);
      const chosen = cases.filter((one) => one.name.includes(parsed.only));
      const { passed, failed, skipped } = await reportCases(chosen, { print });
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += skipped;
      print('');
    }
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  print(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped, in ${seconds} s`);
  if (totals.failed > 0) return 1;
  return totals.passed > 0 ? 0 : 2;
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `stmp-conformance: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 2;
});
// What a transport has left open must not keep the program; all of the report is out first.
process.stdout.write('', () => process.exit(code));
