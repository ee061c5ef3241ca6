import type { Clock } from '../clock.js';

/** Finds out that nothing has moved for a while. Looked at rarely, so that whatever moves need not read the clock. */
export class Stall {
  readonly #timeoutMs: number;
  /** True from a standstill on, until {@link over}. */
  found = false;
  #atMs = -1;
  #moves = 0;

  /** @param timeoutMs 0: none is looked for. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get deadlineMs(): number {
    return this.#atMs < 0 ? Number.POSITIVE_INFINITY : this.#atMs;
  }

  /** Begins to look, unless it does. @returns true when there is a new deadline. */
  watch(clock: Clock, moves: number): boolean {
    if (this.#atMs >= 0 || this.found || this.#timeoutMs === 0) return false;
    this.#atMs = Math.ceil(clock.nowMs()) + this.#timeoutMs;
    this.#moves = moves;
    return true;
  }

  /** @returns true when a standstill was found just now: none of the `moves` is new, and somebody waits. */
  check(nowMs: number, moves: number, waits: boolean): boolean {
    if (this.#atMs < 0 || nowMs < this.#atMs) return false;
    this.found = waits && moves === this.#moves;
    this.#atMs = this.found ? -1 : Math.ceil(nowMs) + this.#timeoutMs;
    this.#moves = moves;
    return this.found;
  }

  over(): void {
    this.found = false;
    this.#atMs = -1;
  }
}
