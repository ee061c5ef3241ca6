import type { Hello, LinkHandler, LinkPeer, MessageLink, StmpError } from '@stmp/contract';
import { closeReason, linkClosed, startedTwice, unitTooLarge } from './close-reason.js';

/** What is used of the platform's WebSocket. */
export interface BrowserSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(data: Uint8Array | string): void;
  close(code?: number): void;
}

/** How often the queue is looked at while it is above its mark: there is no event for it. */
const DRAIN_POLL_MS = 10;

/** A link over an open platform WebSocket. Nothing can be paused there. */
export class BrowserLink implements MessageLink {
  readonly kind = 'message';
  readonly canPause = false;
  readonly peer: LinkPeer = {};
  readonly secure: boolean;
  readonly hello: Hello | undefined;
  readonly #socket: BrowserSocket;
  readonly #highWaterBytes: number;
  #handler: LinkHandler<Uint8Array | string> | undefined;
  /** True once what came before `start` has been delivered. */
  #live = false;
  #early: (Uint8Array | string)[] = [];
  #closing = false;
  #ended = false;
  #aborted = false;
  #reason: StmpError | undefined;
  #timer: unknown;
  #closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  constructor(
    socket: BrowserSocket,
    secure: boolean,
    hello: Hello | undefined,
    highWaterBytes: number,
    maxUnitBytes: number,
  ) {
    this.#socket = socket;
    this.secure = secure;
    this.hello = hello;
    this.#highWaterBytes = highWaterBytes;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.onmessage = ({ data }): void => {
      const unit = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
      // The platform has no limit to set, so this comes after buffering.
      if (unit.length > maxUnitBytes) this.abort(unitTooLarge(unit.length, maxUnitBytes));
      else if (this.#live) this.#handler?.onData(unit);
      else this.#early.push(unit);
    };
    socket.onerror = null;
    socket.onclose = ({ code }): void => this.#end(this.#closing ? undefined : closeReason(code));
  }

  get queuedBytes(): number {
    return this.#ended ? 0 : this.#socket.bufferedAmount;
  }

  defer(fn: () => void): void {
    queueMicrotask(fn);
  }

  start(handler: LinkHandler<Uint8Array | string>): void {
    if (this.#handler) throw startedTwice();
    this.#handler = handler;
    queueMicrotask(() => {
      for (const unit of this.#early) if (!this.#aborted) handler.onData(unit);
      this.#early = [];
      this.#live = true;
      if (this.#ended) this.#finish();
    });
  }

  send(unit: Uint8Array | string): boolean {
    if (this.#closing || this.#ended) throw linkClosed();
    this.#socket.send(unit);
    if (this.#socket.bufferedAmount <= this.#highWaterBytes) return true;
    this.#timer ??= setTimeout(this.#poll, DRAIN_POLL_MS);
    return false;
  }

  readonly #poll = (): void => {
    this.#timer = undefined;
    if (this.#socket.bufferedAmount > this.#highWaterBytes) this.#timer = setTimeout(this.#poll, DRAIN_POLL_MS);
    else this.#handler?.onDrain();
  };

  pause(): void {}

  resume(): void {}

  close(): Promise<void> {
    if (!this.#closing && !this.#ended) {
      this.#closing = true;
      this.#socket.close(1000);
    }
    return this.#closed;
  }

  /** The platform cannot cut a connection; it is closed, and from now on ignored. */
  abort(reason: StmpError): void {
    if (this.#ended || this.#aborted) return;
    this.#closing = true;
    this.#aborted = true;
    const socket = this.#socket;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
    queueMicrotask(() => this.#end(reason));
  }

  #end(reason: StmpError | undefined): void {
    this.#ended = true;
    this.#reason = reason;
    clearTimeout(this.#timer);
    if (this.#live || !this.#handler) this.#finish();
  }

  #finish(): void {
    this.#handler?.onClose(this.#reason);
    this.#resolveClosed();
  }
}
