// Builds everything: tsc over all packages and examples, then what a package makes of it in its scripts/bundle.mjs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import workspace from './workspace.cjs';

const { ROOT, foldersOf, tscProjects } = workspace;
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

run('node_modules/@typescript/native/bin/tsc', '-b', ...tscProjects());
for (const folder of foldersOf('packages')) {
  const bundle = `packages/${folder}/scripts/bundle.mjs`;
  if (existsSync(`${ROOT}/${bundle}`)) run(bundle);
}
