import { Status } from '@stmp/contract';
import type { Inbound } from '@stmp/engine';
import { printable } from '../printable.js';
import { codecsOf } from '../wire/wire.js';
import { answerBusy, answerReply, answerStatus } from './answer.js';
import { CallContext } from './call-context.js';
import type { AnsweringHost } from './host.js';
import { Inbox } from './inbox.js';
import { tellDropped } from './inbox-overflow.js';
import type { Route } from './router.js';
import { type Places, runHandler } from './run-handler.js';
import { Running } from './running.js';
import { Stall } from './stall.js';

/**
 * Requests and notifies of one connection: started in the order in which they came, finished in any, a limited
 * number at a time. The others wait in an {@link Inbox}.
 */
export class Dispatcher implements Places {
  readonly #host: AnsweringHost;
  readonly #running = new Running();
  readonly #inbox: Inbox;
  #full = false;
  #overflows = false;
  #held = false;
  /** Made when something has to wait for the first time. */
  #stall: Stall | undefined = undefined;
  /** Handlers that ended, and answers that came. */
  #moves = 0;
  #stopped = false;
  #ended = false;
  #idle: (() => void)[] | undefined = undefined;

  constructor(host: AnsweringHost) {
    this.#host = host;
    const { maxInboxBytes, maxInboxCount } = host.shared.options;
    this.#inbox = new Inbox(maxInboxBytes, maxInboxCount);
  }

  /** Calls that run or wait. */
  get busy(): number {
    return this.#running.count + this.#inbox.count;
  }

  /** When the oldest handler runs out of time or a standstill is looked for, or Infinity. */
  get deadlineMs(): number {
    const { handlerTimeoutMs } = this.#host.shared.options;
    const oldest = handlerTimeoutMs > 0 ? this.#running.oldestUnaborted : undefined;
    const stallMs = this.#stall?.deadlineMs ?? Number.POSITIVE_INFINITY;
    return oldest === undefined ? stallMs : Math.min(stallMs, oldest.startedMs + handlerTimeoutMs);
  }

