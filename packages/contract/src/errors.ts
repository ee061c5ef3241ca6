import type { MessageType } from './schema.js';
import { type Status, statusName } from './status.js';

/**
 * What failed, in a word that stays the same from release to release. Compare this, never the message.
 *
 * | code | meaning |
 * |---|---|
 * | `status` | the peer answered with a status other than Ok, or a handler chose one: see `status` |
 * | `call_timeout` | the call's own deadline passed; a late answer is dropped |
 * | `aborted` | the caller's `AbortSignal` fired |
 * | `connection_closed` | the connection ended before the answer; `status` says why where the peer said |
 * | `not_connected` | there is no ready connection, and the call did not ask to wait for one |
 * | `no_free_id` | 65,535 calls of this connection are pending or were given up |
 * | `too_many_calls` | the limit on pending calls is reached |
 * | `dropped` | a queued event was dropped by its slow-reader policy |
 * | `handshake_failed` | the peers could not agree; `status` says on what |
 * | `handshake_timeout` | the peer was silent during the handshake |
 * | `protocol_error` | the peer broke the rules of the wire |
 * | `too_large` | a length passes its limit |
 * | `payload_invalid` | a payload cannot be encoded or decoded |
 * | `compression_failed` | compressed bytes are broken |
 * | `dial_failed` | no link could be opened; `cause` has the reason |
 * | `listen_failed` | the address cannot be listened on; `cause` has the reason |
 * | `link_closed` | the link is closing or closed; `cause` has the reason, if any |
 * | `link_failed` | the path broke (reset, timeout, unreachable); `cause` has the reason |
 * | `bad_state` | the call came at the wrong time, such as a second `start` |
 * | `unsupported` | no transport for this address, or a thing this platform lacks |
 */
export type StmpErrorCode =
  | 'status'
  | 'call_timeout'
  | 'aborted'
  | 'connection_closed'
  | 'not_connected'
  | 'no_free_id'
  | 'too_many_calls'
  | 'dropped'
  | 'handshake_failed'
  | 'handshake_timeout'
  | 'protocol_error'
  | 'too_large'
  | 'payload_invalid'
  | 'compression_failed'
  | 'dial_failed'
  | 'listen_failed'
  | 'link_closed'
  | 'link_failed'
  | 'bad_state'
  | 'unsupported';

/** Where an error arose: in this process, at the peer (who said so), or on the path between. */
export type StmpErrorOrigin = 'local' | 'peer' | 'link';

/**
 * Typed data beside a status error, for those who know it; invisible to peers that do not.
 * It travels in the response header `Stmp-Details`, encoded by the connection's content type.
 */
export interface ErrorDetails {
  /**
   * The details as a message of this type.
   * @throws StmpError `payload_invalid` when the peer's bytes are no such message.
   */
  as<T>(type?: MessageType<T>): T;
}

/** Details to send: what {@link details} makes. */
export interface OutgoingErrorDetails extends ErrorDetails {
  readonly type: MessageType | undefined;
  readonly value: unknown;
}

/** Details for a status error: `statusError(Status.BadRequest, 'name too long', { details: details(FieldError, { field: 'name' }) })`. */
export function details<T, I>(type: MessageType<T, I> | undefined, value: I): OutgoingErrorDetails {
  return { type: type as MessageType | undefined, value, as: <V>() => value as unknown as V };
}

export interface StmpErrorOptions {
  /** Default `local`. */
  readonly origin?: StmpErrorOrigin;
  readonly status?: Status | undefined;
  readonly cause?: unknown;
  readonly details?: ErrorDetails | undefined;
  readonly retryAfterMs?: number | undefined;
}

const BRAND: unique symbol = Symbol.for('stmp.error') as never;

/** The one error class. Messages are for people and hold no payload data; programs compare `code` and `status`. */
export class StmpError extends Error {
  override readonly name: string = 'StmpError';
  readonly code: StmpErrorCode;
  readonly origin: StmpErrorOrigin;
  /** The status a peer sent, or that a peer is to be sent. */
  readonly status: Status | undefined;
  readonly details: ErrorDetails | undefined;
  /** Time to let pass before trying again, in milliseconds: what the peer said, or is to be told. It travels in the header `Retry-After-Ms`. */
  readonly retryAfterMs: number | undefined;
  /** @internal */
  readonly [BRAND] = true;

  constructor(code: StmpErrorCode, message: string, options: StmpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.origin = options.origin ?? 'local';
    this.status = options.status;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for an {@link StmpError} of any copy of this package, where `instanceof` would miss some. Never throws, whatever the value. */
export function isStmpError(value: unknown): value is StmpError {
  try {
    return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  } catch {
    // A proxy, or a getter, that wants to be seen by nobody.
    return false;
  }
}

/**
 * The error a handler throws to answer with a status and a text of its choice; both reach the caller.
 * @param message Default: the name of the status.
 */
export function statusError(
  status: Status,
  message?: string,
  options?: { readonly details?: ErrorDetails; readonly cause?: unknown; readonly retryAfterMs?: number },
): StmpError {
  if (!Number.isInteger(status) || status < 1 || status > 255) {
    throw new RangeError(`status must be an integer from 1 to 255, got ${String(status)}`);
  }
  const { retryAfterMs } = options ?? {};
  if (retryAfterMs !== undefined && !(retryAfterMs >= 0)) {
    throw new RangeError(`retryAfterMs must be a number of at least 0, got ${String(retryAfterMs)}`);
  }
  return new StmpError('status', message ?? statusName(status), { ...options, status });
}
