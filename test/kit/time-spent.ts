// After the tests: where the time went, and, loudly, what was left out.
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const SLOWEST_COUNT = 12;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(7)} s`;
const fileOf = (module: TestModule): string => relative('.', module.moduleId);

function spentMs(module: TestModule): number {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } = module.diagnostic();
  return environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration;
}

function timeOf(modules: readonly TestModule[]): string[] {
  const projects = new Map<string, { files: number; ms: number }>();
  for (const module of modules) {
    const { files, ms } = projects.get(module.project.name) ?? { files: 0, ms: 0 };
    projects.set(module.project.name, { files: files + 1, ms: ms + spentMs(module) });
  }
  const slowest = [...modules].sort((a, b) => spentMs(b) - spentMs(a)).slice(0, SLOWEST_COUNT);
  return [
    '\nWhere the time went:',
    ...[...projects].map(([name, { files, ms }]) => `${seconds(ms)}  ${name}, ${files} files`),
    ...slowest.map((module) => `${seconds(spentMs(module))}    ${fileOf(module)}`),
  ];
}

const skippedIn = (module: TestModule): number => [...module.children.allTests('skipped')].length;

export class TimeSpent implements Reporter {
  readonly #leftOut: string[];

  /** @param leftOut files that were not even looked at, and why. */
  constructor(leftOut: readonly string[]) {
    this.#leftOut = [...leftOut];
  }

  onUserConsoleLog({ content }: { readonly content: string }): void {
    this.#leftOut.push(...content.split('\n').filter((line) => line.startsWith('LEFT OUT: ')));
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < 2) return;
    const skipped = modules.filter((module) => skippedIn(module) > 0);
    const loud = [
      ...this.#leftOut.map((line) => `*** ${line} ***`),
      ...skipped.map((module) => `skipped ${skippedIn(module)} in ${fileOf(module)}`),
    ];
    console.log([...timeOf(modules), '', ...loud].join('\n'));
  }
}
