import { type Headers, type Link, Status, StmpError } from '@stmp/contract';
import type { Handshake, HelloAnswer } from '@stmp/engine';
import { LiveConnection, type Owner } from '../live-connection.js';
import type { CloseOptions, ConnectionEnd, Rates } from '../types.js';
import type { Alarmed, Alarms } from './alarms.js';
import type { Buffered, BufferHolder } from './buffered.js';
import { RateLimiter } from './rates.js';

export interface ServerOwner extends Owner {
  readonly alarms: Alarms;
  /** A client has introduced itself; {@link ServerConnection.answer} is to be called. */
  onHello(connection: ServerConnection): void;
  /** The client was asked to move, and has nowhere to go. */
  onCannotMove(connection: ServerConnection): void;
  reauthenticate(connection: ServerConnection, headers: Headers): Promise<void>;
  readonly buffered: Buffered;
  /** Of each connection. */
  readonly rates: Rates | undefined;
  /** True when connections have rates in common; the two methods below are only asked then. */
  readonly hasCommonRates: boolean;
  mayCall(connection: ServerConnection, nowMs: number): boolean;
  mayReceive(connection: ServerConnection, packets: number, bytes: number, nowMs: number): boolean;
}

/** The rates of a connection, and what was counted when they were last looked at. */
interface Limits {
  readonly own: RateLimiter | undefined;
  packets: number;
  bytes: number;
}

/** A connection to a client. */
export class ServerConnection extends LiveConnection implements Alarmed, BufferHolder {
  declare protected readonly owner: ServerOwner;
  identity: unknown = undefined;
  state: unknown = undefined;
  alarmAt = -1;
  countedBytes = 0;
  /** When the identity expires; below 0: never. */
  #expiresAtMs = -1;
  readonly #limits: Limits | undefined;
  #onSettled: (() => void) | undefined = undefined;

  constructor(link: Link, handshake: Handshake, owner: ServerOwner) {
    super(link, handshake, owner);
    const { rates } = owner;
    this.#limits =
      rates === undefined && !owner.hasCommonRates
        ? undefined
        : { own: rates && new RateLimiter(rates, this.clock.nowMs()), packets: 0, bytes: 0 };
  }

  get side(): 'server' {
    return 'server';
  }

  protected setTimer(): void {
    this.owner.alarms.clear(this);
    this.owner.alarms.set(this);
  }

  protected clearTimer(): void {
    this.owner.alarms.clear(this);
  }

  protected onHello(): void {
    this.owner.onHello(this);
  }

  protected onDrain(): void {
    this.owner.onCannotMove(this);
  }

  /** The answer to the client's handshake. */
  answer(answer: HelloAnswer): void {
    if (this.isEnded) return;
    this.engine.answerHello(answer, this.clock.nowMs());
    this.pump();
    this.wrote();
  }

  // --- limits ------------------------------------------------------------------

  override countBytes(): void {
    this.owner.buffered.count(this, this.heldBytes);
    if (this.#limits !== undefined && !this.isEnded) this.#checkRates(this.#limits);
  }

  /** Counts plain bytes: those of a compressed connection after inflation. */
  #checkRates(limits: Limits): void {
    const nowMs = this.clock.nowMs();
    const { packetsIn, bytesIn } = this.engine;
    const packets = packetsIn - limits.packets;
    const bytes = bytesIn - limits.bytes;
    limits.packets = packetsIn;
    limits.bytes = bytesIn;
    const own = limits.own?.mayReceive(packets, bytes, nowMs) ?? true;
    if (!this.owner.mayReceive(this, packets, bytes, nowMs) || !own) {
      this.fail(new StmpError('too_large', 'packets come faster than the limit', { status: Status.TooManyRequests }));
    }
  }

  override mayCall(): boolean {
    if (this.#limits === undefined) return true;
    const nowMs = this.clock.nowMs();
    return (this.#limits.own?.mayCall(nowMs) ?? true) && this.owner.mayCall(this, nowMs);
  }

  // --- identity ----------------------------------------------------------------

  /** @param expiresAtMs undefined: never. */
  setIdentity(identity: unknown, expiresAtMs: number | undefined): void {
    this.identity = identity;
    this.#expiresAtMs = expiresAtMs === undefined ? -1 : Math.ceil(expiresAtMs);
  }

  async reauthenticate(headers: Headers): Promise<void> {
    await this.owner.reauthenticate(this, headers);
    this.rearm();
  }

  protected override get deadlineMs(): number {
    const deadlineMs = super.deadlineMs;
    return this.#expiresAtMs < 0 || this.isEnded ? deadlineMs : Math.min(deadlineMs, this.#expiresAtMs);
  }

  protected override tick(nowMs: number): void {
    if (this.#expiresAtMs < 0 || nowMs < this.#expiresAtMs) return;
    this.#expiresAtMs = -1;
    this.fail(new StmpError('status', 'the authentication has expired', { status: Status.Unauthorized }));
  }

  // --- leaving -----------------------------------------------------------------

  /** True for a ready peer that knows how to move to another connection. */
  get canMove(): boolean {
    return this.isOpen && this.engine.session!.extensions.includes('drain');
  }

  /** Asks the peer to open its next connection elsewhere and to leave this one. */
  askToMove(): void {
    if (this.isOpen && this.engine.askToDrain()) this.wrote();
  }

  /** True when no call of either side runs or waits. */
  get isQuiet(): boolean {
    return this.busy === 0 && this.pendingCalls === 0;
  }

  /** Runs `fn` once, when that may have become true. */
  onceQuiet(fn: () => void): void {
    if (this.busy > 0) this.whenIdle(fn);
    else this.#onSettled = fn;
  }

  protected override callSettled(): void {
    super.callSettled();
    if (this.#onSettled === undefined || this.pendingCalls > 0) return;
    const fn = this.#onSettled;
    this.#onSettled = undefined;
    fn();
  }

  /** Closes when all that the peer has asked for is done; nothing new is begun. */
  finish(options: CloseOptions): Promise<ConnectionEnd> {
    this.stopAccepting();
    this.whenIdle(() => void this.close(options));
    return this.closed;
  }
}
