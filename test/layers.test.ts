import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const { LAYERS } = createRequire(import.meta.url)('../scripts/layers.cjs') as { LAYERS: Record<string, string[]> };
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const npmName = (name: string): string => (name === 'stmp' ? 'stmp' : `@stmp/${name}`);

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
}

describe('layers', () => {
  it('name every package', () => {
    expect(Object.keys(LAYERS).sort()).toEqual(readdirSync(join(root, 'packages')).sort());
  });

  for (const [name, below] of Object.entries(LAYERS)) {
    it(`${name}: package.json depends on what the table allows, and references follow`, () => {
      const manifest = read(`packages/${name}/package.json`) as Manifest;
      expect(manifest.name).toBe(npmName(name));
      const ours = Object.keys(manifest.dependencies ?? {}).filter((dependency) => /^(@stmp\/|stmp$)/.test(dependency));
      expect(below.map(npmName)).toEqual(expect.arrayContaining(ours));
      const configs = readdirSync(join(root, 'packages', name)).filter((file) => /^tsconfig.*\.json$/.test(file));
      for (const config of configs) {
        const { references = [] } = read(`packages/${name}/${config}`) as { references?: { path: string }[] };
        for (const { path } of references) {
          const target = /^\.\.\/([^/]+)/.exec(path)?.[1];
          if (target !== undefined) expect(ours, `${config} references ${target}`).toContain(npmName(target));
        }
      }
    });
  }
});

describe('npm run boundaries', () => {
  // A copy of the sources, so that the fault is never in the tree itself.
  const copy = mkdtempSync(join(tmpdir(), 'stmp-boundaries-'));
  afterAll(() => rmSync(copy, { recursive: true }));

  it('refuses an upward import, a Node.js import in a portable package, and nothing else', () => {
    for (const file of [
      '.dependency-cruiser.cjs',
      'tsconfig.boundaries.json',
      'tsconfig.base.json',
      'package.json',
      'scripts/layers.cjs',
    ]) {
      cpSync(join(root, file), join(copy, file));
    }
    for (const name of Object.keys(LAYERS)) {
      for (const part of ['src', 'package.json']) {
        if (existsSync(join(root, 'packages', name, part)))
          cpSync(join(root, 'packages', name, part), join(copy, 'packages', name, part), { recursive: true });
      }
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const cruise = (): { status: number | null; output: string } => {
      const folders = Object.keys(LAYERS).map((name) => `packages/${name}/src`);
      const run = spawnSync(
        process.execPath,
        [
          join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
          '--config',
          '.dependency-cruiser.cjs',
          ...folders,
        ],
        {
          cwd: copy,
          encoding: 'utf8',
        },
      );
      return { status: run.status, output: run.stdout + run.stderr };
    };
    const clean = cruise();
    expect(clean.output).toContain('no dependency violations');
    expect(clean.status).toBe(0);
    writeFileSync(
      join(copy, 'packages/packet/src/seeded.ts'),
      "import type { Engine } from '@stmp/engine';\nimport { readFileSync } from 'node:fs';\nexport type X = Engine;\nexport const y = readFileSync;\n",
    );
    const faulty = cruise();
    expect(faulty.status).not.toBe(0);
    expect(faulty.output).toContain('layer-packet');
    expect(faulty.output).toContain('portable-means-no-node');
  }, 60_000);
});
