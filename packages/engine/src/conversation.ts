import { type Action, type Headers, type Payload, Status, StmpError, statusName } from '@stmp/contract';
import { PacketKind } from '@stmp/packet';
import { CallTable } from './call-table.js';
import { compressionError } from './compression-error.js';
import { CANCEL, cancelPayload, DRAIN, MAX_CONTROL_ACTION } from './extensions.js';
import type { Handshake } from './handshake.js';
import { EngineEvent, type Inbound } from './inbound.js';
import { type Input, READ_BUSY } from './input.js';
import { MAX_ABANDONED_CALLS, type ResolvedEngineOptions } from './options.js';
import type { Outbox } from './outbox.js';
import { PHASES, type Phase, type Step } from './phase.js';
import { Silence } from './silence.js';
import { dueMs, tooSlow } from './slow-packet.js';
import type { Ending, Engine, EngineOptions, EnginePhase, HelloAnswer, Session } from './types.js';

/** So many packets that are nobody's concern are read before others have their turn. */
const BUSY_PACKETS = 256;
/** Pongs owed beyond this are not counted: a peer that pings faster than it reads gets fewer. */
const MAX_PONGS = 16;

export interface NewEngine {
  readonly handshake: Handshake;
  /** Options with or without defaults; `resolveEngineOptions` once for many engines saves memory. */
  readonly options?: EngineOptions | ResolvedEngineOptions | undefined;
  readonly nowMs: number;
  /**
   * Of a byte stream: most bytes that a peer without `Stmp-Extensions` may be sent before it is known to have read them.
   * Ignored where compression was agreed on. Default: no limit.
   */
  readonly maxUnreadBytes?: number | undefined;
}

/** What only a phase that passes has: the handshake and the wait for the echo of our Close. */
interface Passing {
  /** When it has lasted too long; Infinity: never. */
  limitAtMs: number;
  readonly handshake: Handshake | undefined;
  /** Received during authentication. */
  heldBytes: number;
  /** What we have said in our Close. */
  readonly farewell: Pick<Ending, 'status' | 'message'> | undefined;
}

/** One connection's protocol: its phase, what comes in and goes out, and the account of its calls. */
export class Conversation implements Engine {
  session: Session | undefined = undefined;
  ending: Ending | undefined = undefined;
  packetsIn = 0;

  readonly #options: ResolvedEngineOptions;
  readonly #input: Input;
  readonly #outbox: Outbox;
  readonly #silence: Silence;
  #phase: Phase = PHASES.handshaking;
  #passing: Passing | undefined;
  #calls: CallTable | undefined = undefined;
  #inputEnded = false;
  #due: EngineEvent = EngineEvent.None;

  constructor(
    handshake: Handshake,
    stream: boolean,
    input: Input,
    outbox: Outbox,
    options: ResolvedEngineOptions,
    nowMs: number,
  ) {
    this.#options = options;
    this.#input = input;
    this.#outbox = outbox;
    this.#silence = new Silence(nowMs);
    const limitMs = options.handshakeTimeoutMs;
    const limitAtMs = limitMs > 0 ? Math.ceil(nowMs + limitMs) : Number.POSITIVE_INFINITY;
    this.#passing = { limitAtMs, handshake, heldBytes: 0, farewell: undefined };
    try {
      const first = handshake.begin(stream);
      if (first?.output !== undefined) outbox.greet(first.output);
      if (first?.session !== undefined) this.#agree(first.session);
    } catch (error) {
      this.fail(toStmpError(error));
    }
  }

  get phase(): EnginePhase {
    return this.#phase.name;
  }

  get peerIsOurs(): boolean {
    return this.session?.peerIsOurs ?? false;
  }

