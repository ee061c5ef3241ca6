import {
  type Action,
  type EventsType,
  type Headers,
  isStmpError,
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
  type Handshake,
  type Inbound,
} from '@stmp/engine';
import type { CallContext } from './answering/call-context.js';
import { Dispatcher } from './answering/dispatcher.js';
import type { AnsweringHost } from './answering/host.js';
import { inboxOverflowed } from './answering/inbox-overflow.js';
import type { CallOptions, EmitOptions, EventSender, ServiceClient } from './api.js';
import { type Callee, plainCallee, rawCallee } from './calls/callee.js';
import type { SendingHost, WaitingEvents } from './calls/host.js';
import { call } from './calls/outgoing-calls.js';
import { checkPrepared, sendEvent, sendPrepared } from './calls/outgoing-events.js';
import type { PendingCall } from './calls/pending-call.js';
import type { Clock } from './clock.js';
import { SAFE_PACKET_BYTES, warnOfLargePacket } from './pipe/large-packet.js';
import { judgeAt } from './pipe/late.js';
import { linkFault, unitFault } from './pipe/link-faults.js';
import { SLICE_PACKETS, type Sliced, sliceMs, waitForSlice } from './pipe/slices.js';
import { SlowReader, slowReaderError } from './pipe/slow-reader.js';
import { afterTurn, type Turned } from './pipe/turn.js';
import { printable } from './printable.js';
import { sendable } from './sendable.js';
import type { Shared } from './shared.js';
import { checkStatus } from './status.js';
import { watch } from './thrown.js';
import type { CloseOptions, Connection, ConnectionEnd } from './types.js';
import { type Described, type Stub, StubCache, sendersOf } from './wire/stubs.js';
import { type PreparedEvent, type WireKey, wireKeyOf } from './wire/wire.js';

/** One for all connections: it is valid from one poll to the next. */
const INBOUND = createInbound();
/** The clock is looked at after each packet of this size, and of smaller ones after eight. */
const LARGE_BYTES = 4_096;
/** What one poll that came to nothing counts. */
const BUSY_PACKETS = 256;
/** What comes in while the inbox is full, to see whether the peer lives. */
const READ_AHEAD_BYTES = 1_048_576;
/** Connections that are polling at this moment: above 0 when user code that one calls closes another. */
let polling = 0;
/** Towards our own peers the output of a turn is one write, cut here only to bound memory. */
const MAX_WRITE_BYTES = 262_144;
/** After a broken connection its Close has this long to get through. */
const FAILED_CLOSE_MS = 1_000;
/** How much longer it may take while bytes leave. */
const SLOW_CLOSE_MS = 10_000;
const CLOSED_MESSAGE = 'connection closed';

/** The side that owns a connection: a server or a client. */
export interface Owner {
  readonly shared: Shared;
  onReady(connection: LiveConnection): void;
  /** The peer is silent, or heard again. */
  onStale?(connection: LiveConnection): void;
  /** The protocol has ended; the link is about to close. */
  onEnd(connection: LiveConnection, end: ConnectionEnd): void;
}

/** Connections that have something to flush at the end of this turn. One call of a link's `defer` serves them all. */
let due: LiveConnection[] = [];

function flushAll(): void {
  const connections = due;
  due = [];
  for (const connection of connections) {
    try {
      connection.flushNow();
    } catch (error) {
      // The others are not to suffer from it.
      connection.crashed(error);
    }
  }
}

/** What few connections ever have. */
interface Rare {
  waitingEvents?: WaitingEvents | undefined;
  stubs?: StubCache;
  senders?: StubCache;
  endListeners?: Set<(end: ConnectionEnd) => void> | undefined;
  closed?: Promise<ConnectionEnd>;
  resolveClosed?: (end: ConnectionEnd) => void;
  remoteAddress?: string;
  /** When a link that does not close by itself is cut; when it {@link isCut}, when it is given up. */
  cutAtMs?: number;
  isCut?: boolean;
  /** Since when the inbox is full, or it was last judged whether to read ahead. */
  pausedAtMs?: number;
  readsAhead?: boolean;
  /** Until then it has time as long as bytes leave, and how many were left when that was last looked at. */
  cutAtLastMs?: number;
  leftBytes?: number;
  /** The logger knows that packets are too large for this peer. */
  isWarned?: boolean;
  /** When the end is told, even if events that came before it still wait. */
  endAtMs?: number;
}

