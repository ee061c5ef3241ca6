import { spawnSync } from 'node:child_process';
import { hasTool } from 'test-kit';
import { expect, it } from 'vitest';
import { VERBS } from '../src/verbs.js';
import { stmp } from './program.js';

const isThere = hasTool('zsh', spawnSync('zsh', ['--version']).status === 0, 'completion in zsh');

/** Stands in for what zsh completes with, which works in a terminal alone: prints what it is asked to offer. */
const STAND_IN = `
compdef() { :; }
_describe() { print -l -- \${(P)2}; }
_arguments() { print -l -- "$@"; }
`;
const { out: script } = await stmp(['completion', 'zsh']);

function offered(...words: readonly string[]): string[] {
  const program = `${STAND_IN}${script}\nwords=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _stmp`;
  const { stdout, stderr, status } = spawnSync('zsh', ['-f', '-c', program], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}

it.skipIf(!isThere)('completion in zsh offers verbs, and the options of each', () => {
  expect(offered('stmp', '')).toEqual(VERBS.map(({ name, summary }) => `${name}:${summary}`));
  for (const { name, options } of VERBS) {
    const specs = offered('stmp', name, '');
    for (const [option, { short }] of Object.entries(options)) {
      expect(specs.some((spec) => spec.replace('*', '').startsWith(`--${option}[`))).toBe(true);
      if (short !== undefined) expect(specs.some((spec) => spec.replace('*', '').startsWith(`-${short}[`))).toBe(true);
    }
  }
  const codec = offered('stmp', 'call', '').find((spec) => spec.startsWith('--codec'));
  expect(codec).toMatch(/:NAME:\(protobuf msgpack json\)$/);
});
