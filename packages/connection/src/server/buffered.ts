import { Status, StmpError } from '@stmp/contract';

/** Less than this on one connection is not worth counting: the number of connections bounds it. */
const COUNTED_FROM_BYTES = 4_096;

/** A connection that holds bytes which were not handled, or have not left. */
export interface BufferHolder {
  /** What it is counted with; kept by {@link Buffered} alone. */
  countedBytes: number;
  readonly engine: { readonly hasUnfinished: boolean };
  fail(error: StmpError): void;
}

/** What all connections of a server hold together. Above the limit the oldest unfinished packets go first, then the largest holders. */
export class Buffered {
  readonly #maxBytes: number;
  /** Those that are counted, the oldest first. */
  readonly #holders = new Set<BufferHolder>();
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  count(holder: BufferHolder, heldBytes: number): void {
    const bytes = heldBytes < COUNTED_FROM_BYTES ? 0 : heldBytes;
    if (bytes === holder.countedBytes) return;
    this.#set(holder, bytes);
    while (this.bytes > this.#maxBytes && this.#holders.size > 0) this.#endOne();
  }

  #set(holder: BufferHolder, bytes: number): void {
    this.bytes += bytes - holder.countedBytes;
    holder.countedBytes = bytes;
    if (bytes > 0) this.#holders.add(holder);
    else this.#holders.delete(holder);
  }

  #endOne(): void {
    let victim: BufferHolder | undefined;
    for (const holder of this.#holders) {
      if (holder.engine.hasUnfinished) {
        victim = holder;
        break;
      }
      if (victim === undefined || holder.countedBytes > victim.countedBytes) victim = holder;
    }
    this.#set(victim!, 0);
    victim!.fail(
      new StmpError('too_large', `all connections together hold more than ${this.#maxBytes} bytes (maxBufferedBytes)`, {
        status: Status.TooManyRequests,
      }),
    );
  }
}
