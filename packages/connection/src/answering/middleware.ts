import { type Headers, isStmpError, type Payload, Status, type StmpError } from '@stmp/contract';
import { checkStatus, isStatus } from '../status.js';
import type { Context } from './context.js';

/**
 * How a request ends. `value` is encoded by the method's type; `payload` is sent as it is.
 * Of an error, the text goes out as payload and details as header.
 */
export interface Reply {
  readonly status: number;
  readonly value?: unknown;
  readonly payload?: Payload | undefined;
  readonly error?: StmpError | undefined;
  /** Added to what handler and middleware put in `context.responseHeaders`. */
  readonly headers?: Headers | undefined;
}

/**
 * Code around the handling of a packet. What stands before `next()` runs before the payload is decoded
 * (`call.input()` decodes it), what stands after sees the final status and headers. It may return a reply
 * of its own instead of calling `next`, with raw bytes too, or throw a status error. Listeners run last, and
 * only when it called `next`.
 *
 * ```ts
 * server.use(async (call, next) => {
 *   if (!call.connection.identity) return { status: Status.Unauthorized };
 *   const reply = await next();
 *   log(call.name, reply.status);
 *   return reply;
 * });
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: middleware that does not care fits every server
export type Middleware<Identity = any, State = any> = (
  call: IncomingCall<Identity, State>,
  next: () => Promise<Reply>,
) => Promise<Reply> | Reply;

/** A request or notify on its way through the middleware. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export interface IncomingCall<Identity = any, State = any> extends Context<Identity, State> {
  /** The payload as it came; undefined: none. Valid as long as the call runs. */
  readonly rawPayload: Uint8Array | string | undefined;
  /**
   * The decoded message; the same object that the handler gets.
   * @throws StmpError `payload_invalid`.
   */
  input(): unknown;
}

/**
 * True for an error that is meant for the peer: a status error made here, or an input that could not be decoded.
 * What a further call failed with, be it a peer's status or a timeout, is its answer to us, not ours to our caller.
 */
export function isForPeer(error: unknown): error is StmpError & { readonly status: number } {
  return (
    isStmpError(error) &&
    error.origin === 'local' &&
    (error.code === 'status' || error.code === 'payload_invalid') &&
    error.status !== undefined &&
    error.status !== Status.Ok
  );
}

/** @throws TypeError for what is no reply. */
export function checkReply(reply: Reply): Reply {
  const given: unknown = reply;
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`a reply must be an object, got ${typeof given}`);
  checkStatus(reply.status);
  return reply;
}

/** The status for something that user code threw; the text of a plain error is not for the peer. */
export function errorReply(error: unknown): Reply {
  return isForPeer(error) && isStatus(error.status)
    ? { status: error.status, error }
    : { status: Status.InternalServerError };
}
