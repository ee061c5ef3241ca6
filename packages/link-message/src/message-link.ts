import { type Hello, type LinkHandler, type LinkPeer, type MessageLink, StmpError } from '@stmp/contract';
import { type MessageLinkOptions, type ResolvedMessageLinkOptions, resolveMessageLinkOptions } from './options.js';
import { Pieces, postUnit } from './pieces.js';
import { countIn, type Unit, unitBytes, Word, windowCost } from './wire.js';

/** What is needed of the thing that posts: a MessagePort, a data channel, a pair of queues. Reliable and in order. */
export interface MessagePath {
  /** Posts one message: text or bytes, which stay as they are and may be a view into a larger array. What it throws ends the link. */
  post(message: Uint8Array | string): void;
  /** Frees the path; called once. What was posted before still leaves. */
  close(): void;
}

/** One end: the link, and where its path brings what happens. */
export interface MessageEnd {
  readonly link: MessageLink;
  /** A message came: text, or bytes that nobody else keeps. May be called at any time, also from inside `post`. */
  receive(message: unknown): void;
  /** The path has ended by itself. Harmless after the end. */
  lost(cause?: unknown): void;
}

const OPEN = 0;
/** The peer's end was delivered; what its last unit makes us say is still taken. */
const ENDED = 1;
const CLOSING = 2;
const CLOSED = 3;
const END: unique symbol = Symbol('end');

const fromPath = (code: 'link_failed' | 'protocol_error' | 'too_large', message: string, cause?: unknown): StmpError =>
  new StmpError(code, message, { origin: code === 'link_failed' ? 'link' : 'peer', cause });

