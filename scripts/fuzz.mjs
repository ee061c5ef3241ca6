// npm run fuzz -- [--runs N] [--seconds N] [--seed N] [--only a,b] [--save] [--replay BASE64]
//
// npm run fuzz -- codecs compares the codecs with those of others: see fuzz/codecs.mjs.
//
// Changed inputs for everything that reads what a peer sends. A change that takes a branch of the code for the first
// time is kept and changed further; with --save such inputs go to fuzz/corpus, where the next run begins.
// A fault, an input that takes longer than 20 s, or memory that grows ends it with 1 and the input in base64, which
// `--only TARGET --replay BASE64` runs again.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { instrumentedCopy } from '../fuzz/instrument.mjs';
import { TARGETS } from '../fuzz/targets.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '86400' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});
if (positionals.length > 0) {
  if (positionals.join() !== 'codecs') throw new RangeError(`codecs, or nothing, got ${positionals.join(' ')}`);
  const { fuzzCodecs } = await import('../fuzz/codecs.mjs');
  const { seeded } = await import('../test/kit/random.mjs');
  const limits = { runs: Math.min(Number(values.runs), 1_000_000), seconds: Number(values.seconds) };
  const done = fuzzCodecs({ ...limits, random: seeded(Number(values.seed)) });
  console.log(`codecs: ${done} messages agree with protobuf-es and msgpackr`);
  process.exit(0);
}
const STUCK_MS = 20_000;
const MAX_INPUT_BYTES = 1 << 16;
const names = values.only?.split(',') ?? Object.keys(TARGETS);
for (const name of names) {
  if (!Object.hasOwn(TARGETS, name)) throw new RangeError(`--only: ${name} is not one of ${Object.keys(TARGETS)}`);
}
const shares = names.reduce((sum, name) => sum + TARGETS[name].share, 0);

/** @returns the runs that were made; undefined after a fault. */
function fuzz(name, folder) {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const place = new Uint32Array(shared, 0, 2);
  const part = TARGETS[name].share / shares;
  const worker = new Worker(new URL('../fuzz/worker.mjs', import.meta.url), {
    workerData: {
      name,
      folder,
      shared,
      seed: Number(values.seed),
      runs: Math.ceil(Number(values.runs) * part),
      seconds: Number(values.seconds) * part,
      save: values.save,
      replay: values.replay,
    },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  return new Promise((resolve) => {
    let told = 0;
    let runs;
    let before = -1;
    const fault = (what) => {
      const input = Buffer.from(shared, 8, place[1]).toString('base64');
      console.error(`${name}: ${what}\nrun ${place[0]}, again with: --only ${name} --replay ${input}`);
      process.exitCode = 1;
    };
    const watch = setInterval(() => {
      if (place[0] !== before) before = place[0];
      else if (place[0] > 0 && runs === undefined) {
        fault(`an input takes longer than ${STUCK_MS / 1000} s`);
        void worker.terminate();
      }
    }, STUCK_MS);
    worker.on('message', (message) => {
      if (message.progress !== undefined && Date.now() >= told + 10_000) {
        told = Date.now();
        const { done, perSecond, finds, used } = message.progress;
        console.log(`${name}: ${done} runs, ${Math.round(perSecond)}/s, ${finds} finds, ${used >> 20} MB`);
      }
      if (message.done !== undefined) {
        console.log(message.done);
        runs = message.runs ?? 1;
      }
    });
    worker.on('error', (error) => fault(error.stack ?? error));
    worker.on('exit', () => {
      clearInterval(watch);
      resolve(runs);
    });
  });
}

const folder = instrumentedCopy();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
let total = 0;
for (const name of names) {
  const runs = await fuzz(name, folder);
  if (runs === undefined) process.exit(1);
  total += runs;
}
console.log(`${total} runs in all`);
