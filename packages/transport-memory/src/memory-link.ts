import { type Hello, type LinkHandler, type LinkPeer, StmpError } from '@stmp/contract';
import type { ResolvedMemoryOptions } from './options.js';

type Unit = Uint8Array | string;

const OPEN = 0;
const CLOSING = 1;
const CLOSED = 2;

/** What one end is born with. */
export interface MemoryEnd {
  /** Own number, which the other end sees as the port. */
  readonly port: number;
  /** Largest message to accept. */
  readonly maxUnitBytes: number;
}

/**
 * One end of a pair. Each end holds what it was sent and has not delivered; the sender reads its
 * own `queuedBytes` there, so that a reader that pauses holds its writer back.
 */
export class MemoryLink {
  readonly kind: 'stream' | 'message';
  readonly peer: LinkPeer;
  readonly hello?: Hello;
  readonly secure = false;
  readonly canPause = true;
  readonly safeWriteBytes: number = Number.MAX_SAFE_INTEGER;

  readonly #options: ResolvedMemoryOptions;
  readonly #end: MemoryEnd;
  #other: MemoryLink | undefined;
  #handler: LinkHandler<Unit> | undefined;
  #state: number = OPEN;
  #reason: StmpError | undefined;
  #inbox: Unit[] = [];
  #inboxHead = 0;
  #inboxBytes = 0;
  #inboxEnds = false;
  #paused = false;
  #scheduled = false;
  #drainOwed = false;
  #waiters: (() => void)[] = [];

  constructor(options: ResolvedMemoryOptions, own: MemoryEnd, other: MemoryEnd, hello: Hello | undefined) {
    this.kind = options.kind;
    this.#options = options;
    this.#end = own;
    this.peer = { address: 'memory', port: other.port, localAddress: 'memory', localPort: own.port };
    if (hello !== undefined) this.hello = hello;
  }

  static join(a: MemoryLink, b: MemoryLink): void {
    a.#other = b;
    b.#other = a;
  }

  get queuedBytes(): number {
    return this.#state === CLOSED ? 0 : this.#peerLink.#inboxBytes;
  }

  get #peerLink(): MemoryLink {
    return this.#other as MemoryLink;
  }

  defer(fn: () => void): void {
    queueMicrotask(fn);
  }

  start(handler: LinkHandler<Unit>): void {
    if (this.#handler !== undefined) throw new StmpError('bad_state', 'the link was started before');
    this.#handler = handler;
    if (this.#state === CLOSED) queueMicrotask(() => handler.onClose(this.#reason));
    else this.#schedule();
  }

  send(unit: Unit): boolean {
    if (this.#state !== OPEN) {
      const state = this.#state === CLOSED ? 'closed' : 'closing';
      throw new StmpError('link_closed', `the link is ${state}`, { cause: this.#reason });
    }
    const other = this.#peerLink;
    if (unit.length === 0 && this.kind === 'stream') return !this.#drainOwed;
    // The other end closes and hears nothing any more: as on a network, nobody tells the sender yet.
    if (other.#state === OPEN) {
      other.#inbox.push(unit);
      other.#inboxBytes += unit.length;
      other.#schedule();
    }
    if (other.#inboxBytes <= this.#options.highWaterBytes) return true;
    this.#drainOwed = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): Promise<void> {
    if (this.#state === CLOSED) return Promise.resolve();
    this.#beginClosing();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  abort(reason: StmpError): void {
    if (this.#state === CLOSED || this.#reason !== undefined) return;
    this.#breakOff(reason, new StmpError('link_failed', 'the link failed: reset by the other end', { origin: 'link' }));
  }

  /** Both ends drop everything; the own end first. */
  #breakOff(reason: StmpError, othersReason: StmpError): void {
    const other = this.#peerLink;
    this.#fail(reason);
    if (other.#state !== CLOSED && other.#reason === undefined) other.#fail(othersReason);
  }

  #fail(reason: StmpError): void {
    this.#reason = reason;
    this.#state = CLOSING;
    this.#clearInbox();
    queueMicrotask(() => this.#finish());
  }

  /** No more is taken; what was taken before is followed by the end. */
  #beginClosing(): void {
    if (this.#state !== OPEN) return;
    this.#state = CLOSING;
    const other = this.#peerLink;
    this.#clearInbox();
    if (other.#state === OPEN) {
      other.#inboxEnds = true;
      other.#schedule();
      other.#oweDrain();
    } else if (other.#state === CLOSING && other.#reason === undefined) {
      // Both ends close: nobody reads any more, so nothing is left to flush.
      queueMicrotask(() => {
        other.#finish();
        this.#finish();
      });
    }
  }

  #clearInbox(): void {
    this.#inbox = [];
    this.#inboxHead = 0;
    this.#inboxBytes = 0;
  }

  #finish(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#clearInbox();
    this.#handler?.onClose(this.#reason);
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#handler === undefined || this.#state !== OPEN) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  get #mayDeliver(): boolean {
    return !this.#paused && this.#state === OPEN;
  }

  #deliver(): void {
    const handler = this.#handler as LinkHandler<Unit>;
    while (this.#mayDeliver && this.#inboxHead < this.#inbox.length) {
      const unit = this.#inbox[this.#inboxHead] as Unit;
      this.#inbox[this.#inboxHead++] = '';
      if (this.#inboxHead === this.#inbox.length) {
        this.#inbox = [];
        this.#inboxHead = 0;
      }
      this.#inboxBytes -= unit.length;
      if (this.kind === 'message' && unit.length > this.#end.maxUnitBytes) {
        this.#refuse(unit.length);
        return;
      }
      if (typeof unit === 'string' || this.#options.chunk === undefined) {
        handler.onData(unit);
      } else {
        // A pause between pieces may let the rest of the unit through: one read holds it already.
        for (const piece of this.#options.chunk(unit)) {
          if (this.#state === OPEN && piece.length > 0) handler.onData(piece);
        }
      }
    }
    if (this.#state !== OPEN) return;
    this.#oweDrain();
    if (this.#inboxEnds && this.#inbox.length === 0) this.#endOfInput();
  }

  #refuse(bytes: number): void {
    const limit = this.#end.maxUnitBytes;
    this.#breakOff(
      new StmpError('too_large', `a message of ${bytes} bytes came, maxUnitBytes is ${limit}`, { origin: 'peer' }),
      new StmpError('link_failed', 'the link failed: the other end refused a message as too large', { origin: 'link' }),
    );
  }

  /** The other end has closed, and everything it sent was delivered. It no longer reads, so there is nothing to flush. */
  #endOfInput(): void {
    // After what the last unit has deferred.
    queueMicrotask(() => {
      this.#state = this.#state === OPEN ? CLOSING : this.#state;
      this.#finish();
      this.#peerLink.#finish();
    });
  }

  /** Tells the other end, the writer, that there is room again. */
  #oweDrain(): void {
    const writer = this.#peerLink;
    if (!writer.#drainOwed || this.#inboxBytes > this.#options.highWaterBytes) return;
    writer.#drainOwed = false;
    queueMicrotask(() => {
      if (writer.#state === OPEN) writer.#handler?.onDrain();
    });
  }
}
