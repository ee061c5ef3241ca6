/** Something that is to be woken at a time. */
export interface Sleeper {
  /** When the heap will wake it; Infinity: not in the heap. Belongs to the heap. */
  wakeAtMs: number;
  /** Belongs to the heap. */
  heapIndex: number;
}

/** A binary heap of sleepers, the earliest first. */
export class Deadlines<T extends Sleeper> {
  readonly #heap: T[] = [];

  get earliestMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : (this.#heap[0] as T).wakeAtMs;
  }

  /**
   * Wakes at `atMs` or sooner. A later time than before is not noted: waking early and looking again costs less
   * than moving a sleeper with every packet.
   */
  wakeBy(sleeper: T, atMs: number): void {
    if (atMs >= sleeper.wakeAtMs) return;
    if (sleeper.wakeAtMs === Number.POSITIVE_INFINITY) {
      sleeper.heapIndex = this.#heap.length;
      this.#heap.push(sleeper);
    }
    sleeper.wakeAtMs = atMs;
    this.#up(sleeper.heapIndex);
  }

  remove(sleeper: T): void {
    if (sleeper.wakeAtMs === Number.POSITIVE_INFINITY) return;
    sleeper.wakeAtMs = Number.POSITIVE_INFINITY;
    const last = this.#heap.pop() as T;
    if (last === sleeper) return;
    const index = sleeper.heapIndex;
    this.#heap[index] = last;
    last.heapIndex = index;
    this.#up(index);
    this.#down(last.heapIndex);
  }

  /** Takes out one that is due, if any. */
  due(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.wakeAtMs > nowMs) return undefined;
    this.remove(first);
    return first;
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((this.#heap[parent] as T).wakeAtMs <= (this.#heap[index] as T).wakeAtMs) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #down(from: number): void {
    let index = from;
    for (;;) {
      let least = index;
      for (let child = 2 * index + 1; child <= 2 * index + 2 && child < this.#heap.length; child++) {
        if ((this.#heap[child] as T).wakeAtMs < (this.#heap[least] as T).wakeAtMs) least = child;
      }
      if (least === index) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a] as T;
    const other = this.#heap[b] as T;
    this.#heap[a] = other;
    this.#heap[b] = one;
    other.heapIndex = a;
    one.heapIndex = b;
  }
}
