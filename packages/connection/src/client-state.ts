import type { ConnectionEnd } from './types.js';

/** Where a client stands. */
export type ClientState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'handshaking' }
  | { readonly name: 'ready' }
  /** The server asked us to move: calls go on here until the next connection is ready. */
  | { readonly name: 'draining' }
  | { readonly name: 'waiting'; readonly attempt: number; readonly delayMs: number }
  | { readonly name: 'closed'; readonly reason: ConnectionEnd };

/** A value that can be watched: by listeners, and as an async iterator. */
export class StateCell {
  #value: ClientState = { name: 'idle' };
  readonly #listeners = new Set<(state: ClientState) => void>();

  get value(): ClientState {
    return this.#value;
  }

  set(state: ClientState, guard: (fn: () => void) => void): void {
    if (this.#value.name === 'closed') return;
    this.#value = state;
    for (const listener of [...this.#listeners]) guard(() => listener(state));
  }

  on(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The present state, then each further one, in order; ends after `closed`. */
  async *iterate(): AsyncGenerator<ClientState, void, undefined> {
    const queue: ClientState[] = [this.#value];
    let wake: (() => void) | undefined;
    const remove = this.on((state) => {
      queue.push(state);
      wake?.();
    });
    try {
      for (;;) {
        const state = queue.shift();
        if (state === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        yield state;
        if (state.name === 'closed') return;
      }
    } finally {
      remove();
    }
  }
}
