import {
  type Action,
  type EventsType,
  type Link,
  type MethodTable,
  type ServiceType,
  Status,
  StmpError,
} from '@stmp/contract';
import { checkNumber } from '@stmp/engine';
import type { Context } from '../answering/context.js';
import type { Middleware } from '../answering/middleware.js';
import { Router } from '../answering/router.js';
import type {
  CallOptions,
  EmitOptions,
  EventSender,
  Implementation,
  Listeners,
  ServiceClient,
  UntypedCalls,
} from '../api.js';
import { onAbort } from '../calls/abort-listeners.js';
import { labelOf } from '../calls/callee.js';
import { type Disposed, disposable } from '../disposable.js';
import { resolveConnectionOptions } from '../options.js';
import { checkLink } from '../pipe/link-faults.js';
import { type Counters, Shared } from '../shared.js';
import { checkStatus } from '../status.js';
import type { CloseOptions, Connection, ConnectionEnd } from '../types.js';
import { type Described, type Stub, StubCache, sendersOf } from '../wire/stubs.js';
import type { ClientConnection } from './client-connection.js';
import type { ClientState } from './client-state.js';
import { checkHeaders } from './headers.js';
import { callWhenReady, notConnected } from './offline-calls.js';
import type { ClientOptions } from './options.js';
import { Reconnector } from './reconnector.js';
import type { SessionHook } from './session-hooks.js';

export interface Client extends Disposed, UntypedCalls {
  readonly url: string;
  readonly state: ClientState;
  /** Calls `fn` at every change; the result removes it. */
  onState(fn: (state: ClientState) => void): () => void;
  /** The present state and every further one; ends after `closed`. */
  states(): AsyncIterableIterator<ClientState>;
  /** The connection that calls go to; undefined while there is none. */
  readonly connection: Connection | undefined;

  /**
   * Starts, or begins anew after the end. Resolves when ready. Rejects when the client closes before: its own close, a
   * status that is final, or the backoff gave up; until then `waiting.reason` says why it takes so long. Nobody needs to
   * catch what one's own close does to it.
   * @throws StmpError `aborted` by the signal, which closes the client.
   */
  connect(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Runs on every new connection before the client is ready: the place to log in and to enter rooms again, over the
   * connection it is given; the client's own calls go to that connection only afterwards. When it fails, the
   * connection is given up and the next attempt waits; a status that is final, such as Forbidden, closes the client with
   * that error.
   */
  onSession(hook: SessionHook): () => void;

  /** The server's service, to call. It stays valid from connection to connection. */
  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M>;
  /** Listens to events; for all connections, so once. @returns a function that removes the listeners. @throws TypeError for the same object twice. */
  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, Context>): () => void;
  /** Answers calls of the server. @returns a function that removes the implementation. @throws TypeError when the service is implemented already. */
  implement<M extends MethodTable<M>>(type: ServiceType<M>, implementation: Implementation<M, Context>): () => void;
  /** Adds a layer inside those added before. @returns a function that removes it. */
  use(middleware: Middleware): () => void;
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
  /** Ends a wait between attempts: the next one is made at once. Without a wait it does nothing. */
  reconnectNow(): void;
  /** Looks at the clock at once: a connection whose peer was silent too long ends, a wait that is over is over. */
  checkTime(): void;
  /** Ends the client with a Close packet: its state is `closed` at once. Resolves when the links are closed. Idempotent; never rejects. */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when the client has closed, with the reason; never rejects. After a new `connect()` it is another promise. */
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
  const client = disposable(
    new StmpClient(url, { ...options, reconnect: options.reconnect ?? false }, undefined, true),
  );
  await client.connect(options);
  return client;
}

/** As {@link connect}, over a ready link. */
export async function connectLink(link: Link, options: ClientOptions): Promise<Client> {
  const client = disposable(new StmpClient('link:', { ...options, reconnect: false }, checkLink(link)));
  await client.connect();
  return client;
}

type Send<T> = (connection: ClientConnection, options: CallOptions | undefined) => Promise<T>;

class StmpClient implements Omit<Client, keyof Disposed> {
  readonly url: string;
  readonly #shared: Shared;
  readonly #reconnector: Reconnector;
  readonly #stubs = new StubCache();
  /** `connect()` that is not done yet. */
  readonly #connecting = new Set<{ readonly promise: Promise<void> }>();

