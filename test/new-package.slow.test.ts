// A package is found by its folder: in a copy of the repository, nothing else is touched.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'stmp-new-package-'));
/** The new one stands on these. */
const OTHERS = ['contract', 'packet', 'engine'];

const SCRATCH: Record<string, string> = {
  'package.json': JSON.stringify({
    name: '@stmp/scratch',
    version: '0.0.0',
    description: 'A scratch',
    type: 'module',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './more': { types: './dist/more.d.ts', default: './dist/more.js' },
    },
    dependencies: { '@stmp/contract': '^0.0.0' },
  }),
  'tsconfig.json': JSON.stringify({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src', '../../types/portable.d.ts'],
    references: [{ path: '../contract' }],
  }),
  'README.md':
    "# @stmp/scratch\n\n```ts\nimport { scratched } from '@stmp/scratch';\n\nconsole.log(scratched); // 0\n```\n",
  'src/index.ts': "import { Status } from '@stmp/contract';\n\nexport const scratched: number = Status.Ok;\n",
  'src/more.ts': "export { scratched as more } from './index.js';\n",
  'scripts/bundle.mjs':
    "import { writeFileSync } from 'node:fs';\nwriteFileSync('packages/scratch/dist/bundle.js', '');\n",
  'test/scratch.test.ts':
    "import { more } from '@stmp/scratch/more';\nimport { expect, it } from 'vitest';\n\nit('is found', () => expect(more).toBe(0));\n",
};

function add(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(copy, 'packages/scratch', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Runs a program of the copy's node_modules, or a script of its own. */
function run(program: string, ...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { STMP_TOOLS: _tools, CI: _ci, FORCE_COLOR: _colour, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, program), ...args], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
  });
  return { status, output: stdout + stderr };
}
const sources = [...OTHERS, 'scratch'].map((name) => `packages/${name}/src`);
const boundaries = () =>
  run('node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', ...sources);

beforeAll(() => {
  const take = (path: string): void => cpSync(join(root, path), join(copy, path), { recursive: true });
  for (const file of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.base.json', 'tsconfig.test.json'])
    take(file);
  for (const path of ['vitest.config.ts', 'scripts', 'types', 'docs', 'README.md', 'test/kit', 'test/docs']) take(path);
  for (const path of ['test/layers.test.ts', ...OTHERS.flatMap((name) => parts(`packages/${name}`))]) take(path);
  add(SCRATCH);
  // As npm links workspaces.
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@stmp'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@stmp' && name !== '.vite') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const name of [...OTHERS, 'scratch'])
    symlinkSync(join(copy, 'packages', name), join(modules, '@stmp', name), 'dir');
});
afterAll(() => rmSync(copy, { recursive: true }));

function parts(folder: string): string[] {
  const kept = readdirSync(join(root, folder)).filter((name) => name === 'src' || /\.(json|md)$/.test(name));
  return kept.map((name) => `${folder}/${name}`);
}

describe('a new package', () => {
  it('is built, with what it bundles', () => {
    expect(run('scripts/build.mjs')).toEqual({ status: 0, output: '' });
    const built = readdirSync(join(copy, 'packages/scratch/dist'));
    expect(built).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'more.js', 'bundle.js']));
  });

  it('is tested, its other entries found by their names', () => {
    const { status, output } = run('node_modules/vitest/vitest.mjs', 'run', '--project', 'fast', 'scratch');
    expect(output).toMatch(/Tests.* 1 passed/);
    expect(status).toBe(0);
  });

  it('is asked for its line in the table of packages', () => {
    const { output } = run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'fast',
      'test/layers',
      '-t',
      'scratch',
    );
    expect(output).toContain('| [`@stmp/scratch`](../packages/scratch) | A scratch | everywhere | `contract` |');
  });

  it('has the programs of its README checked and run', () => {
    const { output } = run('node_modules/vitest/vitest.mjs', 'list', '--project', 'slow', 'test/docs');
    expect(output).toContain('packages/scratch/README.md:3');
  });

  it('is held to what it declares, until the table says what it may import', () => {
    expect(boundaries()).toMatchObject({ status: 0, output: expect.stringContaining('no dependency violations') });
    add({
      'src/fault.ts':
        "import type { Engine } from '@stmp/engine';\nimport { readFileSync } from 'node:fs';\nexport type X = Engine;\nexport const y = readFileSync;\n",
    });
    const { status, output } = boundaries();
    expect(status).not.toBe(0);
    expect(output).toContain('layer-scratch');
    expect(output).toContain('portable-means-no-node');
  });

  it('is not needed for faults of others to be found', () => {
    rmSync(join(copy, 'packages/scratch/src/fault.ts'));
    const file = join(copy, 'packages/packet/src/index.ts');
    writeFileSync(file, `${readFileSync(file, 'utf8')}export type { Engine } from '@stmp/engine';\n`);
    const { output } = boundaries();
    expect(output).toContain('layer-packet');
    expect(output).not.toContain('layer-scratch');
  });
});
