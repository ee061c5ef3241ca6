// The program protoc-gen-stmp, which protoc and buf run; bin/protoc-gen-stmp.js runs it.
import { isatty } from 'node:tty';
import { version } from './cli.js';
import { runPlugin } from './plugin.js';

if (process.argv.includes('--version')) {
  process.stdout.write(`${version()}\n`);
} else if (isatty(0) || process.argv.length > 2) {
  process.stderr.write(
    'protoc-gen-stmp is run by protoc or buf: protoc --stmp_out=DIR FILE.proto\nWithout protoc: stmp-gen\n',
  );
  process.exitCode = 2;
} else {
  // Not readFileSync(0): who starts us may have made the pipe non-blocking, and a pause would end it with EAGAIN.
  const request: Uint8Array[] = [];
  for await (const chunk of process.stdin) request.push(chunk as Uint8Array);
  process.stdout.write(runPlugin(Buffer.concat(request)));
}
