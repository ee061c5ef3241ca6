// Regenerates all generated code that is checked in. `npm run generate -- --check` only compares.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cases = 'packages/protoc-gen-stmp/test';
const caseFiles = ['wide', 'clash', 'common/money', 'common/all'].map((name) => `${cases}/proto/${name}.proto`);

/** Arguments of stmp-gen, called in the root of the repository. */
export const runs = [
  ['--contract', 'stmp', '--out', 'examples/quick-start/src/generated', 'examples/quick-start/proto/quick_start.proto'],
  ['--contract', 'stmp', '--out', 'examples/room/src/generated', 'examples/room/proto/room.proto'],
  ['--out', 'test/generated', 'test/proto/interop.proto'],
  ['--proto_path', `${cases}/proto`, '--out', `${cases}/generated/ts`, ...caseFiles],
  ['--proto_path', `${cases}/proto`, '--out', `${cases}/generated/js`, '--target', 'js', ...caseFiles],
  ['--proto_path', `${cases}/proto`, '--out', `${cases}/generated/cjs`, '--target', 'cjs', ...caseFiles],
];

async function main() {
  const cli = new URL('../packages/protoc-gen-stmp/dist/cli.js', import.meta.url);
  if (!existsSync(cli)) {
    process.stderr.write('The generator is not built yet; run: npm run build\n');
    return 1;
  }
  const { runCli } = await import(cli.href);
  const io = {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  };
  return Math.max(...runs.map((args) => runCli([...args, ...process.argv.slice(2)], io)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
