import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = at('../bin/stmp-conformance.js');

function node(...args: readonly string[]): {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: at('runners') });
  return { status, out: stdout, err: stderr };
}

const MERGED = 'units that wait for a full path are written one by one, never merged';

describe('stmp-conformance', () => {
  it('prints a line for each case, and how many passed', () => {
    const { status, out, err } = node(program, './parts.mjs');
    expect(err).toBe('');
    for (const head of ['streams, a stream transport', 'messages, a message transport', 'listener, a listener']) {
      expect(out).toContain(`./parts.mjs: ${head}\n`);
    }
    expect(out).toContain('./parts.mjs: codec, a payload codec\n');
    expect(out).toContain('./parts.mjs: compression, a compression\n');
    expect(out).not.toContain('unrelated');
    expect(out).toContain('  ok      a link states its kind, flags and peer\n');
    expect(out).toContain('  ok      a service is called over the links, both ways\n');
    expect(out).toMatch(/ {2}skip {4}with memberBytes .*\n {12}because the fixture cannot tell members\n/);
    expect(out).toMatch(/\n\d{3} passed, 0 failed, \d+ skipped, in [\d.]+ s\n$/);
    expect(status).toBe(0);
  });

  it('says what was expected and what came, and fails', () => {
    const { status, out } = node(program, '--only', 'wait for a full path', './naive-socket.mjs');
    expect(out).toMatch(
      new RegExp(
        `  FAILED  ${MERGED}\n            \\d+ units were sent: expected a write for each, got \\d+ writes of `,
      ),
    );
    expect(out).toMatch(/\n0 passed, 1 failed, 0 skipped, in [\d.]+ s\n$/);
    expect(status).toBe(1);
  });

  it('prints what the README shows', () => {
    const readme = readFileSync(at('../README.md'), 'utf8');
    const shown = /```\n(\.\/my-transport\.js: .*?)```/s.exec(readme)?.[1] ?? '';
    const numbersAside = (text: string): string => text.replace(/\d+(\.\d+)?/g, 'N');
    const { out } = node(program, '--only', 'one', './naive-socket.mjs');
    expect(numbersAside(out).replace('./naive-socket.mjs', './my-transport.js')).toBe(numbersAside(shown));
  });

  it('refuses what it cannot use', () => {
    expect(node(program)).toMatchObject({ status: 2, err: expect.stringContaining('a module is needed') });
    expect(node(program, '--loud')).toMatchObject({ status: 2, err: expect.stringContaining('--loud is unknown') });
    expect(node(program, './missing.mjs')).toMatchObject({ status: 2, err: expect.stringContaining('missing.mjs') });
    const nothing = node(program, './node.test.mjs');
    expect(nothing).toMatchObject({ status: 2, err: expect.stringContaining('of which nothing can be tested') });
    expect(node(program, '--help')).toMatchObject({ status: 0, out: expect.stringContaining('usage:') });
  });
});

it('node --test runs the same cases', () => {
  const { status, out } = node('--test', '--test-reporter=tap', './node.test.mjs');
  const count = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(out)?.[1]);
  expect(count('fail'), out.slice(0, 5_000)).toBe(0);
  expect(count('pass')).toBeGreaterThan(200);
  expect(count('skipped')).toBeGreaterThan(10);
  expect(status).toBe(0);
});
