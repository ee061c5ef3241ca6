import type { Clock } from './clock.js';

/** Share of the window in which peers are asked to move; the rest is left to those asked last. */
const ASKING_SHARE = 0.8;

/** When a server that leaves asks its peers to move, and how long it waits for them. */
export class DrainSchedule {
  readonly #clock: Clock;
  readonly #count: () => number;
  #wake: (() => void) | undefined = undefined;

  /** @param count Connections that are still there. */
  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
  }

  /** To be called when the last connection has gone. */
  allGone(): void {
    this.#wake?.();
  }

  /** Waits until nobody is left, or for this long. */
  wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#count() === 0) return Promise.resolve();
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
   * Asks all, one after the other, evenly over a share of the window. When this process was busy and is late, the rest
   * is spread over what is left, so that no two peers move at once.
   */
  async ask<Peer extends { readonly isOpen: boolean }>(
    peers: readonly Peer[],
    withinMs: number,
    ask: (peer: Peer) => void,
  ): Promise<void> {
    const endsMs = this.#clock.nowMs() + withinMs * ASKING_SHARE;
    let left = peers.length;
    for (const peer of peers) {
      // Whoever has left by itself needs no time.
      if (peer.isOpen) {
        ask(peer);
        await this.wait((endsMs - this.#clock.nowMs()) / left);
      }
      left--;
    }
  }
}