class InBandLink implements MessageLink, MessageEnd {
  readonly kind = 'message';
  readonly canPause = true;
  readonly peer: LinkPeer;
  readonly secure: boolean;
  readonly hello: Hello | undefined;
  readonly #path: MessagePath;
  readonly #limits: ResolvedMessageLinkOptions;
  readonly #post: (message: Unit) => void;
  #handler: LinkHandler<Unit> | undefined;
  #state = OPEN;
  #reason: StmpError | undefined;
  /** Units that the peer has no room for yet. */
  #waiting: Unit[] = [];
  #waitingBytes = 0;
  /** What the peer has room for; below 0 once a large unit has left. */
  #credit = 0;
  #drainOwed = false;
  #inbox: (Unit | typeof END)[] = [];
  /** What the peer has sent and not been told to have been read. */
  #unread = 0;
  #read = 0;
  #pieces: Pieces | undefined;
  #flushing = false;
  #paused = false;
  #delivering = false;
  #saidEnd = false;
  #heardEnd = false;
  #finished = false;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(path: MessagePath, options: MessageLinkOptions) {
    this.#path = path;
    this.#limits = resolveMessageLinkOptions(options);
    this.peer = options.peer ?? {};
    this.secure = options.secure ?? false;
    this.hello = options.hello;
    this.#post = (message) => {
      if (this.#state === CLOSED) return;
      try {
        path.post(message);
      } catch (cause) {
        this.lost(cause);
      }
    };
    this.#post(Word.Read + this.#limits.windowBytes);
  }

  get link(): MessageLink {
    return this;
  }

  get queuedBytes(): number {
    return this.#waitingBytes;
  }

  defer(fn: () => void): void {
    queueMicrotask(fn);
  }

  start(handler: LinkHandler<Unit>): void {
    if (this.#handler !== undefined) throw new StmpError('bad_state', 'the link was started before');
    this.#handler = handler;
    // An end of this very turn is told by itself.
    if (this.#finished) queueMicrotask(() => handler.onClose(this.#reason));
    else this.#deliverSoon();
  }

  send(unit: Unit): boolean {
    if (this.#state >= CLOSING) {
      const state = this.#state === CLOSED ? 'closed' : 'closing';
      throw new StmpError('link_closed', `the link is ${state}`, { cause: this.#reason });
    }
    const bytes = unitBytes(unit);
    if (this.#credit > 0 && this.#waiting.length === 0) {
      this.#postUnit(unit, bytes);
    } else {
      this.#waiting.push(unit);
      this.#waitingBytes += bytes;
    }
    if (this.#waitingBytes <= this.#limits.highWaterBytes) return true;
    this.#drainOwed = true;
    return false;
  }

  dropQueued(): void {
    if (this.#state >= CLOSING) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliverSoon();
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
      if (this.#finished) resolve();
      else this.#beginClosing();
    }
    return this.#closed.promise;
  }

  abort(reason: StmpError): void {
    if (this.#state === CLOSED || this.#reason !== undefined) return;
    this.#post(Word.Abort);
    this.#end(reason);
  }

  lost(cause?: unknown): void {
    if (this.#state === CLOSED || this.#reason !== undefined) return;
    // What came before the peer's end is still delivered, and the answer to it has nowhere to go.
    this.#saidEnd = true;
    if (this.#heardEnd && this.#state === OPEN) return;
    const orderly = this.#state !== OPEN || this.#heardEnd;
    this.#end(orderly ? undefined : fromPath('link_failed', 'the link failed: its path has ended', cause));
  }

  receive(message: unknown): void {
    if (this.#state === CLOSED || this.#reason !== undefined) return;
    if (message instanceof Uint8Array) this.#takeBytes(message);
    else if (message instanceof ArrayBuffer) this.#takeBytes(new Uint8Array(message));
    else if (typeof message === 'string') this.#takeText(message);
    else this.#break(fromPath('protocol_error', `expected text or bytes, got ${typeof message}`));
  }

  #takeText(message: string): void {
    const word = message[0];
    const count = countIn(message);
    if (word === Word.Abort) this.#break(fromPath('link_failed', 'the link failed: aborted by the other end'));
    else if (word === Word.Read && count !== undefined) this.#takeCredit(count);
    else if (this.#heardEnd) this.#break(fromPath('protocol_error', 'a message came behind the end'));
    else if (this.#pieces !== undefined) this.#break(fromPath('protocol_error', 'a piece of a unit is missing'));
    else if (word === Word.Text) this.#takeUnit(message.slice(1));
    else if (word === Word.End) this.#takeEnd();
    else if ((word === Word.BytesInPieces || word === Word.TextInPieces) && count !== undefined) {
      if (this.#mayHold(count)) this.#pieces = new Pieces(word === Word.TextInPieces, count);
    } else this.#break(fromPath('protocol_error', 'a text came that is no word of a link'));
  }

  #takeBytes(bytes: Uint8Array): void {
    if (this.#heardEnd) {
      this.#break(fromPath('protocol_error', 'a message came behind the end'));
    } else if (this.#pieces === undefined) {
      this.#takeUnit(bytes);
    } else {
      const unit = this.#pieces.add(bytes);
      if (unit === false) this.#break(fromPath('protocol_error', 'pieces came that were not announced'));
      if (unit === undefined || unit === false) return;
      this.#pieces = undefined;
      this.#takeUnit(unit);
    }
  }

  #takeUnit(unit: Unit): void {
    const bytes = unitBytes(unit);
    if (!this.#mayHold(bytes)) return;
    this.#unread += windowCost(bytes);
    if (this.#state === OPEN) {
      this.#inbox.push(unit);
      this.#deliverSoon();
    } else {
      // For nobody, but the peer shall get rid of it.
      this.#wasRead(windowCost(bytes));
    }
  }

  #mayHold(bytes: number): boolean {
    const { maxUnitBytes, windowBytes } = this.#limits;
    if (bytes <= maxUnitBytes && this.#unread < windowBytes) return true;
    const reason =
      bytes > maxUnitBytes
        ? fromPath('too_large', `a message of ${bytes} bytes came, maxUnitBytes is ${maxUnitBytes}`)
        : fromPath('protocol_error', `more came than windowBytes, ${windowBytes}`);
    this.#break(reason);
    return false;
  }

  #takeEnd(): void {
    this.#heardEnd = true;
    if (this.#state === OPEN) {
      this.#inbox.push(END);
      this.#deliverSoon();
    } else {
      this.#flush();
    }
  }

  #takeCredit(bytes: number): void {
    this.#credit += bytes;
    this.#flush();
  }

  #wasRead(cost: number): void {
    this.#read += cost;
    if (this.#read < this.#limits.windowBytes / 4) return;
    this.#unread -= this.#read;
    this.#post(Word.Read + this.#read);
    this.#read = 0;
  }

  /** Posts what the peer has room for; once nothing waits, the end, if it is due. */
  #flush(): void {
    // What a post brings back at once is looked at below, or nothing could be in pieces.
    if (this.#flushing) return;
    this.#flushing = true;
    while (this.#waiting.length > 0 && this.#credit > 0 && !this.#saidEnd) {
      const unit = this.#waiting.shift() as Unit;
      const bytes = unitBytes(unit);
      this.#waitingBytes -= bytes;
      this.#postUnit(unit, bytes);
    }
    this.#flushing = false;
    if (this.#state === CLOSING && this.#waiting.length === 0 && !this.#saidEnd) {
      this.#saidEnd = true;
      this.#post(Word.End);
    }
    if (this.#state === CLOSING && this.#saidEnd && this.#heardEnd) this.#end(this.#reason);
    else if (this.#drainOwed && this.#waitingBytes <= this.#limits.highWaterBytes) this.#drainSoon();
  }

  #postUnit(unit: Unit, bytes: number): void {
    this.#credit -= windowCost(bytes);
    postUnit(unit, bytes, this.#limits.maxPostBytes, this.#post);
  }

  #drainSoon(): void {
    this.#drainOwed = false;
    queueMicrotask(() => {
      if (this.#state < CLOSING) this.#handler?.onDrain();
    });
  }

  #deliverSoon(): void {
    if (this.#delivering || this.#paused || this.#handler === undefined || this.#inbox.length === 0) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const inbox = this.#inbox;
    let next = 0;
    // Whoever closes or aborts in between has another inbox.
    while (next < inbox.length && !this.#paused && this.#inbox === inbox) {
      const unit = inbox[next++] as Unit | typeof END;
      if (unit === END) {
        this.#state = ENDED;
        // After what the last unit has deferred: its answer still leaves.
        queueMicrotask(() => this.#beginClosing());
      } else {
        this.#wasRead(windowCost(unitBytes(unit)));
        (this.#handler as LinkHandler<Unit>).onData(unit);
      }
    }
    if (this.#inbox === inbox) inbox.splice(0, next);
  }

  #beginClosing(): void {
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    this.#emptyInbox();
    this.#flush();
  }

  #emptyInbox(): void {
    const cost = this.#unread - this.#read;
    this.#inbox = [];
    if (this.#reason === undefined && cost > 0) this.#wasRead(cost);
  }

  /** The other end has broken off, or the rules. While closing that is an end like any other. */
  #break(reason: StmpError): void {
    if (reason.code !== 'link_failed') this.#post(Word.Abort);
    this.#end(this.#state < CLOSING ? reason : undefined);
  }

  #end(reason: StmpError | undefined): void {
    if (this.#state === CLOSED) return;
    this.#reason = reason;
    this.#state = CLOSED;
    this.#inbox = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    queueMicrotask(() => {
      this.#finished = true;
      this.#path.close();
      this.#handler?.onClose(reason);
      this.#closed?.resolve();
    });
  }
}

/** One end of a message link over a path that belongs to it from here on. */
export function messageLink(path: MessagePath, options: MessageLinkOptions = {}): MessageEnd {
  return new InBandLink(path, options);
}
