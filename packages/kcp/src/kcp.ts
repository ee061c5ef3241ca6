/** Why a session can do nothing more. */
export type KcpFailure = 'dead_link' | 'bad_fragments';

/** Counters since the session began. */
export interface KcpCounters {
  /** Data segments sent for the first time. */
  sentCount: number;
  /** Data segments sent again, for either reason. */
  resentCount: number;
  /** Of these, after a timeout. */
  timeoutCount: number;
  /** Data segments that had arrived before. */
  duplicateCount: number;
  /** Datagrams refused: another conversation, or malformed. */
  refusedCount: number;
}

/**
 * One end of a KCP conversation, without sockets and without timers. The owner feeds datagrams and the time in;
 * datagrams come out of `output`, only from inside {@link update}.
 *
 * After `input`, `send`, `read` or `receive`, call `update` before the turn ends: it acknowledges at once, so
 * calling it once for all input of a turn lets an answer and the acknowledgement share a datagram.
 */
export interface Kcp {
  readonly conv: number;
  /** When `update` is due, on the clock of `nowMs`: -Infinity at once, Infinity never. */
  readonly deadlineMs: number;
  /** Bytes accepted by `send` that the peer has not acknowledged. */
  readonly pendingBytes: number;
  /** Of these, the bytes that were never sent. */
  readonly unsentBytes: number;
  /** False when the send window is full: `send` still accepts, but wait. */
  readonly writable: boolean;
  /** True once the peer has echoed a timestamp of ours, which shows that it receives at its address. */
  readonly proven: boolean;
  /** Set once the session is broken: from then on nothing goes in or out. */
  readonly failure: KcpFailure | undefined;
  readonly counters: Readonly<KcpCounters>;
  /** Smoothed round trip in milliseconds; -1 before the first sample. */
  readonly roundTripMs: number;

  /**
   * Takes a datagram in; keeps parts of it by reference until they are read.
   *
   * @returns false when something in it was refused. A bad segment ends the datagram; those before it count.
   */
  input(datagram: Uint8Array, nowMs: number): boolean;
  /** Queues bytes; kept by reference until acknowledged, so nobody may change them. No bytes: nothing is sent. */
  send(bytes: Uint8Array): void;
  /** The next bytes in order, as a byte stream; may be a view of a datagram. Use this or `receive`, not both. */
  read(): Uint8Array | undefined;
  /** The next whole message. A message of more fragments than `receiveWindow` never completes. */
  receive(): Uint8Array | undefined;
  /** Sends what is due. `nowMs` comes from any clock that does not go back. */
  update(nowMs: number): void;
  /**
   * From now on nothing is sent on a timer: acknowledgements go out, and data in flight is repeated, only as an
   * answer to data that arrives again. For an end whose peer may be gone and must not be disturbed.
   */
  answerOnly(): void;
}