  /** True from when the inbox takes no more until half of it is free. */
  get full(): boolean {
    return this.#full;
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  /** True while reading goes on although the inbox is full. */
  get overflows(): boolean {
    return this.#overflows;
  }

  /** Reading cannot stop, and a turn has brought no room: from here on what does not fit is refused, until there is. */
  overflow(): void {
    if (this.#full) this.#overflows = true;
  }

  /** What comes waits until {@link release}, whatever room there is. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.resume();
  }

  /** Something has come that a handler may have waited for. */
  moved(): void {
    this.#moves++;
  }

  /** From now on requests are answered ServerShutdown and notifies dropped; what has come before is still handled. */
  stop(): void {
    this.#stopped = true;
  }

  /** There may be room for answers again. */
  resume(): void {
    if (this.#inbox.count > 0) this.next();
  }

  /** Runs `fn` when nothing runs or waits any more. */
  whenIdle(fn: () => void): void {
    if (this.busy === 0) fn();
    else if (this.#idle === undefined) this.#idle = [fn];
    else this.#idle.push(fn);
  }

  /** Takes a request or notify from the engine. */
  accept(into: Inbound, request: boolean): void {
    const host = this.#host;
    const { router, counters, options } = host.shared;
    const route = router.find(into.action);
    if (request) counters.callsIn++;
    else counters.notifiesIn++;
    if (options.hooks.onPacketIn !== undefined) this.#tellIn(into, route, request);
    if (this.#stopped) {
      if (request) answerStatus(host, into.mid, Status.ServerShutdown);
      else tellDropped(host, route?.name, into.action, 'leaving');
      return;
    }
    if (!host.mayCall()) {
      if (request) answerBusy(host, into.mid);
      else tellDropped(host, route?.name, into.action, 'rate');
      return;
    }
    if (into.skip >= 0) {
      // Too large for its method: its payload was passed over.
      if (request) answerStatus(host, into.mid, Status.RequestEntityTooLarge);
      else tellDropped(host, route?.name, into.action, 'size');
      return;
    }
    if (
      route === undefined ||
      (request ? route.handler === undefined : route.handler === undefined && route.listeners.length === 0)
    ) {
      if (request) answerStatus(host, into.mid, Status.NotFound);
      return;
    }
    const codecs = codecsOf(host.wireKey.codec, route.method);
    const context = new CallContext(host, route, codecs, request ? 'request' : 'notify', into);
    if (into.headerEnd >= 0) context.arrivedMs = options.clock.nowMs();
    const free = this.#running.count < options.maxConcurrentHandlers && this.#inbox.count === 0 && !this.#held;
    if (free && host.hasOutputRoom()) runHandler(host, this, context);
    else this.#wait(context);
  }

  #wait(context: CallContext): void {
    const inbox = this.#inbox;
    const fits = context.kind === 'request' ? this.#takesRequest(context) : this.#takesEvent(context);
    if (!fits) return;
    inbox.push(context);
    this.#stall ??= new Stall(this.#host.shared.options.stallTimeoutMs);
    if (this.#stall.watch(this.#host.clock, this.#moves)) this.#host.wrote();
    if (inbox.full) {
      this.#full = true;
      this.#host.judgeReading();
    }
  }

  #takesRequest(context: CallContext): boolean {
    // Where reading can stop, the one that does not fit any more is the last.
    const takes = !this.#standstill && (this.#inbox.fits(context) || (!this.#full && this.#host.mayStopReading));
    if (!takes) answerBusy(this.#host, context.mid);
    return takes;
  }

  #takesEvent(context: CallContext): boolean {
    if (this.#inbox.fits(context)) return true;
    const takes = this.#host.inputEnded ? this.#inbox.mayReadAhead : !this.#overflows;
    if (!takes) this.#host.inboxOverflowed(context);
    return takes;
  }

  /** True when all handlers may be waiting for the peer, and the peer for one that has not begun. */
  get #standstill(): boolean {
    return this.#stall?.found === true && this.#host.waitsForPeer >= this.#running.count;
  }

  #tellIn(into: Inbound, route: Route | undefined, request: boolean): void {
    const host = this.#host;
    const { text, bytes, start, end } = into;
    const payload = end < 0 ? undefined : text === undefined ? bytes.subarray(start, end) : text.slice(start, end);
    host.shared.guard('onPacketIn', host, () =>
      host.shared.options.hooks.onPacketIn?.({
        connection: host,
        kind: request ? 'request' : 'notify',
        mid: request ? into.mid : 0,
        action: typeof into.action === 'string' ? printable(into.action) : into.action,
        name: route?.name,
        status: 0,
        payload,
      }),
    );
  }

  // --- places ----------------------------------------------------------------------

  get open(): boolean {
    return !this.#ended;
  }

  enter(context: CallContext): void {
    this.#running.add(context);
    const { options } = this.#host.shared;
    if (options.handlerTimeoutMs > 0) {
      context.startedMs = options.clock.nowMs();
      this.#host.wrote();
    }
  }

  exit(context: CallContext): void {
    this.#running.remove(context);
  }

  next(): void {
    const { maxConcurrentHandlers } = this.#host.shared.options;
    const inbox = this.#inbox;
    this.#moves++;
    const running = this.#running;
    while (running.count < maxConcurrentHandlers && inbox.count > 0 && !this.#held && this.#host.hasOutputRoom()) {
      const context = inbox.shift()!;
      if (!context.done) runHandler(this.#host, this, context);
    }
    if (this.#full && inbox.halfEmpty) {
      this.#full = this.#overflows = false;
      this.#host.judgeReading();
    }
    if (inbox.count === 0) {
      this.#stall?.over();
      this.#host.inboxEmptied();
    }
    if (this.#idle !== undefined && this.busy === 0) {
      const waiting = this.#idle;
      this.#idle = undefined;
      for (const fn of waiting) fn();
    }
  }

  /** Handlers whose time is up: their signal aborts and their callers are answered. */
  tick(nowMs: number): void {
    this.#lookForStandstill(nowMs);
    const { handlerTimeoutMs } = this.#host.shared.options;
    if (handlerTimeoutMs <= 0) return;
    for (
      let context = this.#running.oldestUnaborted;
      context !== undefined && context.startedMs + handlerTimeoutMs <= nowMs;
      context = this.#running.oldestUnaborted
    ) {
      context.abort();
      if (!context.done)
        answerReply(this.#host, context, { status: Status.RequestTimeout, payload: 'the handler took too long' });
    }
  }

  /**
   * Handlers that wait for the peer while what they wait for lies behind a full inbox, or while the peer waits for
   * requests that wait here for them: then reading goes on, and the requests are refused.
   */
  #lookForStandstill(nowMs: number): void {
    if (!this.#stall?.check(nowMs, this.#moves, this.#inbox.count > 0 && this.#host.waitsForPeer > 0)) return;
    if (this.#standstill) {
      for (const context of this.#inbox.unanswered()) {
        this.#host.shared.counters.overloaded++;
        answerReply(this.#host, context, { status: Status.TooManyRequests });
      }
    }
    this.overflow();
    this.#host.judgeReading();
  }

  /** The peer gave up its request. It is answered all the same, since its id is reserved until then. */
  cancel(mid: number): void {
    const running = this.#running.find(mid);
    if (running !== undefined) {
      running.abort();
      return;
    }
    for (const context of this.#inbox.unanswered()) {
      if (context.mid === mid) {
        context.abort();
        answerReply(this.#host, context, { status: Status.RequestTimeout, payload: 'given up before it began' });
        return;
      }
    }
  }

  /** The peer takes no more answers: its requests are given up, and its events still handed out. */
  forgetRequests(): void {
    this.#inbox.remove(({ kind }) => kind === 'request');
    this.#running.abort(true);
  }

  /** The connection has ended: signals abort, what waits is forgotten. */
  end(): void {
    this.#ended = true;
    this.#inbox.remove(() => true);
    this.#stall?.over();
    this.#running.abort(false);
    const waiting = this.#idle;
    this.#idle = undefined;
    if (waiting !== undefined) for (const fn of waiting) fn();
  }
}
