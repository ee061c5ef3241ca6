import {
  type Action,
  type Dialer,
  type EventsType,
  type Headers,
  isStmpError,
  type Link,
  type MethodTable,
  type PayloadCodec,
  type ServiceType,
  Status,
  StmpError,
} from '@stmp/contract';
import { clientHeaders, DEFAULT_KEEPALIVE, type Keepalive, resolveNumbers } from '@stmp/engine';
import type { Awaitable, EventSender, Listeners, ServiceClient } from '../api.js';
import { type Backoff, type BackoffFunction, resolveBackoff } from '../backoff.js';
import { type ClientState, StateCell } from '../client-state.js';
import { type Clock, SYSTEM_CLOCK } from '../clock.js';
import { type Described, Stub, StubCache, sendersOf } from '../stubs.js';
import type { ConnectionEnd } from '../types.js';
import {
  type LightCallOptions,
  LightConnection,
  type LightLimits,
  type LightOwner,
  type LightTimes,
} from './connection.js';

/** A connection that was ready for less than this counts as a failed attempt. */
const STABLE_MS = 5_000;

export interface LightClientOptions {
  readonly codec: PayloadCodec;
  /** For message links, such as `wsDialer()`. */
  readonly dialer: Dialer;
  /** Headers of the handshake, such as a token; a function is asked at every connect. */
  readonly headers?: Headers | (() => Awaitable<Headers>) | undefined;
  /** How to wait between attempts; false: one connection and no more. Default `exponentialBackoff()`. */
  readonly reconnect?: Backoff | BackoffFunction | false | undefined;
  /** Default of `timeoutMs` of calls. Default 60_000; 0: none. */
  readonly callTimeoutMs?: number | undefined;
  /** Time for one attempt: link, handshake and session hooks. Default 20_000; 0: none. */
  readonly connectTimeoutMs?: number | undefined;
  /** Wait for the echo of our Close. Default 5_000. */
  readonly closeTimeoutMs?: number | undefined;
  readonly keepalive?: Keepalive | undefined;
  /** Header block and payload of one packet together. Default 16 MiB. */
  readonly maxPacketBytes?: number | undefined;
  /** Calls fail and events are dropped while more than this waits in the link. Default 1 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Gets what listeners throw. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** As in `ClientOptions`: `onWake` of `@stmp/transport-ws`. */
  readonly onWake?: ((check: () => void) => () => void) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A client for pages where every kilobyte counts: calls, events both ways, keepalive, moving and reconnecting as
 * `createClient` does them, over message links, in one content type. It answers no calls and has no middleware, text
 * packets, slow-reader policies, headers and error details of single calls.
 */
export interface LightClient {
  readonly url: string;
  readonly state: ClientState;
  /** Calls `fn` at every change; the result removes it. */
  onState(fn: (state: ClientState) => void): () => void;
  /** Starts. Resolves when ready for the first time; rejects when the client has closed for good. */
  connect(): Promise<void>;
  /** Runs on every new connection before the client is ready: the place to log in. When it fails, the attempt has failed. */
  onSession(hook: (signal: AbortSignal) => unknown): () => void;
  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M, LightCallOptions>;
  /** Listens to events. @returns a function that removes the listeners. */
  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, undefined>): () => void;
  /** Sends events. False: there is no connection, or too much waits. */
  emit<M extends MethodTable<M>>(type: EventsType<M>): EventSender<M>;
  /** Sends requests that want no answer. */
  notify<M extends MethodTable<M>>(type: ServiceType<M>): EventSender<M>;
  /** Looks at the clock at once. */
  checkTime(): void;
  /** Ends the client with a Close packet. Idempotent; never rejects. */
  close(): Promise<void>;
  /** Resolves when the client has closed for good, with the reason; never rejects. */
  readonly closed: Promise<ConnectionEnd>;
}

/** Creates a client in a fraction of the code; it starts idle. */
export function createLightClient(url: string, options: LightClientOptions): LightClient {
  return new Light(url, options);
}

interface Heard {
  readonly stub: Stub;
  fns: ((event: unknown, context: undefined) => unknown)[];
}

