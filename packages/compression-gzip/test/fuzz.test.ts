import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { compare, mutate, readCorpus, seeds } from '../fuzz/mutations.mjs';
import { gzipCompression } from '../src/node.js';

// Each run is one stream through both engines. STMP_FUZZ_RUNS sets another number.
const RUNS = Number(process.env.STMP_FUZZ_RUNS ?? 50_000);

describe('mutated streams', () => {
  const zlib = gzipCompression({ engine: 'zlib' });
  const pako = gzipCompression({ engine: 'pako' });

  it('read the same with both engines, or fail as broken', () => {
    const pool = seeds(gzipCompression);
    for (const bytes of pool) expect(compare(zlib, pako, bytes, 7).length).toBeGreaterThanOrEqual(0);
    const next = seeded(5);
    let accepted = 0;
    for (let i = 0; i < RUNS; i++) {
      const bytes = mutate(next, pool);
      if (compare(zlib, pako, bytes, 1 + next(next(2) === 0 ? 8 : bytes.length + 1)).length >= 0) accepted++;
    }
    // Both ends of the mutations are of use: those that break a stream, and those that only shorten it.
    expect(accepted).toBeGreaterThan(RUNS / 20);
    expect(accepted).toBeLessThan(RUNS / 2);
  }, 600_000);

  it('read the same where long runs had found something', () => {
    const corpus = readCorpus();
    expect(corpus.length).toBeGreaterThan(50);
    for (const bytes of corpus) {
      for (const step of [1, 5, bytes.length || 1]) compare(zlib, pako, bytes, step);
    }
  });
});
