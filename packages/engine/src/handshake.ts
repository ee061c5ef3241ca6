import type { HandshakeLimits } from '@stmp/packet';
import type { HelloAnswer, Session } from './types.js';

/**
 * One side of the opening handshake, made by `clientHandshake` or `serverHandshake`. It keeps no state: unless
 * it was made with one client's hello, one object serves any number of connections. Failures are thrown as StmpError `handshake_failed`, `protocol_error` or `too_large` with a status.
 */
export interface Handshake {
  readonly side: 'client' | 'server';
  /** What is to be sent first, or the session when all is known already; undefined: wait for the peer. */
  begin(stream: boolean): { readonly output?: Uint8Array | undefined; readonly session?: Session } | undefined;
  /** Reads the peer's handshake; undefined: more is needed. */
  readBytes(
    bytes: Uint8Array,
    start: number,
    end: number,
    limits: HandshakeLimits,
    stream: boolean,
  ): { readonly session: Session; readonly next: number } | undefined;
  readText(text: string, limits: HandshakeLimits): Session;
  /** Server: the answer in the form the session asks for. Without a session (it was never decided) it is binary. */
  answer(answer: HelloAnswer, session: Session | undefined): Uint8Array | string;
}
