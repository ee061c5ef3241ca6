import { type Headers, Status, StmpError, statusName } from '@stmp/contract';
import { createPacketFields, PacketKind } from '@stmp/packet';
import { CONTROL_CANCEL, CONTROL_DRAIN, Commands } from './commands.js';
import type { Handshake } from './handshake.js';
import type { ResolvedEngineOptions } from './options.js';
import { type Ending, type Engine, EngineEvent, type HelloAnswer, type Inbound, type Session } from './types.js';

/** Actions up to here are control messages between peers that took the extension. Source: STMP 1.0, section 1. */
const MAX_CONTROL_ACTION = 0xff;
/** Pongs owed beyond this are not counted: a peer that pings faster than it reads gets fewer. */
const MAX_PONGS = 16;

const NO_BYTES = new Uint8Array(0);
/** Instead of a time. Times are kept as whole milliseconds, which cost an idle connection no memory beside itself. */
const NEVER = -1;

export function createInbound(): Inbound {
  return { ...createPacketFields(), token: undefined, bytes: NO_BYTES, text: undefined };
}

/** Turns what a reader of this package or of `@stmp/packet` threw into an error with a status. */
function toStmpError(error: unknown): StmpError {
  return error instanceof StmpError
    ? error
    : new StmpError('protocol_error', 'unreadable input', { status: Status.ProtocolError, cause: error });
}

/** All of the protocol that does not depend on the framing. */
export abstract class EngineCore<Unit extends Uint8Array | string> extends Commands<Unit> implements Engine {
  ending: Ending | undefined = undefined;
  peerIsOurs = false;
  packetsIn = 0;
  bytesIn = 0;

  /** Let go once it has done its work. */
  protected handshake: Handshake | undefined;
  protected inputEnded = false;

  #due: EngineEvent = EngineEvent.None;
  #lastInMs: number;
  #lastPingMs: number;
  #paused = false;
  /** When the handshake or the wait for the echo ends. */
  #phaseDeadlineMs: number;
  /** Received during authentication. */
  #heldBytes = 0;
  /** What we have said in our Close. */
  #farewell: Pick<Ending, 'status' | 'message'> | undefined = undefined;

  constructor(handshake: Handshake, options: ResolvedEngineOptions, nowMs: number) {
    super(options);
    this.handshake = handshake;
    this.#lastInMs = this.#lastPingMs = Math.floor(nowMs);
    this.#phaseDeadlineMs = options.handshakeTimeoutMs > 0 ? Math.ceil(nowMs + options.handshakeTimeoutMs) : NEVER;
  }

  // --- what the framing adds -------------------------------------------------

  abstract readonly hasInput: boolean;
  /** Takes a unit and counts its plain bytes. */
  protected abstract store(unit: Uint8Array | string): void;
  protected abstract dropInput(): void;
  protected abstract dropOutput(): void;
  /** Nothing will be taken any more. */
  protected abstract release(): void;
  /** Reads the peer's handshake from the input, if it is all there. */
  protected abstract readHandshake(): Session | undefined;
  /** Reads one packet: > 0 done, 0 more is needed, < 0 minus the status to end with. */
  protected abstract readPacket(into: Inbound): number;
  protected abstract greet(handshake: Uint8Array | string): void;
  abstract takeOutput(maxBytes: number): Uint8Array | string | undefined;
  abstract get outputBytes(): number;
  abstract writeEncoded(packet: Uint8Array | string): number;

  // --- input -------------------------------------------------------------------

  /** Says what is to be said first; called once by the factories. */
  protected begin(): void {
    try {
      const first = this.handshake!.begin(this.stream);
      if (first?.output !== undefined) this.greet(first.output);
      if (first?.session !== undefined) this.#agree(first.session);
    } catch (error) {
      this.fail(toStmpError(error));
    }
  }

