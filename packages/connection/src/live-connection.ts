import {
  type EventsType,
  type Headers,
  type Link,
  type LinkHandler,
  type LinkPeer,
  type MethodTable,
  type PayloadCodec,
  type ServiceType,
  Status,
  StmpError,
} from '@stmp/contract';
import {
  createInbound,
  createMessageEngine,
  type Engine,
  EngineEvent,
  encodeNotify,
  type Handshake,
  type HelloAnswer,
  type Inbound,
} from '@stmp/engine';
import type { CallOptions, EmitOptions, EventSender, ServiceClient, SlowReaderPolicy } from './api.js';
import { abortError, PendingCall } from './calls.js';
import type { Clock } from './clock.js';
import { Dispatcher, type DispatchHost } from './dispatcher.js';
import { RateLimiter } from './rates.js';
import { isThenable, type Shared } from './shared.js';
import { SlowReader, slowReaderError } from './slow-reader.js';
import { type Described, type Stub, StubCache, sendersOf } from './stubs.js';
import type { CloseOptions, Connection, ConnectionEnd } from './types.js';
import { encodeValue, type PreparedEvent, type WireKey, wireKeyOf } from './wire.js';

/** One for all connections: it is valid from one poll to the next. */
const INBOUND = createInbound();
/** Connections that are polling at this moment: above 0 when user code that one calls closes another. */
let polling = 0;
/** Towards our own peers the output of a turn is one write, cut here only to bound memory. */
const MAX_WRITE_BYTES = 262_144;
/** After a broken connection its Close has this long to get through. */
const FAILED_CLOSE_MS = 1_000;
const TIMEOUT_HEADER = 'Stmp-Timeout-Ms';
const CLOSED_MESSAGE = 'connection closed';

/** The side that owns a connection: a server or a client. */
export interface Owner {
  readonly shared: Shared;
  /** Server: a client has introduced itself; `connection.answer` is to be called. */
  onHello(connection: LiveConnection): void;
  onReady(connection: LiveConnection): void;
  /** The protocol has ended; the link is about to close. */
  onEnd(connection: LiveConnection, end: ConnectionEnd): void;
  /** The peer asks to be left for another connection. */
  onDrain(connection: LiveConnection): void;
  /** Limits that several connections have in common. */
  mayCall?(connection: LiveConnection, nowMs: number): boolean;
  mayReceive?(connection: LiveConnection, packets: number, bytes: number, nowMs: number): boolean;
}

/** What the link sees of a connection. */
class LinkEvents implements LinkHandler<Uint8Array | string> {
  readonly #connection: LiveConnection;

  constructor(connection: LiveConnection) {
    this.#connection = connection;
  }

  onData(unit: Uint8Array | string): void {
    this.#connection.received(unit);
  }

  onDrain(): void {
    this.#connection.linkDrained();
  }

  onClose(reason?: StmpError): void {
    this.#connection.linkEnded(reason);
  }
}

/** Drives one engine over one link. */
export class LiveConnection implements Connection, DispatchHost {
  readonly side: 'client' | 'server';
  readonly link: Link;
  readonly engine: Engine;
  readonly shared: Shared;
  readonly #owner: Owner;
  identity: unknown = undefined;
  state: unknown = undefined;
  /** When the identity expires. */
  expiresAtMs: number = Number.POSITIVE_INFINITY;
  #key: WireKey | undefined = undefined;
  #authenticate: ((headers: Headers) => Promise<void>) | undefined = undefined;

  #pumping = false;
  /** Input is left in the engine: while listeners are being attached, or while the inbox is full. */
  #held = false;
  #inboxIsFull = false;
  #linkPaused = false;
  #flushDue = false;
  readonly #flush: () => void;
  /** The link's queue is above its mark. */
  #linkFull = false;
  /** When the last input came, or time was looked at. */
  #nowMs = 0;
  /** The time of all calls that are made before the next flush; below 0: not read yet. */
  #callsMs = -1;
  #timer: unknown = undefined;
  #timerAtMs: number = Number.POSITIVE_INFINITY;
  /** When a link that does not close by itself is cut. */
  #cutAtMs: number = Number.POSITIVE_INFINITY;
  #ended: ConnectionEnd | undefined = undefined;
  /** Another connection has taken its place. */
  #leaves = false;
  #linkClosed = false;

