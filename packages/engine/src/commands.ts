import { type Action, type Headers, type Payload, Status, StmpError } from '@stmp/contract';
import { PacketKind } from '@stmp/packet';
import { CallTable } from './call-table.js';
import { MAX_ABANDONED_CALLS } from './options.js';
import { PacketOutput } from './packet-output.js';
import type { EnginePhase, Inbound, Session } from './types.js';

/** Control messages between peers that took the extension. Source: STMP 1.0, section 1. */
export const CONTROL_DRAIN = 1;
export const CONTROL_CANCEL = 2;

/** What the application has an engine say, and the account of its calls. Outside of `ready` nothing is said. */
export abstract class Commands<Unit extends Uint8Array | string> extends PacketOutput<Unit> {
  phase: EnginePhase = 'handshaking';
  session: Session | undefined = undefined;

  #calls: CallTable | undefined = undefined;
  /** Calls whose deadline is not after this come out of {@link expire}; below 0: none. */
  #expireAtMs = -1;

  abstract fail(error: StmpError): void;

  call(
    token: unknown,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
    nowMs: number,
    timeoutMs: number,
  ): number {
    if (this.phase !== 'ready') return 0;
    if (this.#calls === undefined) this.#calls = new CallTable();
    const mid = this.#calls.add(token, nowMs, timeoutMs);
    if (mid === 0) return 0;
    try {
      this.write(PacketKind.Request, mid, 0, action, headers, payload);
    } catch (error) {
      this.#calls.take(mid);
      throw error;
    }
    return mid;
  }

  /** The token of the call that a response answers; undefined for a call that is unknown or was given up. */
  protected settle(mid: number): unknown {
    return this.#calls === undefined ? undefined : this.#calls.take(mid);
  }

  abandon(mid: number): void {
    if (this.#calls?.abandon(mid)) this.#gaveUp(mid);
  }

  #gaveUp(mid: number): void {
    if (this.phase !== 'ready') return;
    if (this.session?.extensions.includes('cancel')) {
      const payload = this.session.text ? mid.toString(16).toUpperCase() : Uint8Array.of(mid & 0xff, mid >> 8);
      this.write(PacketKind.Notify, 0, 0, CONTROL_CANCEL, undefined, payload);
    }
    if (this.#calls!.abandoned > MAX_ABANDONED_CALLS) {
      this.fail(
        new StmpError('no_free_id', `more than ${MAX_ABANDONED_CALLS} calls were given up and never answered`, {
          status: Status.NetworkError,
        }),
      );
    }
  }

  respond(mid: number, status: number, headers: Headers | undefined, payload: Payload | undefined): void {
    if (this.phase === 'ready') this.write(PacketKind.Response, mid, status, 0, headers, payload);
  }

  notify(action: Action | string, headers: Headers | undefined, payload: Payload | undefined): number {
    return this.phase === 'ready' ? this.write(PacketKind.Notify, 0, 0, action, headers, payload) : 0;
  }

  askToDrain(): boolean {
    if (this.phase !== 'ready' || !this.session?.extensions.includes('drain')) return false;
    this.write(PacketKind.Notify, 0, 0, CONTROL_DRAIN, undefined, undefined);
    return true;
  }

  /** The earliest deadline of a call, or Infinity. */
  protected get callDeadlineMs(): number {
    return this.#calls === undefined ? Number.POSITIVE_INFINITY : this.#calls.deadlineMs;
  }

  /** Makes the calls whose deadline has passed come out of {@link expire}. */
  protected expireUntil(nowMs: number): void {
    if (this.#calls !== undefined) this.#expireAtMs = Math.floor(nowMs);
  }

  /** The next call that has expired; false: none. */
  protected expire(into: Inbound): boolean {
    if (this.#expireAtMs < 0) return false;
    const calls = this.#calls!;
    const mid = calls.expired(this.#expireAtMs);
    if (mid === 0) {
      this.#expireAtMs = -1;
      return false;
    }
    into.mid = mid;
    into.token = calls.token(mid);
    calls.abandon(mid);
    this.#gaveUp(mid);
    return true;
  }

  get pendingCalls(): number {
    return this.#calls === undefined ? 0 : this.#calls.pending;
  }

  takePending(): unknown[] {
    return this.#calls === undefined ? [] : this.#calls.clear();
  }
}
