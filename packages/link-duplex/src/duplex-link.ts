import { type LinkHandler, type LinkPeer, StmpError, type StreamLink } from '@stmp/contract';
import type { NodeDuplex } from './node-duplex.js';
import {
  type DuplexLinkOptions,
  type ResolvedDuplexLinkOptions,
  resolveDuplexLinkOptions,
  TCP_SAFE_WRITE_BYTES,
  TLS_SAFE_WRITE_BYTES,
} from './options.js';
import { rememberPeer, socketPeer } from './peer.js';

const OPEN = 0;
/** The peer's end was read; what its last data makes us say is still taken. */
const ENDED = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Errors that a path may well end with once closing has begun. */
const NORMAL_ENDS: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNABORTED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

const LINK: unique symbol = Symbol('link');

/** Leads from the duplex to its link, so that all links share their listeners. */
interface Linked extends NodeDuplex {
  [LINK]?: DuplexLink;
}

const NONE: Uint8Array = new Uint8Array(0);

/** Units that wait for the write before them, oldest first. */
interface Waiting {
  units: Uint8Array[];
  head: number;
  bytes: number;
}

interface Closing {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

class DuplexLink implements StreamLink {
  readonly #duplex: NodeDuplex;
  readonly #options: ResolvedDuplexLinkOptions;
  #state: number = OPEN;
  #paused = false;
  #drainOwed = false;
  #handler: LinkHandler<Uint8Array> | undefined;
  #peer: LinkPeer | undefined;
  #written: ((error?: Error | null) => void) | undefined;
  #waiting: Waiting | undefined;
  #reason: StmpError | undefined;
  #closing: Closing | undefined;

  constructor(duplex: NodeDuplex, options: ResolvedDuplexLinkOptions) {
    this.#duplex = duplex;
    this.#options = options;
    (duplex as Linked)[LINK] = this;
    // What waits here must still leave after the peer's end.
    duplex.allowHalfOpen = true;
    rememberPeer(duplex);
    duplex.on('end', onEnd);
    duplex.on('error', onError);
    duplex.on('close', onClose);
    if (duplex.destroyed) process.nextTick(wasDestroyed, this, duplex.errored);
    else if (duplex.readableEnded) this.takeEnd();
  }

  get kind(): 'stream' {
    return 'stream';
  }

  get peer(): LinkPeer {
    this.#peer ??= this.#options.peer ?? socketPeer(this.#duplex);
    return this.#peer;
  }

  get secure(): boolean {
    return this.#options.secure ?? (this.#duplex as { encrypted?: boolean }).encrypted === true;
  }

  get safeWriteBytes(): number {
    return this.#options.safeWriteBytes ?? (this.secure ? TLS_SAFE_WRITE_BYTES : TCP_SAFE_WRITE_BYTES);
  }

  get safeUnreadBytes(): number | undefined {
    return this.secure ? undefined : this.#options.safeUnreadBytes;
  }

  get canPause(): boolean {
    return true;
  }

  get queuedBytes(): number {
    if (this.#state === CLOSED) return 0;
    const { queuedBytes, writableLength } = this.#duplex;
    return this.#waitingBytes + (queuedBytes === undefined ? writableLength : Math.min(queuedBytes, writableLength));
  }

  get #waitingBytes(): number {
    return this.#waiting === undefined ? 0 : this.#waiting.bytes;
  }

  /** Goes down with the callbacks of writes, after which `onDrain` is due. */
  get #isBelowMark(): boolean {
    return this.#waitingBytes + this.#duplex.writableLength <= this.#options.highWaterBytes;
  }

  defer(fn: () => void): void {
    process.nextTick(fn);
  }

