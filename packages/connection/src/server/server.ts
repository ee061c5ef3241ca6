import {
  type Acceptor,
  type EventsType,
  type Headers,
  type Link,
  type LinkPeer,
  type Listener,
  type Listening,
  type ListenOptionsOf,
  type MethodTable,
  type ServiceType,
  Status,
  StmpError,
  statusError,
  statusName,
} from '@stmp/contract';
import {
  checkNumber,
  createStreamEngine,
  type Handshake,
  type HelloAnswer,
  retryAfterHeader,
  serverHandshake,
  textPackets,
} from '@stmp/engine';
import { createHeaders, HANDSHAKE_MAGIC, type HeaderMap } from '@stmp/packet';
import type { Context } from '../answering/context.js';
import { isForPeer, type Middleware } from '../answering/middleware.js';
import { Router } from '../answering/router.js';
import type { Awaitable, Implementation, Listeners } from '../api.js';
import { type Disposed, disposable } from '../disposable.js';
import { DEFAULT_SERVER_MAX_PACKET_BYTES, resolveConnectionOptions } from '../options.js';
import { checkLink } from '../pipe/link-faults.js';
import { printable } from '../printable.js';
import { checkSchemes, partFor, schemeOf, schemesOf } from '../schemes.js';
import { type Counters, Shared } from '../shared.js';
import { checkStatus, isStatus } from '../status.js';
import type {
  AddressRates,
  CloseOptions,
  Connection,
  ConnectionEnd,
  ConnectionOptions,
  Hooks,
  Rates,
} from '../types.js';
import { AccessLog, type AccessLogOptions } from './access-log.js';
import { type AddressOf, socketAddress } from './address.js';
import { Alarms } from './alarms.js';
import { Buffered } from './buffered.js';
import { Departure, type DepartureHost } from './departure.js';
import { expiryOf } from './expiry.js';
import { checkRates, KeyedRates } from './rates.js';
import { ServerConnection, type ServerOwner } from './server-connection.js';

export const DEFAULT_MAX_CONNECTIONS = 65_536;
export const DEFAULT_MAX_BUFFERED_BYTES = 268_435_456;

