// The program protoc-gen-stmp, which protoc and buf run; bin/protoc-gen-stmp.js runs it.
import { readFileSync } from 'node:fs';
import { version } from './cli.js';
import { runPlugin } from './plugin.js';

if (process.argv.includes('--version')) {
  process.stdout.write(`${version()}\n`);
} else if (process.stdin.isTTY || process.argv.length > 2) {
  process.stderr.write(
    'protoc-gen-stmp is run by protoc or buf: protoc --stmp_out=DIR FILE.proto\nWithout protoc: stmp-gen\n',
  );
  process.exitCode = 2;
} else {
  process.stdout.write(runPlugin(readFileSync(0)));
}
