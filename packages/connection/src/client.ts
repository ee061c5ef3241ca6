import {
  type Dialer,
  type DialOptions,
  type EventsType,
  type Headers,
  isStmpError,
  type Link,
  type MethodTable,
  type ServiceType,
  Status,
  StmpError,
} from '@stmp/contract';
import { type ClientOffer, checkNumber, clientHandshake, clientHeaders, textPackets } from '@stmp/engine';
import type {
  Awaitable,
  CallOptions,
  EmitOptions,
  EventSender,
  Implementation,
  Listeners,
  ServiceClient,
} from './api.js';
import { type Backoff, type BackoffFunction, resolveBackoff } from './backoff.js';
import { ClientConnection, type ClientOwner } from './client-connection.js';
import { type ClientState, StateCell } from './client-state.js';
import type { Context } from './context.js';
import { type Disposed, disposable } from './disposable.js';
import type { Middleware } from './middleware.js';
import { resolveConnectionOptions } from './options.js';
import { Router } from './router.js';
import { type Counters, type NewStreamEngine, Shared } from './shared.js';
import { type Described, type Stub, StubCache, sendersOf } from './stubs.js';
import type { CloseOptions, Connection, ConnectionEnd, ConnectionOptions } from './types.js';
import { Waiters } from './waiters.js';

/** A connection that was ready for less than this counts as a failed attempt. */
const STABLE_MS = 5_000;

export interface ClientOptions extends ConnectionOptions {
  /** Transports that are chosen by URL scheme. */
  readonly dialers?: readonly Dialer[] | undefined;
  /** Headers of the handshake, such as a token; a function is asked at every connect. */
  readonly headers?: Headers | (() => Awaitable<Headers>) | undefined;
  /** A text for the server's authentication hook; not over WebSocket. */
  readonly message?: string | undefined;
  /** `text`: packets that people can read, over WebSocket with a codec whose payloads are text. Default `binary`. */
  readonly packetFormat?: 'binary' | 'text' | undefined;
  /** Offers all codecs, not the preferred one alone. The original's server reads only the last of a list. Default false. */
  readonly acceptAll?: boolean | undefined;
  /** How to wait between attempts; false: one connection and no more. Default `exponentialBackoff()`. */
  readonly reconnect?: Backoff | BackoffFunction | false | undefined;
  /** Time for one attempt: link and handshake. Default 20_000; 0: none. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Makes engines for byte streams: `createStreamEngine` of `@stmp/engine`, which is the default in Node.js. Elsewhere
   * there is none, since browsers have no byte streams and their bundles are to be small; a stream link is
   * `unsupported` then.
   */
  readonly streamEngine?: NewStreamEngine | undefined;
  /**
   * Calls `check` whenever the platform may have slept, as browsers do in the background; the client then looks at the
   * clock at once. The result ends it. `onWake` of `@stmp/transport-ws` is one.
   */
  readonly onWake?: ((check: () => void) => () => void) | undefined;
}

/** What a session hook is told. */
export interface SessionInfo {
  /** 1 for the first connection of this client. */
  readonly number: number;
  /** Aborts when the connection ends before the hook is done. */
  readonly signal: AbortSignal;
}

export type SessionHook = (connection: Connection, session: SessionInfo) => unknown;

export interface Client extends Disposed {
  readonly url: string;
  readonly state: ClientState;
  /** Calls `fn` at every change; the result removes it. */
  onState(fn: (state: ClientState) => void): () => void;
  /** The present state and every further one; ends after `closed`. */
  states(): AsyncIterableIterator<ClientState>;
  /** The connection that calls go to; undefined while there is none. */
  readonly connection: Connection | undefined;