  receive(unit: Uint8Array | string, nowMs: number): void {
    this.#lastInMs = Math.floor(nowMs);
    if (this.phase === 'closed' || (this.phase === 'authenticating' && !this.#mayHold(unit.length))) return;
    this.store(unit);
  }

  /** A client that is not let in yet cannot fill the memory. */
  #mayHold(bytes: number): boolean {
    const { maxHandshakeBytes } = this.options;
    this.#heldBytes += bytes;
    if (this.#heldBytes <= maxHandshakeBytes) return true;
    this.fail(
      new StmpError('too_large', `more than ${maxHandshakeBytes} bytes came before the handshake was answered`, {
        status: Status.RequestEntityTooLarge,
      }),
    );
    return false;
  }

  receiveEnd(_nowMs: number): void {
    this.inputEnded = true;
  }

  receiveError(error: StmpError): void {
    if (this.phase === 'closed') return;
    this.dropInput();
    this.dropOutput();
    if (this.phase === 'closing') this.#endClosing(true);
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
    for (;;) {
      if (this.#due !== EngineEvent.None) {
        const due = this.#due;
        this.#due = EngineEvent.None;
        return due;
      }
      if (this.phase === 'closed' || this.phase === 'authenticating') {
        if (this.inputEnded && this.phase === 'authenticating') this.#endOfInput();
        else return EngineEvent.None;
      } else if (this.phase === 'handshaking') {
        if (!this.#pollHandshake()) return EngineEvent.None;
      } else {
        if (this.expire(into)) return EngineEvent.Expired;
        const read = this.readPacket(into);
        if (read === 0) {
          // Reading may have ended the connection: then there is an event to tell.
          if (this.#due !== EngineEvent.None) continue;
          if (!this.inputEnded) return EngineEvent.None;
          this.#endOfInput();
        } else if (read < 0) {
          this.fail(
            new StmpError(
              read === -Status.RequestEntityTooLarge ? 'too_large' : 'protocol_error',
              'the peer broke the rules of the wire',
              { status: -read },
            ),
          );
        } else {
          this.packetsIn++;
          const event = this.#packet(into);
          if (event !== EngineEvent.None) return event;
        }
      }
    }
  }

  /** @returns false when more input is needed. */
  #pollHandshake(): boolean {
    try {
      const session = this.readHandshake();
      if (session !== undefined) this.#agree(session);
      else if (this.inputEnded) this.#endOfInput();
      else return false;
    } catch (error) {
      this.fail(toStmpError(error));
    }
    return true;
  }

  #agree(session: Session): void {
    this.session = session;
    this.peerIsOurs = session.peerIsOurs;
    if (this.handshake!.side === 'server') {
      this.phase = 'authenticating';
      this.#due = EngineEvent.Hello;
    } else this.#ready();
  }

  #ready(): void {
    this.phase = 'ready';
    this.handshake = undefined;
    this.#due = EngineEvent.Ready;
    this.#phaseDeadlineMs = NEVER;
    // The header of a compressed stream goes out with the first packet, for which the peer waits.
    if (this.session?.compression !== undefined) this.pings = 1;
  }

  answerHello(answer: HelloAnswer, nowMs: number): void {
    if (this.phase !== 'authenticating') return;
    const status = answer.status ?? Status.Ok;
    if (status !== Status.Ok) {
      this.#refuse(status, answer.headers, answer.message);
      return;
    }
    this.greet(this.handshake!.answer(answer, this.session));
    this.#lastInMs = this.#lastPingMs = Math.floor(nowMs);
    this.#ready();
  }

  #refuse(status: number, headers: Headers | undefined, text: string | undefined): void {
    const message = text ?? statusName(status);
    this.greet(this.handshake!.answer({ status, headers, message }, this.session));
    this.#end({ status, message, origin: 'local', clean: true, error: undefined });
  }

