import type { Headers } from '@stmp/contract';
import { type Payload, Status, statusName } from '@stmp/contract';
import { type Engine, type Inbound, retryAfterHeader } from '@stmp/engine';
import { CallContext, type CallHost } from './call-context.js';
import { encodeDetails } from './details.js';
import { Inbox } from './inbox.js';
import { tellDropped } from './inbox-overflow.js';
import { checkReply, errorReply, type Reply } from './middleware.js';
import { isTooLargeForPeer } from './peer-limit.js';
import { printable } from './printable.js';
import { checkResult } from './result.js';
import type { Route } from './router.js';
import type { Shared } from './shared.js';
import { Stall } from './stall.js';
import { isThenable, textOf } from './thrown.js';
import { codecsOf, encodeResult, type WireKey } from './wire.js';

/** All that a peer is told of a failure that is not meant for it. */
const HIDDEN = statusName(Status.InternalServerError);

const TOO_LARGE = Status.RequestEntityTooLarge;

/** What the dispatcher needs of its connection. */
export interface DispatchHost extends CallHost {
  readonly engine: Engine;
  readonly shared: Shared;
  readonly wireKey: WireKey;
  /** False when too much waits for a slow reader; the connection ends then. */
  mayQueue(): boolean;
  /** Output is waiting to be flushed. */
  wrote(): void;
  /** True when rates allow one more call. */
  mayCall(): boolean;
  /** True when one more answer may be worked on: not too much waits for a slow reader. */
  hasOutputRoom(): boolean;
  /** True when reading may stop, so that what comes next waits in the link. */
  readonly mayStopReading: boolean;
  /** True when nothing comes any more than what was read. */
  readonly inputEnded: boolean;
  /** How many of our calls wait for answers of the peer, and events for room. */
  readonly waitsForPeer: number;
  /** The inbox is full, or has room again: whether to read on is to be judged. */
  judgeReading(): void;
  /** Nothing waits in the inbox any more. */
  inboxEmptied(): void;
  /** More has come than may wait. */
  inboxOverflowed(context: CallContext): void;
}

/**
 * Requests and notifies of one connection: started in the order in which they came, finished in any, a limited
 * number at a time. The others wait in an {@link Inbox}.
 */
export class Dispatcher {
  readonly #host: DispatchHost;
  /** Running calls, oldest first; linked through the contexts. */
  #first: CallContext | undefined = undefined;
  #last: CallContext | undefined = undefined;
  #running = 0;
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

  constructor(host: DispatchHost) {
    this.#host = host;
    const { maxInboxBytes, maxInboxCount } = host.shared.options;
    this.#inbox = new Inbox(maxInboxBytes, maxInboxCount);
  }

  /** Calls that run or wait. */
  get busy(): number {
    return this.#running + this.#inbox.count;
  }

  /** When the oldest handler runs out of time or a standstill is looked for, or Infinity. */
  get deadlineMs(): number {
    const { handlerTimeoutMs } = this.#host.shared.options;
    const oldest = handlerTimeoutMs > 0 ? this.#oldestUnaborted() : undefined;
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
    if (this.#inbox.count > 0) this.#next();
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
      if (request) this.#answer(into.mid, Status.ServerShutdown, undefined, statusName(Status.ServerShutdown));
      else tellDropped(host, route?.name, into.action, 'leaving');
      return;
    }
    if (!host.mayCall()) {
      if (request) this.#refuse(into.mid);
      else tellDropped(host, route?.name, into.action, 'rate');
      return;
    }
    if (into.skip >= 0) {
      // Too large for its method: its payload was passed over.
      if (request) this.#answer(into.mid, TOO_LARGE, undefined, statusName(TOO_LARGE));
      else tellDropped(host, route?.name, into.action, 'size');
      return;
    }
    if (
      route === undefined ||
      (request ? route.handler === undefined : route.handler === undefined && route.listeners.length === 0)
    ) {
      if (request) this.#answer(into.mid, Status.NotFound, undefined, statusName(Status.NotFound));
      return;
    }
    const context = new CallContext(
      host,
      route,
      codecsOf(host.wireKey.codec, route.method),
      request ? 'request' : 'notify',
      into.mid,
      into.bytes,
      into.text,
      into.headerStart,
      into.headerEnd,
      into.start,
      into.end,
    );
    if (into.headerEnd >= 0) context.arrivedMs = options.clock.nowMs();
    if (this.#running < options.maxConcurrentHandlers && this.#inbox.count === 0 && !this.#held && host.hasOutputRoom())
      this.#run(context);
    else this.#wait(context);
  }

  #refuse(mid: number): void {
    this.#host.shared.counters.overloaded++;
    this.#answer(mid, Status.TooManyRequests, undefined, statusName(Status.TooManyRequests));
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
    if (!takes) this.#refuse(context.mid);
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
    return this.#stall?.found === true && this.#host.waitsForPeer >= this.#running;
  }

