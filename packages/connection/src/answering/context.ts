import type { AnyMethod } from '@stmp/contract';
import type { HeaderMap } from '@stmp/packet';
import type { Connection } from '../types.js';

/**
 * What a handler or listener knows about the packet it handles. Each part comes into being when it is
 * first read, so handlers that do not ask do not pay.
 */
export interface Context<Identity = unknown, State = unknown> {
  readonly connection: Connection<Identity, State>;
  readonly kind: 'request' | 'notify';
  readonly method: AnyMethod;
  /** `package.Service.Method`. */
  readonly name: string;
  readonly headers: HeaderMap;
  /** Sent with the response; of no use for a notify. */
  readonly responseHeaders: HeaderMap;
  /**
   * Aborts when the connection ends, when the caller gives up (if its side tells), when the deadline the
   * caller sent passes, and when the server's `handlerTimeoutMs` passes.
   */
  readonly signal: AbortSignal;
}
