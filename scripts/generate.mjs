// Regenerates all generated code that is checked in. `npm run generate -- --check` only compares.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = new URL('../packages/protoc-gen-stmp/dist/cli.js', import.meta.url);
if (!existsSync(cli)) {
  process.stderr.write('The generator is not built yet; run: npm run build\n');
  process.exit(1);
}
const { runCli } = await import(cli.href);

const runs = [
  ['--contract', 'stmp', '--out', 'examples/quick-start/src/generated', 'examples/quick-start/proto/quick_start.proto'],
  ['--contract', 'stmp', '--out', 'examples/room/src/generated', 'examples/room/proto/room.proto'],
  ['--out', 'test/generated', 'test/proto/interop.proto'],
];

const io = { cwd: root, out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) };
const extra = process.argv.slice(2);
process.exitCode = Math.max(...runs.map((args) => runCli([...args, ...extra], io)));