/** What the authentication hook sees of a client. STMP headers and raw HTTP headers are kept apart. */
export interface AuthenticationRequest {
  /** Headers of the STMP handshake, or of the query and HTTP request as the WebSocket rules allow. */
  readonly headers: HeaderMap;
  /** The text of the handshake. */
  readonly message: string;
  /** Address, certificate, raw HTTP request with cookies and origin. */
  readonly peer: LinkPeer;
  readonly secure: boolean;
  readonly remoteAddress: string;
  /** Set when a live connection authenticates again. */
  readonly connection: Connection;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface Authenticated<Identity> {
  readonly identity: Identity;
  /** The connection ends with Unauthorized after this, unless it authenticates again. Default: never. */
  readonly expiresInMs?: number | undefined;
  /** Added to the handshake's answer. */
  readonly headers?: Headers | undefined;
  readonly message?: string | undefined;
}

export interface ServerOptions<Identity = undefined, State = undefined> extends ConnectionOptions {
  /** Transports that {@link Server.listen} chooses from by URL scheme; two of one scheme are a TypeError. */
  // biome-ignore lint/suspicious/noExplicitAny: of any transport, with options of its own
  readonly listeners?: readonly Listener<any>[] | undefined;
  /**
   * Runs after negotiation, before the client is answered. A status error refuses with its status and text; any other
   * error with InternalServerError, after which clients try again. Default: everybody may connect.
   */
  readonly authenticate?: ((request: AuthenticationRequest) => Awaitable<Authenticated<Identity>>) | undefined;
  /** Makes the application's object for a new connection. */
  readonly state?: ((connection: Connection<Identity>) => State) | undefined;
  /** Connections at once; further ones are refused with TooManyRequests. Default 65_536. */
  readonly maxConnections?: number | undefined;
  /** Connections at once from one address. Default: no limit. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * Bytes that all connections together may hold: input that is not handled, inflated or not, and output that readers
   * leave. Above it connections end with TooManyRequests, those with the oldest unfinished packets first, then those that
   * hold most. Default 268_435_456.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** Default: the socket's IP address; `forwardedAddress` reads it from trusted proxies. */
  readonly addressOf?: AddressOf | undefined;
  /** Rates of one connection. */
  readonly rates?: Rates | undefined;
  /** Rates that all connections of one address share. */
  readonly ratesPerAddress?: AddressRates | undefined;
  readonly accessLog?: AccessLogOptions | undefined;
  readonly hooks?: Hooks<Identity, State> | undefined;
}

export interface DrainOptions {
  /** How long clients may take to move, at most: when no call runs and all have left or have nowhere to go, it is over. Default 10_000. */
  readonly withinMs?: number | undefined;
  /** How long connections whose calls are still running are waited for after that, at most. Default 5_000. */
  readonly graceMs?: number | undefined;
}

export interface Server<Identity = unknown, State = unknown> extends Disposed {
  /** Answers the calls of a service. @returns a function that removes the implementation. @throws TypeError when a handler is missing, or the service is implemented already. */
  implement<M extends MethodTable<M>>(
    type: ServiceType<M>,
    implementation: Implementation<M, Context<Identity, State>>,
  ): () => void;
  /** Listens to events that clients send. @returns a function that removes the listeners. @throws TypeError for the same object twice. */
  on<M extends MethodTable<M>>(
    type: EventsType<M> | ServiceType<M>,
    listeners: Listeners<M, Context<Identity, State>>,
  ): () => void;
  /** Adds a layer inside those added before. Before the first connection. @returns a function that removes it. */
  use(middleware: Middleware<Identity, State>): () => void;
  /** Runs for each connection that is ready, before any packet of it is handled. */
  onConnection(fn: (connection: Connection<Identity, State>) => void): () => void;
  /**
   * Accepts connections at a URL such as `tcp://127.0.0.1:5001`; port 0 chooses one. Any number of addresses.
   * @throws StmpError `unsupported` for an unknown scheme, `listen_failed`.
   */
  listen<Address extends string>(address: Address, options?: ListenOptionsOf<Address>): Promise<Listening>;
  /** Serves one ready link. */
  serve(link: Link): Connection<Identity, State>;
  /** A receiver of links, for listeners that are driven from outside. */
  readonly acceptor: Acceptor;
  readonly addresses: readonly string[];
  /** Connections that are ready. */
  readonly connections: ReadonlySet<Connection<Identity, State>>;
  counters(): Counters;
  /**
   * Leaves without losing calls: stops accepting, asks peers that understand to move, spread over the window, lets begun
   * calls finish, then closes with ServerShutdown. Idempotent; the first call's options hold.
   */
  drain(options?: DrainOptions): Promise<void>;
  /** Stops accepting and closes all connections, by default with ServerShutdown. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when the server has closed. */
  readonly closed: Promise<void>;
}

/** Creates a server; it does nothing until it listens. */
export function createServer<Identity = undefined, State = undefined>(
  options: ServerOptions<Identity, State>,
): Server<Identity, State> {
  return disposable(new StmpServer<Identity, State>(options));
}

class StmpServer<Identity, State> implements Omit<Server<Identity, State>, keyof Disposed>, ServerOwner, DepartureHost {
  readonly shared: Shared;
  readonly connections: Set<Connection<Identity, State>> = new Set();
  readonly acceptor: Acceptor;
  readonly alarms: Alarms;
  readonly buffered: Buffered;
  readonly #options: ServerOptions<Identity, State>;
  readonly #maxConnections: number;
  readonly #maxPerAddress: number;
  readonly #addressOf: AddressOf;
  readonly #keyedRates: KeyedRates | undefined;
  readonly #accessLog: AccessLog | undefined;
  /** For links whose handshake is in band: without a hello it keeps nothing, and serves them all. */
  readonly #handshake: Handshake;
  readonly #listening = new Set<Listening>();
  readonly #onConnection = new Set<(connection: Connection<Identity, State>) => void>();
  /** Connections that have ended and whose links have not; only closing waits for them. */
  readonly #leaving = new Set<ServerConnection>();
  /** Connections that are not ready yet. */
  readonly #opening = new Set<ServerConnection>();
  /** When they began, for the log. */
  readonly #startedMs = new WeakMap<ServerConnection, number>();
  readonly #perAddress = new Map<string, number>();
  /** Kept where limits need it. */
  readonly #addresses = new WeakMap<ServerConnection, string>();
  readonly #departure: Departure;
  #draining: Promise<void> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  readonly closed: Promise<void>;
  #resolveClosed!: () => void;

