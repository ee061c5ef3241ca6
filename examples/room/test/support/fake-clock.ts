import type { Clock } from 'stmp';

export interface FakeClock extends Clock {
  /** Runs all timers that are due within `ms`, in order. */
  advance(ms: number): void;
  readonly timerCount: number;
}

export function fakeClock(): FakeClock {
  let nowMs = 1_000;
  const timers = new Map<number, { readonly atMs: number; readonly fn: () => void }>();
  let next = 1;
  return {
    nowMs: () => nowMs,
    random: () => 0.5,
    setTimer(fn, ms) {
      timers.set(next, { atMs: nowMs + ms, fn });
      return next++;
    },
    clearTimer: (timer) => void timers.delete(timer as number),
    get timerCount() {
      return timers.size;
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [due] = [...timers].filter(([, { atMs }]) => atMs <= endMs).sort(([, a], [, b]) => a.atMs - b.atMs);
        if (due === undefined) break;
        timers.delete(due[0]);
        nowMs = Math.max(nowMs, due[1].atMs);
        due[1].fn();
      }
      nowMs = endMs;
    },
  };
}