  #packet(into: Inbound): EngineEvent {
    switch (into.kind) {
      case PacketKind.Response: {
        const token = this.settle(into.mid);
        if (token === undefined) return EngineEvent.None;
        into.token = token;
        return EngineEvent.Response;
      }
      case PacketKind.Request:
        return this.phase === 'ready' ? EngineEvent.Request : EngineEvent.None;
      case PacketKind.Notify:
        if (this.phase !== 'ready') return EngineEvent.None;
        return this.peerIsOurs && typeof into.action === 'number' && into.action <= MAX_CONTROL_ACTION
          ? this.#control(into)
          : EngineEvent.Notify;
      case PacketKind.Ping:
        if (this.phase === 'ready' && this.pongs < MAX_PONGS) this.pongs++;
        return EngineEvent.None;
      case PacketKind.Close:
        this.#peerClose(into);
        return EngineEvent.None;
      default:
        return EngineEvent.None;
    }
  }

  #control(into: Inbound): EngineEvent {
    if (into.action === CONTROL_DRAIN && this.session?.extensions.includes('drain')) return EngineEvent.Drain;
    if (into.action === CONTROL_CANCEL && this.session?.extensions.includes('cancel') && into.end >= 0) {
      const { start, end } = into;
      if (this.session.text) {
        const hex = (into.text?.slice(start, end) ?? new TextDecoder().decode(into.bytes.subarray(start, end))).trim();
        if (!/^[0-9A-Fa-f]{1,4}$/.test(hex)) return EngineEvent.None;
        into.mid = Number.parseInt(hex, 16);
      } else {
        if (end - start !== 2) return EngineEvent.None;
        into.mid = into.bytes[start]! | (into.bytes[start + 1]! << 8);
      }
      return EngineEvent.Cancel;
    }
    return EngineEvent.None;
  }

  #peerClose(into: Inbound): void {
    this.dropInput();
    if (this.phase === 'closing') {
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
    this.write(PacketKind.Close, 0, into.status, 0, undefined, echo);
    this.#end({
      status: into.status,
      message: text || statusName(into.status),
      origin: 'peer',
      clean: true,
      error: undefined,
    });
  }

  #endOfInput(): void {
    if (this.phase === 'closing') this.#endClosing(true);
    else
      this.#end({
        status: Status.NetworkError,
        message: 'connection closed',
        origin: 'link',
        clean: false,
        error: undefined,
      });
  }

  #end(ending: Ending): void {
    this.phase = 'closed';
    this.handshake = undefined;
    this.ending = ending;
    this.dropInput();
    this.#phaseDeadlineMs = NEVER;
    this.#due = EngineEvent.Closed;
    if (this.outputBytes === 0) this.release();
  }

  #endClosing(clean: boolean): void {
    this.#end({ ...this.#farewell!, origin: 'local', clean, error: undefined });
  }

  // --- commands ------------------------------------------------------------------

  close(status: number, message: string | undefined, nowMs: number): void {
    if (this.phase === 'closing' || this.phase === 'closed') return;
    this.#farewell = { status, message: message ?? statusName(status) };
    if (this.phase !== 'ready') {
      if (this.handshake!.side === 'client') {
        this.greeting = undefined;
        this.#endClosing(false);
      } else this.#refuse(status === Status.Ok ? Status.ServerShutdown : status, undefined, message);
      return;
    }
    this.write(PacketKind.Close, 0, status, 0, undefined, message);
    this.phase = 'closing';
    this.#phaseDeadlineMs = Math.ceil(nowMs + this.options.closeTimeoutMs);
  }

  fail(error: StmpError): void {
    if (this.phase === 'closed') return;
    const status = error.status ?? Status.ProtocolError;
    const { phase } = this;
    this.dropInput();
    if (phase === 'ready' || phase === 'closing') {
      // A Close goes last: while anything waits, it has not left yet.
      const sayWhy = phase === 'ready' || this.outputBytes > 0;
      this.dropOutput();
      if (sayWhy) this.write(PacketKind.Close, 0, status, 0, undefined, statusName(status));
    } else if (this.handshake!.side === 'server') {
      this.greet(
        this.handshake!.answer({ status, message: error.origin === 'local' ? error.message : '' }, this.session),
      );
    } else if (error.code === 'handshake_failed' && error.origin === 'local') {
      // The server believes that all is well: tell it, in the form that any server reads.
      this.write(PacketKind.Close, 0, status, 0, undefined, undefined);
    } else this.greeting = undefined;
    this.#end({
      status,
      message: error.message,
      origin: error.origin === 'peer' ? 'peer' : 'local',
      clean: false,
      error,
    });
  }

  // --- time ------------------------------------------------------------------------

  setPaused(paused: boolean, nowMs: number): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#lastInMs = Math.floor(nowMs);
    if (paused) this.#lastPingMs = this.#lastInMs;
  }

  get deadlineMs(): number {
    let deadline = this.#phaseDeadlineMs === NEVER ? Number.POSITIVE_INFINITY : this.#phaseDeadlineMs;
    if (this.phase === 'closed') return deadline;
    if (this.phase === 'ready') {
      const { pingIntervalMs, idleTimeoutMs } = this.options;
      if (pingIntervalMs > 0) deadline = Math.min(deadline, this.#pingAtMs(pingIntervalMs));
      if (idleTimeoutMs > 0 && !this.#paused) deadline = Math.min(deadline, this.#lastInMs + idleTimeoutMs);
    }
    return Math.min(deadline, this.callDeadlineMs);
  }

  #pingAtMs(intervalMs: number): number {
    return (this.#paused ? this.#lastPingMs : Math.max(this.#lastInMs, this.#lastPingMs)) + intervalMs;
  }

  tick(nowMs: number): void {
    if (this.phase === 'closed') return;
    if (this.#phaseDeadlineMs !== NEVER && nowMs >= this.#phaseDeadlineMs) {
      if (this.phase === 'closing') this.#endClosing(false);
      else {
        this.fail(
          new StmpError('handshake_timeout', 'the peer was silent during the handshake', {
            status: Status.NetworkError,
          }),
        );
      }
      return;
    }
    if (this.phase === 'ready') {
      const { pingIntervalMs, idleTimeoutMs } = this.options;
      if (idleTimeoutMs > 0 && !this.#paused && nowMs - this.#lastInMs >= idleTimeoutMs) {
        this.receiveError(
          new StmpError('link_failed', `the peer was silent for ${idleTimeoutMs} ms`, {
            origin: 'link',
            status: Status.NetworkError,
          }),
        );
        return;
      }
      if (pingIntervalMs > 0 && nowMs >= this.#pingAtMs(pingIntervalMs)) {
        this.#lastPingMs = Math.floor(nowMs);
        this.pings = 1;
      }
    }
    this.expireUntil(nowMs);
  }
}