  #step(step: Step): void {
    this.#phase = PHASES[this.#phase.next[step]!];
  }

  // --- input -------------------------------------------------------------------

  get bytesIn(): number {
    return this.#input.bytesIn;
  }

  get inputBytes(): number {
    return this.#input.bytes;
  }

  get hasUnfinished(): boolean {
    return this.#input.unfinished !== undefined;
  }

  get hasInput(): boolean {
    return this.#input.hasMore;
  }

  receive(unit: Uint8Array | string, nowMs: number): void {
    this.#silence.broken(nowMs);
    if (this.#phase.reads === 'none' && !this.#mayHold(unit.length)) return;
    this.#input.store(unit);
  }

  /** A client that is not let in yet cannot fill the memory. */
  #mayHold(bytes: number): boolean {
    const passing = this.#passing;
    if (passing === undefined) return false;
    const { maxHandshakeBytes } = this.#options;
    passing.heldBytes += bytes;
    if (passing.heldBytes <= maxHandshakeBytes) return true;
    this.fail(
      new StmpError('too_large', `more than ${maxHandshakeBytes} bytes came before the handshake was answered`, {
        status: Status.RequestEntityTooLarge,
      }),
    );
    return false;
  }

  receiveEnd(_nowMs: number): void {
    this.#inputEnded = true;
  }

  receiveError(error: StmpError): void {
    if (this.#phase === PHASES.closed) return;
    this.#input.drop();
    this.#outbox.clear();
    if (this.#phase === PHASES.closing) this.#endClosing(true);
    else
      this.#end({
        status: error.status ?? Status.NetworkError,
        message: error.message,
        origin: error.origin === 'local' ? 'local' : 'link',
        clean: false,
        error,
      });
  }

  poll(into: Inbound): EngineEvent {
    const mostPackets = this.packetsIn + BUSY_PACKETS;
    for (;;) {
      if (this.#due !== EngineEvent.None) {
        const due = this.#due;
        this.#due = EngineEvent.None;
        return due;
      }
      const { reads } = this.#phase;
      if (reads === 'packets') {
        const mid = this.#calls === undefined ? 0 : this.#calls.nextDue();
        if (mid !== 0) {
          into.mid = mid;
          into.token = this.#calls!.token(mid);
          this.abandon(mid);
          return EngineEvent.Expired;
        }
        const read = this.#input.readPacket(into);
        if (read > 0) {
          this.packetsIn++;
          const event = this.#packet(into);
          if (event !== EngineEvent.None) return event;
          if (this.packetsIn >= mostPackets) return EngineEvent.Busy;
        } else if (read === READ_BUSY) return EngineEvent.Busy;
        else if (read < 0) this.fail(this.#input.fault ?? brokenRule(-read));
        else if (this.#inputEnded) this.#endOfInput();
        else {
          const { unfinished } = this.#input;
          if (unfinished !== undefined && unfinished.sinceMs < 0) unfinished.sinceMs = this.#silence.lastInMs;
          return EngineEvent.None;
        }
      } else if (reads === 'handshake') {
        if (!this.#pollHandshake()) return EngineEvent.None;
      } else if (this.#inputEnded && this.#phase !== PHASES.closed) this.#endOfInput();
      else return EngineEvent.None;
    }
  }

  /** @returns false when more input is needed. */
  #pollHandshake(): boolean {
    try {
      const session = this.#input.readHandshake(this.#passing!.handshake!);
      if (session !== undefined) this.#agree(session);
      else if (this.#inputEnded) this.#endOfInput();
      else return false;
    } catch (error) {
      this.fail(toStmpError(error));
    }
    return true;
  }

  #agree(session: Session): void {
    this.session = session;
    this.#input.agreed(session);
    this.#outbox.agreed(session);
    if (this.#passing!.handshake!.side === 'server') {
      this.#step('introduced');
      this.#due = EngineEvent.Hello;
    } else this.#ready();
  }

  #ready(): void {
    this.#step('agreed');
    this.#passing = undefined;
    this.#due = EngineEvent.Ready;
    // The header of a compressed stream goes out with the first packet, for which the peer waits.
    if (this.session?.compression !== undefined) this.#outbox.pings = 1;
  }

  answerHello(answer: HelloAnswer, nowMs: number): void {
    if (this.#phase !== PHASES.authenticating) return;
    const status = answer.status ?? Status.Ok;
    if (status !== Status.Ok) {
      this.#refuse(status, answer.headers, answer.message);
      return;
    }
    this.#outbox.greet(this.#passing!.handshake!.answer(answer, this.session));
    this.#silence.restart(nowMs);
    this.#ready();
  }

  #refuse(status: number, headers: Headers | undefined, text: string | undefined): void {
    const message = text ?? statusName(status);
    this.#outbox.greet(this.#passing!.handshake!.answer({ status, headers, message }, this.session));
    this.#end({ status, message, origin: 'local', clean: true, error: undefined });
  }

  #packet(into: Inbound): EngineEvent {
    switch (into.kind) {
      case PacketKind.Response: {
        const token = this.#calls === undefined ? undefined : this.#calls.take(into.mid);
        if (token === undefined) return EngineEvent.None;
        if (this.#calls!.pending === 0) this.#silence.rests();
        into.token = token;
        return EngineEvent.Response;
      }
      case PacketKind.Request:
        if (into.mid > 0) return this.#phase.talks ? EngineEvent.Request : EngineEvent.None;
        // No call has this id. Source: STMP 1.0, section 2, ids.
        this.fail(brokenRule(Status.ProtocolError));
        return EngineEvent.None;
      case PacketKind.Notify:
        if (!this.#phase.talks) return EngineEvent.None;
        return this.peerIsOurs && typeof into.action === 'number' && into.action <= MAX_CONTROL_ACTION
          ? this.#control(into, this.session!)
          : EngineEvent.Notify;
      case PacketKind.Ping:
        if (this.#phase.talks && this.#outbox.pongs < MAX_PONGS) this.#outbox.pongs++;
        return EngineEvent.None;
      case PacketKind.Pong:
        this.#outbox.ponged();
        this.#silence.ponged();
        return EngineEvent.None;
      case PacketKind.Close:
        this.#peerClose(into);
        return EngineEvent.None;
      default:
        return EngineEvent.None;
    }
  }

  #control(into: Inbound, session: Session): EngineEvent {
    const extension = session.controls.find(({ action }) => action === into.action);
    return extension === undefined ? EngineEvent.None : extension.read(into, session.text);
  }

  #peerClose(into: Inbound): void {
    this.#input.drop();
    if (this.#phase === PHASES.closing) {
      this.#endClosing(true);
      return;
    }
    const { start, end } = into;
    let text = '';
    if (end > start)
      text =
        into.text === undefined
          ? new TextDecoder().decode(into.bytes.subarray(start, end))
          : into.text.slice(start, end);
    const echo = end > start ? (into.text === undefined ? into.bytes.slice(start, end) : text) : undefined;
    this.#outbox.write(PacketKind.Close, 0, into.status, 0, undefined, echo);
    this.#end({
      status: into.status,
      message: text || statusName(into.status),
      origin: 'peer',
      clean: true,
      error: undefined,
    });
  }

  // --- output ------------------------------------------------------------------

  get hold(): boolean {
    return this.#outbox.hold;
  }

  set hold(hold: boolean) {
    this.#outbox.hold = hold;
  }

  drop(ticket: number): boolean {
    return this.#outbox.drop(ticket);
  }

  get outputBytes(): number {
    return this.#outbox.bytes;
  }

  get unpaced(): boolean {
    return this.#outbox.unpaced;
  }

  set unpaced(unpaced: boolean) {
    this.#outbox.unpaced = unpaced;
  }

  get outputWaits(): boolean {
    return this.#outbox.waits;
  }

  takeOutput(maxBytes: number): Uint8Array | string | undefined {
    try {
      const unit = this.#outbox.take(maxBytes);
      if (this.ending !== undefined) this.#outbox.finish();
      return unit;
    } catch (error) {
      // The peer could not read a Close either.
      this.receiveError(compressionError(error));
      return undefined;
    }
  }

  // --- commands ------------------------------------------------------------------

  call(
    token: unknown,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
    nowMs: number,
    timeoutMs: number,
  ): number {
    if (!this.#phase.talks) return 0;
    if (this.#calls === undefined) this.#calls = new CallTable();
    const mid = this.#calls.add(token, nowMs, timeoutMs);
    if (mid === 0) return 0;
    try {
      this.#outbox.write(PacketKind.Request, mid, 0, action, headers, payload);
    } catch (error) {
      this.#calls.take(mid);
      throw error;
    }
    if (this.#calls.pending === 1 && this.peerIsOurs) this.#silence.waits(nowMs);
    return mid;
  }

  abandon(mid: number): void {
    if (!this.#calls?.abandon(mid)) return;
    if (this.#calls.pending === 0) this.#silence.rests();
    if (!this.#phase.talks) return;
    const { session } = this;
    if (session?.controls.includes(CANCEL)) this.notify(CANCEL.action, undefined, cancelPayload(mid, session.text));
    if (this.#calls.abandoned > MAX_ABANDONED_CALLS) {
      this.fail(
        new StmpError('no_free_id', `more than ${MAX_ABANDONED_CALLS} calls were given up and never answered`, {
          status: Status.NetworkError,
        }),
      );
    }
  }

  respond(mid: number, status: number, headers: Headers | undefined, payload: Payload | undefined): void {
    if (this.#phase.talks) this.#outbox.write(PacketKind.Response, mid, status, 0, headers, payload);
  }

  notify(action: Action | string, headers: Headers | undefined, payload: Payload | undefined): number {
    return this.#phase.talks ? this.#outbox.write(PacketKind.Notify, 0, 0, action, headers, payload) : 0;
  }

  writeEncoded(packet: Uint8Array | string): number {
    return this.#phase.talks ? this.#outbox.writeEncoded(packet) : 0;
  }

  askToDrain(): boolean {
    if (!this.#phase.talks || !this.session?.controls.includes(DRAIN)) return false;
    this.notify(DRAIN.action, undefined, undefined);
    return true;
  }

  get pendingCalls(): number {
    return this.#calls === undefined ? 0 : this.#calls.pending;
  }

  takePending(): unknown[] {
    return this.#calls === undefined ? [] : this.#calls.clear();
  }

  // --- the end -------------------------------------------------------------------

  close(status: number, message: string | undefined, nowMs: number): void {
    if (this.#phase === PHASES.closing || this.#phase === PHASES.closed) return;
    if (this.#passing !== undefined) {
      if (this.#passing.handshake!.side === 'client') {
        this.#outbox.greet(undefined);
        this.#end({ status, message: message ?? statusName(status), origin: 'local', clean: false, error: undefined });
      } else this.#refuse(status === Status.Ok ? Status.ServerShutdown : status, undefined, message);
      return;
    }
    this.#outbox.write(PacketKind.Close, 0, status, 0, undefined, message);
    this.#step('farewell');
    this.#passing = {
      limitAtMs: Math.ceil(nowMs + this.#options.closeTimeoutMs),
      handshake: undefined,
      heldBytes: 0,
      farewell: { status, message: message ?? statusName(status) },
    };
  }

  fail(error: StmpError): void {
    const phase = this.#phase;
    if (phase === PHASES.closed) return;
    const status = error.status ?? Status.ProtocolError;
    const outbox = this.#outbox;
    this.#input.drop();
    if (phase.reads === 'packets') {
      // A Close goes last: while anything waits, it has not left yet.
      const sayWhy = phase.talks || outbox.bytes > 0;
      outbox.clear();
      if (sayWhy) outbox.write(PacketKind.Close, 0, status, 0, undefined, statusName(status));
    } else {
      const handshake = this.#passing!.handshake!;
      if (handshake.side === 'server') {
        outbox.greet(
          handshake.answer({ status, message: error.origin === 'local' ? error.message : '' }, this.session),
        );
      } else if (error.code === 'handshake_failed' && error.origin === 'local') {
        // The server believes that all is well: tell it, in the form that any server reads.
        outbox.write(PacketKind.Close, 0, status, 0, undefined, undefined);
      } else outbox.greet(undefined);
    }
    this.#end({
      status,
      message: error.message,
      origin: error.origin === 'peer' ? 'peer' : 'local',
      clean: false,
      error,
    });
  }

  #endOfInput(): void {
    if (this.#phase === PHASES.closing) this.#endClosing(true);
    else
      this.#end({
        status: Status.NetworkError,
        message: 'connection closed',
        origin: 'link',
        clean: false,
        error: undefined,
      });
  }

  #endClosing(clean: boolean): void {
    this.#end({ ...this.#passing!.farewell!, origin: 'local', clean, error: undefined });
  }

  #end(ending: Ending): void {
    this.#step('over');
    this.#passing = undefined;
    this.ending = ending;
    this.#input.drop();
    this.#due = EngineEvent.Closed;
    this.#outbox.finish();
  }

  // --- time ------------------------------------------------------------------------

  setPaused(paused: boolean, nowMs: number): void {
    this.#silence.setPaused(paused, nowMs, this.peerIsOurs);
    // Its time goes on when it can come again.
    const { unfinished } = this.#input;
    if (!paused && unfinished !== undefined) unfinished.sinceMs = Math.floor(nowMs);
  }

  get stale(): boolean {
    return this.#silence.isStale;
  }

  get roundTripMs(): number | undefined {
    const { roundTripMs } = this.#silence;
    return roundTripMs < 0 ? undefined : roundTripMs;
  }

  get lastHeardAtMs(): number {
    return this.#silence.lastInMs;
  }

  get #packetDueMs(): number {
    return this.#phase.reads !== 'packets' || this.#silence.isPaused
      ? Number.POSITIVE_INFINITY
      : dueMs(this.#input.unfinished, this.#options);
  }

  get deadlineMs(): number {
    let deadline = this.#passing === undefined ? Number.POSITIVE_INFINITY : this.#passing.limitAtMs;
    if (this.#phase === PHASES.ready) deadline = Math.min(this.#silence.deadlineMs(this.#options), this.#packetDueMs);
    return this.#calls === undefined || this.ending !== undefined
      ? deadline
      : Math.min(deadline, this.#calls.deadlineMs);
  }

  tick(nowMs: number): void {
    const passing = this.#passing;
    if (passing !== undefined && nowMs >= passing.limitAtMs) {
      if (passing.farewell !== undefined) this.#endClosing(false);
      else
        this.fail(
          new StmpError('handshake_timeout', 'the peer was silent during the handshake', {
            status: Status.NetworkError,
          }),
        );
    } else if (this.#phase === PHASES.ready && this.#silence.judge(nowMs, this.#options)) {
      this.receiveError(
        new StmpError('link_failed', `the peer was silent for ${Math.floor(nowMs - this.#silence.lastInMs)} ms`, {
          origin: 'link',
          status: Status.NetworkError,
        }),
      );
    } else if (nowMs >= this.#packetDueMs) this.fail(tooSlow(this.#options.packetTimeoutMs));
    else if (this.#phase !== PHASES.closed) {
      if (this.#phase === PHASES.ready && this.#silence.takePing(nowMs, this.#options)) this.#outbox.pings = 1;
      this.#calls?.expireUntil(nowMs);
    }
  }
}

/** What a reader of this package or of `@stmp/packet` threw, as an error with a status. */
function toStmpError(error: unknown): StmpError {
  return error instanceof StmpError
    ? error
    : new StmpError('protocol_error', 'unreadable input', { status: Status.ProtocolError, cause: error });
}

function brokenRule(status: number): StmpError {
  return status === Status.RequestEntityTooLarge
    ? new StmpError('too_large', 'the peer sent a packet above maxPacketBytes or maxHeaderBytes', { status })
    : new StmpError('protocol_error', 'the peer broke the rules of the wire', { status });
}
