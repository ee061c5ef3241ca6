interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

/** Lets everything happen that needs no time to pass: what follows an answer takes a macrotask of its own. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that stands still until it is moved, and chance that is told what to say: a `Clock` of `@stmp/connection`. */
export class FakeClock {
  /** Milliseconds. */
  now: number;
  /** What `random()` returns, in turn; the last one for ever. */
  chances: number[] = [0.5];
  readonly #timers = new Set<Timer>();

  constructor(now = 0) {
    this.now = now;
  }

  nowMs(): number {
    return this.now;
  }

  setTimer(fn: () => void, ms: number): unknown {
    const timer = { atMs: this.now + ms, fn };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  random(): number {
    return this.chances.length > 1 ? this.chances.shift()! : this.chances[0]!;
  }

  /** Timers that nobody has cleared: none may be left at the end. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, running each timer when it is due, and all that follows from it. */
  async advance(ms: number): Promise<void> {
    const endMs = this.now + ms;
    await settle();
    while (this.#runNext(endMs)) await settle();
    this.now = Math.max(this.now, endMs);
    await settle();
  }

  /** Moves on, running each timer when it is due, and nothing in between. */
  advanceSync(ms: number): void {
    const endMs = this.now + ms;
    while (this.#runNext(endMs));
    this.now = Math.max(this.now, endMs);
  }

  /** Runs the timer that is due first, of equal ones the one that was set first. @returns false where none is due. */
  #runNext(endMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.now = Math.max(this.now, next.atMs);
    next.fn();
    return true;
  }
}
