import type { Engine, NewEngine } from '@stmp/engine';
import { withMethodLimits } from './answering/method-limits.js';
import type { Router } from './answering/router.js';
import type { ResolvedConnectionOptions } from './options.js';
import { watch } from './thrown.js';
import type { Connection } from './types.js';

/** Counts since the start, as a plain object; gauges end in `Open`. */
export interface Counters {
  connectionsOpened: number;
  connectionsOpen: number;
  /** Turned away before or during the handshake. */
  connectionsRefused: number;
  callsIn: number;
  callsOut: number;
  notifiesIn: number;
  eventsOut: number;
  /** Events dropped for slow readers. */
  eventsDropped: number;
  /** Requests answered with an error. */
  callsFailed: number;
  /** Requests answered TooManyRequests, and notifies dropped, by a full inbox or a rate. */
  overloaded: number;
  /** What user code threw. */
  errors: number;
}

export function createCounters(): Counters {
  return {
    connectionsOpened: 0,
    connectionsOpen: 0,
    connectionsRefused: 0,
    callsIn: 0,
    callsOut: 0,
    notifiesIn: 0,
    eventsOut: 0,
    eventsDropped: 0,
    callsFailed: 0,
    overloaded: 0,
    errors: 0,
  };
}

/** `createStreamEngine` of `@stmp/engine`. */
export type NewStreamEngine = (start: NewEngine) => Engine;

/** What all connections of one server or client have in common. */
export class Shared {
  readonly options: ResolvedConnectionOptions;
  readonly router: Router;
  readonly counters: Counters = createCounters();
  /** Makes the engines of byte streams; absent from clients in browsers, which have none. */
  readonly streamEngine: NewStreamEngine | undefined;

  constructor(options: ResolvedConnectionOptions, router: Router, streamEngine: NewStreamEngine | undefined) {
    this.options = { ...options, engine: withMethodLimits(options, router) };
    this.router = router;
    this.streamEngine = streamEngine;
  }

  /** User code failed: it is told to whoever listens, and never goes further. */
  report(error: unknown, name: string, connection?: Connection): void {
    this.counters.errors++;
    const { hooks, logger } = this.options;
    try {
      // One that throws, now or later, has nobody left to tell.
      if (hooks.onError !== undefined) watch(hooks.onError(error, { connection, name }), () => {});
      else
        watch(
          logger?.error({ err: error, name, remoteAddress: connection?.remoteAddress }, `${name} failed`),
          () => {},
        );
    } catch {
      // The same.
    }
  }

  /** Calls user code whose failure must not reach us. */
  guard<T>(name: string, connection: Connection | undefined, fn: () => T): T | undefined {
    try {
      const result = fn();
      watch(result, (error) => this.report(error, name, connection));
      return result;
    } catch (error) {
      this.report(error, name, connection);
      return undefined;
    }
  }
}
