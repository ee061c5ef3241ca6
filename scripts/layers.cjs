// The layers: each package with those it may import, as docs/packages.md says.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { ROOT, packages } = require('./workspace.cjs');

/** The rows of the table: name on npm, folder, what it is, where it runs, folders of those it may import. */
function rowsOf(markdown) {
  const rows = markdown.matchAll(/^\| \[`([^`]+)`\]\(\.\.\/packages\/([^)]+)\) \| (.*?) \| (.*?) \| (.*?) \|$/gm);
  return [...rows].map(([, name, folder, description, runs, below]) => ({
    name,
    folder,
    description,
    runs,
    below: [...below.matchAll(/`([^`]+)`/g)].map(([, one]) => one),
  }));
}

const table = (root = ROOT) => rowsOf(readFileSync(join(root, 'docs/packages.md'), 'utf8'));

/** What each package may import. One that has no line yet may import what its package.json declares. */
function layers(root = ROOT) {
  const said = new Map(table(root).map(({ folder, below }) => [folder, below]));
  return Object.fromEntries(packages(root).map(({ folder, below }) => [folder, said.get(folder) ?? below]));
}

module.exports = { layers, table };
