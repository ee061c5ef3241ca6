// Publishes all packages in lockstep: npm run release -- --repository https://… [--bump patch] [--dry-run]
//
// Versions move by lerna, with changelog lines from the commits. What is published is built from a fresh clone of the
// tagged commit, in which every manifest and every link of a README carries the repository's address: that is one value,
// given here and kept nowhere. With --dry-run nothing leaves this machine: all is published to a registry that is started
// for it, and installed from there into an empty folder, where a program of each kind of user runs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startRegistry } from './release/registry.mjs';
import { stamp } from './release/stamp.mjs';
import { tryOut } from './release/trial.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    repository: { type: 'string' },
    bump: { type: 'string', default: 'patch' },
    'dry-run': { type: 'boolean', default: false },
  },
});
const dryRun = values['dry-run'];
// Example addresses are reserved for examples.
const repository = (values.repository ?? (dryRun ? 'https://example.com/stmp/stmp' : '')).replace(/(\.git)?\/*$/, '');
if (!URL.canParse(repository)) {
  console.error('usage: npm run release -- --repository https://… [--bump patch|minor|major|prerelease] [--dry-run]');
  process.exit(2);
}

const step = (what) => console.log(`\n== ${what} ==`);
const run = (cwd, command, args, env = {}) =>
  execFileSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, NX_DAEMON: 'false', ...env },
  });
const bump = (cwd, args) =>
  run(cwd, 'npx', ['lerna', 'version', values.bump, '--yes', '--force-publish', '--conventional-commits', ...args]);

if (!dryRun) {
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  if (changed !== '') throw new Error(`commit or remove first:\n${changed}`);
  step('versions');
  bump(root, []);
}

const work = mkdtempSync(join(tmpdir(), 'stmp-release-'));
const staging = join(work, 'repository');
let registry;
try {
  step('a fresh clone');
  run(root, 'git', ['clone', '--quiet', '--no-hardlinks', root, staging]);
  run(staging, 'git', ['config', 'user.name', 'release']);
  run(staging, 'git', ['config', 'user.email', 'release@localhost']);
  run(staging, 'npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund']);
  if (dryRun) {
    step('versions');
    bump(staging, ['--no-push', '--no-git-tag-version']);
    run(staging, 'git', ['add', '--all']);
    run(staging, 'git', ['commit', '--quiet', '--message', 'release']);
  }
  step('build');
  stamp(staging, repository);
  run(staging, 'npm', ['run', 'build', '--silent']);
  run(staging, 'git', ['commit', '--quiet', '--all', '--message', 'address']);
  step('publish');
  const publish = ['lerna', 'publish', 'from-package', '--yes', '--no-git-reset', '--concurrency', '4'];
  if (dryRun) {
    registry = await startRegistry(root, work);
    const npmrc = join(work, 'npmrc');
    writeFileSync(npmrc, `registry=${registry.url}\n${registry.url.replace('http:', '')}:_authToken=nobody\n`);
    const env = { npm_config_registry: registry.url, npm_config_userconfig: npmrc, NPM_CONFIG_PROVENANCE: 'false' };
    run(staging, 'npx', [...publish, '--registry', registry.url, '--no-verify-access'], env);
    step('an empty folder');
    tryOut(staging, join(work, 'user'), registry.url);
  } else run(staging, 'npx', publish);
} finally {
  await registry?.stop();
  rmSync(work, { recursive: true, force: true });
}
console.log(dryRun ? '\nrelease: all of it works; nothing was published' : '\nrelease: done');