  constructor(options: ServerOptions<Identity, State>) {
    checkSchemes('listeners', options.listeners);
    this.shared = new Shared(
      resolveConnectionOptions(options as ConnectionOptions, DEFAULT_SERVER_MAX_PACKET_BYTES),
      new Router(),
      createStreamEngine,
    );
    this.#options = options;
    this.#handshake = this.#newHandshake(undefined);
    this.#maxConnections = checkNumber('maxConnections', options.maxConnections ?? DEFAULT_MAX_CONNECTIONS, 1);
    this.#maxPerAddress = checkNumber(
      'maxConnectionsPerAddress',
      options.maxConnectionsPerAddress ?? Number.MAX_SAFE_INTEGER,
      1,
    );
    this.#addressOf = options.addressOf ?? socketAddress;
    checkRates('rates', options.rates);
    checkRates('ratesPerAddress', options.ratesPerAddress);
    this.#keyedRates = options.ratesPerAddress && new KeyedRates(options.ratesPerAddress);
    this.#accessLog = options.accessLog && new AccessLog(options.accessLog);
    this.buffered = new Buffered(
      checkNumber('maxBufferedBytes', options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES, 1),
    );
    this.alarms = new Alarms(this.shared.options.clock);
    this.#departure = new Departure(this, this.shared.options.clock);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.acceptor = {
      greeting: HANDSHAKE_MAGIC,
      onLink: (link) => {
        try {
          this.#accept(link);
        } catch (error) {
          this.shared.report(error, 'listener');
        }
      },
      onRefuse: (refusal) => {
        this.shared.counters.connectionsRefused++;
        const { logger } = this.shared.options;
        const { remoteAddress } = refusal;
        this.shared.guard('logger', undefined, () =>
          this.#accessLog === undefined
            ? logger?.warn({ reason: printable(refusal.reason), remoteAddress }, printable(refusal.message))
            : this.#accessLog.refusal(refusal),
        );
      },
      onError: (error) => this.shared.report(error, 'listener'),
      maxUnitBytes: this.shared.options.engine.maxPacketBytes + 128,
    };
  }

  implement<M extends MethodTable<M>>(
    type: ServiceType<M>,
    implementation: Implementation<M, Context<Identity, State>>,
  ): () => void {
    return this.shared.router.implement(type, implementation as Implementation<M, Context>);
  }

  on<M extends MethodTable<M>>(
    type: EventsType<M> | ServiceType<M>,
    listeners: Listeners<M, Context<Identity, State>>,
  ): () => void {
    return this.shared.router.on(type, listeners as Listeners<M, Context>);
  }

  use(middleware: Middleware<Identity, State>): () => void {
    return this.shared.router.use(middleware);
  }

  onConnection(fn: (connection: Connection<Identity, State>) => void): () => void {
    this.#onConnection.add(fn);
    return () => this.#onConnection.delete(fn);
  }

  async listen<Address extends string>(address: Address, options?: ListenOptionsOf<Address>): Promise<Listening> {
    if (this.#draining !== undefined || this.#closing !== undefined)
      throw new StmpError('bad_state', 'the server is closing');
    const known = this.#options.listeners ?? [];
    const listener = partFor(known, schemeOf(address));
    if (listener === undefined)
      throw new StmpError('unsupported', `no listener for "${address}"; known schemes: ${schemesOf(known)}`);
    const listening = await listener.listen(address, this.acceptor, options);
    const close = listening.close.bind(listening);
    const entry: Listening = {
      ...listening,
      address: listening.address,
      close: () => {
        this.#listening.delete(entry);
        return close();
      },
    };
    if (listening.reloadTls !== undefined) entry.reloadTls = listening.reloadTls.bind(listening);
    this.#listening.add(entry);
    if (this.#closing !== undefined) await entry.close();
    return entry;
  }

  get addresses(): readonly string[] {
    return [...this.#listening].map(({ address }) => address);
  }

  serve(link: Link): Connection<Identity, State> {
    return this.#accept(link) as Connection<Identity, State>;
  }

  counters(): Counters {
    return { ...this.shared.counters };
  }

  // --- connections ------------------------------------------------------------------

  #newHandshake(hello: Headers | undefined): Handshake {
    const { codecs, compressions, engine } = this.shared.options;
    return serverHandshake({
      content: codecs,
      compressions,
      maxPacketBytes: engine.maxPacketBytes,
      text: textPackets(),
      hello,
    });
  }

  /** @throws StmpError `link_failed` for what is no link. */
  #accept(given: Link): ServerConnection {
    const link = checkLink(given);
    const { hello } = link;
    const handshake = hello === undefined ? this.#handshake : this.#newHandshake(hello.headers);
    const connection = new ServerConnection(link, handshake, this);
    const status = this.#admit(connection);
    if (this.#accessLog !== undefined) this.#startedMs.set(connection, this.shared.options.clock.nowMs());
    if (status === Status.Ok) this.#opening.add(connection);
    // Before it starts: the refusal is all that is spent on it. Not even that, when too many do not leave.
    else if (this.#leaving.size >= this.#maxConnections) connection.abort();
    else void connection.close({ status });
    connection.start();
    return connection;
  }

  /** Connections that have not ended, with those in their handshake. */
  get liveCount(): number {
    return this.#opening.size + this.connections.size;
  }

  live(): ServerConnection[] {
    return [...this.#opening, ...(this.connections as Set<unknown> as Set<ServerConnection>)];
  }

  /** Counts a connection. @returns Ok, or why it may not come in. */
  #admit(connection: ServerConnection): number {
    if (this.#draining !== undefined || this.#closing !== undefined) return Status.ServerShutdown;
    if (this.liveCount >= this.#maxConnections) return Status.TooManyRequests;
    if (this.#maxPerAddress === Number.MAX_SAFE_INTEGER && this.#keyedRates === undefined) return Status.Ok;
    const given: unknown = this.shared.guard('addressOf', connection, () => this.#addressOf(connection.peer));
    const address = typeof given === 'string' ? given : 'unknown';
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#maxPerAddress || !this.#mayConnect(address)) return Status.TooManyRequests;
    this.#perAddress.set(address, count + 1);
    this.#addresses.set(connection, address);
    return Status.Ok;
  }

  #mayConnect(address: string): boolean {
    const nowMs = this.shared.options.clock.nowMs();
    return this.#keyedRates === undefined || this.#keyedRates.of(address, nowMs).mayConnect(nowMs);
  }

  onCannotMove(connection: ServerConnection): void {
    this.#departure.cannotMove(connection);
  }

  onHello(connection: ServerConnection): void {
    const authenticate = this.#options.authenticate;
    if (authenticate === undefined) {
      connection.answer({});
      return;
    }
    this.#authenticate(connection, connection.headers).then(
      ({ headers, message }) => {
        try {
          connection.answer({ headers, message });
        } catch (error) {
          // Headers that cannot be written.
          this.shared.report(error, 'authenticate', connection);
          connection.answer(refusalOf(error));
        }
      },
      (error: unknown) => connection.answer(refusalOf(error)),
    );
  }

  async reauthenticate(connection: ServerConnection, headers: Headers): Promise<void> {
    if (this.#options.authenticate === undefined)
      throw new StmpError('bad_state', 'this side has no authentication hook');
    const address = this.#addresses.get(connection);
    if (address !== undefined && !this.#mayConnect(address)) throw statusError(Status.TooManyRequests);
    await this.#authenticate(connection, headers);
  }

  async #authenticate(connection: ServerConnection, headers: Headers): Promise<Authenticated<Identity>> {
    const controller = new AbortController();
    const remove = connection.onClose(() => controller.abort());
    try {
      const result = await this.#options.authenticate!({
        headers: createHeaders(headers),
        message: connection.handshakeMessage,
        peer: connection.peer,
        secure: connection.secure,
        remoteAddress: connection.remoteAddress,
        connection,
        signal: controller.signal,
      });
      const { identity, expiresInMs } = result;
      connection.setIdentity(identity, expiryOf(expiresInMs, this.shared.options.clock.nowMs()));
      return result;
    } catch (error) {
      if (!isForPeer(error)) this.shared.report(error, 'authenticate', connection);
      throw error;
    } finally {
      remove();
    }
  }

  onReady(connection: ServerConnection): void {
    const { counters, options } = this.shared;
    const mine = connection as Connection<Identity, State>;
    counters.connectionsOpened++;
    counters.connectionsOpen++;
    this.#logHandshake(connection, Status.Ok, '');
    const { state } = this.#options;
    if (state !== undefined) connection.state = this.shared.guard('state', connection, () => state(mine));
    this.#opening.delete(connection);
    this.connections.add(mine);
    const { onConnect } = options.hooks;
    if (onConnect !== undefined) this.shared.guard('onConnect', connection, () => onConnect(connection));
    for (const fn of this.#onConnection) this.shared.guard('onConnection', connection, () => fn(mine));
    // It was in its handshake when the others were asked.
    if (this.#draining !== undefined) this.#departure.ready(connection);
  }

  onEnd(connection: ServerConnection, end: ConnectionEnd): void {
    const { counters, options } = this.shared;
    if (this.connections.delete(connection as Connection<Identity, State>)) {
      counters.connectionsOpen--;
      const { onClose } = options.hooks;
      if (onClose !== undefined) this.shared.guard('onClose', connection, () => onClose(connection, end));
    } else {
      counters.connectionsRefused++;
      this.#logHandshake(connection, end.status || Status.NetworkError, end.message);
    }
    this.#opening.delete(connection);
    if (this.#draining !== undefined) this.#departure.ended(connection);
    this.#leaving.add(connection);
    void connection.closed.then(() => this.#leaving.delete(connection));
    const address = this.#addresses.get(connection);
    if (address !== undefined) {
      const count = this.#perAddress.get(address)! - 1;
      if (count === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, count);
    }
  }

  get rates(): Rates | undefined {
    return this.#options.rates;
  }

  get hasCommonRates(): boolean {
    return this.#keyedRates !== undefined;
  }

  mayCall(connection: ServerConnection, nowMs: number): boolean {
    const address = this.#keyedRates && this.#addresses.get(connection);
    return address === undefined || this.#keyedRates!.of(address, nowMs).mayCall(nowMs);
  }

  mayReceive(connection: ServerConnection, packets: number, bytes: number, nowMs: number): boolean {
    const address = this.#keyedRates && this.#addresses.get(connection);
    return address === undefined || this.#keyedRates!.of(address, nowMs).mayReceive(packets, bytes, nowMs);
  }

  #logHandshake(connection: ServerConnection, status: number, message: string): void {
    if (this.#accessLog === undefined) return;
    const nowMs = this.shared.options.clock.nowMs();
    const startedMs = this.#startedMs.get(connection) ?? nowMs;
    this.shared.guard('accessLog', connection, () =>
      this.#accessLog!.handshake(
        connection.remoteAddress,
        connection.peer,
        connection.engine.session,
        status,
        message,
        nowMs - startedMs,
      ),
    );
  }

  // --- the end ------------------------------------------------------------------------

  drain(options: DrainOptions = {}): Promise<void> {
    this.#draining ??= this.#drain(
      checkNumber('withinMs', options.withinMs ?? 10_000, 0),
      checkNumber('graceMs', options.graceMs ?? 5_000, 0),
    );
    return this.#draining;
  }

  async #drain(withinMs: number, graceMs: number): Promise<void> {
    await this.#stopListening();
    await this.#departure.run(withinMs, graceMs);
  }

  close(options: CloseOptions = {}): Promise<void> {
    const status = checkStatus(options.status ?? Status.ServerShutdown);
    this.#closing ??= this.#close(status, options.message);
    return this.#closing;
  }

  async #close(status: number, message: string | undefined): Promise<void> {
    const stopped = this.#stopListening();
    await Promise.all([...this.live(), ...this.#leaving].map((connection) => connection.close({ status, message })));
    await stopped;
    this.#resolveClosed();
  }

  async #stopListening(): Promise<void> {
    await Promise.all([...this.#listening].map((listening) => listening.close()));
  }
}

/** What a client is told whose authentication failed. The text of a plain error stays here. */
function refusalOf(error: unknown): HelloAnswer {
  if (!isForPeer(error) || !isStatus(error.status))
    return { status: Status.InternalServerError, message: statusName(Status.InternalServerError) };
  const { status, message, retryAfterMs } = error;
  return { status, message, headers: retryAfterMs === undefined ? undefined : [retryAfterHeader(retryAfterMs)] };
}
