import type { StmpError } from './errors.js';
import type { Headers, Hello } from './headers.js';

/** The HTTP request that a WebSocket began with, as it came: nothing of it is taken from the query. */
export interface LinkHttpRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Raw header fields, in order. */
  readonly headers: Headers;
}

/** Who is at the other end. Each field is read when asked for, and absent where the platform does not know. */
export interface LinkPeer {
  /**
   * IP address of the peer. A path that has none (pipes, ports, memory) says what it is, in its scheme's word: `unix`,
   * `stdio`, `port`, `memory`. All its peers share that word, and so count as one address in limits.
   */
  readonly address?: string | undefined;
  /** Port of the peer; beside a word, a number that tells its links apart. */
  readonly port?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** The peer's TLS certificate as the platform gives it (in Node.js `getPeerCertificate()`); absent without one. */
  readonly certificate?: unknown;
  /** True when the certificate was checked against a trusted authority. */
  readonly authorized?: boolean | undefined;
  readonly http?: LinkHttpRequest | undefined;
}

/**
 * One open, ordered, reliable path to a peer. It moves data and nothing else:
 * framing, handshake, compression and retries belong to the layers above.
 *
 * A link never calls its handler from inside a call made on the link, so
 * neither side has to guard against re-entry.
 */
export interface LinkBase<Unit> {
  readonly peer: LinkPeer;
  /** True when the data travels encrypted (TLS, `wss:`). */
  readonly secure: boolean;
  /** Handshake headers that travelled outside the data, as in the query of a WebSocket upgrade. Absent: the handshake goes in band. */
  readonly hello?: Hello | undefined;
  /** False where the platform cannot stop the flow; the connection then bounds its inbox. */
  readonly canPause: boolean;
  /** Bytes accepted by {@link send} that have not left this process yet; heads that the path adds to units may be counted. 0 after the end. */
  readonly queuedBytes: number;

  /**
   * Runs `fn` once, at the end of this turn (`process.nextTick` in Node.js, `queueMicrotask` elsewhere); the connection flushes through it.
   * It is called on the link: a `defer` that is `queueMicrotask` itself works in Node.js and throws in a page.
   */
  defer(fn: () => void): void;
  /**
   * Starts delivery. Nothing arrives, and nothing is lost, before this call.
   * @throws StmpError `bad_state` when called twice.
   */
  start(handler: LinkHandler<Unit>): void;
  /**
   * Queues one unit. Nobody may change it afterwards, so the same array can be sent on many links; the link lets go of
   * it once it has left. An end that wants to talk may send before {@link start}.
   * @returns false when the queue has passed its high-water mark: the unit is queued all the same,
   * but wait for `onDrain` before sending more.
   * @throws StmpError `link_closed` once closing has begun.
   */
  send(unit: Unit): boolean;
  /**
   * Drops whole units, the last ones, that have not begun to leave: a peer that is cut for reading too slowly shall
   * hear of it soon. Optional; not used where units depend on each other, as compressed ones do.
   */
  dropQueued?(): void;
  /** Asks for silence; what one read already holds may still arrive. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. Resolves after `onClose`, of a link that was never started without it; never rejects. Waits as long as a stalled reader takes, if need be for ever: {@link abort} ends it. */
  close(): Promise<void>;
  /** Drops what is queued and closes; `onClose` receives `reason`, of several the first. Before {@link start} it is kept for then, after the end it is nothing. */
  abort(reason: StmpError): void;
}

/**
 * Boundaries are lost (TCP, KCP, TLS): STMP writes its length fields. Units are
 * never merged: each is written after the callback of the one before. Source: STMP 1.0, section 7.
 */
export interface StreamLink extends LinkBase<Uint8Array> {
  readonly kind: 'stream';
  /** Largest write that the path keeps whole towards a reader that does not put pieces together, in bytes (TLS: 16_384). */
  readonly safeWriteBytes: number;
  /**
   * Most bytes that may wait unread at such a reader, where the path splits what it cannot hold (TCP: 65_536).
   * Absent: any number. Source: STMP 1.0, section 7.
   */
  readonly safeUnreadBytes?: number | undefined;
}

/** Boundaries are kept (WebSocket, MessagePort): no length fields, text allowed. */
export interface MessageLink extends LinkBase<Uint8Array | string> {
  readonly kind: 'message';
  /** Largest unit that can be sent, in bytes; calls and events that need more fail with `too_large`. Absent: any. */
  readonly maxSendBytes?: number | undefined;
}

export type Link = StreamLink | MessageLink;

export interface LinkHandler<Unit> {
  /**
   * The handler owns `unit` from here on; the link does not touch it again, nor keep it. What is sent from inside, or
   * from what it defers, is taken also when the peer's end follows in the same read.
   */
  onData(unit: Unit): void;
  /** Follows a `send` that returned false, once, unless the link closes first; never comes unasked. */
  onDrain(): void;
  /** The last call, made exactly once; nothing follows it, and nothing of the link keeps the process. No `reason`: the close was orderly. The peer's end of input is an orderly end: what is queued is flushed first. */
  onClose(reason?: StmpError): void;
}