class Light implements LightClient, LightOwner {
  readonly url: string;
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly times: LightTimes;
  readonly limits: LightLimits;
  readonly #options: LightClientOptions;
  readonly #backoff: Backoff | undefined;
  readonly #state = new StateCell();
  readonly #stubs = new StubCache();
  readonly #heard = new Map<Action | string, Heard>();
  readonly #hooks = new Set<(signal: AbortSignal) => unknown>();
  readonly #live = new Set<LightConnection>();
  #current: LightConnection | undefined = undefined;
  /** Being opened: what ends it, and its connection once there is one. */
  #attempt: AbortController | undefined = undefined;
  #next: LightConnection | undefined = undefined;
  #nextIsReady: () => void = () => {};
  #attempts = 0;
  #failures = 0;
  #readyAtMs = 0;
  #retry: unknown = undefined;
  #retryAtMs: number = Number.POSITIVE_INFINITY;
  #stopWake: (() => void) | undefined = undefined;
  #connecting: Promise<void> | undefined = undefined;
  #connected: { resolve(): void; reject(error: unknown): void } | undefined = undefined;
  #closing: ConnectionEnd | undefined = undefined;
  readonly closed: Promise<ConnectionEnd>;
  #resolveClosed!: (end: ConnectionEnd) => void;

  constructor(url: string, options: LightClientOptions) {
    this.url = url;
    this.#options = options;
    this.codec = options.codec;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.times = {
      ...resolveNumbers(options, {
        callTimeoutMs: [60_000, 0],
        connectTimeoutMs: [20_000, 0],
        closeTimeoutMs: [5_000, 0],
      }),
      ...resolveNumbers(
        options.keepalive ?? {},
        { pingIntervalMs: [DEFAULT_KEEPALIVE.pingIntervalMs, 0], idleTimeoutMs: [DEFAULT_KEEPALIVE.idleTimeoutMs, 0] },
        'keepalive.',
      ),
    };
    this.limits = {
      maxHeaderBytes: 65_536,
      ...resolveNumbers(options, { maxPacketBytes: [16_777_216, 1, 0x7fff_ffff], maxQueuedBytes: [1_048_576, 0] }),
    };
    this.#backoff = options.reconnect === false ? undefined : resolveBackoff(options.reconnect);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get state(): ClientState {
    return this.#state.value;
  }

  onState(fn: (state: ClientState) => void): () => void {
    return this.#state.on(fn);
  }

  onSession(hook: (signal: AbortSignal) => unknown): () => void {
    this.#hooks.add(hook);
    return () => this.#hooks.delete(hook);
  }

