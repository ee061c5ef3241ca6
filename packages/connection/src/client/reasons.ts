import type { StmpError } from '@stmp/contract';
import type { Shared } from '../shared.js';
import type { ClientHooks, FailedAttempt } from './options.js';

/** Tells why there is no connection: each failed attempt to the hook, and each reason once to the logger. */
export class Reasons {
  readonly #shared: Shared;
  readonly #hooks: ClientHooks | undefined;
  /** What the logger was told since {@link forget}. */
  readonly #told = new Set<string>();
  #due: { readonly error: StmpError; readonly isAttempt: boolean } | undefined = undefined;

  constructor(shared: Shared, hooks: ClientHooks | undefined) {
    this.#shared = shared;
    this.#hooks = hooks;
  }

  /** To be told once all is set. */
  note(error: StmpError, isAttempt: boolean): void {
    this.#due = { error, isAttempt };
  }

  /** A connection is ready: the same reason is news again. */
  forget(): void {
    this.#told.clear();
  }

  /** Tells what was noted, if it was not told yet. */
  tell(attempt: number, delayMs: number | undefined): void {
    const due = this.#due;
    this.#due = undefined;
    if (due === undefined) return;
    const { error } = due;
    const failed: FailedAttempt = { attempt, error, delayMs };
    if (due.isAttempt) this.#shared.guard('onAttemptFailed', undefined, () => this.#hooks?.onAttemptFailed?.(failed));
    const { logger } = this.#shared.options;
    const { code, status, message } = error;
    const key = `${code} ${status} ${message}`;
    if (logger === undefined || this.#told.has(key)) return;
    this.#told.add(key);
    const record = { code, status, attempt, delayMs, err: error };
    this.#shared.guard('logger', undefined, () => logger.warn(record, message));
  }
}
