import type { ResolvedEngineOptions } from './options.js';

/** The peer's silence: when to ping, and when it has lasted too long. Times are whole milliseconds, which need no memory of their own. */
export class Silence {
  #lastInMs: number;
  #lastPingMs: number;
  #paused = false;

  constructor(nowMs: number) {
    this.#lastInMs = this.#lastPingMs = Math.floor(nowMs);
  }

  /** Bytes have arrived. */
  broken(nowMs: number): void {
    this.#lastInMs = Math.floor(nowMs);
  }

  restart(nowMs: number): void {
    this.#lastInMs = this.#lastPingMs = Math.floor(nowMs);
  }

  /** While input is paused its absence proves nothing; pings go out unasked. */
  setPaused(paused: boolean, nowMs: number): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#lastInMs = Math.floor(nowMs);
    if (paused) this.#lastPingMs = this.#lastInMs;
  }

  deadlineMs({ pingIntervalMs, idleTimeoutMs }: ResolvedEngineOptions): number {
    const deadMs = idleTimeoutMs > 0 && !this.#paused ? this.#lastInMs + idleTimeoutMs : Number.POSITIVE_INFINITY;
    return pingIntervalMs > 0 ? Math.min(deadMs, this.#pingAtMs(pingIntervalMs)) : deadMs;
  }

  /** True when the peer has been silent for too long. */
  isTooLong(nowMs: number, { idleTimeoutMs }: ResolvedEngineOptions): boolean {
    return idleTimeoutMs > 0 && !this.#paused && nowMs - this.#lastInMs >= idleTimeoutMs;
  }

  /** True when a ping is due, which then counts as sent. */
  takePing(nowMs: number, { pingIntervalMs }: ResolvedEngineOptions): boolean {
    if (pingIntervalMs === 0 || nowMs < this.#pingAtMs(pingIntervalMs)) return false;
    this.#lastPingMs = Math.floor(nowMs);
    return true;
  }

  #pingAtMs(intervalMs: number): number {
    return (this.#paused ? this.#lastPingMs : Math.max(this.#lastInMs, this.#lastPingMs)) + intervalMs;
  }
}
