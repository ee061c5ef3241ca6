// A registry of npm packages on this machine, for as long as a trial of a release takes. Other people's packages come
// from where npm is told to get them.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

// The newest line that runs on Node.js 20. It has some 300 dependencies, so it is installed only here. One of them asks
// for a tag that not every registry has.
const VERDACCIO = 'verdaccio@6.7.4';
const MANIFEST = '{ "private": true, "overrides": { "node-fetch": "2.7.0" } }\n';
const START_TRIES = 600;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function startRegistry(root, work) {
  const home = join(root, 'node_modules/.cache/release');
  const bin = join(home, 'node_modules/verdaccio/bin/verdaccio');
  if (!existsSync(bin)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), MANIFEST);
    execFileSync('npm', ['install', '--prefix', home, '--no-audit', '--no-fund', '--ignore-scripts', VERDACCIO], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  }
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  }).trim();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const anyone = 'access: $all\n    publish: $anonymous';
  writeFileSync(
    join(work, 'verdaccio.yaml'),
    `storage: ${JSON.stringify(join(work, 'storage'))}
auth:
  htpasswd:
    file: ${JSON.stringify(join(work, 'htpasswd'))}
uplinks:
  upstream:
    url: ${upstream}
packages:
  '@stmp/*':
    ${anyone}
  'stmp':
    ${anyone}
  'create-stmp':
    ${anyone}
  '**':
    access: $all
    proxy: upstream
max_body_size: 50mb
log: { type: stdout, format: pretty, level: error }
`,
  );
  const child = spawn(
    process.execPath,
    [bin, '--config', join(work, 'verdaccio.yaml'), '--listen', `127.0.0.1:${port}`],
    {
      stdio: 'inherit',
    },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill();
    await ended;
  };
  for (let tries = 0; ; tries++) {
    const answered = await fetch(`${url}-/ping`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (answered) return { url, stop };
    if (tries === START_TRIES || child.exitCode !== null) {
      await stop();
      throw new Error('the registry did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
