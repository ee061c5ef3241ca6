import type { ResolvedEngineOptions, ResolvedPatience } from './options.js';

const NEVER = Number.POSITIVE_INFINITY;
const after = (ms: number, fromMs: number): number => (ms > 0 ? fromMs + ms : NEVER);

/** The peer's silence: when to ping, when to call it stale, and when it has lasted too long. Times are whole milliseconds, which need no memory of their own. */
export class Silence {
  lastInMs: number;
  /** From the last answered ping to its pong; below 0: none yet. */
  roundTripMs = -1;
  isStale = false;
  #lastPingMs: number;
  /** When the ping was sent whose pong is due; below 0: none. */
  #pingedMs = -1;
  /** Since when calls wait for answers; below 0: none does, or the peer is not one to be hurried. */
  #waitingMs = -1;
  #isPaused = false;
  /** Of the peer of a paused link: it may have calls that wait for us, and does not know that we cannot hear it. */
  #isOurs = false;

  constructor(nowMs: number) {
    this.lastInMs = this.#lastPingMs = Math.floor(nowMs);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Bytes have arrived. */
  broken(nowMs: number): void {
    this.lastInMs = Math.floor(nowMs);
    this.isStale = false;
  }

  restart(nowMs: number): void {
    this.lastInMs = this.#lastPingMs = Math.floor(nowMs);
  }

  /** The first of the calls that wait for answers was made. */
  waits(nowMs: number): void {
    this.#waitingMs = Math.floor(nowMs);
  }

  /** No call waits any more. */
  rests(): void {
    this.#waitingMs = -1;
  }

  ponged(): void {
    if (this.#pingedMs >= 0) this.roundTripMs = this.lastInMs - this.#pingedMs;
    this.#pingedMs = -1;
  }

  /** While input is paused its absence proves nothing; pings go out unasked. */
  setPaused(paused: boolean, nowMs: number, isOurs: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    this.#isOurs = isOurs;
    this.lastInMs = Math.floor(nowMs);
    this.isStale = false;
    if (paused) this.#lastPingMs = this.lastInMs;
  }

  /** When something of it is due, at the latest. */
  deadlineMs(options: ResolvedEngineOptions): number {
    const staleMs = this.isStale ? NEVER : this.#dueMs('staleMs', options);
    return Math.min(this.#pingAtMs(options), staleMs, this.#dueMs('idleTimeoutMs', options));
  }

  /** Notes whether the peer is stale. @returns true when it has been silent for too long. */
  judge(nowMs: number, options: ResolvedEngineOptions): boolean {
    if (nowMs >= this.#dueMs('staleMs', options)) this.isStale = true;
    return nowMs >= this.#dueMs('idleTimeoutMs', options);
  }

  /** True when a ping is due, which then counts as sent. */
  takePing(nowMs: number, options: ResolvedEngineOptions): boolean {
    if (nowMs < this.#pingAtMs(options)) return false;
    this.#lastPingMs = Math.floor(nowMs);
    if (this.#pingedMs < 0) this.#pingedMs = this.#lastPingMs;
    return true;
  }

  #dueMs(which: keyof ResolvedPatience, { idle, waiting }: ResolvedEngineOptions): number {
    if (this.#isPaused) return NEVER;
    const dueMs = after(idle[which], this.lastInMs);
    if (this.#waitingMs < 0) return dueMs;
    return Math.min(dueMs, after(waiting[which], Math.max(this.lastInMs, this.#waitingMs)));
  }

  #pingAtMs({ idle, waiting }: ResolvedEngineOptions): number {
    const { lastInMs } = this;
    const lastPingMs = this.#lastPingMs;
    if (this.#isPaused) {
      const atMs = after(idle.pingIntervalMs, lastPingMs);
      return this.#isOurs ? Math.min(atMs, after(waiting.pingIntervalMs, lastPingMs)) : atMs;
    }
    const idleMs = after(idle.pingIntervalMs, Math.max(lastInMs, lastPingMs));
    if (this.#waitingMs < 0) return idleMs;
    return Math.min(idleMs, after(waiting.pingIntervalMs, Math.max(lastInMs, lastPingMs, this.#waitingMs)));
  }
}
