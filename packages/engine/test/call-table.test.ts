import fc from 'fast-check';
import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { CallTable } from '../src/call-table.js';

/** Takes out all that has expired by `nowMs`, as the engine does. */
function expireAll(table: CallTable, nowMs: number): unknown[] {
  const tokens: unknown[] = [];
  for (let id = table.expired(nowMs); id !== 0; id = table.expired(nowMs)) {
    tokens.push(table.token(id));
    expect(table.abandon(id)).toBe(true);
  }
  return tokens;
}

describe('ids', () => {
  it('run from 1 to 65535 and then there is none', () => {
    const table = new CallTable();
    const ids = new Set<number>();
    for (let i = 0; i < 65_535; i++) ids.add(table.add(i, 0, 0));
    expect([ids.size, Math.min(...ids), Math.max(...ids), table.pending]).toEqual([65_535, 1, 65_535, 65_535]);
    expect(table.add('late', 0, 0)).toBe(0);
    expect(table.take(4711)).toBe(4710);
    expect(table.add('late', 0, 0)).toBe(4711);
    expect(table.add('later', 0, 0)).toBe(0);
  });

  it('are not used again while pending or given up', () => {
    const table = new CallTable();
    const kept = table.add('kept', 0, 0);
    const lost = table.add('lost', 0, 0);
    expect(table.abandon(lost)).toBe(true);
    for (let i = 0; i < 200_000; i++) {
      const id = table.add(i, 0, 0);
      if (id === kept || id === lost || id === 0) throw new Error(`id ${id} was used again`);
      if (table.take(id) !== i) throw new Error(`id ${id} has another token`);
    }
    expect(table.take(kept)).toBe('kept');
  });

  it('a late answer frees an id that was given up, and is dropped', () => {
    const table = new CallTable();
    const id = table.add('x', 0, 100);
    expect(table.abandon(id)).toBe(true);
    expect([table.pending, table.abandoned]).toEqual([0, 1]);
    expect(table.abandon(id)).toBe(false);
    expect(table.take(id)).toBeUndefined();
    expect([table.pending, table.abandoned]).toEqual([0, 0]);
    expect(table.take(id)).toBeUndefined();
    expect(table.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('ids that no call has are unknown', () => {
    const table = new CallTable();
    for (const id of [0, 1, 64, 65, 65_535]) expect([table.take(id), table.abandon(id)]).toEqual([undefined, false]);
    table.add('x', 0, 0);
    for (const id of [0, 2, 64, 65, 65_535]) expect([table.take(id), table.abandon(id)]).toEqual([undefined, false]);
    expect(table.pending).toBe(1);
  });

  it('a freed id rests before it is used again', () => {
    const table = new CallTable();
    const first = table.add('a', 0, 0);
    table.take(first);
    for (let i = 0; i < 31; i++) {
      const id = table.add(i, 0, 0);
      expect(id).not.toBe(first);
      table.take(id);
    }
  });

  it('clear gives each live token once and starts anew', () => {
    const table = new CallTable();
    for (let i = 0; i < 200; i++) table.add(i, 0, i % 2 ? 10 : 0);
    for (let id = 1; id <= 50; id++) table.abandon(id);
    for (let id = 51; id <= 100; id++) table.take(id);
    expect(table.clear()).toEqual(Array.from({ length: 100 }, (_, i) => i + 100));
    expect([table.clear(), table.pending, table.abandoned, table.deadlineMs]).toEqual([[], 0, 0, Infinity]);
    expect(table.add('new', 0, 5)).toBe(1);
    expect(expireAll(table, 5)).toEqual(['new']);
  });
});

describe('deadlines', () => {
  const late = (durationMs: number): number => Math.max(10, durationMs / 100);

  it('are exact while there are few durations', () => {
    const table = new CallTable();
    for (let i = 1; i <= 32; i++) table.add(i, 1000, i * 3.5);
    for (let i = 1; i <= 32; i++) {
      expect(table.deadlineMs).toBe(1000 + i * 3.5);
      expect(expireAll(table, 1000 + i * 3.5 - 0.25)).toEqual([]);
      expect(expireAll(table, 1000 + i * 3.5)).toEqual([i]);
    }
    expect(table.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('never come early, and late by 10 ms or 1 % at most, however many durations there are', () => {
    const table = new CallTable();
    const random = seeded(7);
    const calls = Array.from({ length: 5_000 }, (_, i) => {
      const durationMs = random([500, 50_000, 5_000_000][i % 3]);
      return { at: i / 10, durationMs: durationMs + 0.5 };
    });
    for (const call of calls) expect(table.add(call, call.at, call.durationMs)).toBeGreaterThan(0);
    let expired = 0;
    while (table.deadlineMs < Number.POSITIVE_INFINITY) {
      const now = table.deadlineMs;
      for (const token of expireAll(table, now)) {
        const { at, durationMs } = token as (typeof calls)[number];
        expect(now).toBeGreaterThanOrEqual(at + durationMs);
        expect(now).toBeLessThanOrEqual(at + durationMs + late(durationMs));
        expired++;
      }
    }
    expect(expired).toBe(calls.length);
  });

  it('come out in order, across durations too', () => {
    const table = new CallTable();
    for (const [name, at, durationMs] of [
      ['d', 0, 40],
      ['a', 0, 10],
      ['e', 5, 40],
      ['b', 5, 10],
      ['c', 8, 10],
    ] as const) {
      table.add(name, at, durationMs);
    }
    expect(expireAll(table, 100)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('0 and Infinity are none', () => {
    const table = new CallTable();
    for (let i = 1; i < 100; i++) table.add(i, 0, i);
    for (const none of [0, Infinity, Number.NaN, -1]) table.add(none, 0, none);
    expireAll(table, 1000);
    expect([table.deadlineMs, table.pending]).toEqual([Infinity, 4]);
  });
});

describe('against a naive model', () => {
  interface Call {
    readonly token: number;
    readonly at: number;
    readonly durationMs: number;
    abandoned: boolean;
  }

  it('agrees', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('add' as const), timeoutMs: fc.constantFrom(0, 5, 7, 20, 20.5, 1000) }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), pick: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('abandon' as const), pick: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 30 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('bogus' as const), id: fc.integer({ min: 0, max: 65_535 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new CallTable();
        const model = new Map<number, Call>();
        let now = 0;
        let serial = 0;
        const pick = (n: number): number => [...model.keys()][n % Math.max(1, model.size)] ?? 0;
        const take = (id: number): void => {
          const call = model.get(id);
          expect(table.take(id)).toBe(call === undefined || call.abandoned ? undefined : call.token);
          model.delete(id);
        };
        for (const it of steps) {
          if (it.do === 'add') {
            const token = ++serial;
            const id = table.add(token, now, it.timeoutMs);
            expect(id).toBeGreaterThan(0);
            expect(id).toBeLessThanOrEqual(65_535);
            expect(model.has(id)).toBe(false);
            model.set(id, { token, at: now, durationMs: it.timeoutMs || Infinity, abandoned: false });
          } else if (it.do === 'take') take(pick(it.pick));
          else if (it.do === 'bogus') take(it.id);
          else if (it.do === 'abandon') {
            const id = pick(it.pick);
            const call = model.get(id);
            expect(table.abandon(id)).toBe(call !== undefined && !call.abandoned);
            if (call !== undefined) call.abandoned = true;
          } else {
            now += it.ms;
            const due = [...model.values()].filter((call) => !call.abandoned && call.at + call.durationMs <= now);
            due.sort((a, b) => a.at + a.durationMs - b.at - b.durationMs || 0);
            const deadlines = new Map(due.map((call) => [call.token, call.at + call.durationMs]));
            const got = expireAll(table, now) as number[];
            expect([...got].sort()).toEqual(due.map(({ token }) => token).sort());
            expect(got.map((token) => deadlines.get(token))).toEqual(due.map((call) => call.at + call.durationMs));
            for (const call of due) call.abandoned = true;
          }
          const live = [...model.values()].filter((call) => !call.abandoned);
          expect(table.pending).toBe(live.length);
          expect(table.abandoned).toBe(model.size - live.length);
          expect(table.deadlineMs).toBe(Math.min(Infinity, ...live.map((call) => call.at + call.durationMs)));
        }
        expect((table.clear() as number[]).sort()).toEqual(
          [...model.values()]
            .filter((call) => !call.abandoned)
            .map(({ token }) => token)
            .sort(),
        );
      }),
      { seed: 20_240_501, numRuns: 150 },
    );
  });
});
