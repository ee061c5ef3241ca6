// Checks the packages as they would be published: publint on all, attw on those with several entries, versions by sherif.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => `${root}node_modules/.bin/${name}`;
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
for (const name of readdirSync(`${root}packages`))
  check(`publint ${name}`, bin('publint'), ['--strict', `packages/${name}`]);
for (const name of ['packet', 'transport-ws', 'stmp']) {
  check(`attw ${name}`, bin('attw'), [
    '--pack',
    `packages/${name}`,
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    './package.json',
    '--format',
    'ascii',
    '--no-emoji',
    '--quiet',
  ]);
}
check('sherif', bin('sherif'), []);
process.exitCode = failed === 0 ? 0 : 1;
