// npm run test:busy -- [--times N] [vitest arguments]: the suite, three times, beside two loops that never rest.
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { times: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) throw new RangeError(`--times must be a positive integer: ${values.times}`);

// They end by themselves when nobody ends them, and with this process.
const LOOP = `const endMs = Date.now() + 7_200_000; while (Date.now() < endMs && process.ppid === ${process.pid});`;
const loops = [1, 2].map(() => spawn(process.execPath, ['-e', LOOP], { stdio: 'ignore' }));
const rest = () => {
  for (const loop of loops) loop.kill('SIGKILL');
};
process.on('exit', rest);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

let failed = 0;
for (let run = 1; run <= times; run++) {
  const from = performance.now();
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...positionals], {
    stdio: 'inherit',
  });
  if (status !== 0) failed++;
  const seconds = Math.round((performance.now() - from) / 1000);
  console.log(`\nrun ${run} of ${times}, busy: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
}
process.exitCode = failed === 0 ? 0 : 1;
