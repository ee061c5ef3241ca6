import { Status, StmpError } from '@stmp/contract';
import type { Engine } from '@stmp/engine';
import type { SlowReaderPolicy } from './api.js';

interface Droppable {
  readonly ticket: number;
  readonly key: string;
}

/** The queue of one connection whose reader is slow: made when the link is first full. */
export class SlowReader {
  readonly #engine: Engine;
  readonly #maxQueuedBytes: number;
  /** Waiting events that may be dropped, oldest first. */
  #droppable: Droppable[] = [];
  #byKey: Map<string, Droppable> | undefined = undefined;
  #waiters: (() => void)[] = [];

  constructor(engine: Engine, maxQueuedBytes: number) {
    this.#engine = engine;
    this.#maxQueuedBytes = maxQueuedBytes;
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
      if (old !== undefined) {
        this.#engine.drop(old.ticket);
        this.#byKey!.delete(key);
      }
    }
    if (droppable) this.#makeRoom(packet.length);
    if (!this.hasRoom(packet.length)) {
      if (policy === 'disconnect') throw slowReaderError(this.#maxQueuedBytes);
      return false;
    }
    const ticket = this.#engine.writeEncoded(packet);
    if (droppable && ticket > 0) {
      const entry = { ticket, key };
      this.#droppable.push(entry);
      if (policy === 'latest-by-key') {
        this.#byKey ??= new Map();
        this.#byKey.set(key, entry);
      }
      // Tickets of packets that have left, or were replaced, go when they are many.
      if (this.#droppable.length > 4096) this.#droppable = this.#droppable.slice(-2048);
    }
    return true;
  }

  #makeRoom(bytes: number): void {
    let dropped = 0;
    while (!this.hasRoom(bytes) && dropped < this.#droppable.length) {
      const entry = this.#droppable[dropped++]!;
      this.#engine.drop(entry.ticket);
      if (this.#byKey?.get(entry.key) === entry) this.#byKey.delete(entry.key);
    }
    if (dropped > 0) this.#droppable.splice(0, dropped);
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
