import { Status, StmpError } from '@stmp/contract';
import { onAbort } from '../calls/abort-listeners.js';
import { abortError } from '../calls/pending-call.js';
import type { Clock } from '../clock.js';

/** Those who wait for a client to be ready. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<(error?: StmpError) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits for {@link settle}.
   * @param name Who waits, for errors.
   * @param withinMs 0: no limit.
   * @param reason Why there is no connection, for the error.
   * @throws StmpError `call_timeout`, `aborted`, or what `settle` was given.
   */
  wait(
    name: string,
    withinMs: number,
    signal: AbortSignal | undefined,
    reason: () => StmpError | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: unknown;
      const settle = (error?: StmpError): void => {
        this.#waiting.delete(settle);
        if (timer !== undefined) this.#clock.clearTimer(timer);
        unwatch?.();
        if (error === undefined) resolve();
        else reject(error);
      };
      let unwatch: (() => void) | undefined;
      const giveUp = (): void => settle(abortError(name, signal!));
      if (signal?.aborted) {
        giveUp();
        return;
      }
      this.#waiting.add(settle);
      if (signal !== undefined) unwatch = onAbort(signal, giveUp);
      if (withinMs > 0) {
        timer = this.#clock.setTimer(() => {
          const cause = reason();
          const why = cause === undefined ? '' : `: ${cause.message}`;
          const message = `${name} found no connection within ${Math.ceil(withinMs)} ms${why}`;
          settle(new StmpError('call_timeout', message, { status: Status.RequestTimeout, cause }));
        }, withinMs);
      }
    });
  }

  /** Lets all go on, or fails them. */
  settle(error?: StmpError): void {
    for (const settle of [...this.#waiting]) settle(error);
  }
}
