// The program stmp-gen; bin/stmp-gen.js runs it.
import { runCli } from './cli.js';
import { watchFolders } from './watch.js';

process.exitCode = runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  watch: watchFolders,
});
