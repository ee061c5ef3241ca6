import type { Duplex } from 'node:stream';

/**
 * One open conversation as a byte stream. Each write is one KCP message while it fits into 32 fragments (44,032 bytes
 * with the default mtu). The bytes are kept until they are acknowledged, longer than the callback of `write`: nobody
 * may change them. Reading gives the bytes in order, in pieces of no meaning.
 *
 * KCP has no end on the wire. `end()` sends what is queued, then ends the reading side, too, and lingers; the
 * peer learns of it only from what the bytes say. `destroy()` is silent from the same moment on.
 */
export interface KcpSession extends Duplex {
  readonly conv: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Undefined where the socket is bound to all addresses. */
  readonly localAddress: string | undefined;
  readonly localPort: number;
  /** Bytes written that were never sent; `writableLength` counts a chunk until the send window has taken all of it. */
  readonly queuedBytes: number;
  /** Smoothed, in milliseconds; -1 before the first sample. */
  readonly roundTripMs: number;
}

/** What a listener reports. */
export interface KcpListenerHandler {
  /** A peer has begun a conversation, and has shown that it receives at its address. */
  onSession(session: KcpSession): void;
  /** A conversation was refused for a limit. */
  onRefuse?(limit: 'maxSessionsCount' | 'maxSessionsPerAddressCount', remoteAddress: string): void;
  /** The socket failed; it is closed, and with it all sessions. */
  onError?(error: Error): void;
}

/** A bound UDP socket with any number of sessions. */
export interface KcpListener {
  readonly address: string;
  readonly port: number;
  /** Sessions that have not ended; those that linger, and those whose peer is unproven, do not count. */
  readonly sessionCount: number;
  /** Stops accepting; sessions stay open. Resolves when the last has ended and the socket is closed. Idempotent. */
  close(): Promise<void>;
}
