// What each kind of user does first, in an empty folder, with packages from a registry.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';

/** The programs of a page, by the name that each gives itself or is given. */
function programsOf(page, names) {
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  if (blocks.length !== names.length) throw new Error(`docs/transports.md has ${blocks.length} programs`);
  return names.map((name, at) => [name, blocks[at]]);
}

function expectLine(text, line) {
  if (!text.split(/\r?\n/).includes(line)) throw new Error(`expected the line "${line}" in:\n${text}`);
}

export function tryOut(repository, folder, registry) {
  mkdirSync(folder, { recursive: true });
  const cache = join(folder, '../npm-cache');
  const windows = process.platform === 'win32';
  const npm = (...args) =>
    execFileSync('npm', [...args, '--registry', registry, '--cache', cache, '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: 'inherit',
      shell: windows,
    });
  const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm('install', 'stmp', '@stmp/conformance');
  const { version, repository: address } = JSON.parse(
    readFileSync(join(folder, 'node_modules/stmp/package.json'), 'utf8'),
  );
  if (address?.directory !== 'packages/stmp') throw new Error('the published manifest names no repository');
  console.log(`stmp ${version} of ${address.url} is installed`);

  // The meta-package: the quick start.
  cpSync(join(repository, 'examples/quick-start/dist'), join(folder, 'quick-start'), { recursive: true });
  const transcript = node('quick-start/main.js');
  console.log(transcript);
  if (!transcript.includes('RoomEvents')) throw new Error('the quick start heard no event');

  // Single packages.
  node(
    '--input-type=module',
    '--eval',
    "import { decodePacket } from '@stmp/packet'; decodePacket(Uint8Array.of(0x80), 'stream');",
  );

  // A transport of somebody else's: the program of docs/transports.md, its use, and the cases that it has to pass.
  const page = readFileSync(join(repository, 'docs/transports.md'), 'utf8');
  for (const [name, code] of programsOf(page, ['port-link', 'sums', 'cases'])) {
    writeFileSync(join(folder, `${name}.js`), transformSync(code, { loader: 'ts', target: 'es2022' }).code);
  }
  expectLine(node('sums.js'), '1 + 2 = 3');
  const cases = node('--test', '--test-reporter=tap', 'cases.js');
  const [, passed] = /^# pass (\d+)$/m.exec(cases) ?? [];
  if (!/^# fail 0$/m.test(cases) || !(Number(passed) >= 20)) throw new Error(`the cases of a transport:\n${cases}`);
  console.log(`a third-party transport passes ${passed} cases`);
}
