// node fuzz/run.mjs [runs] [seed]: mutated gzip streams through both engines. One in twenty runs counts the branches of
// pako that it reaches; new finds are mutated further, and added to fuzz/corpus at the end. Build first.
// A difference between the engines, an error of another kind, or growth ends it with 1.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
// biome-ignore lint/correctness/noUndeclaredDependencies: a tool of the repository, not of the package
import { createInstrumenter } from 'istanbul-lib-instrument';
import { seeded } from '../../../test/kit/random.mjs';
import { gzipCompression } from '../dist/node.js';
import { CORPUS, compare, mutate, readCorpus, seeds } from './mutations.mjs';

const runs = Number(process.argv[2] ?? 10_000_000);
const seed = Number(process.argv[3] ?? 1);
const ALLOWED_GROWTH_BYTES = 64 << 20;

/** A copy of the package whose pako counts its branches. */
function instrumentedCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'stmp-gzip-fuzz-'));
  const find = (name) => dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
  cpSync(fileURLToPath(new URL('../dist', import.meta.url)), join(folder, 'dist'), { recursive: true });
  mkdirSync(join(folder, 'node_modules', '@stmp'), { recursive: true });
  mkdirSync(join(folder, 'node_modules', 'pako'));
  symlinkSync(find('@stmp/contract'), join(folder, 'node_modules', '@stmp', 'contract'));
  const options = { esModules: true, compact: true, coverageVariable: '__cov' };
  const source = readFileSync(join(find('pako'), 'dist', 'pako.mjs'), 'utf8');
  const manifest = { name: 'pako', type: 'module', exports: './pako.mjs' };
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'node_modules', 'pako', 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'node_modules', 'pako', 'pako.mjs'),
    createInstrumenter(options).instrumentSync(source, 'pako.mjs'),
  );
  return folder;
}

/** Counts of branches as steps of powers of two: also "more often than ever" is a find. */
function coverageOf(counters) {
  const flat = Object.values(counters);
  const best = flat.map((counts) => counts.map(() => 0));
  return () => {
    let isNew = false;
    for (let i = 0; i < flat.length; i++) {
      const counts = flat[i];
      for (let k = 0; k < counts.length; k++) {
        if (counts[k] === 0) continue;
        const magnitude = 32 - Math.clz32(Math.min(counts[k], 255));
        if (magnitude > best[i][k]) {
          best[i][k] = magnitude;
          isNew = true;
        }
        counts[k] = 0;
      }
    }
    return isNew;
  };
}

const folder = instrumentedCopy();
try {
  const counted = await import(pathToFileURL(join(folder, 'dist', 'node.js')).href);
  const zlib = gzipCompression({ engine: 'zlib' });
  const pako = gzipCompression({ engine: 'pako' });
  const countedPako = counted.gzipCompression({ engine: 'pako' });
  const pool = [...seeds(gzipCompression), ...readCorpus()];
  const isFind = coverageOf(globalThis.__cov['pako.mjs'].b);
  isFind();
  for (const bytes of pool) compare(zlib, countedPako, bytes, bytes.length);
  isFind();
  const next = seeded(seed);
  const found = [];
  let accepted = 0;
  let rssAfterWarmUp = Number.POSITIVE_INFINITY;
  const start = Date.now();
  for (let i = 1; i <= runs; i++) {
    const bytes = mutate(next, pool);
    const step = 1 + next(next(2) === 0 ? 8 : bytes.length + 1);
    const isCounted = i % 20 === 0;
    if (compare(zlib, isCounted ? countedPako : pako, bytes, step).length >= 0) accepted++;
    if (isCounted && isFind()) {
      pool.push(bytes);
      found.push(bytes);
    }
    if (i % 100_000 === 0) {
      // Let closed streams go.
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
      const used = process.memoryUsage().rss;
      if (i === 500_000) rssAfterWarmUp = used;
      if (used > rssAfterWarmUp + ALLOWED_GROWTH_BYTES) throw new Error(`grew from ${rssAfterWarmUp} to ${used} bytes`);
    }
    if (i % 1_000_000 === 0) {
      const perSecond = Math.round((i / (Date.now() - start)) * 1_000);
      console.log(`${i} runs, ${perSecond}/s, ${accepted} accepted, ${found.length} finds`);
    }
  }
  const lines = found.map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`);
  writeFileSync(CORPUS, readFileSync(CORPUS, 'utf8') + lines.join(''));
  console.log(`${runs} runs without a fault, ${accepted} accepted, ${found.length} finds saved`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