  // Parts that an idle connection does not have.
  #dispatcher: Dispatcher | undefined = undefined;
  #slow: SlowReader | undefined = undefined;
  /** The last event that waits for room, by its policy. */
  #lastWaiting: Promise<boolean> | undefined = undefined;
  #rates: RateLimiter | undefined = undefined;
  #packetsSeen = 0;
  #bytesSeen = 0;
  #stubs: StubCache | undefined = undefined;
  #senders: StubCache | undefined = undefined;
  #endListeners: Set<(end: ConnectionEnd) => void> | undefined = undefined;
  #closed: Promise<ConnectionEnd> | undefined = undefined;
  #resolveClosed: ((end: ConnectionEnd) => void) | undefined = undefined;
  #remoteAddress: string | undefined = undefined;

  constructor(side: 'client' | 'server', link: Link, handshake: Handshake, owner: Owner) {
    this.side = side;
    this.link = link;
    this.#owner = owner;
    this.shared = owner.shared;
    const { engine: options, clock, rates } = owner.shared.options;
    const start = { handshake, options, nowMs: clock.nowMs() };
    const { streamEngine } = owner.shared;
    // Who hands in a stream link has seen to it that there is an engine for it.
    this.engine = link.kind === 'stream' ? streamEngine!(start) : createMessageEngine(start);
    if (rates !== undefined) this.#rates = new RateLimiter(rates, start.nowMs);
    this.#flush = () => this.#flushNow();
  }

  /** Begins: nothing happens before this. */
  start(): void {
    this.link.start(new LinkEvents(this) as LinkHandler<Uint8Array & string>);
    this.#pump();
    this.#rearm();
  }

  // --- what the link tells ---------------------------------------------------------

  received(unit: Uint8Array | string): void {
    const nowMs = this.clock.nowMs();
    this.#nowMs = nowMs;
    this.engine.receive(unit, nowMs);
    this.#pump();
    if ((this.#rates !== undefined || this.#owner.mayReceive !== undefined) && this.#ended === undefined)
      this.#checkRates(nowMs);
  }

  /** Counts plain bytes: those of a compressed connection after inflation. */
  #checkRates(nowMs: number): void {
    const packets = this.engine.packetsIn - this.#packetsSeen;
    const bytes = this.engine.bytesIn - this.#bytesSeen;
    this.#packetsSeen = this.engine.packetsIn;
    this.#bytesSeen = this.engine.bytesIn;
    const own = this.#rates?.mayReceive(packets, bytes, nowMs) ?? true;
    const common = this.#owner.mayReceive?.(this, packets, bytes, nowMs) ?? true;
    if (!own || !common) {
      this.fail(new StmpError('too_large', 'packets come faster than the limit', { status: Status.TooManyRequests }));
    }
  }

  linkDrained(): void {
    this.#linkFull = false;
    this.#flushNow();
    this.#dispatcher?.resume();
  }

  linkEnded(reason: StmpError | undefined): void {
    this.#linkClosed = true;
    if (this.#ended === undefined) {
      if (reason === undefined) this.engine.receiveEnd(this.clock.nowMs());
      else this.engine.receiveError(reason);
      this.#held = this.#inboxIsFull = false;
      this.#pump();
    }
    this.#stopTimer();
    this.#resolveClosed?.(this.#ended!);
  }

  // --- the engine --------------------------------------------------------------------

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const { engine } = this;
    const into = polling++ === 0 ? INBOUND : createInbound();
    try {
      while (!this.#held && !this.#inboxIsFull) {
        const event = engine.poll(into);
        if (event === EngineEvent.None) break;
        this.#handle(event, into);
      }
      // Even while handlers are behind, the end of the connection is seen.
      if (
        (this.#held || this.#inboxIsFull) &&
        engine.phase === 'closed' &&
        this.#ended === undefined &&
        engine.poll(into) === EngineEvent.Closed
      ) {
        this.#end();
      }
    } finally {
      polling--;
      this.#pumping = false;
    }
    if (engine.outputBytes > 0) this.wrote();
  }

  #handle(event: EngineEvent, into: Inbound): void {
    switch (event) {
      case EngineEvent.Request:
        this.#dispatch().accept(into, true);
        break;
      case EngineEvent.Notify:
        this.#dispatch().accept(into, false);
        break;
      case EngineEvent.Response:
        (into.token as PendingCall).respond(into, this.wireKey);
        this.#callSettled();
        break;
      case EngineEvent.Expired:
        (into.token as PendingCall).expire();
        this.#callSettled();
        break;
      case EngineEvent.Cancel:
        this.#dispatcher?.cancel(into.mid);
        break;
      case EngineEvent.Drain:
        this.#owner.onDrain(this);
        break;
      case EngineEvent.Hello:
        this.#owner.onHello(this);
        break;
      case EngineEvent.Ready:
        this.#rearm();
        this.#owner.onReady(this);
        break;
      default:
        this.#end();
    }
  }

