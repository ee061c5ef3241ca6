import { type Headers, StmpError } from '@stmp/contract';
import { LiveConnection, type Owner } from '../live-connection.js';

export interface ClientOwner extends Owner {
  /** The peer asks to be left for another connection. */
  onDrain(connection: ClientConnection): void;
}

/** A connection to a server. */
export class ClientConnection extends LiveConnection {
  declare protected readonly owner: ClientOwner;
  /** Hooks have been told of it. */
  greeted = false;
  /** Calls of the client went to it. */
  adopted = false;
  /** The server knows that there is no other place. */
  #stays = false;
  /** Another connection has taken its place. */
  #leaves = false;
  #timer: unknown = undefined;

  get side(): 'client' {
    return 'client';
  }

  get identity(): undefined {
    return undefined;
  }

  get state(): undefined {
    return undefined;
  }

  protected setTimer(): void {
    this.clearTimer();
    const delayMs = Math.max(0, Math.ceil(this.timerAtMs - this.clock.nowMs()));
    this.#timer = this.clock.setTimer(() => this.onTimer(), delayMs);
  }

  protected clearTimer(): void {
    this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  protected onHello(): void {}

  protected onDrain(): void {
    this.owner.onDrain(this);
  }

  /** Tells the server, once, that asked to be left: there is nowhere to go. */
  stay(): void {
    if (this.#stays || !this.isOpen) return;
    this.#stays = true;
    if (this.engine.askToDrain()) this.wrote();
  }

  /** Holds requests and events back until whoever awaits the connection has had a turn to attach listeners. */
  holdForListeners(): void {
    this.holdForTurn();
  }

  protected override callSettled(): void {
    if (this.#leaves) this.leave();
    super.callSettled();
  }

  /** Closes when no call of either side is left. */
  leave(): void {
    this.#leaves = true;
    if (!this.isOpen || this.engine.pendingCalls > 0) return;
    if (this.busy > 0) this.whenIdle(() => this.leave());
    else void this.close();
  }

  async reauthenticate(_headers: Headers): Promise<void> {
    throw new StmpError('bad_state', 'this side has no authentication hook');
  }
}
