import { FakeClock, seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { type Alarmed, Alarms } from '../src/server/alarms.js';

class Sleeper implements Alarmed {
  timerAtMs = -1;
  alarmAt = -1;
  readonly firedMs: number[] = [];
  readonly #clock: FakeClock;
  readonly #then: () => void;

  constructor(clock: FakeClock, then: () => void = () => {}) {
    this.#clock = clock;
    this.#then = then;
  }

  onTimer(): void {
    this.firedMs.push(this.#clock.now);
    this.#then();
  }
}

describe('deadlines over one timer', () => {
  it('fire at their time, over one timer of the platform', async () => {
    const clock = new FakeClock();
    const alarms = new Alarms(clock);
    const sleepers = [30, 10, 20, 10].map((ms) => Object.assign(new Sleeper(clock), { timerAtMs: clock.now + ms }));
    for (const sleeper of sleepers) alarms.set(sleeper);
    expect(clock.timers).toBe(1);
    await clock.advance(100);
    expect(sleepers.map(({ firedMs }) => firedMs)).toEqual([[30], [10], [20], [10]]);
    expect(clock.timers).toBe(0);
  });

  it('leave no timer behind when all are taken back', () => {
    const clock = new FakeClock();
    const alarms = new Alarms(clock);
    const [a, b] = [1, 2].map((ms) => Object.assign(new Sleeper(clock), { timerAtMs: clock.now + ms })) as [
      Sleeper,
      Sleeper,
    ];
    alarms.set(a);
    alarms.set(b);
    alarms.clear(a);
    alarms.clear(a);
    alarms.clear(b);
    expect(clock.timers).toBe(0);
    expect([a.alarmAt, b.alarmAt]).toEqual([-1, -1]);
  });

  it('go on after one whose owner throws', async () => {
    const clock = new FakeClock();
    const caught: unknown[] = [];
    const { setTimer } = clock;
    clock.setTimer = (fn, ms) =>
      setTimer.call(
        clock,
        () => {
          try {
            fn();
          } catch (error) {
            caught.push(error);
          }
        },
        ms,
      );
    const alarms = new Alarms(clock);
    const bad = new Sleeper(clock, () => {
      throw new Error('bad');
    });
    const good = new Sleeper(clock);
    bad.timerAtMs = good.timerAtMs = clock.now + 5;
    alarms.set(bad);
    alarms.set(good);
    await clock.advance(20);
    expect(caught).toEqual([new Error('bad')]);
    expect([bad.firedMs.length, good.firedMs.length]).toEqual([1, 1]);
  });

  it('agree with a plain list, whatever is set, set again and taken back', async () => {
    const random = seeded(7);
    const clock = new FakeClock();
    const alarms = new Alarms(clock);
    const sleepers = Array.from({ length: 60 }, () => new Sleeper(clock));
    const expected = new Map<Sleeper, number>();
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 25; i++) {
        const sleeper = sleepers[random(sleepers.length)]!;
        alarms.clear(sleeper);
        expected.delete(sleeper);
        if (random(3) === 0) continue;
        sleeper.timerAtMs = clock.now + 1 + random(200);
        alarms.set(sleeper);
        expected.set(sleeper, sleeper.timerAtMs);
      }
      for (const sleeper of sleepers) sleeper.firedMs.length = 0;
      await clock.advance(random(60));
      for (const sleeper of sleepers) {
        const atMs = expected.get(sleeper) ?? Number.POSITIVE_INFINITY;
        const due = atMs <= clock.now;
        expect(sleeper.firedMs).toEqual(due ? [atMs] : []);
        if (due) expected.delete(sleeper);
      }
      expect(clock.timers).toBe(expected.size === 0 ? 0 : 1);
    }
  });
});
