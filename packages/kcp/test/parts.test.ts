import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { Deadlines, type Sleeper } from '../src/node/deadlines.js';
import { addressGroup } from '../src/node/resolve-host.js';

describe('addressGroup', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (address, group) => expect(addressGroup(address)).toBe(group));
});

describe('Deadlines', () => {
  it('wakes in order of time, whatever is moved or removed', () => {
    const random = seeded(11);
    const deadlines = new Deadlines<Sleeper>();
    const all = Array.from({ length: 200 }, () => ({ wakeAtMs: Number.POSITIVE_INFINITY, heapIndex: 0 }));
    const expected = new Map<Sleeper, number>();
    for (let i = 0; i < 2000; i++) {
      const sleeper = all[Math.floor(random() * all.length)] as Sleeper;
      if (random() < 0.2) {
        deadlines.remove(sleeper);
        expected.delete(sleeper);
      } else {
        const atMs = Math.floor(random() * 1000);
        deadlines.wakeBy(sleeper, atMs);
        expected.set(sleeper, Math.min(atMs, expected.get(sleeper) ?? Number.POSITIVE_INFINITY));
      }
      expect(deadlines.earliestMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...expected.values()));
    }
    const order = [...expected.values()].sort((a, b) => a - b);
    expect(deadlines.due(-1)).toBeUndefined();
    for (const atMs of order) {
      expect(deadlines.earliestMs).toBe(atMs);
      expect(expected.get(deadlines.due(atMs) as Sleeper)).toBe(atMs);
    }
    expect(deadlines.due(1e9)).toBeUndefined();
  });
});
