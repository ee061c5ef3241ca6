import { spawnSync } from 'node:child_process';
import { hasTool } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { VERBS } from '../src/verbs.js';
import { root, stmp } from './program.js';

const { out: script } = await stmp(['completion', 'bash']);
const isThere = hasTool('bash', spawnSync('bash', ['--version']).status === 0, 'completion in bash');

/** What bash offers for the last word of a command line. */
function offered(...words: readonly string[]): string[] {
  const array = words.map((word) => `'${word}'`).join(' ');
  const program = `${script}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _stmp; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', program], { cwd: root, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!isThere)('completion in bash', () => {
  it.each([
    ['verbs', ['stmp', ''], VERBS.map(({ name }) => name)],
    ['verbs that were begun', ['stmp', 'li'], ['listen']],
    ['options', ['stmp', 'call', 'tcp://x', '--co'], ['--codec']],
    ['options of that verb', ['stmp', 'bench', '--in'], ['--in-flight', '--insecure']],
    ['choices', ['stmp', 'call', '--codec', ''], ['protobuf', 'msgpack', 'json']],
    ['nothing where a time is due', ['stmp', 'call', '--timeout', ''], []],
    ['files', ['stmp', 'call', '--proto', 'READ'], ['README.md']],
    ['files of input', ['stmp', 'call', 'tcp://x', 'A.B', '@READ'], ['@README.md']],
  ])('offers %s', (_what, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

it('says which shells there are', async () => {
  expect(await stmp(['completion', 'fish'])).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('completion is for bash or zsh'),
  });
});
