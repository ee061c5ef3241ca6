import type { Headers } from '@stmp/contract';
import { type Payload, Status, statusName } from '@stmp/contract';
import type { Engine, Inbound } from '@stmp/engine';
import { CallContext, type CallHost } from './call-context.js';
import { encodeDetails } from './details.js';
import { errorReply, type Reply } from './middleware.js';
import type { Route } from './router.js';
import { isThenable, type Shared } from './shared.js';
import { codecsOf, encodeResult, type WireKey } from './wire.js';

/** All that a peer is told of a failure that is not meant for it. */
const HIDDEN = statusName(Status.InternalServerError);

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
  /** The inbox is full, or has room again. @returns true when reading has stopped. */
  inboxFull(full: boolean): boolean;
}

/**
 * Requests and notifies of one connection: started in the order in which they came, finished in any, a limited
 * number at a time. The others wait in an inbox bounded by count and bytes.
 */
export class Dispatcher {
  readonly #host: DispatchHost;
  /** Running calls, oldest first; linked through the contexts. */
  #first: CallContext | undefined = undefined;
  #last: CallContext | undefined = undefined;
  #running = 0;
  #inbox: (CallContext | undefined)[] = [];
  #inboxHead = 0;
  #inboxBytes = 0;
  #full = false;
  #stopped = false;
  #ended = false;
  #idle: (() => void)[] | undefined = undefined;

  constructor(host: DispatchHost) {
    this.#host = host;
  }

  /** Calls that run or wait. */
  get busy(): number {
    return this.#running + this.#inbox.length - this.#inboxHead;
  }

  /** When the oldest handler runs out of time, or Infinity. */
  get deadlineMs(): number {
    const { handlerTimeoutMs } = this.#host.shared.options;
    const oldest = handlerTimeoutMs > 0 ? this.#oldestUnaborted() : undefined;
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.startedMs + handlerTimeoutMs;
  }

  /** True while the inbox takes no more. */
  get full(): boolean {
    return this.#full;
  }

  /** From now on requests are answered ServerShutdown and notifies dropped; what has come before is still handled. */
  stop(): void {
    this.#stopped = true;
  }

  /** There may be room for answers again. */
  resume(): void {
    if (this.#inboxHead < this.#inbox.length) this.#next();
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
      return;
    }
    if (!host.mayCall()) {
      this.#refuse(into.mid, request, Status.TooManyRequests);
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
    if (this.#running < options.maxConcurrentHandlers && this.#inboxHead === this.#inbox.length && host.hasOutputRoom())
      this.#run(context);
    else this.#wait(context, request);
  }

  #refuse(mid: number, request: boolean, status: number): void {
    this.#host.shared.counters.overloaded++;
    if (request) this.#answer(mid, status, undefined, statusName(status));
  }

  #wait(context: CallContext, request: boolean): void {
    const { maxInboxBytes, maxInboxCount } = this.#host.shared.options;
    const count = this.#inbox.length - this.#inboxHead;
    const { size } = context;
    const fits = count < maxInboxCount && (count === 0 || this.#inboxBytes + size <= maxInboxBytes);
    // Where reading can stop, the one that does not fit any more is the last.
    if (!fits && (this.#full || !this.#setFull(true))) {
      this.#refuse(context.mid, request, Status.TooManyRequests);
      return;
    }
    context.keep();
    this.#inbox.push(context);
    this.#inboxBytes += size;
    if (count + 1 >= maxInboxCount || this.#inboxBytes >= maxInboxBytes) this.#setFull(true);
  }

  #setFull(full: boolean): boolean {
    if (this.#full === full) return false;
    this.#full = full;
    return this.#host.inboxFull(full);
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
      let failure: Reply | undefined;
      try {
        result = handler(message, context);
      } catch (error) {
        failure = this.#failed(context, error);
      }
      if (isThenable(result)) {
        this.#enter(context);
        Promise.resolve(result).then(
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
        return { status: reply.status, payload: error instanceof Error ? error.message : String(error) };
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

  #reply(context: CallContext, reply: Reply): void {
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
      host.shared.report(error, context?.name ?? 'respond', host);
      host.engine.respond(mid, Status.InternalServerError, undefined, HIDDEN);
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
        action: into.action,
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
    const { maxConcurrentHandlers, maxInboxBytes, maxInboxCount } = this.#host.shared.options;
    while (
      this.#running < maxConcurrentHandlers &&
      this.#inboxHead < this.#inbox.length &&
      this.#host.hasOutputRoom()
    ) {
      const context = this.#inbox[this.#inboxHead]!;
      this.#inbox[this.#inboxHead++] = undefined;
      this.#inboxBytes -= context.size;
      if (this.#inboxHead === this.#inbox.length) {
        this.#inbox.length = 0;
        this.#inboxHead = 0;
      } else if (this.#inboxHead >= 256) {
        this.#inbox = this.#inbox.slice(this.#inboxHead);
        this.#inboxHead = 0;
      }
      if (!context.done) this.#run(context);
    }
    const count = this.#inbox.length - this.#inboxHead;
    if (this.#full && count * 2 <= maxInboxCount && this.#inboxBytes * 2 <= maxInboxBytes) this.#setFull(false);
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

  /** The peer gave up its request. It is answered all the same, since its id is reserved until then. */
  cancel(mid: number): void {
    for (let context = this.#first; context !== undefined; context = context.next) {
      if (context.mid === mid && context.kind === 'request') {
        context.abort();
        return;
      }
    }
    for (let i = this.#inboxHead; i < this.#inbox.length; i++) {
      const context = this.#inbox[i]!;
      if (context.mid === mid && context.kind === 'request' && !context.done) {
        context.abort();
        this.#reply(context, { status: Status.RequestTimeout, payload: 'given up before it began' });
        return;
      }
    }
  }

  /** The connection has ended: signals abort, what waits is forgotten. */
  end(): void {
    this.#ended = true;
    this.#inbox = [];
    this.#inboxHead = 0;
    this.#inboxBytes = 0;
    for (let context = this.#first; context !== undefined; context = context.next) context.abort();
    const waiting = this.#idle;
    this.#idle = undefined;
    if (waiting !== undefined) for (const fn of waiting) fn();
  }
}
