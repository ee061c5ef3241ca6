import { checkNumber } from '@stmp/engine';

/** A token bucket; time is passed in. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burstSeconds: number, nowMs: number) {
    this.#perMs = checkNumber('perSecond', perSecond, Number.MIN_VALUE) / 1000;
    this.#capacity = Math.max(1, perSecond * burstSeconds);
    this.#tokens = this.#capacity;
    this.#atMs = nowMs;
  }

  /** Takes tokens if there are enough. A request larger than the bucket passes when the bucket is full. */
  take(count: number, nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < Math.min(count, this.#capacity)) return false;
    this.#tokens -= count;
    return true;
  }

  /** True when nothing has been taken lately: the bucket can be forgotten. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#capacity;
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
