import type { Clock } from '../clock.js';

/** Somebody who is to be called at a time. */
export interface Alarmed {
  /** Not changed while it is set. */
  readonly timerAtMs: number;
  /** Its place in the heap; below 0: not set. */
  alarmAt: number;
  onTimer(): void;
}

/**
 * Any number of deadlines over one timer of the platform: a heap, the earliest first. A timer of its own would cost each
 * idle connection two hundred bytes.
 */
export class Alarms {
  readonly #clock: Clock;
  readonly #heap: Alarmed[] = [];
  #timer: unknown = undefined;
  #timerAtMs: number = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(item: Alarmed): void {
    this.#place(item, this.#heap.length);
    this.#up(item);
    this.#arm();
  }

  clear(item: Alarmed): void {
    const at = item.alarmAt;
    if (at < 0) return;
    item.alarmAt = -1;
    const last = this.#heap.pop()!;
    if (last !== item) {
      this.#place(last, at);
      this.#up(last);
      this.#down(last);
    } else if (at === 0) this.#stop();
  }

  #place(item: Alarmed, at: number): void {
    this.#heap[at] = item;
    item.alarmAt = at;
  }

  #up(item: Alarmed): void {
    for (let at = item.alarmAt; at > 0; at = item.alarmAt) {
      const parent = this.#heap[(at - 1) >> 1]!;
      if (parent.timerAtMs <= item.timerAtMs) return;
      this.#place(item, parent.alarmAt);
      this.#place(parent, at);
    }
  }

  #down(item: Alarmed): void {
    for (;;) {
      const at = item.alarmAt;
      let child = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      if (child === undefined) return;
      if (right !== undefined && right.timerAtMs < child.timerAtMs) child = right;
      if (child.timerAtMs >= item.timerAtMs) return;
      this.#place(item, child.alarmAt);
      this.#place(child, at);
    }
  }

  /** The timer is only moved forwards, and finds out by itself that it came too early. */
  #arm(): void {
    const [first] = this.#heap;
    if (first === undefined || first.timerAtMs >= this.#timerAtMs) return;
    this.#stop();
    this.#timerAtMs = first.timerAtMs;
    const delayMs = Math.max(0, Math.ceil(first.timerAtMs - this.#clock.nowMs()));
    this.#timer = this.#clock.setTimer(() => this.#fire(), delayMs);
  }

  #stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.nowMs();
    try {
      for (let [first] = this.#heap; first !== undefined && first.timerAtMs <= nowMs; [first] = this.#heap) {
        this.clear(first);
        first.onTimer();
      }
    } finally {
      this.#arm();
    }
  }
}