  /**
   * Starts. Resolves when ready for the first time. Rejects when the client has closed for good: its own close, a status
   * that is not retried, or the backoff gave up.
   * @throws StmpError `aborted` by the signal, which closes the client.
   */
  connect(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Runs on every new connection before the client is ready: the place to log in and to enter rooms again, over the
   * connection it is given; the client's own calls go to that connection only afterwards. When it fails, the
   * connection is given up and the next attempt waits; a status of the server that is never retried, such as
   * Unauthorized, closes the client with that error.
   */
  onSession(hook: SessionHook): () => void;

  /** The server's service, to call. It stays valid from connection to connection. */
  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M>;
  /** Listens to events; for all connections, so once. @returns a function that removes the listeners. @throws TypeError for the same object twice. */
  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, Context>): () => void;
  /** Answers calls of the server. */
  implement<M extends MethodTable<M>>(type: ServiceType<M>, implementation: Implementation<M, Context>): void;
  use(middleware: Middleware): void;
  /** Sends events to the server. False: there is no connection, or the policy dropped it. */
  emit<M extends MethodTable<M>>(
    type: EventsType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: EmitOptions): EventSender<M>;
  /** Sends requests that want no answer. */
  notify<M extends MethodTable<M>>(
    type: ServiceType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  notify<M extends MethodTable<M>>(type: ServiceType<M>, options?: EmitOptions): EventSender<M>;

  counters(): Counters;
  /** Looks at the clock at once: a connection whose peer was silent too long ends, a wait that is over is over. */
  checkTime(): void;
  /** Ends the client with a Close packet. Idempotent; never rejects. */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when the client has closed for good, with the reason; never rejects. */
  readonly closed: Promise<ConnectionEnd>;
}

/** A client that outlives its connections. It starts idle: declare listeners and services, then `connect()`. */
export function createClient(url: string, options: ClientOptions): Client {
  return disposable(new StmpClient(url, options, undefined));
}

/**
 * One connection: tries once, and does not reconnect unless `reconnect` is given.
 * @throws StmpError `dial_failed`, `handshake_failed` with the server's status, `handshake_timeout`, `aborted`, `unsupported`.
 */
export async function connect(
  url: string,
  options: ClientOptions & { readonly signal?: AbortSignal | undefined },
): Promise<Client> {
  const client = disposable(new StmpClient(url, { ...options, reconnect: options.reconnect ?? false }, undefined));
  client.triesOnce = true;
  await client.connect(options);
  return client;
}

/** As {@link connect}, over a ready link. */
export async function connectLink(link: Link, options: ClientOptions): Promise<Client> {
  const client = disposable(new StmpClient('link:', { ...options, reconnect: false }, link));
  await client.connect();
  return client;
}

class StmpClient implements Omit<Client, keyof Disposed>, ClientOwner {
  readonly url: string;
  readonly shared: Shared;
  /** The first attempt is the only one until it succeeds. */
  triesOnce = false;
  readonly #options: ClientOptions;
  readonly #backoff: Backoff | undefined;
  readonly #state = new StateCell();
  readonly #stubs = new StubCache();
  readonly #sessionHooks = new Set<SessionHook>();
  #link: Link | undefined;
  #current: ClientConnection | undefined = undefined;
  /** Being opened: it becomes the current one when its session hooks have run. */
  #next: ClientConnection | undefined = undefined;
  /** All whose links are not closed yet. */
  readonly #live = new Set<ClientConnection>();
  /** The next one, from when it is told to hooks on. */
  #greeted: ClientConnection | undefined = undefined;
  /** The server asked a connection to move on whose session hooks were still running. */
  #drainAsked = false;
  #sessions = 0;
  /** Attempts since a connection was last stable. */
  #attempt = 0;
  /** Waits since then. */
  #failures = 0;
  #readyAtMs = Number.NEGATIVE_INFINITY;
  #dialing: AbortController | undefined = undefined;
  #timer: unknown = undefined;
  #retryAtMs = Number.POSITIVE_INFINITY;
  #attemptTimer: unknown = undefined;
  readonly #waiters: Waiters;
  #stopWake: (() => void) | undefined = undefined;
  #connecting: Promise<void> | undefined = undefined;
  #lastError: StmpError | undefined = undefined;
  #closing = false;
  readonly closed: Promise<ConnectionEnd>;
  #resolveClosed!: (end: ConnectionEnd) => void;