/** What the link sees of a connection. */
class LinkEvents implements LinkHandler<Uint8Array | string> {
  readonly #connection: LiveConnection;

  constructor(connection: LiveConnection) {
    this.#connection = connection;
  }

  // Whatever goes wrong here is the end of this connection, not of the process.

  onData(unit: Uint8Array | string): void {
    try {
      this.#connection.received(unit);
    } catch (error) {
      this.#connection.crashed(error);
    }
  }

  onDrain(): void {
    try {
      this.#connection.linkDrained();
    } catch (error) {
      this.#connection.crashed(error);
    }
  }

  onClose(reason?: StmpError): void {
    try {
      this.#connection.linkEnded(reason);
    } catch (error) {
      this.#connection.crashed(error);
    }
  }
}

/** Drives one engine over one link. Times that it keeps are whole milliseconds, which need no memory of their own. */
export abstract class LiveConnection implements Connection, AnsweringHost, SendingHost, Sliced, Turned {
  abstract readonly side: 'client' | 'server';
  abstract readonly identity: unknown;
  abstract readonly state: unknown;
  readonly link: Link;
  readonly engine: Engine;
  protected readonly owner: Owner;
  #key: WireKey | undefined = undefined;

  #pumping = false;
  /** Input is left in the engine until the turn is over: see {@link turnEnded}. */
  #held = false;
  /** The same while the inbox is full. */
  #inboxStops = false;
  /** Its slice is used up: the same until the next one. */
  #sliced = false;
  /** The inbox is full: nothing new is to come. */
  #inboxPauses = false;
  /** An answer was handed out in this turn: whoever awaits it runs before what follows it is handed out. */
  #answered = false;
  #turnAwaited = false;
  /** The peer has ended the connection; to be told when what came before has been handed out. */
  #endDue = false;
  #linkPaused = false;
  /** As somebody was told. */
  #stale = false;
  #flushDue = false;
  /** The link's queue is above its mark. */
  linkFull = false;
  #linkClosed = false;
  callsMs = -1;
  /** When {@link onTimer} is to be called, at the latest; below 0: never. */
  timerAtMs = -1;
  #ended: ConnectionEnd | undefined = undefined;

  // Parts that an idle connection does not have.
  #dispatcher: Dispatcher | undefined = undefined;
  #slow: SlowReader | undefined = undefined;
  #rare: Rare | undefined = undefined;

  constructor(link: Link, handshake: Handshake, owner: Owner) {
    this.link = link;
    this.owner = owner;
    const { streamEngine, options } = owner.shared;
    const maxUnreadBytes = link.kind === 'stream' ? link.safeUnreadBytes : undefined;
    const start = { handshake, options: sendable(link, options.engine), nowMs: options.clock.nowMs(), maxUnreadBytes };
    // Who hands in a stream link has seen to it that there is an engine for it.
    this.engine = link.kind === 'stream' ? streamEngine!(start) : createMessageEngine(start);
  }

  /** Has {@link onTimer} called at {@link timerAtMs}, in place of an earlier request if there is one. */
  protected abstract setTimer(): void;
  protected abstract clearTimer(): void;

  get shared(): Shared {
    return this.owner.shared;
  }

  get waitingEvents(): WaitingEvents | undefined {
    return this.#rare?.waitingEvents;
  }

  set waitingEvents(waiting: WaitingEvents | undefined) {
    this.#extra.waitingEvents = waiting;
  }

