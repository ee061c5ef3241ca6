import type { Dialer, Headers, StmpError } from '@stmp/contract';
import type { Awaitable } from '../api.js';
import type { NewStreamEngine } from '../shared.js';
import type { ConnectionOptions, Hooks } from '../types.js';
import type { Backoff, BackoffFunction } from './backoff.js';
import type { Retry } from './retry.js';

/** An attempt that came to no connection. */
export interface FailedAttempt {
  /** Its number, counted since a connection last held. */
  readonly attempt: number;
  readonly error: StmpError;
  /** Milliseconds until the next attempt; undefined: there is none, the client has closed. */
  readonly delayMs: number | undefined;
}

export interface ClientHooks extends Hooks {
  /** An attempt failed: the link, the handshake or a session hook. */
  onAttemptFailed?(failed: FailedAttempt): void;
}

export interface ClientOptions extends ConnectionOptions {
  /** Transports that are chosen by URL scheme. */
  readonly dialers?: readonly Dialer[] | undefined;
  /** Headers of the handshake, such as a token; a function is asked at every connect. */
  readonly headers?: Headers | (() => Awaitable<Headers>) | undefined;
  /** A text for the server's authentication hook; not over WebSocket. */
  readonly message?: string | undefined;
  /** `text`: packets that people can read, over WebSocket with a codec whose payloads are text. Default `binary`. */
  readonly packetFormat?: 'binary' | 'text' | undefined;
  /** Offers all codecs, not the preferred one alone. The original's server reads only the last of a list. Default false. */
  readonly acceptAll?: boolean | undefined;
  /** How to wait between attempts; false: one connection and no more. Default `exponentialBackoff()`. */
  readonly reconnect?: Backoff | BackoffFunction | false | undefined;
  /** Which statuses are followed by another attempt, by status, over `DEFAULT_RETRY_ON`. What is in neither is final. */
  readonly retryOn?: Readonly<Record<number, Retry>> | undefined;
  /** Time for one attempt: link and handshake. Default 20_000; 0: none. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Makes engines for byte streams: `createStreamEngine` of `@stmp/engine`, which is the default in Node.js. Elsewhere
   * there is none, since browsers have no byte streams and their bundles are to be small; a stream link is
   * `unsupported` then.
   */
  readonly streamEngine?: NewStreamEngine | undefined;
  /**
   * Calls `check` whenever the platform may have slept, as browsers do in the background; the client then looks at the
   * clock at once. The result ends it. `onWake` of `@stmp/transport-ws` is one.
   */
  readonly onWake?: ((check: () => void) => () => void) | undefined;
  readonly hooks?: ClientHooks | undefined;
}