  constructor(url: string, options: ClientOptions, link: Link | undefined) {
    if (typeof url !== 'string' || !url.includes(':')) throw new TypeError(`url must be a URL, got ${String(url)}`);
    this.url = url;
    this.#options = options;
    this.#link = link;
    this.#backoff = options.reconnect === false ? undefined : resolveBackoff(options.reconnect);
    checkNumber('connectTimeoutMs', options.connectTimeoutMs ?? 20_000, 0);
    this.shared = new Shared(resolveConnectionOptions(options), new Router(), options.streamEngine);
    this.#waiters = new Waiters(this.shared.options.clock);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  // --- what users see ------------------------------------------------------------------

  get state(): ClientState {
    return this.#state.value;
  }

  onState(fn: (state: ClientState) => void): () => void {
    return this.#state.on(fn);
  }

  states(): AsyncIterableIterator<ClientState> {
    return this.#state.iterate();
  }

  get connection(): Connection | undefined {
    return this.#current;
  }

  onSession(hook: SessionHook): () => void {
    this.#sessionHooks.add(hook);
    return () => this.#sessionHooks.delete(hook);
  }

  connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.state.name === 'closed') return Promise.reject(this.#closedError());
    this.#connecting ??= this.#start(options.signal);
    return this.#connecting;
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const abort = (): void => {
      const error = new StmpError('aborted', 'connecting was aborted', { cause: signal?.reason });
      void this.#shut({ status: Status.Ok, message: 'aborted', origin: 'local', error });
    };
    if (this.state.name === 'closed') throw this.#closedError();
    if (signal?.aborted) abort();
    else {
      signal?.addEventListener('abort', abort, { once: true });
      this.#stopWake = this.#options.onWake?.(() => this.checkTime());
      this.#open();
    }
    try {
      await this.#untilReady();
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M> {
    return this.#stubs.get(
      type,
      (stub) => (input: unknown, options?: CallOptions) => this.#call(stub, input, options),
    ) as ServiceClient<M>;
  }

  #call(stub: Stub, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    const connection = this.#current;
    if (connection?.isOpen) return connection.call(stub, input, options);
    if (options?.whenOffline === 'wait') return this.#callWhenReady(stub, input, options);
    return Promise.reject(this.state.name === 'closed' ? this.#closedError() : notConnected());
  }

  async #callWhenReady(stub: Stub, input: unknown, options: CallOptions): Promise<unknown> {
    const { clock, callTimeoutMs, methodTimeoutsMs } = this.shared.options;
    const timeoutMs = options.timeoutMs ?? methodTimeoutsMs[stub.name] ?? callTimeoutMs;
    if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be a number of at least 0, got ${timeoutMs}`);
    const endsMs = clock.nowMs() + timeoutMs;
    const leftMs = (): number => (timeoutMs > 0 ? Math.max(1, endsMs - clock.nowMs()) : 0);
    // While a connection is on its way out, the state still says ready: then it is the next one that is waited for.
    while (!this.#current?.isOpen) {
      if (this.state.name === 'closed') throw this.#closedError();
      await this.#waiters.wait(stub.name, leftMs(), options.signal);
    }
    return this.#current.call(stub, input, { ...options, timeoutMs: leftMs() });
  }

  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, Context>): () => void {
    return this.shared.router.on(type, listeners);
  }

  implement<M extends MethodTable<M>>(type: ServiceType<M>, implementation: Implementation<M, Context>): void {
    this.shared.router.implement(type, implementation);
  }

  use(middleware: Middleware): void {
    this.shared.router.middleware = [...this.shared.router.middleware, middleware];
  }

  emit<M extends MethodTable<M>>(
    type: EventsType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: EmitOptions): EventSender<M>;
  emit<M extends MethodTable<M>>(
    type: EventsType<M>,
    options?: EmitOptions,
  ): EventSender<M> | EventSender<M, Promise<boolean>> {
    return this.#senders(type, options) as EventSender<M>;
  }

  notify<M extends MethodTable<M>>(
    type: ServiceType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  notify<M extends MethodTable<M>>(type: ServiceType<M>, options?: EmitOptions): EventSender<M>;
  notify<M extends MethodTable<M>>(
    type: ServiceType<M>,
    options?: EmitOptions,
  ): EventSender<M> | EventSender<M, Promise<boolean>> {
    return this.#senders(type, options) as EventSender<M>;
  }

  #senders(type: Described, options: EmitOptions | undefined): object {
    const offline = options?.policy === 'wait' ? Promise.resolve(false) : false;
    return sendersOf(type, (stub, value) => this.#current?.sendEvent(stub, value, options) ?? offline);
  }

  counters(): Counters {
    return { ...this.shared.counters };
  }

  checkTime(): void {
    for (const connection of this.#live) connection.checkTime();
    if (this.shared.options.clock.nowMs() >= this.#retryAtMs) this.#open();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await this.#shut({ status: options.status ?? Status.Ok, message: options.message ?? '', origin: 'local' }, options);
  }

  // --- attempts -------------------------------------------------------------------------

  /** Opens one more connection; the present one, if any, goes on until the new one is ready. */
  #open(): void {
    this.#stopRetry();
    if (this.#closing || this.#dialing !== undefined || this.#next !== undefined) return;
    this.#attempt++;
    if (this.#current === undefined) this.#setState({ name: 'connecting', attempt: this.#attempt });
    const dialing = new AbortController();
    this.#dialing = dialing;
    const timeoutMs = this.#options.connectTimeoutMs ?? 20_000;
    if (timeoutMs > 0) {
      this.#attemptTimer = this.shared.options.clock.setTimer(() => {
        const error = new StmpError('dial_failed', `no connection to ${this.url} within ${timeoutMs} ms`, {
          origin: 'link',
        });
        if (this.#dialing !== dialing) {
          this.#next?.abort(error);
          return;
        }
        // Whatever it is that takes so long need not heed the signal.
        this.#dialing = undefined;
        dialing.abort(error);
        this.#failedAttempt(error);
      }, timeoutMs);
    }
    this.#dial(dialing.signal).then(
      () => {
        if (this.#dialing === dialing) this.#dialing = undefined;
      },
      (error: unknown) => {
        if (this.#dialing !== dialing) return;
        this.#dialing = undefined;
        this.#failedAttempt(
          isStmpError(error) ? error : new StmpError('dial_failed', `cannot connect to ${this.url}`, { cause: error }),
        );
      },
    );
  }

  async #dial(signal: AbortSignal): Promise<void> {
    const { headers } = this.#options;
    const own = typeof headers === 'function' ? await headers() : headers;
    const { codecs, compressions, engine } = this.shared.options;
    const offer: ClientOffer = {
      content: codecs,
      compressions,
      text: this.#options.packetFormat === 'text' ? textPackets() : undefined,
      acceptAll: this.#options.acceptAll,
      headers: own,
    };
    const link =
      this.#link ??
      (await this.#dialLink({
        signal,
        hello: { headers: clientHeaders(offer, 'message') },
        maxUnitBytes: engine.maxPacketBytes + 128,
      }));
    this.#link = undefined;
    if (this.#closing || signal.aborted) throw refuse(link, new StmpError('aborted', 'connecting was aborted'));
    if (link.kind === 'stream' && this.shared.streamEngine === undefined)
      throw refuse(link, new StmpError('unsupported', 'a byte stream needs the option streamEngine here'));
    const handshake = clientHandshake({
      ...offer,
      outOfBand: link.hello !== undefined,
      message: this.#options.message,
    });
    const connection = new ClientConnection(link, handshake, this);
    this.#next = connection;
    this.#live.add(connection);
    if (this.#current === undefined) this.#setState({ name: 'handshaking' });
    connection.start();
  }

  async #dialLink(options: DialOptions): Promise<Link> {
    const dialer = this.#dialer();
    try {
      return await dialer.dial(this.url, options);
    } catch (error) {
      // A wrong address does not become right by trying again.
      if (!(error instanceof TypeError)) throw error;
      throw new StmpError('unsupported', error.message, { status: Status.BadRequest, cause: error });
    }
  }

  #dialer(): Dialer {
    const scheme = this.url.slice(0, this.url.indexOf(':'));
    const dialers = this.#options.dialers ?? [];
    const dialer = dialers.find(({ schemes }) => schemes.includes(scheme));
    if (dialer === undefined) {
      const known = dialers.flatMap(({ schemes }) => schemes).join(', ') || 'none';
      throw new StmpError('unsupported', `no transport for "${scheme}:"; known schemes: ${known}`, {
        status: Status.BadRequest,
      });
    }
    return dialer;
  }

  onReady(connection: ClientConnection): void {
    this.#lastError = undefined;
    const hooks = [...this.#sessionHooks];
    this.#sessions++;
    const { onConnect } = this.shared.options.hooks;
    if (onConnect !== undefined) this.shared.guard('onConnect', connection, () => onConnect(connection));
    this.#greeted = connection;
    connection.holdForListeners();
    if (hooks.length === 0) this.#sessionReady(connection);
    else void this.#runHooks(hooks, connection, this.#sessions);
  }

  async #runHooks(hooks: SessionHook[], connection: ClientConnection, number: number): Promise<void> {
    const controller = new AbortController();
    const remove = connection.onClose(() => controller.abort());
    try {
      for (const hook of hooks) await hook(connection, { number, signal: controller.signal });
    } catch (error) {
      if (connection.isOpen) {
        this.shared.report(error, 'onSession', connection);
        // What the server refuses, it would refuse again.
        if (isStmpError(error) && error.code === 'status' && !isRetried(error.status)) {
          const { status = Status.Unknown, message, origin } = error;
          void this.#shut({ status, message, origin, error });
          return;
        }
        connection.abort(new StmpError('aborted', 'the session hook failed', { cause: error }));
      }
      return;
    } finally {
      remove();
    }
    if (connection.isOpen) this.#sessionReady(connection);
  }

  /** Calls go to the new connection from here on. */
  #sessionReady(connection: ClientConnection): void {
    const { counters, options } = this.shared;
    const previous = this.#current;
    this.#current = connection;
    this.#next = this.#greeted = undefined;
    this.#stopAttemptTimer();
    this.#readyAtMs = options.clock.nowMs();
    counters.connectionsOpened++;
    counters.connectionsOpen++;
    this.triesOnce = false;
    this.#setState({ name: 'ready' });
    this.#waiters.settle();
    // The connection before finishes what it has begun, then closes.
    previous?.leave();
    if (this.#drainAsked) this.#move();
  }

  onDrain(connection: ClientConnection): void {
    if (connection === this.#next) this.#drainAsked = true;
    else if (connection === this.#current) this.#move();
  }

  /** Opens the next connection; calls go to the present one until that is ready. */
  #move(): void {
    this.#drainAsked = false;
    if (this.#backoff === undefined || this.#closing) return;
    this.#setState({ name: 'draining' });
    this.#attempt = this.#failures = 0;
    this.#open();
  }

  onEnd(connection: ClientConnection, end: ConnectionEnd): void {
    // Those that have ended are only waited for when the client closes.
    void connection.closed.then(() => this.#live.delete(connection));
    const wasNext = connection === this.#next;
    const wasCurrent = connection === this.#current;
    if (wasNext) {
      this.#next = undefined;
      this.#drainAsked = false;
      this.#stopAttemptTimer();
    } else this.shared.counters.connectionsOpen--;
    const { onClose } = this.shared.options.hooks;
    if (onClose !== undefined && (!wasNext || connection === this.#greeted))
      this.shared.guard('onClose', connection, () => onClose(connection, end));
    if (wasCurrent) this.#current = undefined;
    if (this.#closing) return;
    // An older connection that has done its duty.
    if (!wasCurrent && !wasNext) return;
    if (wasCurrent && !wasNext && (this.#next !== undefined || this.#dialing !== undefined)) {
      // The next one is on its way already.
      this.#setState(
        this.#next === undefined ? { name: 'connecting', attempt: this.#attempt } : { name: 'handshaking' },
      );
      return;
    }
    const error =
      end.error ?? new StmpError('connection_closed', end.message, { status: end.status, origin: end.origin });
    if (wasNext) this.#failedAttempt(error, end);
    else {
      if (this.shared.options.clock.nowMs() - this.#readyAtMs >= STABLE_MS) this.#attempt = this.#failures = 0;
      this.#retryOrEnd(end, error);
    }
  }

  #failedAttempt(error: StmpError, end?: ConnectionEnd): void {
    this.#stopAttemptTimer();
    if (this.#closing) return;
    this.#lastError = error;
    // A drained client whose next connection fails keeps the present one and tries again.
    const status =
      end?.status ?? (error.code === 'unsupported' ? Status.BadRequest : (error.status ?? Status.NetworkError));
    this.#retryOrEnd(end ?? { status, message: error.message, origin: error.origin, error }, error);
  }

  #retryOrEnd(end: ConnectionEnd, error: StmpError): void {
    const { status } = end;
    const { clock } = this.shared.options;
    this.#stopRetry();
    const attempt = ++this.#failures;
    let delayMs = isRetried(status) && !this.triesOnce ? this.#backoff?.delayMs(attempt, clock.random()) : undefined;
    if (delayMs === undefined) {
      this.#lastError = error;
      void this.#shut({ ...end, error });
      return;
    }
    // Never sooner than the longest step, and still not all at once.
    if (status === Status.TooManyRequests) delayMs += this.#backoff!.longestMs;
    this.#retryAtMs = clock.nowMs() + delayMs;
    if (this.#current === undefined) this.#setState({ name: 'waiting', attempt, delayMs });
    this.#timer = clock.setTimer(() => this.#open(), delayMs);
  }

  #stopRetry(): void {
    if (this.#timer !== undefined) this.shared.options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#retryAtMs = Number.POSITIVE_INFINITY;
  }

  #stopAttemptTimer(): void {
    if (this.#attemptTimer !== undefined) this.shared.options.clock.clearTimer(this.#attemptTimer);
    this.#attemptTimer = undefined;
  }

  #setState(state: ClientState): void {
    this.#state.set(state, (fn) => void this.shared.guard('onState', this.#current, fn));
  }

  #untilReady(): Promise<void> {
    const { state } = this;
    if (state.name === 'ready' || state.name === 'draining') return Promise.resolve();
    if (state.name === 'closed') return Promise.reject(this.#closedError());
    return this.#waiters.wait('connect', 0, undefined);
  }

  #closedError(): StmpError {
    const { state } = this;
    if (this.#lastError !== undefined) return this.#lastError;
    const reason = state.name === 'closed' ? state.reason : undefined;
    return reason?.error ?? new StmpError('not_connected', 'the client is closed', { status: reason?.status });
  }

  // --- the end -----------------------------------------------------------------------------

  async #shut(end: ConnectionEnd, options?: CloseOptions): Promise<void> {
    if (this.#closing) {
      await this.closed;
      return;
    }
    this.#closing = true;
    this.#stopRetry();
    this.#stopAttemptTimer();
    this.#stopWake?.();
    this.#dialing?.abort(new StmpError('aborted', 'the client was closed'));
    if (end.error !== undefined) this.#lastError = end.error;
    await Promise.all([...this.#live].map((connection) => connection.close(options)));
    this.#current = undefined;
    this.#setState({ name: 'closed', reason: end });
    this.#waiters.settle(this.#closedError());
    this.#resolveClosed(end);
  }
}

/** Lets go of a link that is not to be used. */
function refuse(link: Link, error: StmpError): StmpError {
  link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
  link.abort(error);
  return error;
}

function notConnected(): StmpError {
  return new StmpError('not_connected', 'there is no connection; whenOffline: "wait" waits for one', {
    status: Status.NetworkError,
  });
}

/** Whether another attempt may fare better than one that ended like this. Source: STMP 1.0, section 4. */
function isRetried(status: number | undefined): boolean {
  return status === Status.NetworkError || status === Status.ServerShutdown || status === Status.TooManyRequests;
}
