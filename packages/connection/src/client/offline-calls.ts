import { Status, StmpError } from '@stmp/contract';
import type { CallOptions } from '../api.js';
import type { ResolvedConnectionOptions } from '../options.js';
import type { ClientConnection } from './client-connection.js';
import type { Waiters } from './waiters.js';

/** The client, as far as a call without a connection looks at it. */
export interface Line {
  /** The connection that calls go to. */
  readonly current: ClientConnection | undefined;
  /** Why there will be none; undefined while there may be. */
  readonly ended: StmpError | undefined;
  /** Why there is none at the moment. */
  readonly reason: StmpError | undefined;
  readonly waiters: Waiters;
}

/** Waits for a connection, within the call's deadline, then calls through `send` with what is left of it. */
export async function callWhenReady<T>(
  line: Line,
  { clock, callTimeoutMs, methodTimeoutsMs }: ResolvedConnectionOptions,
  name: string,
  options: CallOptions,
  send: (connection: ClientConnection, options: CallOptions) => Promise<T>,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? methodTimeoutsMs[name] ?? callTimeoutMs;
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be a number of at least 0, got ${timeoutMs}`);
  const endsMs = clock.nowMs() + timeoutMs;
  const leftMs = (): number => (timeoutMs > 0 ? Math.max(1, endsMs - clock.nowMs()) : 0);
  // While a connection is on its way out, the state still says ready: then it is the next one that is waited for.
  while (!line.current?.isOpen) {
    if (line.ended !== undefined) throw line.ended;
    await line.waiters.wait(name, leftMs(), options.signal, () => line.reason);
  }
  return send(line.current, { ...options, timeoutMs: leftMs() });
}

/** For a call that does not wait. */
export function notConnected(reason: StmpError | undefined): StmpError {
  const why = reason === undefined ? '' : ` (${reason.message})`;
  return new StmpError('not_connected', `there is no connection${why}; whenOffline: "wait" waits for one`, {
    status: Status.NetworkError,
    cause: reason,
  });
}
