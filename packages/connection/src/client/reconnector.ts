import { isStmpError, type Link, StmpError } from '@stmp/contract';
import { judgeAt } from '../pipe/late.js';
import type { Shared } from '../shared.js';
import { textOf } from '../thrown.js';
import type { CloseOptions, ConnectionEnd } from '../types.js';
import { Attempts, letGo } from './attempts.js';
import { type Backoff, resolveBackoff } from './backoff.js';
import { ClientConnection, type ClientOwner } from './client-connection.js';
import {
  type ClientEvent,
  type Place,
  type Setting,
  StateCell,
  stateAt,
  type Telling,
  transitionOf,
} from './client-state.js';
import { type Life, newLife } from './life.js';
import type { Line } from './offline-calls.js';
import type { ClientOptions } from './options.js';
import { Reasons } from './reasons.js';
import { delayOf, endOf, reasonOf, retryOf } from './retry.js';
import { SessionHooks } from './session-hooks.js';
import { Waiters } from './waiters.js';

/** A connection that was ready for less than this counts as a failed attempt. */
const STABLE_MS = 5_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Decides when an attempt is made, and which connection is the present one. The table of client-state.ts says what follows on what. */
export class Reconnector implements ClientOwner, Line {
  readonly shared: Shared;
  readonly state: StateCell = new StateCell();
  readonly hooks: SessionHooks = new SessionHooks();
  /** Calls that wait for a connection. */
  readonly waiters: Waiters;
  /** `connect()` that waits for the first one. */
  readonly starting: Waiters;
  /** All whose links are not closed yet. */
  readonly live: Set<ClientConnection> = new Set();
  /** Why the last attempt failed or the last connection ended; undefined once one is ready. */
  reason: StmpError | undefined = undefined;
  /** The first attempt is the only one until it succeeds. */
  triesOnce = false;

  readonly #options: ClientOptions;
  readonly #url: string;
  readonly #attempts: Attempts;
  readonly #backoff: Backoff | undefined;
  readonly #connectTimeoutMs: number;

  #place: Place = 'idle';
  #life: Life = newLife();
  #current: ClientConnection | undefined = undefined;
  /** Being opened: it becomes the current one when its session hooks have run. */
  #next: ClientConnection | undefined = undefined;
  #former: ClientConnection | undefined = undefined;
  #dialing: AbortController | undefined = undefined;
  #attemptTimer: unknown = undefined;
  #retryTimer: unknown = undefined;
  #retryAtMs = NEVER;
  #stopWake: (() => void) | undefined = undefined;
  /** Attempts since a connection was last stable. */
  #attempt = 0;
  /** Waits since then. */
  #failures = 0;
  #delayMs = 0;
  #readyAtMs = Number.NEGATIVE_INFINITY;
  /** The server asked the next connection to move on before it was ready. */
  #askedNext = false;
  /** The headers function was asked anew after a refusal, and nothing has come of it yet. */
  #askedHeaders = false;
  readonly #reasons: Reasons;
  #end: ConnectionEnd | undefined = undefined;
  #farewell: CloseOptions | undefined = undefined;

  constructor(url: string, options: ClientOptions, shared: Shared, connectTimeoutMs: number, link: Link | undefined) {
    this.#url = url;
    this.#options = options;
    this.shared = shared;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#attempts = new Attempts(url, options, shared, link);
    this.#backoff =
      options.reconnect === false
        ? undefined
        : resolveBackoff(options.reconnect, (error) => shared.report(error, 'reconnect'));
    this.#reasons = new Reasons(shared, options.hooks);
    this.waiters = new Waiters(shared.options.clock);
    this.starting = new Waiters(shared.options.clock);
  }

  get current(): ClientConnection | undefined {
    return this.#current;
  }

