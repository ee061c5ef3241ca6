import { Duplex } from 'node:stream';
import type { Kcp } from '../kcp.js';
import type { Endpoint, Member } from './endpoint.js';
import { kcpError } from './errors.js';
import type { SessionSettings } from './options.js';

type Callback = (error?: Error | null) => void;

/** What a session tells its owner, the dialer or the listener. */
export interface SessionOwner {
  /** Something is sent for the first time. */
  answered(session: KcpDuplex): void;
  /** It left the endpoint: nothing is sent any more, and nothing is taken in. */
  gone(session: KcpDuplex): void;
}

export interface SessionPlace {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string | undefined;
  readonly localPort: number;
}

const OPEN = 0;
/** `end()` was called, and some data was never sent. */
const FLUSHING = 1;
/** The stream is over; the session repeats its last data. */
const LINGERING = 2;
const GONE = 3;

export class KcpDuplex extends Duplex implements Member {
  readonly kcp: Kcp;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string | undefined;
  readonly localPort: number;
  wakeAtMs: number = Number.POSITIVE_INFINITY;
  heapIndex = 0;
  touched = false;
  /** True once anything of the conversation has arrived. */
  heard = false;
  readonly #endpoint: Endpoint;
  readonly #settings: SessionSettings;
  readonly #owner: SessionOwner;
  #state: number = OPEN;
  #heardAtMs: number;
  #lingerUntilMs = Number.POSITIVE_INFINITY;
  #answered = false;
  #wanted = false;
  #pumping = false;
  #written: Callback | undefined;
  /** Of the chunk whose callback waits. */
  #writingBytes = 0;
  #finished: Callback | undefined;

  constructor(kcp: Kcp, endpoint: Endpoint, place: SessionPlace, settings: SessionSettings, owner: SessionOwner) {
    super({ writableHighWaterMark: settings.highWaterBytes, readableHighWaterMark: settings.highWaterBytes });
    this.kcp = kcp;
    this.remoteAddress = place.remoteAddress;
    this.remotePort = place.remotePort;
    this.localAddress = place.localAddress;
    this.localPort = place.localPort;
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#owner = owner;
    this.#heardAtMs = endpoint.now;
    endpoint.add(this);
    endpoint.hold();
    this.#wakeBy(this.#heardAtMs);
  }

  get conv(): number {
    return this.kcp.conv;
  }

  /** Bytes written that were never sent. */
  get queuedBytes(): number {
    return this.writableLength - this.#writingBytes + this.kcp.unsentBytes;
  }

  get roundTripMs(): number {
    return this.kcp.roundTripMs;
  }

  /** One datagram of this conversation from its address; kept by reference. */
  accept(datagram: Uint8Array, nowMs: number): void {
    if (this.#state === GONE) return;
    if (this.kcp.input(datagram, nowMs)) {
      this.heard = true;
      this.#heardAtMs = nowMs;
    }
    this.#pump();
    this.#endpoint.touch(this);
  }

  run(nowMs: number): void {
    const kcp = this.kcp;
    // Room first: what the callback lets in leaves in the same datagrams.
    while (this.#written !== undefined && kcp.writable) {
      const written = this.#written;
      this.#written = undefined;
      this.#writingBytes = 0;
      written();
    }
    if (this.#state === GONE) return;
    kcp.update(nowMs);
    if (kcp.failure !== undefined) {
      const code = kcp.failure === 'dead_link' ? 'KCP_DEAD_LINK' : 'KCP_FRAGMENTS';
      this.#fail(kcpError(code, code === 'KCP_DEAD_LINK' ? 'the peer does not answer' : 'the peer broke a message'));
      return;
    }
    if (this.#state === FLUSHING && kcp.unsentBytes === 0) this.#linger(nowMs);
    if (this.#state === LINGERING && (kcp.pendingBytes === 0 || nowMs >= this.#lingerUntilMs)) {
      this.#leave();
      return;
    }
    if (this.#checkPatience(nowMs)) this.#wakeBy(nowMs);
  }

  cutOff(): void {
    this.#fail(kcpError('KCP_CLOSED', 'the UDP socket was closed'));
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
    if (this.kcp.deadlineMs === Number.NEGATIVE_INFINITY) this.#endpoint.touch(this);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    try {
      this.kcp.send(chunk);
    } catch (error) {
      callback(error as Error);
      return;
    }
    if (!this.#answered) {
      this.#answered = true;
      this.#owner.answered(this);
    }
    this.#endpoint.touch(this);
    if (this.kcp.writable) {
      callback();
      return;
    }
    this.#written = callback;
    this.#writingBytes = chunk.length;
  }

  override _final(callback: Callback): void {
    this.#finished = callback;
    if (this.#state !== OPEN) return;
    if (this.#settings.linger === 'answer' && this.kcp.pendingBytes === 0) {
      // Whoever dialed has nothing more to say: not even what arrived last is acknowledged, for the peer may
      // have ended, and a datagram would open a conversation there that nobody has begun.
      this.#leave();
      this.#finish();
      return;
    }
    this.#state = FLUSHING;
    this.#endpoint.touch(this);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.#state !== LINGERING) this.#leave();
    this.#written = undefined;
    callback(error);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#wanted && this.#state <= FLUSHING) {
      const piece = this.kcp.read();
      if (piece === undefined) break;
      this.#wanted = this.push(piece);
    }
    this.#pumping = false;
  }

  #linger(nowMs: number): void {
    this.#state = LINGERING;
    this.#lingerUntilMs = nowMs + this.#settings.lingerMs;
    if (this.#settings.linger === 'answer') this.kcp.answerOnly();
    this.#endpoint.release();
    this.#finish();
  }

  #finish(): void {
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
    // KCP has no end on the wire, so the reading side ends with the writing side.
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  /** From here on silence. */
  #leave(): void {
    if (this.#state === GONE) return;
    if (this.#state !== LINGERING) this.#endpoint.release();
    this.#state = GONE;
    this.#endpoint.remove(this);
    this.#owner.gone(this);
  }

  #fail(error: Error): void {
    this.#leave();
    this.destroy(error);
  }

  /** @returns false when the session was ended for want of the peer. */
  #checkPatience(nowMs: number): boolean {
    const { idleTimeoutMs } = this.#settings;
    if (idleTimeoutMs > 0 && nowMs >= this.#heardAtMs + idleTimeoutMs) {
      this.#fail(kcpError('KCP_IDLE', `nothing arrived for ${idleTimeoutMs} ms`));
      return false;
    }
    return true;
  }

  #wakeBy(nowMs: number): void {
    const { idleTimeoutMs } = this.#settings;
    let atMs = Math.min(this.kcp.deadlineMs, this.#lingerUntilMs);
    if (idleTimeoutMs > 0) atMs = Math.min(atMs, this.#heardAtMs + idleTimeoutMs);
    if (atMs === Number.NEGATIVE_INFINITY) this.#endpoint.touch(this);
    // Never in the same round, whatever an engine says.
    else this.#endpoint.wakeBy(this, Math.max(atMs, nowMs + 1));
  }
}
