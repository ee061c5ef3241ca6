// The program stmp; bin/stmp.js runs it.
import { ExitCode } from './exit-code.js';
import { run } from './run.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(ExitCode.Interrupted);
    stop.abort();
  });
}
// Whoever reads our output has had enough, as `head` has.
process.stdout.on('error', () => process.exit(ExitCode.Done));

process.exitCode = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  input: () => process.stdin,
  isTerminal: process.stderr.isTTY === true,
  signal: stop.signal,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