  get ended(): StmpError | undefined {
    if (this.#end === undefined) return undefined;
    const { error, status } = this.#end;
    return error ?? new StmpError('not_connected', 'the client is closed', { status, cause: this.reason });
  }

  get closed(): Promise<ConnectionEnd> {
    return this.#life.closed;
  }

  // --- the table ----------------------------------------------------------------------------

  #move(event: ClientEvent): void {
    const transition = transitionOf(this.#place, event);
    if (transition === undefined) return;
    const { to, sets, tells } = transition;
    for (const setting of sets) this.#set(setting);
    this.#place = to;
    if (tells.includes('state')) {
      const [attempt, failures, delayMs] = [this.#attempt, this.#failures, this.#delayMs];
      const isStale = this.#current?.stale === true;
      this.state.set(stateAt(to, { attempt, failures, delayMs, isStale, reason: this.reason, end: this.#end }));
    }
    for (const telling of tells) this.#tell(telling);
  }

  #set(setting: Setting): void {
    switch (setting) {
      case 'begin':
        if (this.#end !== undefined) this.#life = newLife();
        this.#end = this.#farewell = this.reason = undefined;
        this.#attempt = this.#failures = 0;
        this.#askedHeaders = false;
        this.#reasons.forget();
        this.#stopWake = this.shared.guard('onWake', undefined, () => this.#options.onWake?.(() => this.checkTime()));
        break;
      case 'fresh':
        this.#attempt = this.#failures = 0;
        break;
      case 'dial':
        this.#stopRetry();
        this.#attempt++;
        this.#dial();
        break;
      case 'adopt':
        this.#adopt();
        break;
      case 'note':
        this.#askedNext = true;
        break;
      case 'drop':
        this.#current = undefined;
        break;
      case 'wait': {
        const { clock } = this.shared.options;
        this.#stopRetry();
        this.#retryAtMs = clock.nowMs() + this.#delayMs;
        this.#retryTimer = clock.setTimer(() => this.retryNow(), this.#delayMs);
        break;
      }
      case 'stop':
        this.#stopRetry();
        this.#endAttempt(new StmpError('aborted', 'the client was closed'));
        this.shared.guard('onWake', undefined, () => this.#stopWake?.());
        this.#stopWake = this.#current = this.#next = this.#former = undefined;
        break;
    }
  }

  #tell(telling: Telling): void {
    switch (telling) {
      case 'state':
        this.state.tell((fn) => void this.shared.guard('onState', this.#current, fn));
        break;
      case 'reason':
        this.#reasons.tell(this.#attempt, this.#end === undefined ? this.#delayMs : undefined);
        break;
      case 'waiters':
        this.waiters.settle(this.ended);
        this.starting.settle(
          this.#end && (this.#end.error ?? this.reason ?? new StmpError('aborted', 'the client was closed')),
        );
        break;
      case 'former':
        this.#former?.leave();
        this.#former = undefined;
        break;
      case 'server':
        this.#current?.stay();
        break;
      case 'connections':
        void this.#closeAll(this.#life, this.#end!);
        break;
    }
  }

  // --- attempts -----------------------------------------------------------------------------

  connect(): void {
    this.#move('connect');
  }

  /** Ends a wait. */
  retryNow(): void {
    this.#move('due');
  }

  checkTime(): void {
    for (const connection of this.live) connection.checkTime();
    if (this.shared.options.clock.nowMs() >= this.#retryAtMs) this.retryNow();
  }

  #dial(): void {
    const dialing = new AbortController();
    this.#dialing = dialing;
    const { clock } = this.shared.options;
    if (this.#connectTimeoutMs > 0) {
      const dueMs = clock.nowMs() + this.#connectTimeoutMs;
      const judge = (): void => {
        if (this.#attemptTimer === timer) this.#tooLong();
      };
      const timer = clock.setTimer(() => judgeAt(dueMs, clock, judge), this.#connectTimeoutMs);
      this.#attemptTimer = timer;
    }
    void this.#openNext(dialing);
  }

  async #openNext(dialing: AbortController): Promise<void> {
    // All that belongs to the change is to be set before code of the application runs.
    await undefined;
    if (this.#dialing !== dialing) return;
    try {
      const { link, handshake } = await this.#attempts.open(dialing.signal);
      if (this.#dialing !== dialing) {
        letGo(link);
        return;
      }
      const connection = new ClientConnection(link, handshake, this);
      this.#dialing = undefined;
      this.#next = connection;
      this.live.add(connection);
      this.#move('linked');
      connection.start();
    } catch (error) {
      if (this.#dialing !== dialing) return;
      this.#fail(isStmpError(error) ? error : new StmpError('dial_failed', textOf(error), { cause: error }));
    }
  }

  /** The attempt is over; whatever it is that still runs need not heed the signal. */
  #endAttempt(error: StmpError): void {
    this.shared.options.clock.clearTimer(this.#attemptTimer);
    const dialing = this.#dialing;
    this.#attemptTimer = this.#dialing = undefined;
    this.#askedNext = false;
    dialing?.abort(error);
  }

  #tooLong(): void {
    this.#fail(
      new StmpError('dial_failed', `no connection to ${this.#url} within ${this.#connectTimeoutMs} ms`, {
        origin: 'link',
      }),
    );
  }

  #fail(error: StmpError): void {
    const connection = this.#next;
    this.#next = undefined;
    this.#endAttempt(error);
    this.#again('failed', endOf(error));
    // At the end all connections are closed in good order.
    if (this.#end === undefined) connection?.abort(new StmpError('aborted', 'the attempt failed', { cause: error }));
  }

  /** What follows on a failed attempt or a lost connection: the next one, or the end. */
  #again(event: 'failed' | 'lost', end: ConnectionEnd): void {
    const error = reasonOf(end);
    this.reason = error;
    this.#reasons.note(error, event === 'failed');
    const delayMs = this.#delayAfter(end, error);
    if (delayMs === undefined) {
      this.#end = { ...end, error };
      this.#move('ended');
    } else {
      this.#delayMs = delayMs;
      this.#move(event);
    }
  }

  #delayAfter({ status }: ConnectionEnd, error: StmpError): number | undefined {
    if (this.#backoff === undefined || this.triesOnce) return undefined;
    let retry = retryOf(error, status, this.#options.retryOn);
    if (retry === 'fresh-headers') {
      const mayAsk = typeof this.#options.headers === 'function' && error.origin === 'peer' && !this.#askedHeaders;
      this.#askedHeaders = mayAsk;
      retry = mayAsk ? 'backoff' : 'final';
    }
    if (retry === 'final') return undefined;
    return delayOf(retry, this.#backoff, ++this.#failures, this.shared.options.clock.random(), error.retryAfterMs);
  }

  #stopRetry(): void {
    this.shared.options.clock.clearTimer(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#retryAtMs = NEVER;
  }

  // --- connections --------------------------------------------------------------------------

  onReady(connection: ClientConnection): void {
    if (connection !== this.#next) return;
    connection.greeted = true;
    connection.holdForListeners();
    const { hooks } = this.shared.options;
    this.shared.guard('onConnect', connection, () => hooks.onConnect?.(connection));
    if (connection !== this.#next) return;
    const running = this.hooks.run(connection, this.shared);
    if (running === undefined) this.#join();
    else
      void running.then((error) => {
        if (connection !== this.#next) return;
        if (error === undefined) this.#join();
        else this.#fail(error);
      });
  }

  #join(): void {
    this.#move('joined');
    if (!this.#askedNext) return;
    this.#askedNext = false;
    this.#askedToMove();
  }

  /** Calls go to the new connection from here on. */
  #adopt(): void {
    const { counters, options } = this.shared;
    const connection = this.#next!;
    this.#former = this.#current;
    this.#current = connection;
    this.#next = undefined;
    options.clock.clearTimer(this.#attemptTimer);
    this.#attemptTimer = undefined;
    this.#readyAtMs = options.clock.nowMs();
    connection.adopted = true;
    counters.connectionsOpened++;
    counters.connectionsOpen++;
    this.triesOnce = this.#askedHeaders = false;
    this.reason = undefined;
    this.#reasons.forget();
  }

  onStale(connection: ClientConnection): void {
    if (connection === this.#current) this.#move('silence');
  }

  onDrain(connection: ClientConnection): void {
    if (connection === this.#next) this.#move('asked');
    else if (connection === this.#current && this.#place === 'ready') this.#askedToMove();
  }

  #askedToMove(): void {
    if (this.#backoff !== undefined) this.#move('asked');
    else this.#current?.stay();
  }

  onEnd(connection: ClientConnection, end: ConnectionEnd): void {
    void connection.closed.then(() => this.live.delete(connection));
    if (connection.adopted) this.shared.counters.connectionsOpen--;
    if (connection === this.#next) {
      this.#next = undefined;
      this.#endAttempt(reasonOf(end));
      this.#again('failed', end);
    } else if (connection === this.#current) this.#lost(end);
    if (!connection.greeted) return;
    const { hooks } = this.shared.options;
    this.shared.guard('onClose', connection, () => hooks.onClose?.(connection, end));
  }

  #lost(end: ConnectionEnd): void {
    const isOpening = this.#dialing !== undefined || this.#next !== undefined;
    const isLeft = this.#place !== 'ready';
    // One that held, or whose server left in good order, is no failure; nor are attempts to move while nobody else was there.
    if (isLeft || this.shared.options.clock.nowMs() - this.#readyAtMs >= STABLE_MS) {
      this.#attempt = isOpening ? 1 : 0;
      this.#failures = 0;
    }
    if (isOpening) this.#move('lost');
    else this.#again('lost', end);
  }

  // --- the end ------------------------------------------------------------------------------

  /** Ends the client for a reason of its own. */
  shut(end: ConnectionEnd, options?: CloseOptions): Promise<ConnectionEnd> {
    if (this.#place !== 'closed') {
      this.#end = end;
      this.#farewell = options;
      this.#move('ended');
    }
    return this.closed;
  }

  async #closeAll(life: Life, end: ConnectionEnd): Promise<void> {
    await Promise.all([...this.live].map((connection) => connection.close(this.#farewell)));
    life.resolve(end);
  }
}