  connect(): Promise<void> {
    this.#connecting ??= new Promise((resolve, reject) => {
      this.#connected = { resolve, reject };
      if (this.#closing !== undefined) reject(closedError(this.#closing));
      else {
        this.#stopWake = this.#options.onWake?.(() => this.checkTime());
        this.#open();
      }
    });
    return this.#connecting;
  }

  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M, LightCallOptions> {
    return this.#stubs.get(type, (stub) => (input: unknown, options: LightCallOptions = {}) => {
      const { state } = this;
      if (this.#current?.phase === 'ready') return this.#current.call(stub, input, options);
      return Promise.reject(
        state.name === 'closed'
          ? closedError(state.reason)
          : new StmpError('not_connected', 'there is no connection', { status: Status.NetworkError }),
      );
    }) as ServiceClient<M, LightCallOptions>;
  }

  emit<M extends MethodTable<M>>(type: EventsType<M>): EventSender<M> {
    return this.#senders(type);
  }

  notify<M extends MethodTable<M>>(type: ServiceType<M>): EventSender<M> {
    return this.#senders(type);
  }

  #senders<M extends MethodTable<M>>(type: Described): EventSender<M> {
    return sendersOf(type, (stub, value) => this.#current?.notify(stub, value) ?? false) as EventSender<M>;
  }

  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, undefined>): () => void {
    const added: [Heard, Heard['fns'][number]][] = [];
    for (const [key, listener] of Object.entries<unknown>(listeners)) {
      const method = (type.methods as Readonly<Record<string, Stub['method']>>)[key];
      if (method === undefined || typeof listener !== 'function')
        throw new TypeError(`${type.typeName}: expected listeners of its events, got ${key}`);
      let heard = this.#heard.get(method.action);
      if (heard === undefined) {
        heard = { stub: new Stub(type.typeName, method), fns: [] };
        this.#heard.set(method.action, heard);
        this.#heard.set(heard.stub.name, heard);
      }
      added.push([heard, listener.bind(listeners) as Heard['fns'][number]]);
    }
    for (const [heard, fn] of added) heard.fns = [...heard.fns, fn];
    return () => {
      for (const [heard, fn] of added) heard.fns = heard.fns.filter((other) => other !== fn);
    };
  }

  onNotify(action: Action | string, bytes: Uint8Array, start: number, end: number): void {
    const heard = this.#heard.get(action);
    if (heard === undefined || heard.fns.length === 0) return;
    const { onError } = this.#options;
    const guard = (fn: () => unknown): void => {
      // Also what an asynchronous listener rejects with.
      new Promise((resolve) => resolve(fn())).catch((error: unknown) => onError?.(error));
    };
    guard(() => {
      const event = heard.stub.codecs(this.codec).input.decode(bytes, start, end);
      for (const fn of heard.fns) guard(() => fn(event, undefined));
    });
  }

  checkTime(): void {
    for (const connection of this.#live) connection.checkTime();
    if (this.clock.nowMs() >= this.#retryAtMs) this.#open();
  }

  // --- attempts ------------------------------------------------------------------

  #set(state: ClientState): void {
    this.#state.set(state, (fn) => {
      try {
        fn();
      } catch (error) {
        this.#options.onError?.(error);
      }
    });
  }

  /** One more attempt; the present connection, if there is one, goes on until it has succeeded. */
  #open(): void {
    this.#stopRetry();
    if (this.#closing !== undefined || this.#attempt !== undefined) return;
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#attempt = attempt;
    this.#attempts++;
    if (this.#current === undefined) this.#set({ name: 'connecting', attempt: this.#attempts });
    const { connectTimeoutMs } = this.times;
    const late = new StmpError('dial_failed', `no connection to ${this.url} within ${connectTimeoutMs} ms`, {
      origin: 'link',
    });
    const timer = connectTimeoutMs > 0 && this.clock.setTimer(() => attempt.abort(late), connectTimeoutMs);
    const previous = this.#current;
    // Whatever it is that takes so long need not heed the signal.
    const given = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    Promise.race([this.#establish(attempt), given]).then(
      () => {
        if (timer) this.clock.clearTimer(timer);
        this.#attempt = this.#next = undefined;
        this.#readyAtMs = this.clock.nowMs();
        this.#set({ name: 'ready' });
        this.#connected?.resolve();
        // The connection before finishes what it has begun, then closes.
        previous?.leave();
      },
      (error: unknown) => {
        if (timer) this.clock.clearTimer(timer);
        this.#attempt = this.#next = undefined;
        this.#current = previous?.phase === 'ready' ? previous : undefined;
        attempt.abort(error);
        if (this.#closing === undefined) this.#retryOrEnd(endOf(error));
      },
    );
  }

  /** Resolves when a new connection has become the current one, and the session hooks have run on it. */
  async #establish({ signal }: AbortController): Promise<void> {
    const { headers, dialer } = this.#options;
    const own = typeof headers === 'function' ? await headers() : headers;
    const hello = { headers: clientHeaders({ content: [this.codec], headers: own }, 'message') };
    const maxUnitBytes = this.limits.maxPacketBytes + 128;
    const link = await dialer.dial(this.url, { signal, hello, maxUnitBytes }).catch((error: unknown) => {
      // A wrong address does not become right by trying again.
      throw error instanceof TypeError ? unsupported(error.message, error) : error;
    });
    if (signal.aborted || link.kind === 'stream' || link.hello === undefined) {
      refuse(link);
      throw unsupported('a light client needs a message link that carries headers');
    }
    if (this.#current === undefined) this.#set({ name: 'handshaking' });
    await new Promise<void>((resolve) => {
      this.#nextIsReady = resolve;
      const connection = new LightConnection(link, this);
      this.#next = connection;
      this.#live.add(connection);
      signal.addEventListener('abort', () => connection.abort(asError(signal.reason)));
    });
    try {
      for (const hook of this.#hooks) await hook(signal);
    } catch (error) {
      if (!signal.aborted) this.#options.onError?.(error);
      throw new StmpError('aborted', 'the session hook failed', { cause: error });
    }
  }

  onReady(connection: LightConnection): void {
    // Calls go to the new connection from here on, so that hooks can make them.
    this.#current = connection;
    this.#nextIsReady();
  }

  /** The server asks to be left: calls go on here until the next connection is ready. */
  onDrain(connection: LightConnection): void {
    if (connection !== this.#current || this.#attempt !== undefined || this.#backoff === undefined) return;
    this.#set({ name: 'draining' });
    this.#attempts = this.#failures = 0;
    this.#open();
  }

  onEnd(connection: LightConnection, end: ConnectionEnd): void {
    void connection.closed.then(() => this.#live.delete(connection));
    const wasCurrent = connection === this.#current;
    if (wasCurrent) this.#current = undefined;
    if (this.#closing !== undefined) return;
    if (connection === this.#next) this.#attempt?.abort(errorOf(end));
    else if (wasCurrent && this.#attempt !== undefined) this.#set({ name: 'connecting', attempt: this.#attempts });
    else if (wasCurrent) {
      if (this.clock.nowMs() - this.#readyAtMs >= STABLE_MS) this.#attempts = this.#failures = 0;
      this.#retryOrEnd(end);
    }
  }

  #retryOrEnd(end: ConnectionEnd): void {
    const { status } = end;
    const tooMany = status === Status.TooManyRequests;
    const retried = tooMany || status === Status.NetworkError || status === Status.ServerShutdown;
    const attempt = ++this.#failures;
    let delayMs = retried ? this.#backoff?.delayMs(attempt, this.clock.random()) : undefined;
    if (delayMs === undefined) {
      void this.#shut(end);
      return;
    }
    // Never sooner than the longest step, and still not all at once.
    if (tooMany) delayMs += this.#backoff!.longestMs;
    this.#stopRetry();
    this.#retryAtMs = this.clock.nowMs() + delayMs;
    if (this.#current === undefined) this.#set({ name: 'waiting', attempt, delayMs });
    this.#retry = this.clock.setTimer(() => this.#open(), delayMs);
  }

  #stopRetry(): void {
    if (this.#retry !== undefined) this.clock.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#retryAtMs = Number.POSITIVE_INFINITY;
  }

  // --- the end ---------------------------------------------------------------------

  async close(): Promise<void> {
    await this.#shut({ status: Status.Ok, message: '', origin: 'local' });
  }

  async #shut(end: ConnectionEnd): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = end;
      this.#stopRetry();
      this.#stopWake?.();
      for (const connection of this.#live) connection.close(end.status, end.message);
      this.#attempt?.abort(new StmpError('aborted', 'the client was closed'));
      await Promise.all([...this.#live].map(({ closed }) => closed));
      this.#set({ name: 'closed', reason: end });
      this.#connected?.reject(closedError(end));
      this.#resolveClosed(end);
    }
    await this.closed;
  }
}

function errorOf({ error, message, status, origin }: ConnectionEnd): StmpError {
  return error ?? new StmpError('connection_closed', message, { status, origin });
}

function closedError(end: ConnectionEnd): StmpError {
  return end.error ?? new StmpError('not_connected', 'the client is closed', { status: end.status });
}

function asError(error: unknown): StmpError {
  return isStmpError(error) ? error : new StmpError('dial_failed', 'the attempt failed', { cause: error });
}

function endOf(cause: unknown): ConnectionEnd {
  const error = asError(cause);
  return { status: error.status ?? Status.NetworkError, message: error.message, origin: error.origin, error };
}

function unsupported(message: string, cause?: unknown): StmpError {
  return new StmpError('unsupported', message, { status: Status.BadRequest, cause });
}

/** Lets go of a link that is not to be used. */
function refuse(link: Link): void {
  link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
  link.abort(new StmpError('aborted', 'no longer wanted'));
}