  start(handler: LinkHandler<Uint8Array>): void {
    if (this.#handler !== undefined) throw new StmpError('bad_state', 'the link was started before');
    this.#handler = handler;
    if (this.#state === CLOSED) {
      process.nextTick(tellClosed, this);
    } else if (this.#state <= ENDED) {
      if (this.#paused) this.#duplex.pause();
      this.#duplex.on('data', onData);
    }
  }

  send(unit: Uint8Array): boolean {
    if (this.#state >= CLOSING) throw this.#closedError();
    if (unit.length === 0) return !this.#drainOwed;
    const duplex = this.#duplex;
    const waiting = this.#waiting;
    // Nothing in flight: the duplex may not be given a second chunk, or it would put the two together.
    if (waiting === undefined && duplex.writableLength === 0) {
      this.#written ??= this.#onWritten.bind(this);
      duplex.write(unit, this.#written);
    } else if (waiting === undefined) {
      this.#waiting = { units: [unit], head: 0, bytes: unit.length };
    } else {
      waiting.units.push(unit);
      waiting.bytes += unit.length;
    }
    if (this.#isBelowMark) return true;
    this.#drainOwed = true;
    return false;
  }

  dropQueued(): void {
    // While closing, the last write ends the duplex once nothing waits.
    if (this.#state <= ENDED) this.#waiting = undefined;
  }

  pause(): void {
    this.#paused = true;
    if (this.#handler !== undefined && this.#state <= ENDED) this.#duplex.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handler !== undefined && this.#state <= ENDED) this.#duplex.resume();
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      let resolve: () => void = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closing = { promise, resolve };
      if (this.#state === CLOSED) resolve();
      else this.beginClosing();
    }
    return this.#closing.promise;
  }

  abort(reason: StmpError): void {
    if (this.#state === CLOSED || this.#reason !== undefined) return;
    this.#state = CLOSING;
    this.#reason = reason;
    this.#waiting = undefined;
    if (this.#options.reset === undefined) this.#duplex.destroy();
    else this.#options.reset(this.#duplex);
  }

  #closedError(): StmpError {
    const state = this.#state === CLOSED ? 'closed' : 'closing';
    return new StmpError('link_closed', `the link is ${state}`, { cause: this.#reason });
  }

  #onWritten(error?: Error | null): void {
    if (error || this.#state === CLOSED) return;
    const waiting = this.#waiting;
    const duplex = this.#duplex;
    if (waiting !== undefined) {
      while (waiting.bytes > 0 && duplex.writableLength === 0) {
        const unit = waiting.units[waiting.head] as Uint8Array;
        waiting.units[waiting.head++] = NONE;
        waiting.bytes -= unit.length;
        duplex.write(unit, this.#written);
      }
      if (waiting.bytes === 0) {
        this.#waiting = undefined;
        if (this.#state === CLOSING && this.#reason === undefined) duplex.end();
      } else if (waiting.head >= 1024) {
        waiting.units = waiting.units.slice(waiting.head);
        waiting.head = 0;
      }
    }
    if (this.#drainOwed && this.#state < CLOSING && this.#isBelowMark) {
      this.#drainOwed = false;
      this.#handler?.onDrain();
    }
  }

  takeData(chunk: Uint8Array): void {
    if (this.#state <= ENDED) (this.#handler as LinkHandler<Uint8Array>).onData(chunk);
  }

  takeEnd(): void {
    if (this.#state !== OPEN) return;
    this.#state = ENDED;
    // After whatever the last data has deferred: its answer still leaves.
    process.nextTick(finish, this);
  }

  takeError(error: Error & { code?: unknown }): void {
    if (this.#state === CLOSED) return;
    const { reasonOf } = this.#options;
    if (this.#reason === undefined && reasonOf !== undefined) {
      this.#reason = reasonOf(error);
    } else if (this.#reason === undefined && (this.#state === OPEN || !NORMAL_ENDS.has(error.code))) {
      this.#reason = new StmpError('link_failed', `the link failed: ${String(error.code ?? error.message)}`, {
        origin: 'link',
        cause: error,
      });
    }
    this.#state = CLOSING;
    this.#waiting = undefined;
    // A TLS socket that may be half open fails without closing; other duplexes are destroyed already.
    this.#duplex.destroy();
  }

  takeClose(): void {
    if (this.#state === CLOSED) return;
    if (this.#state === OPEN) {
      this.#reason = new StmpError('link_failed', 'the link failed: the stream was destroyed', { origin: 'link' });
    }
    this.#state = CLOSED;
    this.#waiting = undefined;
    if (this.#handler !== undefined) this.tellClosed();
    this.#closing?.resolve();
  }

  tellClosed(): void {
    (this.#handler as LinkHandler<Uint8Array>).onClose(this.#reason);
  }

  beginClosing(): void {
    if (this.#state >= CLOSING) return;
    this.#state = CLOSING;
    if (this.#waiting === undefined) this.#duplex.end();
    // Reading goes on, for nobody: unread input would turn the end into a reset, which can overtake our last bytes.
    this.#duplex.resume();
  }
}

// One set of listeners for all links: closures of their own would cost each idle link half a kilobyte.

function onData(this: Linked, chunk: Uint8Array): void {
  (this[LINK] as DuplexLink).takeData(chunk);
}

function onEnd(this: Linked): void {
  (this[LINK] as DuplexLink).takeEnd();
}

function onError(this: Linked, error: Error): void {
  (this[LINK] as DuplexLink).takeError(error);
}

function onClose(this: Linked): void {
  (this[LINK] as DuplexLink).takeClose();
}

function finish(link: DuplexLink): void {
  link.beginClosing();
}

function tellClosed(link: DuplexLink): void {
  link.tellClosed();
}

/** The duplex came to us destroyed: its `close` event may be over. */
function wasDestroyed(link: DuplexLink, error: Error | null): void {
  if (error) link.takeError(error);
  link.takeClose();
}

/**
 * A stream link over an open duplex, which belongs to the link from here on: nobody else may read, write or end it.
 *
 * One write per unit, the next one when the duplex holds nothing any more. After `close()` or the peer's end
 * the handler hears nothing but `onClose`. Errors that follow the beginning of the end (`EPIPE`,
 * `ECONNRESET`) count as an orderly end; others reach `onClose` as `link_failed` with the cause.
 */
export function duplexLink(duplex: NodeDuplex, options?: DuplexLinkOptions | ResolvedDuplexLinkOptions): StreamLink {
  return new DuplexLink(duplex, resolveDuplexLinkOptions(options));
}
