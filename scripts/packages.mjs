// Checks the packages as they would be published: publint on all, attw on those with several entries, versions by sherif.
import { execFileSync, spawnSync } from 'node:child_process';
import workspace from './workspace.cjs';

const { ROOT: root, packages } = workspace;
const published = packages().filter(({ manifest }) => !manifest.private);
/** An entry of its own for some platform, or more than one: where mistakes are made. */
const hasSeveralEntries = ({ manifest: { exports = {} } }) =>
  Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : Object.keys(target))).length > 2;
/** What is exported and is no code. */
const dataOf = ({ manifest: { exports = {} } }) =>
  Object.keys(exports).filter((entry) => typeof exports[entry] === 'string' && !exports[entry].endsWith('.js'));
const bin = (name) => `${root}/node_modules/.bin/${name}`;
let failed = 0;

function check(label, command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) {
    console.log(`ok      ${label}`);
    return;
  }
  failed++;
  console.log(`FAILED  ${label}\n${stdout}${stderr}`);
}

execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: 'inherit' });
for (const { folder } of published) check(`publint ${folder}`, bin('publint'), ['--strict', `packages/${folder}`]);
for (const one of published.filter(hasSeveralEntries)) {
  const { folder } = one;
  check(`attw ${folder}`, bin('attw'), [
    '--pack',
    `packages/${folder}`,
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    ...dataOf(one),
    '--format',
    'ascii',
    '--no-emoji',
    '--quiet',
  ]);
}
check('sherif', bin('sherif'), []);
process.exitCode = failed === 0 ? 0 : 1;