  /** @param triesOnce The first attempt is the only one until it succeeds. */
  constructor(url: string, options: ClientOptions, link: Link | undefined, triesOnce = false) {
    if (typeof url !== 'string' || !url.includes(':')) throw new TypeError(`url must be a URL, got ${String(url)}`);
    this.url = url;
    if (typeof options.headers !== 'function') checkHeaders(options.headers);
    const connectTimeoutMs = checkNumber('connectTimeoutMs', options.connectTimeoutMs ?? 20_000, 0);
    this.#shared = new Shared(resolveConnectionOptions(options), new Router(), options.streamEngine);
    this.#reconnector = new Reconnector(url, options, this.#shared, connectTimeoutMs, link);
    this.#reconnector.triesOnce = triesOnce;
  }

  get state(): ClientState {
    return this.#reconnector.state.value;
  }

  onState(fn: (state: ClientState) => void): () => void {
    return this.#reconnector.state.on(fn);
  }

  states(): AsyncIterableIterator<ClientState> {
    return this.#reconnector.state.iterate();
  }

  get connection(): Connection | undefined {
    return this.#reconnector.current;
  }

  onSession(hook: SessionHook): () => void {
    return this.#reconnector.hooks.add(hook);
  }

  connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const entry = { promise: undefined as unknown as Promise<void> };
    this.#connecting.add(entry);
    entry.promise = this.#connect(options.signal).finally(() => this.#connecting.delete(entry));
    if (options.signal?.aborted) entry.promise.catch(() => {});
    return entry.promise;
  }

  async #connect(signal: AbortSignal | undefined): Promise<void> {
    const reconnector = this.#reconnector;
    const abort = (): void => {
      const { reason } = reconnector;
      const why = reason === undefined ? '' : `; the last attempt: ${reason.message}`;
      const error = new StmpError('aborted', `connecting was aborted${why}`, { cause: signal?.reason });
      void this.#shut({ status: Status.Ok, message: 'aborted', origin: 'local', error });
    };
    if (signal?.aborted) {
      abort();
      throw reconnector.ended;
    }
    reconnector.connect();
    if (reconnector.current !== undefined) return;
    const unwatch = signal && onAbort(signal, abort);
    try {
      await reconnector.starting.wait('connect', 0, undefined, () => undefined);
    } finally {
      unwatch?.();
    }
  }

  reconnectNow(): void {
    this.#reconnector.retryNow();
  }

  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M> {
    return this.#stubs.get(
      type,
      (stub) => (input: unknown, options?: CallOptions) => this.#callStub(stub, input, options),
    ) as ServiceClient<M>;
  }

  #callStub(stub: Stub, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    const { current } = this.#reconnector;
    if (current?.isOpen) return current.callMethod(stub, input, options);
    return this.#callOffline(stub.name, options, (connection, left) => connection.callMethod(stub, input, left));
  }

  async call(action: Action | string, value?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#callBy(action, options, (connection, given) => connection.call(action, value, given));
  }

  async callRaw(action: Action | string, payload?: Uint8Array | string, options?: CallOptions): Promise<Uint8Array> {
    return this.#callBy(action, options, (connection, given) => connection.callRaw(action, payload, given));
  }

  #callBy<T>(action: Action | string, options: CallOptions | undefined, send: Send<T>): Promise<T> {
    const name = labelOf(action);
    const { current } = this.#reconnector;
    return current?.isOpen ? send(current, options) : this.#callOffline(name, options, send);
  }

  #callOffline<T>(name: string, options: CallOptions | undefined, send: Send<T>): Promise<T> {
    const { ended, reason } = this.#reconnector;
    if (options?.whenOffline === 'wait')
      return callWhenReady(this.#reconnector, this.#shared.options, name, options, send);
    return Promise.reject(ended ?? notConnected(reason));
  }

  on<M extends MethodTable<M>>(type: EventsType<M> | ServiceType<M>, listeners: Listeners<M, Context>): () => void {
    return this.#shared.router.on(type, listeners);
  }

  implement<M extends MethodTable<M>>(type: ServiceType<M>, implementation: Implementation<M, Context>): () => void {
    return this.#shared.router.implement(type, implementation);
  }

  use(middleware: Middleware): () => void {
    return this.#shared.router.use(middleware);
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
    return sendersOf(type, (stub, value) => this.#reconnector.current?.sendEvent(stub, value, options) ?? offline);
  }

  counters(): Counters {
    return { ...this.#shared.counters };
  }

  checkTime(): void {
    this.#reconnector.checkTime();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const status = checkStatus(options.status ?? Status.Ok);
    await this.#shut({ status, message: options.message ?? '', origin: 'local' }, options);
  }

  #shut(end: ConnectionEnd, options?: CloseOptions): Promise<ConnectionEnd> {
    // What the application does itself is no failure that somebody would have to catch.
    for (const { promise } of this.#connecting) promise?.catch(() => {});
    return this.#reconnector.shut(end, options);
  }

  get closed(): Promise<ConnectionEnd> {
    return this.#reconnector.closed;
  }
}
