import { checkNumber } from '@stmp/engine';
import type { AddressRates, Rates } from '../types.js';
import { TokenBucket } from './rate.js';

/** Throws for rates that are not above 0, naming them. */
export function checkRates(option: string, rates: Rates | undefined): void {
  for (const [name, rate] of Object.entries(rates ?? {})) {
    if (rate !== undefined) checkNumber(`${option}.${name}`, rate as number, Number.MIN_VALUE);
  }
}

/** The buckets of one connection or of one key. */
export class RateLimiter {
  readonly #packets: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  readonly #calls: TokenBucket | undefined;
  readonly #connects: TokenBucket | undefined;

  constructor(rates: AddressRates, nowMs: number) {
    const { burstSeconds = 1 } = rates;
    const bucket = (perSecond: number | undefined): TokenBucket | undefined =>
      perSecond === undefined ? undefined : new TokenBucket(perSecond, burstSeconds, nowMs);
    this.#packets = bucket(rates.packetsPerSecond);
    this.#bytes = bucket(rates.bytesPerSecond);
    this.#calls = bucket(rates.callsPerSecond);
    this.#connects = bucket(rates.connectsPerSecond);
  }

  /** @returns false when the connection has to go. */
  mayReceive(packets: number, bytes: number, nowMs: number): boolean {
    const enoughPackets = packets === 0 || this.#packets === undefined || this.#packets.take(packets, nowMs);
    const enoughBytes = bytes === 0 || this.#bytes === undefined || this.#bytes.take(bytes, nowMs);
    return enoughPackets && enoughBytes;
  }

  mayCall(nowMs: number): boolean {
    return this.#calls === undefined || this.#calls.take(1, nowMs);
  }

  mayConnect(nowMs: number): boolean {
    return this.#connects === undefined || this.#connects.take(1, nowMs);
  }

  isIdle(nowMs: number): boolean {
    const buckets = [this.#packets, this.#bytes, this.#calls, this.#connects];
    return buckets.every((bucket) => bucket === undefined || bucket.isFull(nowMs));
  }
}

/** Limiters by key, such as the address; those that have filled up again are forgotten. */
export class KeyedRates {
  readonly #rates: AddressRates;
  readonly #limiters = new Map<string, RateLimiter>();
  #sweepAt = 1024;

  constructor(rates: AddressRates) {
    this.#rates = rates;
  }

  of(key: string, nowMs: number): RateLimiter {
    let limiter = this.#limiters.get(key);
    if (limiter === undefined) {
      if (this.#limiters.size >= this.#sweepAt) this.#sweep(nowMs);
      limiter = new RateLimiter(this.#rates, nowMs);
      this.#limiters.set(key, limiter);
    }
    return limiter;
  }

  get size(): number {
    return this.#limiters.size;
  }

  #sweep(nowMs: number): void {
    for (const [key, limiter] of this.#limiters) if (limiter.isIdle(nowMs)) this.#limiters.delete(key);
    this.#sweepAt = Math.max(1024, this.#limiters.size * 2);
  }
}
