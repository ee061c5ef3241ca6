import type { Action, Headers, Payload } from '@stmp/contract';
import type { Session } from './types.js';
import { UnitQueue } from './unit-queue.js';

/**
 * What a conversation has to send: its handshake, pings and pongs, then packets in order. Taken by the link at its own
 * pace. Pings and pongs go first, at packet borders.
 */
export interface Outbox {
  /** While set, packets are kept apart, so that each can be dropped. For links that are full. */
  hold: boolean;
  /** Pings and pongs owed. */
  pings: number;
  pongs: number;
  /** Bytes encoded and not taken yet. */
  readonly bytes: number;
  /** True when what is left waits for the peer to read what it was sent. */
  readonly waits: boolean;
  /** While set nothing waits for an answer to a ping. */
  unpaced: boolean;
  /** The peer has answered a ping. */
  ponged(): void;
  /** From here on units have the form that both sides agreed on. */
  agreed(session: Session): void;
  /** Our handshake, which leaves in a write of its own; undefined takes it back. */
  greet(handshake: Uint8Array | string | undefined): void;
  /** @returns 0, or while {@link hold} is set a number that {@link drop} takes. */
  write(
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): number;
  /** As {@link write}, for a packet that is encoded already; shared, never changed. */
  writeEncoded(packet: Uint8Array | string): number;
  drop(ticket: number): boolean;
  /** @throws StmpError when compression fails. */
  take(maxBytes: number): Uint8Array | string | undefined;
  /** Drops all but the handshake. */
  clear(): void;
  /** Nothing will be written any more: lets go of what is not needed for the rest. */
  finish(): void;
}

/** Units that wait, in order. One alone is kept by reference: the whole output of most turns of a broadcast. */
export interface Waiting<Unit extends Uint8Array | string> {
  hold: boolean;
  single: Unit | undefined;
  queue: UnitQueue<Unit> | undefined;
}

/** Puts a unit behind all that waits. @returns as {@link Outbox.write}. */
export function enqueue<Unit extends Uint8Array | string>(waiting: Waiting<Unit>, unit: Unit): number {
  waiting.queue ??= new UnitQueue<Unit>();
  if (waiting.single !== undefined) {
    waiting.queue.push(waiting.single);
    waiting.single = undefined;
  }
  const ticket = waiting.queue.push(unit);
  return waiting.hold ? ticket : 0;
}

/** As {@link enqueue}, without a queue when nothing else waits. */
export function append<Unit extends Uint8Array | string>(waiting: Waiting<Unit>, unit: Unit): number {
  const { hold, single, queue } = waiting;
  if (hold || single !== undefined || (queue !== undefined && !queue.empty)) return enqueue(waiting, unit);
  waiting.single = unit;
  return 0;
}

/** The next unit, taken. */
export function shift<Unit extends Uint8Array | string>(waiting: Waiting<Unit>): Unit | undefined {
  const { single } = waiting;
  if (single === undefined) return waiting.queue?.shift();
  waiting.single = undefined;
  return single;
}

export function waitingBytes({ single, queue }: Waiting<Uint8Array | string>): number {
  return (single === undefined ? 0 : single.length) + (queue === undefined ? 0 : queue.bytes);
}
