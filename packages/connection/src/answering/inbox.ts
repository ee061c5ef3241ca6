import type { CallContext } from './call-context.js';

/** What a packet costs beside its bytes, so that empty ones are bounded too. */
const PACKET_BYTES = 64;
/** How much may wait beyond the limit for the sake of an answer that is among the bytes read: what one read brings. */
const READ_AHEAD_BYTES = 65_536;
const TIDY_FROM = 256;

const bytesOf = (context: CallContext): number => context.size + PACKET_BYTES;

/** Requests and events that wait for a handler's place, in the order in which they came. */
export class Inbox {
  readonly #maxBytes: number;
  readonly #maxRequests: number;
  #items: (CallContext | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #requests = 0;

  constructor(maxBytes: number, maxRequests: number) {
    this.#maxBytes = maxBytes;
    this.#maxRequests = maxRequests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#items.length - this.#head;
  }

  get requests(): number {
    return this.#requests;
  }

  /** True when no more bytes fit. */
  get bytesFull(): boolean {
    return this.#bytes >= this.#maxBytes && this.count > 0;
  }

  get full(): boolean {
    return this.bytesFull || (this.#requests > 0 && this.#requests >= this.#maxRequests);
  }

  /** True when half of it is free again. */
  get halfEmpty(): boolean {
    return this.#bytes * 2 <= this.#maxBytes && this.#requests * 2 <= this.#maxRequests;
  }

  /** True while more may be taken than fits, on the way to what lies behind it. */
  get mayReadAhead(): boolean {
    return this.#bytes < this.#maxBytes + READ_AHEAD_BYTES;
  }

  /** A first packet always fits. */
  fits(context: CallContext): boolean {
    if (context.kind === 'request' && this.#requests >= this.#maxRequests) return false;
    return this.count === 0 || this.#bytes + bytesOf(context) <= this.#maxBytes;
  }

  push(context: CallContext): void {
    this.#bytes += bytesOf(context);
    context.keep();
    this.#items.push(context);
    if (context.kind === 'request') this.#requests++;
  }

  shift(): CallContext | undefined {
    const context = this.#items[this.#head];
    if (context === undefined) return undefined;
    this.#items[this.#head++] = undefined;
    this.#bytes -= bytesOf(context);
    if (context.kind === 'request') this.#requests--;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head >= TIDY_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return context;
  }

  /** The requests that wait and are not answered yet. */
  *unanswered(): IterableIterator<CallContext> {
    for (let i = this.#head; i < this.#items.length; i++) {
      const context = this.#items[i]!;
      if (context.kind === 'request' && !context.done) yield context;
    }
  }

  /** Takes out what `drop` says. */
  remove(drop: (context: CallContext) => boolean): void {
    const kept = (this.#items.slice(this.#head) as CallContext[]).filter((context) => !drop(context));
    this.#items = kept;
    this.#head = 0;
    this.#bytes = kept.reduce((sum, context) => sum + bytesOf(context), 0);
    this.#requests = kept.filter(({ kind }) => kind === 'request').length;
  }
}
