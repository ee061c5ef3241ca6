import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The command that runs a built program of the example: `npm test` builds first. */
export function command(path: string): string[] {
  const file = fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is not built yet; run: npm run build`);
  return [process.execPath, file];
}

/** A program of the example as a process of its own. */
export interface Program {
  readonly process: ChildProcessWithoutNullStreams;
  /** All lines so far. */
  readonly lines: readonly string[];
  /** Types a line. */
  type(line: string): void;
  /** Resolves with the first line that fits, once it is there. @throws when the program ends or a minute passes without it. */
  line(fits: RegExp): Promise<string>;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

export function run(path: string, args: readonly string[]): Program {
  const [file, ...before] = command(path);
  const child = spawn(file!, [...before, ...args], { stdio: 'pipe' });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let rest = '';
  let errors = '';
  let isOver = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
    for (const watch of [...watchers]) watch();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      resolve(code);
      for (const watch of [...watchers]) watch();
    });
  });
  child.stdin.on('error', () => {
    // It ended while something was typed.
  });
  onTestFinished(async () => {
    if (!isOver) child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    lines,
    ended,
    type: (line) => void child.stdin.write(`${line}\n`),
    line: (fits) =>
      new Promise((resolve, reject) => {
        const said = (): string => `${path} did not say ${fits}; it said:\n${[...lines, rest, errors].join('\n')}`;
        const timer = setTimeout(() => done(() => reject(new Error(said()))), 60_000);
        const done = (how: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          how();
        };
        const look = (): void => {
          const found = lines.find((line) => fits.test(line));
          if (found !== undefined) done(() => resolve(found));
          else if (isOver) done(() => reject(new Error(said())));
        };
        watchers.add(look);
        look();
      }),
  };
}
