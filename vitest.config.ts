import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { TimeSpent } from './test/kit/time-spent.js';

interface Workspace {
  sourceAliases(): { readonly specifier: string; readonly source: string }[];
}
const { sourceAliases } = createRequire(import.meta.url)('./scripts/workspace.cjs') as Workspace;
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const exactly = (name: string): RegExp => new RegExp(`^${name.replaceAll('.', '\\.')}$`);
const files = (name: string): string[] =>
  ['packages/*/test', 'examples/*/test', 'test'].map((folder) => `${folder}/**/${name}.ts`);

// The name of a file says where it belongs: `a.test.ts` is bytes and fake time, and fails when it opens a socket or
// starts a program; `a.sockets.test.ts` and `a.slow.test.ts` may; `a.chromium.test.ts` needs a program of that name.
const named = { sockets: files('*.sockets.test'), slow: files('*.slow.test'), tools: files('*.*.test') };
const apart = ['**/node_modules/**', '**/dist/**'];
const project = (name: string, timeoutMs: number, rest: TestProjectInlineConfiguration['test']) => ({
  extends: true as const,
  test: { name, testTimeout: timeoutMs, hookTimeout: timeoutMs, expect: { poll: PATIENT }, exclude: apart, ...rest },
});
/** Of `expect.poll`: for what other processes and real sockets do, however busy the machine is. */
const PATIENT = { interval: 5, timeout: 60_000 };
/** `none`: tests that need tools are run elsewhere. Otherwise the names of tools that have to be there. */
const tools = process.env.STMP_TOOLS;

export default defineConfig({
  resolve: {
    alias: [
      { find: exactly('test-kit'), replacement: at('test/kit/index.ts') },
      ...sourceAliases().map(({ specifier, source }) => ({ find: exactly(specifier), replacement: source })),
    ],
  },
  test: {
    projects: [
      project('fast', 60_000, {
        include: files('*.test'),
        exclude: [...apart, ...named.tools],
        setupFiles: [at('test/kit/no-outside.ts')],
      }),
      project('sockets', 120_000, { include: named.sockets }),
      project('slow', 180_000, {
        include: named.slow,
        typecheck: { enabled: true, include: files('*.test-d'), tsconfig: './tsconfig.test.json' },
      }),
      ...(tools === 'none'
        ? []
        : [
            project('tools', 180_000, {
              include: named.tools,
              exclude: [...apart, ...named.sockets, ...named.slow],
            }),
          ]),
    ],
    reporters: ['default', new TimeSpent(tools === 'none' ? ['LEFT OUT: all tests that need tools (STMP_TOOLS)'] : [])],
    coverage: {
      enabled: process.env.CI === 'true',
      include: ['packages/*/src/**'],
      exclude: ['**/*.d.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
