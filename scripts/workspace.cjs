// What the folders say: every list of packages in this repository comes from here. A package joins by its folder.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..');
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The folders in one of `packages` and `examples`, in alphabetical order. */
function foldersOf(group, root = ROOT) {
  if (!existsSync(join(root, group))) return [];
  return readdirSync(join(root, group))
    .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
    .sort();
}

/** @returns the source behind an export, as Node.js resolves it; undefined of one that is not compiled code. */
function sourceOf(folder, target, root) {
  const file = typeof target === 'string' ? target : (target.node ?? target.import ?? target.default);
  const built = /^\.\/dist\/(.+)\.js$/.exec(typeof file === 'object' ? file.default : (file ?? ''));
  if (built === null) return undefined;
  return ['ts', 'tsx']
    .map((extension) => `packages/${folder}/src/${built[1]}.${extension}`)
    .find((source) => existsSync(join(root, source)));
}

/** Globs of a tsconfig, as far as they are used there, to the pattern of a path. */
const pattern = (glob) =>
  glob
    .replace(/\/\*\*\/\*(\.ts)?$/, '/')
    .replace(/\.ts$/, '.')
    .replace(/\/\*.$/, '/')
    .replaceAll('.', '\\.');

/**
 * All packages: `folder`, `manifest`, `below` (ours that it depends on), `entries` (specifier to source), and
 * `nodeFiles`, patterns of those of its files that may use Node.js.
 */
function packages(root = ROOT) {
  const all = foldersOf('packages', root).map((folder) => ({
    folder,
    manifest: json(join(root, 'packages', folder, 'package.json')),
  }));
  const folderOf = new Map(all.map(({ folder, manifest }) => [manifest.name, folder]));
  return all.map(({ folder, manifest }) => {
    const exported = typeof manifest.exports === 'string' ? { '.': manifest.exports } : (manifest.exports ?? {});
    const entries = Object.entries(exported)
      .map(([path, target]) => [manifest.name + path.slice(1), sourceOf(folder, target, root)])
      .filter(([, source]) => source !== undefined);
    const configs = readdirSync(join(root, 'packages', folder))
      .filter((file) => /^tsconfig.*\.json$/.test(file))
      .map((file) => json(join(root, 'packages', folder, file)));
    return {
      folder,
      manifest,
      below: Object.keys(manifest.dependencies ?? {}).flatMap((name) => folderOf.get(name) ?? []),
      entries,
      nodeFiles: configs
        .filter(({ compilerOptions }) => compilerOptions?.types?.includes('node'))
        .flatMap(({ include = ['src'] }) => include)
        .filter((glob) => glob.startsWith('src'))
        .map((glob) => `^packages/${folder}/${pattern(glob)}`),
    };
  });
}

/** Where imports of our packages lead when nothing is built: for Vitest and for the check of the boundaries. */
function sourceAliases(root = ROOT) {
  return packages(root)
    .flatMap(({ entries }) => entries)
    .map(([specifier, source]) => ({ specifier, source: join(root, source) }));
}

/** What `tsc -b` builds. */
function tscProjects(root = ROOT) {
  return ['packages', 'examples'].flatMap((group) =>
    foldersOf(group, root)
      .map((folder) => `${group}/${folder}`)
      .filter((folder) => existsSync(join(root, folder, 'tsconfig.json'))),
  );
}

module.exports = { ROOT, foldersOf, packages, sourceAliases, tscProjects };