  #dispatch(): Dispatcher {
    this.#dispatcher ??= new Dispatcher(this);
    return this.#dispatcher;
  }

  /** Holds requests and events back until whoever awaits the connection has had a turn to attach listeners. */
  holdForListeners(): void {
    this.#held = true;
    this.clock.setTimer(() => {
      this.#held = false;
      this.#pump();
    }, 0);
  }

  /** Server: the answer to the client's handshake. */
  answer(answer: HelloAnswer): void {
    if (this.#ended !== undefined) return;
    this.engine.answerHello(answer, this.clock.nowMs());
    this.#pump();
    this.wrote();
  }

  // --- output -------------------------------------------------------------------------

  wrote(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.link.defer(this.#flush);
  }

  #flushNow(): void {
    this.#flushDue = false;
    this.#callsMs = -1;
    if (this.#linkClosed) return;
    const { engine, link } = this;
    const ended = this.#ended !== undefined;
    if (!this.#linkFull || ended) {
      const maxBytes = engine.peerIsOurs || link.kind !== 'stream' ? MAX_WRITE_BYTES : link.safeWriteBytes;
      try {
        for (let unit = engine.takeOutput(maxBytes); unit !== undefined; unit = engine.takeOutput(maxBytes)) {
          const more = link.send(unit as Uint8Array & string);
          if (!more) {
            this.#linkFull = true;
            // After the end only a Close is left, which the link takes whatever its queue.
            if (!ended) break;
          }
        }
      } catch (error) {
        // The link closes by itself; onClose follows.
        if (!(error instanceof StmpError)) throw error;
      }
      engine.hold = this.#linkFull && !ended;
      if (this.#slow !== undefined) this.#slow.drained();
    }
    if (ended) this.#closeLink();
    else this.#rearm();
  }

  /** A full inbox stops reading again when no call of ours waits for an answer any more. */
  #callSettled(): void {
    if (this.#leaves) this.leave();
    if (this.#dispatcher?.full && this.engine.pendingCalls === 0) this.inboxFull(true);
  }

  hasOutputRoom(): boolean {
    const { maxQueuedBytes } = this.shared.options;
    if (this.engine.outputBytes <= maxQueuedBytes) return true;
    this.#flushNow();
    return this.engine.outputBytes <= maxQueuedBytes;
  }

  /** True when the link takes what is written now; what one turn writes is not left to grow without end. */
  #linkHasRoom(): boolean {
    if (!this.#linkFull && this.engine.outputBytes > MAX_WRITE_BYTES) this.#flushNow();
    return !this.#linkFull;
  }

  /** True when a packet may be added; ends the connection when too much waits already. */
  mayQueue(): boolean {
    if (!this.#linkFull) return true;
    if (this.#slowReader().hasRoom(0)) return true;
    this.fail(slowReaderError(this.shared.options.maxQueuedBytes));
    return false;
  }

  #slowReader(): SlowReader {
    this.#slow ??= new SlowReader(this.engine, this.shared.options.maxQueuedBytes, this.shared.counters);
    return this.#slow;
  }

  // --- time -----------------------------------------------------------------------------

  get clock(): Clock {
    return this.shared.options.clock;
  }

  /** One timer for everything; it is only moved forwards, and finds out by itself that it came too early. */
  #rearm(): void {
    const at = Math.min(
      this.engine.deadlineMs,
      this.#cutAtMs,
      this.expiresAtMs,
      this.#dispatcher?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
    if (at >= this.#timerAtMs) return;
    this.#stopTimer();
    this.#timerAtMs = at;
    this.#timer = this.clock.setTimer(() => this.#onTimer(), Math.max(0, Math.ceil(at - this.clock.nowMs())));
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.checkTime();
  }

  /** Looks at the clock now; also for platforms whose timers were asleep. */
  checkTime(): void {
    if (this.#linkClosed) return;
    const nowMs = this.clock.nowMs();
    this.#nowMs = nowMs;
    if (nowMs >= this.#cutAtMs) {
      this.link.abort(new StmpError('link_failed', 'the peer did not let the connection close', { origin: 'link' }));
      return;
    }
    if (this.#ended === undefined) {
      this.engine.tick(nowMs);
      this.#dispatcher?.tick(nowMs);
      if (nowMs >= this.expiresAtMs) {
        this.expiresAtMs = Number.POSITIVE_INFINITY;
        this.fail(new StmpError('status', 'the authentication has expired', { status: Status.Unauthorized }));
      }
      this.#pump();
    }
    this.#rearm();
  }

  // --- calls ------------------------------------------------------------------------------

  /** A call of one method; `input` is encoded before this returns. */
  call(stub: Stub, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => this.#call(stub, input, options, resolve, reject));
  }

  #call(
    stub: Stub,
    input: unknown,
    options: CallOptions | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    const { engine, shared } = this;
    const signal = options?.signal;
    if (signal?.aborted) {
      reject(abortError(stub.name, signal));
      return;
    }
    if (engine.phase !== 'ready' || this.#ended !== undefined) {
      reject(new StmpError('connection_closed', CLOSED_MESSAGE, { status: Status.NetworkError, origin: 'link' }));
      return;
    }
    const { options: own } = shared;
    if (engine.pendingCalls >= own.maxPendingCalls) {
      reject(new StmpError('too_many_calls', `${own.maxPendingCalls} calls are pending on this connection`));
      return;
    }
    if (this.#linkFull && !this.#slowReader().hasRoom(0)) {
      reject(new StmpError('too_many_calls', `more than ${own.maxQueuedBytes} bytes wait for a slow reader`));
      return;
    }
    const timeoutMs = options?.timeoutMs ?? own.methodTimeoutsMs[stub.name] ?? own.callTimeoutMs;
    if (!(timeoutMs >= 0)) {
      reject(new RangeError(`timeoutMs must be a number of at least 0, got ${timeoutMs}`));
      return;
    }
    const key = this.wireKey;
    let mid: number;
    let pending: PendingCall;
    try {
      const codecs = stub.codecs(key.codec);
      pending = new PendingCall(resolve, reject, codecs.output, stub.name, timeoutMs, options);
      const payload = encodeValue(codecs.input, key.form === 'text', input);
      let headers = options?.headers;
      if (options?.sendTimeout && timeoutMs > 0)
        headers = [...(headers ?? []), [TIMEOUT_HEADER, String(Math.ceil(timeoutMs))]];
      // The clock is read once for all calls of a turn, which a flush ends.
      if (this.#callsMs < 0) {
        this.#callsMs = this.clock.nowMs();
        this.wrote();
      }
      mid = engine.call(pending, stub.method.action, headers, payload, this.#callsMs, timeoutMs);
    } catch (error) {
      reject(error);
      return;
    }
    if (mid === 0) {
      reject(new StmpError('no_free_id', 'all 65535 ids of this connection are pending or were given up'));
      return;
    }
    pending.mid = mid;
    shared.counters.callsOut++;
    if (signal !== undefined) {
      pending.watch(signal, () => {
        engine.abandon(mid);
        this.#callSettled();
        this.#pump();
        this.wrote();
      });
    }
    if (shared.options.hooks.onPacketOut !== undefined) this.#tellOut('request', mid, stub);
    // Whoever waits for an answer must be able to read it: a paused link goes on.
    if (this.#inboxIsFull) this.inboxFull(this.#inboxIsFull);
    if (timeoutMs > 0 && this.#callsMs + timeoutMs < this.#timerAtMs) this.#rearm();
  }

  #tellOut(
    kind: 'request' | 'notify',
    mid: number,
    stub: { readonly method: { readonly action: number | bigint }; readonly name?: string },
  ): void {
    this.shared.guard('onPacketOut', this, () =>
      this.shared.options.hooks.onPacketOut?.({
        connection: this,
        kind,
        mid,
        action: stub.method.action,
        name: stub.name,
        status: 0,
        payload: undefined,
      }),
    );
  }

  mayCall(): boolean {
    if (this.#rates === undefined && this.#owner.mayCall === undefined) return true;
    const nowMs = this.#nowMs;
    return (this.#rates?.mayCall(nowMs) ?? true) && (this.#owner.mayCall?.(this, nowMs) ?? true);
  }

  /**
   * The inbox is full: reading stops, so that the peer feels it, unless a call of ours waits for an answer
   * that could only come behind what is not read. Then what does not fit is answered TooManyRequests.
   */
  inboxFull(full: boolean): boolean {
    const stop = full && this.isOpen && this.link.canPause && this.engine.pendingCalls === 0;
    this.#inboxIsFull = stop;
    if (stop !== this.#linkPaused) {
      this.#linkPaused = stop;
      this.engine.setPaused(stop, this.clock.nowMs());
      if (stop) this.link.pause();
      else this.link.resume();
    }
    if (!stop) this.#pump();
    return stop;
  }

  // --- events -------------------------------------------------------------------------------

  /** @returns as {@link Connection.sendPrepared}; a promise for the policy `wait`. */
  sendEvent(stub: Stub, value: unknown, options: EmitOptions | undefined): boolean | Promise<boolean> {
    if (options?.policy !== 'wait') return this.#sendEvent(stub, value, options);
    try {
      return Promise.resolve(this.#sendEvent(stub, value, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #sendEvent(stub: Stub, value: unknown, options: EmitOptions | undefined): boolean | Promise<boolean> {
    if (!this.isOpen) return false;
    const { codec, form } = this.wireKey;
    const payload = encodeValue(stub.codecs(codec).input, form === 'text', value);
    if (this.shared.options.hooks.onPacketOut !== undefined) this.#tellOut('notify', 0, stub);
    if ((this.#lastWaiting === undefined || options?.policy !== 'wait') && this.#linkHasRoom()) {
      this.engine.notify(stub.method.action, options?.headers, payload);
      this.shared.counters.eventsOut++;
      this.wrote();
      return true;
    }
    return this.#offer(encodeNotify(form, stub.method.action, options?.headers, payload), stub.name, options);
  }

  sendPrepared(event: PreparedEvent, options?: EmitOptions): boolean {
    if (!this.isOpen) return false;
    const packet = event.packetFor(this.wireKey);
    if (this.shared.options.hooks.onPacketOut !== undefined) this.#tellOut('notify', 0, event);
    if (this.#linkHasRoom()) {
      this.engine.writeEncoded(packet);
      this.shared.counters.eventsOut++;
      this.wrote();
      return true;
    }
    return this.#offer(packet, event.name, options) === true;
  }

  #offer(packet: Uint8Array | string, name: string, options: EmitOptions | undefined): boolean | Promise<boolean> {
    const own = this.shared.options;
    const policy: SlowReaderPolicy = options?.policy ?? own.methodPolicies[name] ?? own.slowReader;
    if (policy === 'wait') return this.#offerWhenRoom(packet);
    let sent = false;
    try {
      sent = this.#slowReader().offer(packet, policy, options?.key ?? name);
    } catch (error) {
      this.fail(error as StmpError);
    }
    if (sent) this.shared.counters.eventsOut++;
    else this.shared.counters.eventsDropped++;
    return sent;
  }

  /** Events that wait for room keep their order: each waits for the one before. */
  #offerWhenRoom(packet: Uint8Array | string): Promise<boolean> {
    const before = this.#lastWaiting;
    const next = (): Promise<boolean> => this.#sendWhenRoom(packet);
    const mine = before === undefined ? next() : before.then(next, next);
    this.#lastWaiting = mine;
    return mine.finally(() => {
      if (this.#lastWaiting === mine) this.#lastWaiting = undefined;
    });
  }

  async #sendWhenRoom(packet: Uint8Array | string): Promise<boolean> {
    while (this.#linkFull && this.#ended === undefined && !this.#slowReader().hasRoom(packet.length)) {
      await new Promise<void>((resolve) => this.#slowReader().wait(resolve));
    }
    if (!this.isOpen) return false;
    this.engine.writeEncoded(packet);
    this.shared.counters.eventsOut++;
    this.wrote();
    return true;
  }

  get bufferedBytes(): number {
    return this.engine.outputBytes + this.link.queuedBytes;
  }

  async drained(): Promise<void> {
    while (this.#ended === undefined && (this.#linkFull || this.engine.outputBytes > 0)) {
      if (this.#linkFull) await new Promise<void>((resolve) => this.#slowReader().wait(resolve));
      else await new Promise<void>((resolve) => this.link.defer(resolve));
    }
    if (this.#ended !== undefined)
      throw new StmpError('connection_closed', CLOSED_MESSAGE, { status: Status.NetworkError });
  }

  // --- what everybody sees ------------------------------------------------------------------

  get wireKey(): WireKey {
    if (this.#key === undefined) {
      const { session } = this.engine;
      if (session === undefined) throw new StmpError('bad_state', 'the handshake is not done');
      const codec = this.shared.options.codecs.find(
        ({ contentType }) => contentType === session.contentType,
      ) as PayloadCodec;
      this.#key = wireKeyOf(codec, session.text ? 'text' : this.link.kind);
    }
    return this.#key;
  }

  get remoteAddress(): string {
    if (this.#remoteAddress === undefined) {
      const { address = 'unknown', port } = this.link.peer;
      const host = address.includes(':') ? `[${address}]` : address;
      this.#remoteAddress = port === undefined ? host : `${host}:${port}`;
    }
    return this.#remoteAddress;
  }

  get peer(): LinkPeer {
    return this.link.peer;
  }

  get secure(): boolean {
    return this.link.secure;
  }

  get headers(): Headers {
    return this.engine.session?.peerHeaders ?? [];
  }

  get handshakeMessage(): string {
    return this.engine.session?.peerMessage ?? '';
  }

  get contentType(): string {
    return this.engine.session?.contentType ?? '';
  }

  get text(): boolean {
    return this.engine.session?.text ?? false;
  }

  get encoding(): string | undefined {
    return this.engine.session?.compression?.encoding;
  }

  get isOpen(): boolean {
    return this.engine.phase === 'ready' && this.#ended === undefined;
  }

  get pendingCalls(): number {
    return this.engine.pendingCalls;
  }

  /** Requests and notifies of the peer that run or wait. */
  get busy(): number {
    return this.#dispatcher?.busy ?? 0;
  }

  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M> {
    this.#stubs ??= new StubCache();
    return this.#stubs.get(
      type,
      (stub) => (input: unknown, options?: CallOptions) => this.call(stub, input, options),
    ) as ServiceClient<M>;
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
    return this.#sendersOf(type, options) as EventSender<M>;
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
    return this.#sendersOf(type, options) as EventSender<M>;
  }

  /** Senders without options are made once for each type. */
  #sendersOf(type: Described, options: EmitOptions | undefined): object {
    if (options !== undefined) return sendersOf(type, (stub, value) => this.sendEvent(stub, value, options));
    this.#senders ??= new StubCache();
    return this.#senders.get(type, (stub) => (value: unknown) => this.sendEvent(stub, value, undefined));
  }

  /** Server: how {@link reauthenticate} is done. */
  setAuthenticator(authenticate: (headers: Headers) => Promise<void>): void {
    this.#authenticate = authenticate;
  }

  async reauthenticate(headers: Headers): Promise<void> {
    if (this.#authenticate === undefined) throw new StmpError('bad_state', 'this side has no authentication hook');
    await this.#authenticate(headers);
    this.#rearm();
  }

  // --- the end --------------------------------------------------------------------------------

  close(options: CloseOptions = {}): Promise<ConnectionEnd> {
    const { closed } = this;
    if (this.#ended === undefined) {
      this.engine.close(options.status ?? Status.Ok, options.message, this.clock.nowMs());
      // From here on nothing is handled any more, but the echo has to be read.
      this.#held = this.#inboxIsFull = false;
      this.#resumeLink();
      this.#pump();
      this.wrote();
      this.#rearm();
    }
    return closed;
  }

  /** Server: true for a ready peer that knows how to move to another connection. */
  get canMove(): boolean {
    return this.isOpen && this.engine.session!.extensions.includes('drain');
  }

  /** Server: asks the peer to open its next connection elsewhere and to leave this one. */
  askToMove(): void {
    if (this.isOpen && this.engine.askToDrain()) this.wrote();
  }

  /** Closes when all that the peer has asked for is done; nothing new is begun. */
  finish(options: CloseOptions): Promise<ConnectionEnd> {
    this.#dispatcher?.stop();
    if (this.busy === 0) return this.close(options);
    this.#dispatcher!.whenIdle(() => void this.close(options));
    return this.closed;
  }

  /** Client: closes when no call of either side is left. */
  leave(): void {
    this.#leaves = true;
    if (!this.isOpen || this.engine.pendingCalls > 0) return;
    if (this.busy > 0) this.#dispatcher!.whenIdle(() => this.leave());
    else void this.close();
  }

  abort(reason: StmpError = new StmpError('aborted', 'the connection was aborted')): void {
    if (this.#linkClosed) return;
    this.engine.receiveError(reason);
    this.#pump();
    this.link.abort(reason);
  }

  /** Ends it for a reason that the peer is told: a limit, or a broken rule. */
  fail(error: StmpError): void {
    if (this.#ended !== undefined) return;
    this.engine.fail(error);
    this.#pump();
    this.wrote();
  }

  get closed(): Promise<ConnectionEnd> {
    if (this.#closed === undefined) {
      this.#closed = new Promise((resolve) => {
        if (this.#linkClosed && this.#ended !== undefined) resolve(this.#ended);
        else this.#resolveClosed = resolve;
      });
    }
    return this.#closed;
  }

  onClose(fn: (end: ConnectionEnd) => void): () => void {
    if (this.#ended !== undefined) {
      const end = this.#ended;
      queueMicrotask(() => this.shared.guard('onClose', this, () => fn(end)));
      return () => {};
    }
    this.#endListeners ??= new Set();
    this.#endListeners.add(fn);
    return () => this.#endListeners?.delete(fn);
  }

  #end(): void {
    const ending = this.engine.ending!;
    const end: ConnectionEnd = {
      status: ending.status,
      message: ending.message,
      origin: ending.origin,
      error: ending.error,
    };
    this.#ended = end;
    this.#dispatcher?.end();
    const message = ending.origin === 'link' || ending.message === '' ? CLOSED_MESSAGE : ending.message;
    for (const token of this.engine.takePending()) {
      (token as PendingCall).fail(
        new StmpError('connection_closed', message, {
          origin: ending.origin,
          status: ending.status === Status.Ok ? Status.NetworkError : ending.status,
          cause: ending.error,
        }),
      );
    }
    this.#slow?.end();
    this.#stopTimer();
    this.expiresAtMs = Number.POSITIVE_INFINITY;
    this.#cutAtMs = this.clock.nowMs() + (ending.clean ? this.shared.options.engine.closeTimeoutMs : FAILED_CLOSE_MS);
    this.#owner.onEnd(this, end);
    const listeners = this.#endListeners;
    this.#endListeners = undefined;
    if (listeners !== undefined) for (const fn of listeners) this.shared.guard('onClose', this, () => fn(end));
    if (this.#linkClosed) return;
    this.#resumeLink();
    this.#rearm();
    this.wrote();
  }

  #resumeLink(): void {
    if (!this.#linkPaused) return;
    this.#linkPaused = false;
    this.engine.setPaused(false, this.clock.nowMs());
    this.link.resume();
  }

  #closeLink(): void {
    const closing = this.link.close();
    if (isThenable(closing)) closing.then(undefined, () => {});
  }
}
