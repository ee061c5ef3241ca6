import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERBS } from '../src/verbs.js';
import { root, stmp } from './program.js';

const readme = readFileSync(join(root, 'packages/cli/README.md'), 'utf8');

describe('help', () => {
  it('names all verbs and exit codes', async () => {
    const { exitCode, out, err } = await stmp(['--help']);
    expect([exitCode, err]).toEqual([0, '']);
    for (const { name, summary } of VERBS) expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    expect(out).toContain('Exit code: 0 done, 1 failed, 2 wrong call, 3 no connection, 4 answered with a status');
  });

  it('comes on the standard error, with a failure, when nothing was said', async () => {
    const { exitCode, out, err } = await stmp([]);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toBe((await stmp(['help'])).out);
  });

  it.each(VERBS)('of $name has its options and examples', async ({ name, options, examples }) => {
    const { exitCode, out } = await stmp([name, '--help']);
    expect(exitCode).toBe(0);
    expect((await stmp(['help', name])).out).toBe(out);
    for (const option of Object.keys(options)) expect(out).toContain(`--${option}`);
    for (const example of examples) expect(out).toContain(`  stmp ${example}\n`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
  });

  it('tells of the version', async () => {
    expect((await stmp(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('names the verbs that there are', async () => {
    expect(await stmp(['cal'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('there is no cal; there are call, '),
    });
  });
});

describe('README.md', () => {
  it.each(VERBS)('has $name, and all of its options', ({ name, options }) => {
    expect(readme).toContain(`\`stmp ${name} `);
    for (const [option, { short }] of Object.entries(options))
      expect(readme).toMatch(new RegExp(`\`[^\`]*(--${option}|-${short ?? `-${option}`})\\b`));
  });
});
