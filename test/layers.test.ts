import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Package {
  readonly folder: string;
  readonly manifest: { readonly name: string; readonly description: string };
  readonly below: readonly string[];
  readonly nodeFiles: readonly string[];
}
interface Row {
  readonly name: string;
  readonly folder: string;
  readonly description: string;
  readonly runs: string;
  readonly below: readonly string[];
}
const require = createRequire(import.meta.url);
const { packages } = require('../scripts/workspace.cjs') as { packages(): Package[] };
const { table } = require('../scripts/layers.cjs') as { table(): Row[] };
const root = fileURLToPath(new URL('..', import.meta.url));
const rows = table();

/** Only packages with no file that a page may load are for Node.js alone. */
const runs = ({ folder, nodeFiles }: Package): string =>
  nodeFiles.includes(`^packages/${folder}/src`) ? 'Node.js' : 'everywhere';

describe('docs/packages.md', () => {
  it('names folders that exist, each once', () => {
    const folders = packages().map(({ folder }) => folder);
    expect(rows.map(({ folder }) => folder).sort()).toEqual(folders);
  });

  it('only lets a package import from lines above its own', () => {
    for (const [at, { name, below }] of rows.entries()) {
      const above = rows.slice(0, at).map(({ folder }) => folder);
      expect(above, name).toEqual(expect.arrayContaining([...below]));
    }
  });

  for (const one of packages()) {
    const { folder, manifest, below } = one;
    it(`has the line of ${manifest.name}, and package.json keeps to it`, () => {
      const allowed = rows.find((row) => row.folder === folder)?.below ?? below;
      const imports = allowed.map((name) => `\`${name}\``).join(', ') || 'nothing';
      const line = `| [\`${manifest.name}\`](../packages/${folder}) | ${manifest.description} | ${runs(one)} | ${imports} |`;
      const lines = readFileSync(join(root, 'docs/packages.md'), 'utf8').split('\n');
      expect(lines.includes(line), `the line ${line}`).toBe(true);
      expect(allowed).toEqual(expect.arrayContaining([...below]));
    });
  }
});

describe('tsc references', () => {
  for (const { folder, below } of packages()) {
    it(`of ${folder} follow package.json`, () => {
      const configs = readdirSync(join(root, 'packages', folder)).filter((file) => /^tsconfig.*\.json$/.test(file));
      const referenced = configs.flatMap((config) => {
        const text = readFileSync(join(root, 'packages', folder, config), 'utf8');
        const { references = [] } = JSON.parse(text) as { references?: { path: string }[] };
        return references.flatMap(({ path }) => /^\.\.\/([^/]+)/.exec(path)?.[1] ?? []);
      });
      expect([...new Set(referenced)].sort()).toEqual([...below].sort());
    });
  }
});

describe('README.md', () => {
  it('names packages that exist, and says where all of them are', () => {
    const text = readFileSync(join(root, 'README.md'), 'utf8');
    const named = [...text.matchAll(/\]\(packages\/([^)#/]+)/g)].map(([, folder]) => folder!);
    expect(named.filter((folder) => !existsSync(join(root, 'packages', folder)))).toEqual([]);
    expect(text).toContain('](docs/packages.md)');
  });
});
