import type { Socket } from 'node:dgram';
import { Deadlines, type Sleeper } from './deadlines.js';

const MAX_TIMER_MS = 0x7fffffff;
/** A timer that comes later than this is no proof of silence. */
const LATE_MS = 10;

/** What an endpoint drives. */
export interface Member extends Sleeper {
  /** True while it is in the list of this turn. Belongs to the endpoint. */
  touched: boolean;
  /** Sends what is due, and says when to come again through {@link Endpoint.wakeBy}. */
  run(nowMs: number): void;
  /** The endpoint is gone. */
  cutOff(): void;
}

/**
 * A UDP socket and the sessions on it: one timer for all of them, and one pass per turn over those that have
 * something to send, after everything that arrived in the turn was taken in.
 */
export class Endpoint {
  readonly socket: Socket;
  readonly #members = new Set<Member>();
  readonly #deadlines = new Deadlines<Member>();
  readonly #flush = (): void => this.#runTouched();
  readonly #ring = (): void => this.#ringed();
  readonly #late = (): void => this.#runDue();
  #touched: Member[] = [];
  #spare: Member[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #open = true;
  #holders = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('close', () => this.#cutOff());
  }

  get now(): number {
    return performance.now();
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Calls of {@link hold} without a {@link release}. */
  get holderCount(): number {
    return this.#holders;
  }

  /** Keeps the process alive until {@link release}; a new endpoint does not. */
  hold(): void {
    if (this.#holders++ === 0 && this.#open) this.socket.ref();
  }

  release(): void {
    if (--this.#holders === 0 && this.#open) this.socket.unref();
  }

  add(member: Member): void {
    this.#members.add(member);
  }

  remove(member: Member): void {
    this.#members.delete(member);
    this.#deadlines.remove(member);
  }

  /** Runs the member at the end of this turn. */
  touch(member: Member): void {
    if (member.touched) return;
    member.touched = true;
    if (this.#touched.push(member) === 1) setImmediate(this.#flush);
  }

  wakeBy(member: Member, atMs: number): void {
    if (!this.#members.has(member)) return;
    this.#deadlines.wakeBy(member, atMs);
    this.#arm();
  }

  /** To the address the socket is connected to, or to the one given. Like any datagram it may be lost, also here. */
  send(datagram: Uint8Array, port?: number, address?: string): void {
    if (!this.#open) return;
    // No callback: an error (a full buffer, no route) is a loss like any other, and costs no object per datagram.
    if (port === undefined) this.socket.send(datagram);
    else this.socket.send(datagram, port, address);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.socket.close();
  }

  #cutOff(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    for (const member of this.#members) member.cutOff();
  }

  #runTouched(): void {
    const touched = this.#touched;
    this.#touched = this.#spare;
    this.#spare = touched;
    const now = this.now;
    for (let i = 0; i < touched.length; i++) {
      const member = touched[i] as Member;
      member.touched = false;
      if (this.#members.has(member)) member.run(now);
    }
    touched.length = 0;
  }

  #ringed(): void {
    const isLate = this.now - this.#timerAtMs > LATE_MS;
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    // This process was stopped or blocked: what lies in the socket is read before anybody's silence is judged.
    if (isLate) setImmediate(this.#late);
    else this.#runDue();
  }

  #runDue(): void {
    if (!this.#open) return;
    const now = this.now;
    for (let member = this.#deadlines.due(now); member !== undefined; member = this.#deadlines.due(now)) {
      member.run(now);
    }
    this.#arm();
  }

  #arm(): void {
    const atMs = this.#deadlines.earliestMs;
    if (!this.#open || atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    const waitMs = Math.min(Math.max(1, Math.ceil(atMs - this.now)), MAX_TIMER_MS);
    // The socket keeps the process alive, as long as it should.
    this.#timer = setTimeout(this.#ring, waitMs).unref();
  }
}