  #run(context: CallContext): void {
    const { shared } = this.#host;
    if (shared.router.middleware.length > 0) {
      this.#enter(context);
      this.#throughMiddleware(context).then(
        (reply) => this.#settle(context, reply),
        (error: unknown) => this.#settle(context, this.#failed(context, error)),
      );
      return;
    }
    let message: unknown;
    try {
      message = context.input();
    } catch (error) {
      this.#reply(context, this.#failed(context, error));
      return;
    }
    context.release();
    context.reached = true;
    const { handler, listeners } = context.route;
    if (handler !== undefined) {
      let result: unknown;
      let later: Promise<unknown> | undefined;
      let failure: Reply | undefined;
      try {
        result = handler(message, context);
        if (isThenable(result)) later = Promise.resolve(result);
      } catch (error) {
        failure = this.#failed(context, error);
      }
      if (later !== undefined) {
        this.#enter(context);
        later.then(
          (value) => this.#settleValue(context, value),
          (error: unknown) => this.#settle(context, this.#failed(context, error)),
        );
        return;
      }
      if (failure === undefined) this.#replyValue(context, result);
      else this.#reply(context, failure);
    }
    context.finish();
    if (listeners.length > 0) this.#listen(context, message);
  }

  async #throughMiddleware(context: CallContext): Promise<Reply> {
    const { middleware } = this.#host.shared.router;
    const step = async (index: number): Promise<Reply> => {
      const layer = middleware[index];
      if (layer !== undefined) {
        try {
          let inner: Promise<Reply> | undefined;
          return await layer(context, () => {
            // A second call gets the same reply: nothing runs twice.
            inner ??= step(index + 1);
            return inner;
          });
        } catch (error) {
          return this.#failed(context, error);
        }
      }
      const { handler } = context.route;
      context.reached = true;
      let message: unknown;
      try {
        message = context.input();
      } catch (error) {
        return this.#failed(context, error);
      }
      if (handler === undefined) return { status: Status.Ok };
      try {
        return { status: Status.Ok, value: await handler(message, context) };
      } catch (error) {
        return this.#failed(context, error);
      }
    };
    return step(0);
  }

  #failed(context: CallContext, error: unknown): Reply {
    const reply = errorReply(error);
    if (reply.error === undefined) {
      this.#host.shared.report(error, context.name, this.#host);
      if (this.#host.shared.options.exposeErrors) {
        return { status: reply.status, payload: textOf(error) || statusName(reply.status) };
      }
    }
    return reply;
  }

  /** Listeners come last, after the answer. One that is asynchronous counts as running. */
  #listen(context: CallContext, message: unknown): void {
    const { shared } = this.#host;
    let waiting = 0;
    for (const listener of context.route.listeners) {
      try {
        const result = listener(message, context);
        if (isThenable(result)) {
          waiting++;
          const ended = (): void => {
            if (--waiting === 0) this.#leave(context);
          };
          // Through a promise, since other thenables may call back at once.
          Promise.resolve(result).then(ended, (error: unknown) => {
            shared.report(error, context.name, this.#host);
            ended();
          });
        }
      } catch (error) {
        shared.report(error, context.name, this.#host);
      }
    }
    if (waiting > 0) this.#enter(context);
  }

  #settleValue(context: CallContext, value: unknown): void {
    if (!context.done) this.#replyValue(context, value);
    this.#afterwards(context);
  }

  #settle(context: CallContext, reply: Reply): void {
    if (!context.done) this.#reply(context, reply);
    this.#afterwards(context);
  }

  /** A handler has ended: its place goes to the listeners, if they want it, else to the next in the inbox. */
  #afterwards(context: CallContext): void {
    this.#unlink(context);
    if (context.reached && context.route.listeners.length > 0 && !this.#ended) {
      let message: unknown;
      try {
        message = context.input();
        this.#listen(context, message);
      } catch {
        // The payload was refused already.
      }
    }
    this.#next();
  }

  // --- answers -------------------------------------------------------------------

  #replyValue(context: CallContext, value: unknown): void {
    if (context.kind === 'notify') {
      context.done = true;
      return;
    }
    let payload: Payload | undefined;
    try {
      checkResult(context.method, value);
      payload = encodeResult(this.#host.wireKey, context.codecs, value);
    } catch (error) {
      this.#host.shared.report(error, context.name, this.#host);
      this.#reply(context, { status: Status.InternalServerError });
      return;
    }
    context.done = true;
    const given = context.givenHeaders;
    this.#answer(context.mid, Status.Ok, given === undefined ? undefined : given.toList(), payload, context);
  }

  /** Middleware may hand over anything: what makes no answer is an error of ours. */
  #reply(context: CallContext, reply: Reply): void {
    try {
      this.#send(context, checkReply(reply));
    } catch (error) {
      this.#host.shared.report(error, context.name, this.#host);
      context.done = true;
      if (context.kind === 'request') this.#answer(context.mid, Status.InternalServerError, undefined, HIDDEN, context);
    }
  }

  #send(context: CallContext, reply: Reply): void {
    if (reply.status === Status.Ok && reply.payload === undefined) {
      if (reply.headers !== undefined)
        for (const [name, value] of reply.headers) context.responseHeaders.append(name, value);
      this.#replyValue(context, reply.value);
      return;
    }
    context.done = true;
    if (context.kind === 'notify') return;
    const headers: (readonly [string, string])[] = [
      ...(context.givenHeaders?.toList() ?? []),
      ...(reply.headers ?? []),
    ];
    let payload = reply.payload;
    const { error } = reply;
    if (reply.status !== Status.Ok) {
      payload ??= error?.message || statusName(reply.status);
      if (error?.retryAfterMs !== undefined) headers.push(retryAfterHeader(error.retryAfterMs));
      if (error?.details !== undefined) {
        try {
          const details = encodeDetails(this.#host.wireKey.codec, error.details);
          if (details !== undefined) headers.push(details);
        } catch (failure) {
          this.#host.shared.report(failure, context.name, this.#host);
        }
      }
    }
    this.#answer(context.mid, reply.status, headers, payload, context);
  }

  #answer(
    mid: number,
    status: number,
    headers: Headers | undefined,
    payload: Payload | undefined,
    context?: CallContext,
  ): void {
    const host = this.#host;
    // Answers of handlers are bounded by the number of handlers, which started when there was room.
    if (this.#ended || (context === undefined && !host.mayQueue())) return;
    if (status !== Status.Ok) host.shared.counters.callsFailed++;
    const { onPacketOut } = host.shared.options.hooks;
    if (onPacketOut !== undefined) {
      const bytes =
        payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array ? payload : undefined;
      host.shared.guard('onPacketOut', host, () =>
        onPacketOut({
          connection: host,
          kind: 'response',
          mid,
          action: context?.method.action ?? 0,
          name: context?.name,
          status,
          payload: bytes,
        }),
      );
    }
    try {
      host.engine.respond(mid, status, headers, payload);
    } catch (error) {
      // Above the packet limit, most likely: the caller learns that it failed, and the log why.
      if (isTooLargeForPeer(error)) host.engine.respond(mid, TOO_LARGE, undefined, undefined);
      else {
        host.shared.report(error, context?.name ?? 'respond', host);
        host.engine.respond(mid, Status.InternalServerError, undefined, HIDDEN);
      }
    }
    host.wrote();
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

  // --- the running ones ------------------------------------------------------------

  #enter(context: CallContext): void {
    this.#running++;
    const { options } = this.#host.shared;
    context.previous = this.#last;
    context.next = undefined;
    if (this.#last === undefined) this.#first = context;
    else this.#last.next = context;
    this.#last = context;
    if (options.handlerTimeoutMs > 0) {
      context.startedMs = options.clock.nowMs();
      this.#host.wrote();
    }
  }

  #unlink(context: CallContext): void {
    this.#running--;
    context.finish();
    if (context.previous === undefined) this.#first = context.next;
    else context.previous.next = context.next;
    if (context.next === undefined) this.#last = context.previous;
    else context.next.previous = context.previous;
    context.previous = context.next = undefined;
  }

  #leave(context: CallContext): void {
    this.#unlink(context);
    this.#next();
  }

  #next(): void {
    const { maxConcurrentHandlers } = this.#host.shared.options;
    const inbox = this.#inbox;
    this.#moves++;
    while (this.#running < maxConcurrentHandlers && inbox.count > 0 && !this.#held && this.#host.hasOutputRoom()) {
      const context = inbox.shift()!;
      if (!context.done) this.#run(context);
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

  #oldestUnaborted(): CallContext | undefined {
    let context = this.#first;
    while (context?.aborted) context = context.next;
    return context;
  }

  /** Handlers whose time is up: their signal aborts and their callers are answered. */
  tick(nowMs: number): void {
    this.#lookForStandstill(nowMs);
    const { handlerTimeoutMs } = this.#host.shared.options;
    if (handlerTimeoutMs <= 0) return;
    for (
      let context = this.#oldestUnaborted();
      context !== undefined && context.startedMs + handlerTimeoutMs <= nowMs;
      context = this.#oldestUnaborted()
    ) {
      context.abort();
      if (!context.done) this.#reply(context, { status: Status.RequestTimeout, payload: 'the handler took too long' });
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
        this.#reply(context, { status: Status.TooManyRequests });
      }
    }
    this.overflow();
    this.#host.judgeReading();
  }

  /** The peer gave up its request. It is answered all the same, since its id is reserved until then. */
  cancel(mid: number): void {
    for (let context = this.#first; context !== undefined; context = context.next) {
      // The id of one that was answered may be that of another by now.
      if (context.mid === mid && context.kind === 'request' && !context.done) {
        context.abort();
        return;
      }
    }
    for (const context of this.#inbox.unanswered()) {
      if (context.mid === mid) {
        context.abort();
        this.#reply(context, { status: Status.RequestTimeout, payload: 'given up before it began' });
        return;
      }
    }
  }

  /** The peer takes no more answers: its requests are given up, and its events still handed out. */
  forgetRequests(): void {
    this.#inbox.remove(({ kind }) => kind === 'request');
    for (let context = this.#first; context !== undefined; context = context.next) {
      if (context.kind === 'request') context.abort();
    }
  }

  /** The connection has ended: signals abort, what waits is forgotten. */
  end(): void {
    this.#ended = true;
    this.#inbox.remove(() => true);
    this.#stall?.over();
    for (let context = this.#first; context !== undefined; context = context.next) context.abort();
    const waiting = this.#idle;
    this.#idle = undefined;
    if (waiting !== undefined) for (const fn of waiting) fn();
  }
}
