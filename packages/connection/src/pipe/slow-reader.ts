import { Status, StmpError } from '@stmp/contract';
import type { Engine } from '@stmp/engine';
import type { SlowReaderPolicy } from '../api.js';

interface Droppable {
  readonly ticket: number;
  readonly bytes: number;
  readonly key: string;
  /** False once it was dropped. */
  waits: boolean;
}

/** What one turn may add before the reader has had a chance to take any of it, in limits. */
const BURST_LIMITS = 4;
/** Lists shorter than this are not worth tidying. */
const TIDY_FROM = 1_024;

/** The queue of one connection whose reader is slow: made when the link is first full. */
export class SlowReader {
  readonly #engine: Engine;
  readonly #maxQueuedBytes: number;
  /** Counts the events that were taken out again. */
  readonly #counters: { eventsDropped: number };
  /** Waiting events that may be dropped, oldest first; among them some that have left or were dropped. */
  #droppable: Droppable[] = [];
  #head = 0;
  #tidyAt = TIDY_FROM;
  #byKey: Map<string, Droppable> | undefined = undefined;
  #waiters: (() => void)[] = [];
  /** True until the end of the turn in which the link was full first: that says nothing about the reader yet. */
  burst = false;

  constructor(engine: Engine, maxQueuedBytes: number, counters: { eventsDropped: number }) {
    this.#engine = engine;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#counters = counters;
  }

  /** True when a packet of this size may still wait; a first one always may. */
  hasRoom(bytes: number): boolean {
    const { outputBytes } = this.#engine;
    return outputBytes === 0 || outputBytes + bytes <= this.#maxQueuedBytes;
  }

  /**
   * Queues an event, or not, as the policy says.
   * @returns false: dropped.
   * @throws StmpError `too_large` with TooManyRequests when the connection has to go.
   */
  offer(packet: Uint8Array | string, policy: SlowReaderPolicy, key: string): boolean {
    const droppable = policy === 'drop-oldest' || policy === 'latest-by-key';
    if (policy === 'latest-by-key') {
      const old = this.#byKey?.get(key);
      if (old !== undefined) this.#drop(old);
    }
    if (droppable) this.#makeRoom(packet.length);
    if (!this.hasRoom(packet.length)) {
      if (policy !== 'disconnect') return false;
      if (!this.burst || this.#engine.outputBytes + packet.length > this.#maxQueuedBytes * BURST_LIMITS)
        throw slowReaderError(this.#maxQueuedBytes);
    }
    const ticket = this.#engine.writeEncoded(packet);
    if (droppable && ticket > 0) {
      const entry = { ticket, bytes: packet.length, key, waits: true };
      this.#droppable.push(entry);
      if (policy === 'latest-by-key') {
        this.#byKey ??= new Map();
        this.#byKey.set(key, entry);
      }
      if (this.#droppable.length >= this.#tidyAt) this.#tidy();
    }
    return true;
  }

  /** Drops the oldest until there is room. */
  #makeRoom(bytes: number): void {
    while (!this.hasRoom(bytes) && this.#head < this.#droppable.length) this.#drop(this.#droppable[this.#head++]!);
  }

  #drop(entry: Droppable): void {
    if (entry.waits && this.#engine.drop(entry.ticket)) this.#counters.eventsDropped++;
    entry.waits = false;
    if (this.#byKey?.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }

  /** Forgets what was dropped, and what must have left: no more can wait than the bytes that wait. */
  #tidy(): void {
    let bytes = this.#engine.outputBytes;
    const kept: Droppable[] = [];
    for (let i = this.#droppable.length - 1; i >= this.#head; i--) {
      const entry = this.#droppable[i]!;
      if (!entry.waits) continue;
      bytes -= entry.bytes;
      if (bytes >= 0) kept.push(entry);
      else if (this.#byKey?.get(entry.key) === entry) this.#byKey.delete(entry.key);
    }
    this.#droppable = kept.reverse();
    this.#head = 0;
    this.#tidyAt = Math.max(TIDY_FROM, kept.length * 2);
  }

  /** Calls `fn` when there is room again, or the end has come. */
  wait(fn: () => void): void {
    this.#waiters.push(fn);
  }

  /** Something has left. */
  drained(): void {
    const { outputBytes } = this.#engine;
    if (outputBytes === 0) {
      this.#droppable = [];
      this.#head = 0;
      this.#byKey = undefined;
    }
    if (this.#waiters.length > 0 && outputBytes * 2 <= this.#maxQueuedBytes) this.end();
  }

  end(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const fn of waiters) fn();
  }
}

export function slowReaderError(maxQueuedBytes: number): StmpError {
  return new StmpError('too_large', `more than ${maxQueuedBytes} bytes wait for a slow reader`, {
    status: Status.TooManyRequests,
  });
}