  get #extra(): Rare {
    this.#rare ??= {};
    return this.#rare;
  }

  /** Begins: nothing happens before this. */
  start(): void {
    try {
      this.link.start(new LinkEvents(this) as LinkHandler<Uint8Array & string>);
    } catch (error) {
      this.#linkBroke('start threw', error);
      return;
    }
    this.pump();
    this.rearm();
  }

  // --- what the link tells ---------------------------------------------------------

  received(unit: Uint8Array | string): void {
    const fault = unitFault(this.link.kind, unit);
    if (fault !== undefined) {
      this.#linkBroke(fault);
      return;
    }
    const nowMs = this.clock.nowMs();
    this.engine.receive(unit, nowMs);
    if (this.#stale) this.#tellStale(false);
    this.pump(nowMs);
    if (this.#rare?.readsAhead) this.#judgeReadAhead(nowMs);
    // An unfinished packet has a deadline.
    if (this.engine.hasUnfinished) this.rearm();
    this.countBytes();
  }

  countBytes(): void {}

  /** Bytes that were not handled, or have not left. */
  protected get heldBytes(): number {
    if (this.#ended !== undefined) return 0;
    const { engine } = this;
    const output = this.linkFull ? engine.outputBytes + this.#queuedInLink(false) : 0;
    return engine.inputBytes + output + (this.#dispatcher === undefined ? 0 : this.#dispatcher.inbox.bytes);
  }

  linkDrained(): void {
    this.linkFull = false;
    this.flushNow();
    this.#dispatcher?.resume();
    this.countBytes();
  }

  linkEnded(reason: StmpError | undefined): void {
    this.#linkClosed = true;
    if (this.#ended === undefined) {
      if (reason === undefined) this.engine.receiveEnd(this.clock.nowMs());
      else this.engine.receiveError(reason);
      this.judgeReading();
      this.pump();
    }
    if (this.#ended !== undefined) this.#linkDone();
  }

  #linkDone(): void {
    this.#stopTimer();
    if (this.#ended !== undefined) this.#rare?.resolveClosed?.(this.#ended);
  }

  /** The link did what no link may do: it is let go at once, and not listened to any more. */
  #linkBroke(what: string, cause?: unknown): void {
    if (this.#linkClosed) return;
    const error = linkFault(what, cause);
    this.#abortLink(error);
    this.linkEnded(error);
  }

  #abortLink(reason: StmpError): void {
    try {
      this.link.abort(reason);
    } catch (error) {
      this.shared.report(error, 'link', this);
    }
  }

  /** Something failed that nobody had foreseen. */
  crashed(error: unknown): void {
    this.shared.report(error, 'connection', this);
    if (!this.#linkClosed) this.#abortLink(linkFault('its connection failed', error));
    this.linkEnded(linkFault('its connection failed', error));
  }

  // --- the engine --------------------------------------------------------------------

  /** @param nowMs The time, where it is known. */
  protected pump(nowMs = -1): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const { engine } = this;
    const into = polling++ === 0 ? INBOUND : createInbound();
    let endsMs = nowMs < 0 ? -1 : nowMs + sliceMs();
    let packets = 0;
    try {
      while (!this.#held && !this.#inboxStops && !this.#sliced) {
        const event = engine.poll(into);
        if (event === EngineEvent.None) break;
        packets++;
        if (event === EngineEvent.Busy) packets += BUSY_PACKETS;
        else this.#handle(event, into);
        // The clock is not read for each small packet.
        if ((packets & 7) !== 0 && event !== EngineEvent.Busy && into.end - into.start < LARGE_BYTES) continue;
        const now = this.clock.nowMs();
        if (endsMs < 0) endsMs = now + sliceMs();
        if ((now >= endsMs || packets >= SLICE_PACKETS) && engine.hasInput) this.#giveWay();
      }
      // Even while handlers are behind, the end of the connection is seen.
      if (
        (this.#held || this.#inboxStops || this.#sliced) &&
        engine.phase === 'closed' &&
        this.#ended === undefined &&
        engine.poll(into) === EngineEvent.Closed
      ) {
        this.#closed();
      }
    } finally {
      polling--;
      this.#pumping = false;
    }
    if (engine.outputBytes > 0) this.wrote();
  }

  /** Others have their turn; what comes meanwhile waits in the link. */
  #giveWay(): void {
    this.#sliced = true;
    waitForSlice(this);
    this.#judgeLink();
  }

  nextSlice(): void {
    this.#sliced = false;
    try {
      this.pump();
      // Only when all is read: else the next slice would pause it again.
      this.#judgeLink();
      if (this.engine.hasUnfinished) this.rearm();
      if (this.#endDue) this.#endInOrder();
      this.countBytes();
    } catch (error) {
      this.crashed(error);
    }
  }

  #handle(event: EngineEvent, into: Inbound): void {
    switch (event) {
      case EngineEvent.Request:
        this.#accept(into, true);
        break;
      case EngineEvent.Notify:
        this.#accept(into, false);
        break;
      case EngineEvent.Response:
        (into.token as PendingCall).respond(into, this.wireKey);
        this.#answered = true;
        this.#awaitTurn();
        this.callSettled();
        break;
      case EngineEvent.Expired:
        (into.token as PendingCall).expire();
        this.callSettled();
        break;
      case EngineEvent.Cancel:
        this.#dispatcher?.cancel(into.mid);
        break;
      case EngineEvent.Drain:
        this.onDrain();
        break;
      case EngineEvent.Hello:
        this.onHello();
        break;
      case EngineEvent.Ready:
        this.rearm();
        this.owner.onReady(this);
        break;
      default:
        this.#closed();
    }
  }

  #accept(into: Inbound, request: boolean): void {
    const dispatcher = this.#dispatch();
    if (this.#answered) {
      this.#held = true;
      dispatcher.hold();
    }
    dispatcher.accept(into, request);
  }

  /** A client has introduced itself. */
  protected abstract onHello(): void;
  /** A server asks to be left; or a client that was asked has nowhere to go. */
  protected abstract onDrain(): void;

  #dispatch(): Dispatcher {
    this.#dispatcher ??= new Dispatcher(this);
    return this.#dispatcher;
  }

  /** Holds all input back until whoever awaits what has just been settled has run. */
  protected holdForTurn(): void {
    this.#held = true;
    this.#awaitTurn();
  }

  #awaitTurn(): void {
    if (this.#turnAwaited) return;
    this.#turnAwaited = true;
    afterTurn(this);
  }

  turnEnded(): void {
    this.#turnAwaited = this.#answered = this.#held = false;
    if (this.#slow !== undefined) this.#slow.burst = false;
    const dispatcher = this.#dispatcher;
    if (dispatcher !== undefined) {
      dispatcher.release();
      if (this.#inboxStops && !this.link.canPause) {
        dispatcher.overflow();
        this.judgeReading();
      }
    }
    this.pump();
    if (this.#endDue) this.#endInOrder();
  }

  // --- output -------------------------------------------------------------------------

  wrote(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    if (due.push(this) > 1) return;
    try {
      this.link.defer(flushAll);
    } catch (error) {
      // The others have been told that they will be flushed.
      queueMicrotask(flushAll);
      this.#linkBroke('defer threw', error);
    }
  }

  flushNow(): void {
    this.#flushDue = false;
    this.callsMs = -1;
    if (this.#linkClosed) return;
    const { engine, link } = this;
    const ended = this.#ended !== undefined;
    const waited = engine.outputWaits;
    if (!this.linkFull || waited || ended) {
      let full = false;
      const careful = !engine.peerIsOurs && link.kind === 'stream';
      const maxBytes = careful ? link.safeWriteBytes : MAX_WRITE_BYTES;
      try {
        for (let unit = engine.takeOutput(maxBytes); unit !== undefined; unit = engine.takeOutput(maxBytes)) {
          if (careful && unit.length > SAFE_PACKET_BYTES) this.#largePacket(unit.length);
          const more = link.send(unit as Uint8Array & string);
          if (!more) {
            full = true;
            // After the end only a Close is left, which the link takes whatever its queue.
            if (!ended) break;
          }
        }
      } catch (error) {
        if (!isStmpError(error) || error.code !== 'link_closed') {
          this.#linkBroke('send threw', error);
          return;
        }
        // The link closes by itself; onClose follows.
      }
      // A peer that has to read first is as good as a full link.
      this.linkFull = full || engine.outputWaits;
      engine.hold = this.linkFull && !ended;
      if (this.#slow !== undefined) this.#slow.drained();
      if (this.linkFull) this.countBytes();
    }
    if (ended) this.#closeLink();
    else this.rearm();
    if (waited || engine.outputWaits) this.#outputPaced(waited);
  }

  #largePacket(bytes: number): void {
    const { link, engine } = this;
    const isPlain = link.kind === 'stream' && link.safeUnreadBytes !== undefined;
    if (!isPlain || engine.session?.compression !== undefined || this.#extra.isWarned) return;
    this.#extra.isWarned = true;
    warnOfLargePacket(this, this.shared, bytes);
  }

  /** Output waits for a pong, or has waited: reading is judged anew, and handlers may have room again. */
  #outputPaced(waited: boolean): void {
    const dispatcher = this.#dispatcher;
    if (dispatcher === undefined) return;
    if (dispatcher.full && waited !== this.engine.outputWaits) this.judgeReading();
    if (waited) dispatcher.resume();
  }

  /** A full inbox stops reading again when no call of ours waits for an answer any more. */
  protected callSettled(): void {
    if (this.#dispatcher === undefined) return;
    this.#dispatcher.moved();
    if (this.#dispatcher.full) this.judgeReading();
  }

  hasOutputRoom(): boolean {
    const { maxQueuedBytes } = this.shared.options;
    if (this.engine.phase === 'closed') return true;
    if (this.engine.outputBytes <= maxQueuedBytes) return true;
    if (!this.linkFull) this.flushNow();
    return this.engine.outputBytes <= maxQueuedBytes;
  }

  linkHasRoom(): boolean {
    if (!this.linkFull && this.engine.outputBytes > MAX_WRITE_BYTES) {
      this.flushNow();
      if (this.linkFull) {
        this.slowReader().burst = true;
        this.#awaitTurn();
      }
    }
    return !this.linkFull;
  }

  /** True when a packet may be added; ends the connection when too much waits already. */
  mayQueue(): boolean {
    if (!this.linkFull) return true;
    // While the pong that we wait for is behind requests, refusing those has as much room again.
    const spare = this.engine.outputWaits ? this.shared.options.maxQueuedBytes : 0;
    if (this.slowReader().hasRoom(-spare)) return true;
    this.fail(slowReaderError(this.shared.options.maxQueuedBytes));
    return false;
  }

  slowReader(): SlowReader {
    this.#slow ??= new SlowReader(this.engine, this.shared.options.maxQueuedBytes, this.shared.counters);
    return this.#slow;
  }

  // --- time -----------------------------------------------------------------------------

  get clock(): Clock {
    return this.shared.options.clock;
  }

  /** When there is something to do by the clock, at the latest; Infinity: never. */
  protected get deadlineMs(): number {
    return Math.min(
      this.engine.deadlineMs,
      this.#rare?.cutAtMs ?? this.#rare?.endAtMs ?? Number.POSITIVE_INFINITY,
      this.#dispatcher?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
  }

  /** One timer for everything; it is only moved forwards, and finds out by itself that it came too early. */
  protected rearm(): void {
    const at = Math.ceil(this.deadlineMs);
    // Not true for NaN either.
    if (!(at < Number.POSITIVE_INFINITY) || (this.timerAtMs >= 0 && at >= this.timerAtMs)) return;
    this.timerAtMs = at;
    this.setTimer();
  }

  #stopTimer(): void {
    if (this.timerAtMs >= 0) this.clearTimer();
    this.timerAtMs = -1;
  }

  onTimer(): void {
    const dueMs = this.timerAtMs;
    this.timerAtMs = -1;
    judgeAt(dueMs, this.clock, () => this.checkTime());
  }

  /** Looks at the clock now; also for platforms whose timers were asleep. */
  checkTime(): void {
    if (this.#linkClosed && this.#ended !== undefined) return;
    const nowMs = this.clock.nowMs();
    if (this.#endDue && nowMs >= (this.#rare?.endAtMs ?? Number.POSITIVE_INFINITY)) this.#end();
    if (nowMs >= (this.#rare?.cutAtMs ?? Number.POSITIVE_INFINITY) && !this.#stillLeaves(nowMs)) {
      if (this.#rare?.isCut) this.linkEnded(linkFault('it did not close when it was aborted'));
      else this.#cutLink(new StmpError('link_failed', 'the peer did not let the connection close', { origin: 'link' }));
      return;
    }
    if (this.#ended === undefined) {
      this.engine.tick(nowMs);
      if (this.#inboxPauses) this.#judgeReadAhead(nowMs);
      this.#dispatcher?.tick(nowMs);
      this.tick(nowMs);
      if (this.engine.stale !== this.#stale) this.#tellStale(this.engine.stale);
      this.pump();
    }
    this.rearm();
  }

  /** A slow line takes its time to carry the Close, behind what has begun to leave before it. */
  #stillLeaves(nowMs: number): boolean {
    const extra = this.#extra;
    const leftBytes = extra.isCut ? 0 : this.#queuedInLink(false);
    if (leftBytes === 0 || leftBytes >= (extra.leftBytes ?? 0) || nowMs >= (extra.cutAtLastMs ?? 0)) return false;
    extra.leftBytes = leftBytes;
    extra.cutAtMs = nowMs + FAILED_CLOSE_MS;
    return true;
  }

  /** Bytes that have not left the link, where `drop` is set those that have begun to; a link that throws fails elsewhere. */
  #queuedInLink(drop: boolean): number {
    try {
      if (drop) this.link.dropQueued?.();
      return this.link.queuedBytes;
    } catch {
      return 0;
    }
  }

  #tellStale(stale: boolean): void {
    this.#stale = stale;
    const { onStale } = this.shared.options.hooks;
    if (onStale !== undefined) this.shared.guard('onStale', this, () => onStale(this, stale));
    this.owner.onStale?.(this);
  }

  /** What one side has to do by the clock beside. */
  protected tick(_nowMs: number): void {}

  // --- calls ------------------------------------------------------------------------------

  async call(action: Action | string, value?: unknown, options?: CallOptions): Promise<unknown> {
    return this.callMethod(plainCallee(action, this.engine.peerIsOurs), value, options);
  }

  async callRaw(action: Action | string, payload?: Uint8Array | string, options?: CallOptions): Promise<Uint8Array> {
    return this.callMethod(rawCallee(action, this.engine.peerIsOurs), payload, options) as Promise<Uint8Array>;
  }

  /** A call of one method; `input` is encoded before this returns. */
  callMethod(callee: Callee, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return call(this, callee, input, options);
  }

  waitsForMore(): void {
    if (this.#inboxStops) this.judgeReading();
  }

  expects(atMs: number): void {
    if (this.timerAtMs < 0 || atMs < this.timerAtMs) this.rearm();
  }

  gaveUp(): void {
    this.callSettled();
    this.pump();
    this.wrote();
  }

  mayCall(): boolean {
    return true;
  }

  get waitsForPeer(): number {
    return this.engine.pendingCalls + (this.#rare?.waitingEvents?.count ?? 0) + (this.engine.outputWaits ? 1 : 0);
  }

  get mayStopReading(): boolean {
    return this.isOpen && this.link.canPause && this.waitsForPeer === 0;
  }

  get inputEnded(): boolean {
    return this.#linkClosed;
  }

  /**
   * Whether to read on. A full inbox stops it, so that the peer feels it. While something of ours waits for the peer,
   * what was read is still searched for an answer; and requests alone do not stop reading, since they can be refused.
   */
  judgeReading(): void {
    const dispatcher = this.#dispatcher;
    let stops = false;
    let pauses = false;
    if (dispatcher?.full && !dispatcher.overflows && this.isOpen && !this.#linkClosed) {
      const { bytesFull, mayReadAhead } = dispatcher.inbox;
      if (this.link.canPause) {
        pauses = bytesFull || this.waitsForPeer === 0;
        stops = pauses && !(bytesFull && mayReadAhead && this.engine.pendingCalls > 0);
      } else if (bytesFull) {
        // Listeners that end within the turn are no backlog.
        stops = true;
        this.#awaitTurn();
      }
    }
    this.#inboxStops = stops;
    if (pauses !== this.#inboxPauses) {
      this.#inboxPauses = pauses;
      const extra = this.#extra;
      extra.readsAhead = false;
      extra.pausedAtMs = Math.floor(this.clock.nowMs());
      this.engine.setPaused(pauses, extra.pausedAtMs);
      this.#judgeLink();
    }
    // Whatever the peer says, a pong would not be read: nothing waits for it.
    this.engine.unpaced = pauses && (dispatcher?.inbox.bytesFull ?? false);
    if (this.engine.unpaced && this.engine.outputWaits) this.wrote();
    if (!stops) this.pump();
  }

  #judgeLink(): void {
    const pauses = this.#sliced ? this.link.canPause : this.#inboxPauses && !this.#rare?.readsAhead;
    if (pauses === this.#linkPaused || this.#linkClosed) return;
    this.#linkPaused = pauses;
    this.#setReading(!pauses);
  }

  /**
   * A peer whose input does not come in cannot prove that it lives, nor show that it has gone. So after a while some of
   * it comes in all the same and waits unread: with an answer to a ping behind it, its end, or silence, which is judged.
   */
  #judgeReadAhead(nowMs: number): void {
    const { pingIntervalMs } = this.shared.options.engine.idle;
    if (!this.#inboxPauses || pingIntervalMs === 0) return;
    const extra = this.#extra;
    const fits = this.engine.inputBytes < READ_AHEAD_BYTES;
    const readsAhead = fits && (extra.readsAhead || nowMs - (extra.pausedAtMs ?? nowMs) >= pingIntervalMs);
    if (readsAhead === extra.readsAhead) return;
    extra.readsAhead = readsAhead;
    extra.pausedAtMs = Math.floor(nowMs);
    this.engine.setPaused(!readsAhead, nowMs);
    this.#judgeLink();
  }

  inboxOverflowed(context: CallContext): void {
    inboxOverflowed(this, context);
  }

  inboxEmptied(): void {
    if (this.#endDue) this.#endInOrder();
  }

  // --- events -------------------------------------------------------------------------------

  sendEvent(stub: Stub, value: unknown, options: EmitOptions | undefined): boolean | Promise<boolean> {
    return sendEvent(this, stub, value, options);
  }

  sendPrepared(event: PreparedEvent, options?: EmitOptions): boolean {
    return sendPrepared(this, event, options);
  }

  checkPrepared(event: PreparedEvent): void {
    checkPrepared(this, event);
  }

  get bufferedBytes(): number {
    return this.engine.outputBytes + this.link.queuedBytes;
  }

  async drained(): Promise<void> {
    while (this.#ended === undefined && (this.linkFull || this.engine.outputBytes > 0)) {
      if (this.linkFull) await new Promise<void>((resolve) => this.slowReader().wait(resolve));
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
      this.#key = wireKeyOf(codec, session.text ? 'text' : this.link.kind, session.peerIsOurs);
    }
    return this.#key;
  }

  get remoteAddress(): string {
    const extra = this.#extra;
    if (extra.remoteAddress === undefined) {
      try {
        const { address = 'unknown', port } = this.link.peer;
        const host = address.includes(':') ? `[${address}]` : address;
        extra.remoteAddress = port === undefined ? host : `${host}:${port}`;
      } catch {
        extra.remoteAddress = 'unknown';
      }
    }
    return extra.remoteAddress;
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

  get stale(): boolean {
    return this.#stale;
  }

  get roundTripMs(): number | undefined {
    return this.engine.roundTripMs;
  }

  get lastHeardMs(): number {
    return Math.max(0, this.clock.nowMs() - this.engine.lastHeardAtMs);
  }

  get isOpen(): boolean {
    return this.engine.phase === 'ready' && this.#ended === undefined;
  }

  protected get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  get pendingCalls(): number {
    return this.engine.pendingCalls;
  }

  /** Requests and notifies of the peer that run or wait. */
  get busy(): number {
    return this.#dispatcher?.busy ?? 0;
  }

  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M> {
    const extra = this.#extra;
    extra.stubs ??= new StubCache();
    return extra.stubs.get(
      type,
      (stub) => (input: unknown, options?: CallOptions) => this.callMethod(stub, input, options),
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
    const extra = this.#extra;
    extra.senders ??= new StubCache();
    return extra.senders.get(type, (stub) => (value: unknown) => this.sendEvent(stub, value, undefined));
  }

  abstract reauthenticate(headers: Headers): Promise<void>;

  // --- the end --------------------------------------------------------------------------------

  close(options: CloseOptions = {}): Promise<ConnectionEnd> {
    const { closed } = this;
    const status = checkStatus(options.status ?? Status.Ok);
    if (this.#ended === undefined) {
      this.engine.close(status, options.message, this.clock.nowMs());
      // From here on nothing is handled any more, but the echo has to be read.
      this.#held = this.#inboxStops = false;
      this.#resumeLink();
      this.pump();
      this.wrote();
      this.rearm();
    }
    return closed;
  }

  /** Nothing new of the peer is begun. */
  protected stopAccepting(): void {
    this.#dispatcher?.stop();
  }

  /** Runs `fn` when all that the peer has asked for is done. */
  protected whenIdle(fn: () => void): void {
    if (this.#dispatcher === undefined) fn();
    else this.#dispatcher.whenIdle(fn);
  }

  abort(reason: StmpError = new StmpError('aborted', 'the connection was aborted')): void {
    if (this.#linkClosed) return;
    this.engine.receiveError(reason);
    this.pump();
    this.#cutLink(reason);
  }

  /** Drops the link. One that does not say that it has closed is not waited for. */
  #cutLink(reason: StmpError): void {
    this.#abortLink(reason);
    if (this.#linkClosed) return;
    this.#extra.isCut = true;
    this.#extra.cutAtMs = this.clock.nowMs() + FAILED_CLOSE_MS;
    this.rearm();
  }

  /** Ends it for a reason that the peer is told: a limit, or a broken rule. */
  fail(error: StmpError): void {
    if (this.#ended !== undefined) return;
    this.engine.fail(error);
    this.pump();
    this.wrote();
  }

  get closed(): Promise<ConnectionEnd> {
    const extra = this.#extra;
    extra.closed ??= new Promise((resolve) => {
      if (this.#linkClosed && this.#ended !== undefined) resolve(this.#ended);
      else extra.resolveClosed = resolve;
    });
    return extra.closed;
  }

  onClose(fn: (end: ConnectionEnd) => void): () => void {
    if (this.#ended !== undefined) {
      const end = this.#ended;
      queueMicrotask(() => this.shared.guard('onClose', this, () => fn(end)));
      return () => {};
    }
    const extra = this.#extra;
    extra.endListeners ??= new Set();
    extra.endListeners.add(fn);
    return () => {
      extra.endListeners?.delete(fn);
      if (extra.endListeners?.size === 0) extra.endListeners = undefined;
    };
  }

  /** The protocol is over. What has come before is handed out first, in the order of the wire. */
  #closed(): void {
    this.#endDue = true;
    if (this.engine.ending!.origin !== 'local') this.#dispatcher?.forgetRequests();
    this.#endInOrder();
    if (!this.#endDue) return;
    this.#extra.endAtMs = Math.ceil(this.clock.nowMs() + this.shared.options.engine.closeTimeoutMs);
    this.rearm();
  }

  #endInOrder(): void {
    const { origin, error } = this.engine.ending!;
    const local = origin === 'local';
    const waiting = this.#dispatcher?.inbox.count ?? 0;
    // Whoever has closed it wants no more than what had come by then; a link that broke says nothing about the order.
    const turn = error === undefined && (local ? waiting > 0 : true) && this.#answered;
    if (!turn && (local || waiting === 0)) this.#end();
  }

  #end(): void {
    this.#endDue = false;
    if (this.#ended !== undefined) return;
    const ending = this.engine.ending!;
    const end: ConnectionEnd = {
      status: ending.status,
      message: printable(ending.message),
      origin: ending.origin,
      error: ending.error,
    };
    this.#ended = end;
    this.#dispatcher?.end();
    const message = ending.origin === 'link' || ending.message === '' ? CLOSED_MESSAGE : end.message;
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
    const extra = this.#extra;
    const nowMs = this.clock.nowMs();
    // A peer that does not read at the moment, since it has too much to do itself, is still to be told.
    const patient = ending.clean || ending.status === Status.TooManyRequests;
    extra.cutAtMs = nowMs + (patient ? this.shared.options.engine.closeTimeoutMs : FAILED_CLOSE_MS);
    extra.cutAtLastMs = extra.cutAtMs + SLOW_CLOSE_MS;
    extra.leftBytes = this.#queuedInLink(!ending.clean && this.engine.session?.compression === undefined);
    this.countBytes();
    this.owner.onEnd(this, end);
    const listeners = extra.endListeners;
    extra.endListeners = undefined;
    if (listeners !== undefined) for (const fn of listeners) this.shared.guard('onClose', this, () => fn(end));
    if (this.#linkClosed) {
      this.#linkDone();
      return;
    }
    this.#resumeLink();
    this.rearm();
    this.wrote();
  }

  #resumeLink(): void {
    if (this.#inboxPauses) this.engine.setPaused(false, this.clock.nowMs());
    this.#inboxPauses = false;
    if (this.#ended !== undefined) this.#sliced = false;
    this.#judgeLink();
  }

  #setReading(reads: boolean): void {
    try {
      if (reads) this.link.resume();
      else this.link.pause();
    } catch (error) {
      this.#linkBroke(`${reads ? 'resume' : 'pause'} threw`, error);
    }
  }

  #closeLink(): void {
    try {
      watch(this.link.close(), (error) => this.#linkBroke('close rejected', error));
    } catch (error) {
      this.#linkBroke('close threw', error);
    }
  }
}
