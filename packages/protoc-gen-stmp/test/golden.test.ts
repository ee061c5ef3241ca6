import { describe, expect, it } from 'vitest';
import { runCli } from '../src/cli.js';
import { generate } from '../src/index.js';
import { CASES, caseSource, path, text } from './helpers.js';

describe('golden files', () => {
  for (const target of ['ts', 'js', 'cjs'] as const) {
    const files = generate({ files: CASES, read: caseSource, target });
    for (const file of files) {
      it(`${target}/${file.path}`, () => expect(file.text).toBe(text(`generated/${target}/${file.path}`)));
    }
    it(`gives the expected ${target} files`, () => {
      const extensions = { ts: ['ts'], js: ['js', 'd.ts'], cjs: ['cjs', 'd.cts'] }[target];
      const names = CASES.map((name) => name.replace(/proto$/, '')).flatMap((stem) =>
        extensions.map((end) => stem + end),
      );
      expect(files.map((file) => file.path).sort()).toEqual(names.sort());
    });
  }
});

describe('checked-in code', async () => {
  const script = path('../../../scripts/generate.mjs');
  const { runs } = (await import(/* @vite-ignore */ script)) as { runs: string[][] };
  for (const args of runs) {
    it(`is what stmp-gen gives for ${args.at(-1)} ${args.includes('js') ? '(js)' : ''}`, () => {
      const said: string[] = [];
      const io = { cwd: path('../../..'), out: () => {}, err: (line: string) => said.push(line) };
      const code = runCli([...args, '--check'], io);
      expect(said).toEqual([]);
      expect(code).toBe(0);
    });
  }
});
