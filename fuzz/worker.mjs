// One target in a thread of its own, so that scripts/fuzz.mjs can watch it. The input of the moment lies in shared
// memory: [runs, length, bytes].
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { seeded } from '../test/kit/random.mjs';
import { readCorpus, writeCorpus } from './corpus.mjs';
import { branchCount, watchCoverage } from './coverage.mjs';
import { mutate } from './mutator.mjs';
import { openTarget } from './targets.mjs';

const { name, folder, seed, runs, seconds, save, replay, shared } = workerData;
const ALLOWED_GROWTH_BYTES = 24 << 20;
const LOOKS = 20;

const place = new Uint32Array(shared, 0, 2);
const current = new Uint8Array(shared, 8);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const target = await openTarget(name, folder);
const note = (input) => {
  current.set(input.subarray(0, current.length));
  place[1] = input.length;
  place[0]++;
};
const attempt = (input) => {
  note(input);
  try {
    return target.run(input);
  } catch {
    // Again, to tell where: traces of the many errors that are as they should be cost more than all the rest.
    Error.stackTraceLimit = 20;
    target.run(input);
    throw new Error('it failed once, and not again');
  }
};
Error.stackTraceLimit = 0;

if (replay !== undefined) {
  const accepted = attempt(new Uint8Array(Buffer.from(replay, 'base64')));
  parentPort.postMessage({ done: `${name}: no fault, ${accepted ? 'accepted' : 'refused'}` });
} else {
  const isFind = watchCoverage();
  const pool = [];
  const start = [...target.seeds, ...readCorpus(name)];
  for (const input of start) {
    attempt(input);
    if (isFind() || pool.length === 0) pool.push(input);
  }
  const next = seeded(seed);
  const began = performance.now();
  const until = began + seconds * 1000;
  let finds = 0;
  let accepted = 0;
  let done = 0;
  let baseline;
  let lookAt = Math.ceil(runs / LOOKS);
  let lookAtMs = began + (seconds * 1000) / LOOKS;
  while (done < runs) {
    const input = mutate(next, pool, target.tokens, target.maxBytes);
    if (attempt(input)) accepted++;
    done++;
    if (isFind()) {
      pool.push(input);
      finds++;
    }
    if ((done & 1023) !== 0 && done !== lookAt) continue;
    const now = performance.now();
    if (done === lookAt || now >= lookAtMs) {
      lookAt = done + Math.ceil(runs / LOOKS);
      lookAtMs = now + (seconds * 1000) / LOOKS;
      // Streams that were closed are let go in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      const poolBytes = pool.reduce((sum, bytes) => sum + bytes.length + 200, 0);
      const used = heapUsed + external + arrayBuffers - poolBytes;
      // The first looks see code being compiled and tables being filled.
      if (done * 5 > runs || now > began + seconds * 200) baseline ??= used;
      if (baseline !== undefined && used > baseline + ALLOWED_GROWTH_BYTES) {
        throw new Error(`memory grew from ${baseline} to ${used} bytes`);
      }
      parentPort.postMessage({ progress: { done, perSecond: (done * 1000) / (now - began), finds, used } });
    }
    if (now >= until) break;
  }
  let kept = '';
  if (save) {
    // The short ones first, and of each only what the others did not reach.
    const fresh = watchCoverage();
    const seeds = new Set(target.seeds);
    const few = [...pool]
      .sort((a, b) => a.length - b.length)
      .filter((input) => {
        target.run(input);
        return fresh() && !seeds.has(input);
      });
    kept = `, ${writeCorpus(name, few)} inputs saved`;
  }
  const perSecond = Math.round((done * 1000) / (performance.now() - began));
  parentPort.postMessage({
    done: `${name}: ${done} runs without a fault, ${perSecond}/s, ${Math.round((accepted * 100) / done)} % accepted, ${finds} finds, ${branchCount()} branches watched${kept}`,
    runs: done,
  });
}
