import type { StmpError } from '@stmp/contract';
import type { Shared } from '../shared.js';
import type { Connection } from '../types.js';
import { hookError } from './retry.js';

/** What a session hook is told. */
export interface SessionInfo {
  /** 1 for the first connection of this client. */
  readonly number: number;
  /** Aborts when the connection ends before the hook is done. */
  readonly signal: AbortSignal;
}

export type SessionHook = (connection: Connection, session: SessionInfo) => unknown;

/** What runs on each new connection before the client is ready. */
export class SessionHooks {
  readonly #hooks = new Set<SessionHook>();
  #sessions = 0;

  add(hook: SessionHook): () => void {
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  /** Runs them one after the other. @returns undefined when there are none. Resolves with what one of them failed with. */
  run(connection: Connection, shared: Shared): Promise<StmpError | undefined> | undefined {
    const number = ++this.#sessions;
    return this.#hooks.size === 0 ? undefined : this.#run([...this.#hooks], connection, number, shared);
  }

  async #run(
    hooks: SessionHook[],
    connection: Connection,
    number: number,
    shared: Shared,
  ): Promise<StmpError | undefined> {
    const controller = new AbortController();
    const remove = connection.onClose(() => controller.abort());
    try {
      for (const hook of hooks) await hook(connection, { number, signal: controller.signal });
      return undefined;
    } catch (error) {
      // What fails because the connection is gone has its reason there.
      if (connection.isOpen) shared.report(error, 'onSession', connection);
      return hookError('the session hook', error);
    } finally {
      remove();
    }
  }
}
