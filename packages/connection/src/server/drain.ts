import type { Clock } from '../clock.js';

/** Share of the window in which peers are asked to move; the rest is left to those asked last. */
const ASKING_SHARE = 0.8;
/** Lateness above this share of the window is not made up for at once. */
const STANDSTILL_SHARE = 0.05;
/** Shortest time between two, in terms of the usual one: whoever is late does not hurry much. */
const SHORTEST_STEP = 0.8;
const ALMOST_ONE = 1 - 1e-9;

/** When a server that leaves asks its peers to move, and how long it waits for them. */
export class DrainSchedule {
  readonly #clock: Clock;
  readonly #isOver: () => boolean;
  #wake: (() => void) | undefined = undefined;
  /** Somebody is to be asked yet. */
  #asks = false;
  #hurries = false;

  /** @param isOver Whether there is nothing more to wait for. */
  constructor(clock: Clock, isOver: () => boolean) {
    this.#clock = clock;
    this.#isOver = isOver;
  }

  /** To be called when there may be nothing more to wait for. */
  check(): void {
    if (this.#wake !== undefined && this.#isOver()) this.#wake();
  }

  /** Asks the next one now, if there is one. */
  hurry(): void {
    if (!this.#asks) return;
    this.#hurries = true;
    this.#wake?.();
  }

  /** Waits until there is nothing more to wait for, or for this long. */
  wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#isOver()) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: unknown;
      const done = (): void => {
        this.#clock.clearTimer(timer);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      timer = this.#clock.setTimer(done, ms);
    });
  }

  /**
   * Asks all, one after the other, evenly over a share of the window. Timers that are late are made up for; after a
   * longer standstill of this process the rest is spread over what is left, so that no crowd moves at once.
   */
  async ask<Peer extends { readonly isOpen: boolean }>(
    peers: readonly Peer[],
    withinMs: number,
    ask: (peer: Peer) => void,
  ): Promise<void> {
    let lastMs = this.#clock.nowMs();
    const askingEndsMs = lastMs + withinMs * ASKING_SHARE;
    const endsMs = lastMs + withinMs;
    const shortestMs = ((withinMs * ASKING_SHARE) / peers.length) * SHORTEST_STEP;
    /** Peers that may be asked now. */
    let credit = 1;
    for (let next = 0; ; ) {
      // Whoever has left by itself needs no time.
      while (next < peers.length && (credit > ALMOST_ONE || !peers[next]!.isOpen)) {
        const peer = peers[next++]!;
        if (!peer.isOpen) continue;
        ask(peer);
        credit--;
      }
      this.#asks = next < peers.length;
      if (!this.#asks) return;
      if (lastMs >= endsMs) {
        credit = Number.POSITIVE_INFINITY;
        continue;
      }
      const stepMs = Math.max((askingEndsMs - lastMs) / (peers.length - next + 1), shortestMs);
      const dueMs = (1 - credit) * stepMs;
      if (!this.#hurries) await this.wait(dueMs);
      const nowMs = this.#clock.nowMs();
      if (this.#hurries) credit = 1;
      this.#hurries = false;
      credit += Math.min(nowMs - lastMs, Math.max(withinMs * STANDSTILL_SHARE, dueMs)) / stepMs;
      lastMs = nowMs;
    }
  }
}
