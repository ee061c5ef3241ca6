import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/server/rate.js';
import { KeyedRates } from '../../src/server/rates.js';

describe('a token bucket', () => {
  // [at, tokens wanted, granted]
  it.each<[name: string, perSecond: number, burst: number, [atMs: number, count: number, granted: boolean][]]>([
    [
      'begins full and refills evenly',
      10,
      1,
      [
        [0, 10, true],
        [0, 1, false],
        [99, 1, false],
        [100, 1, true],
        [100, 1, false],
        [1_100, 10, true],
      ],
    ],
    [
      'holds no more than its burst',
      10,
      2,
      [
        [60_000, 20, true],
        [60_000, 1, false],
      ],
    ],
    [
      'lets one large request through when it is full, and makes the next wait for it',
      10,
      1,
      [
        [0, 25, true],
        [1_500, 1, false],
        [1_600, 1, true],
      ],
    ],
    [
      'holds at least one',
      0.5,
      1,
      [
        [0, 1, true],
        [1_999, 1, false],
        [2_000, 1, true],
      ],
    ],
  ])('%s', (_name, perSecond, burst, rows) => {
    const bucket = new TokenBucket(perSecond, burst, 0);
    expect(rows.map(([atMs, count]) => bucket.take(count, atMs))).toEqual(rows.map(([, , granted]) => granted));
  });
});

describe('rates by key', () => {
  it('forget keys that have rested, and none that have not', () => {
    const rates = new KeyedRates({ callsPerSecond: 10 });
    for (let i = 0; i < 1_024; i++) rates.of(`old${i}`, 0).mayCall(0);
    expect(rates.size).toBe(1_024);
    for (let i = 0; i < 10; i++) rates.of('busy', 60_000).mayCall(60_000);
    expect(rates.size).toBe(1);
    for (let i = 0; i < 1_100; i++) rates.of(`new${i}`, 60_010).mayCall(60_010);
    expect(rates.of('busy', 60_010).mayCall(60_010)).toBe(false);
    expect(rates.size).toBeGreaterThan(1_000);
  });
});
