import type { Action, Compression, Compressor, Headers, Payload } from '@stmp/contract';
import { MAX_PACKET_OVERHEAD, PING, PONG } from '@stmp/packet';
import type { ResolvedEngineOptions } from './options.js';
import { append, enqueue, type Outbox, type Waiting, waitingBytes } from './outbox.js';
import { checkSize, writePacket, written } from './packet-writer.js';
import { ReadWindow } from './read-window.js';
import { type SendLimits, sendLimits } from './send-limits.js';
import { shared } from './slab.js';
import type { Session } from './types.js';
import type { UnitQueue } from './unit-queue.js';

const NO_BYTES = new Uint8Array(0);
const PING_UNIT = Uint8Array.of(PING);
const PONG_UNIT = Uint8Array.of(PONG);
/** The original breaks on a packet that crosses a multiple of this within one member. Source: STMP 1.0, section 6. */
const UPSTREAM_MEMBER_BYTES = 32_768;

/** Packets in a row in the shared slab, which can still grow. */
interface Run {
  slab: Uint8Array;
  start: number;
  end: number;
}

/** Output of byte streams: a unit holds whole packets, as many as there are, compressed where that was agreed on. */
export class StreamOutbox implements Outbox, Waiting<Uint8Array> {
  hold = false;
  unpaced = false;
  pings = 0;
  pongs = 0;
  single: Uint8Array | undefined = undefined;
  queue: UnitQueue<Uint8Array> | undefined = undefined;
  readonly #options: ResolvedEngineOptions;
  #limits: SendLimits;
  readonly #maxUnreadBytes: number | undefined;
  #greeting: Uint8Array | undefined = undefined;
  #session: Session | undefined = undefined;
  #compressor: Compressor | undefined = undefined;
  #run: Run | undefined = undefined;
  /** Towards the original, where its reader needs one. */
  #window: ReadWindow | undefined = undefined;
  waits = false;

  /** @param maxUnreadBytes See `NewEngine`. */
  constructor(options: ResolvedEngineOptions, maxUnreadBytes: number | undefined) {
    this.#options = options;
    this.#limits = sendLimits(options, undefined);
    this.#maxUnreadBytes = maxUnreadBytes;
  }

  agreed(session: Session): void {
    this.#session = session;
    this.#limits = sendLimits(this.#options, session.peerMaxPacketBytes);
    if (this.#maxUnreadBytes !== undefined && !session.peerIsOurs && session.compression === undefined)
      this.#window = new ReadWindow(this.#maxUnreadBytes);
  }

  ponged(): void {
    this.#window?.ponged();
  }

  greet(handshake: Uint8Array | string | undefined): void {
    if (typeof handshake === 'string') throw new TypeError('a byte stream has no text handshake');
    this.#greeting = handshake;
  }

  get bytes(): number {
    return (
      (this.#greeting === undefined ? 0 : this.#greeting.length) +
      this.pings +
      this.pongs +
      waitingBytes(this) +
      (this.#run === undefined ? 0 : this.#run.end - this.#run.start)
    );
  }

  write(
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): number {
    writePacket(true, this.hold, this.#limits, kind, mid, status, action, headers, payload);
    const { slab, start, end } = written;
    // Peers that are not ours read a packet with one call: theirs stay apart, to be cut between. So do large and held
    // packets, which have a slab to themselves.
    if (slab !== shared.slab || !this.#session?.peerIsOurs) {
      this.#seal();
      return enqueue(this, slab.subarray(start, end));
    }
    let run = this.#run;
    if (run !== undefined && run.slab === slab && run.end === start) {
      run.end = end;
      return 0;
    }
    this.#seal();
    if (run === undefined) {
      run = { slab, start, end };
      this.#run = run;
    } else {
      run.slab = slab;
      run.start = start;
      run.end = end;
    }
    return 0;
  }

  writeEncoded(packet: Uint8Array | string): number {
    checkSize(this.#limits, packet.length - MAX_PACKET_OVERHEAD, 0);
    this.#seal();
    return append(this, packet as Uint8Array);
  }

  drop(ticket: number): boolean {
    return this.queue?.drop(ticket) ?? false;
  }

  /** Puts what is open behind the queue, so that order holds and all of it leaves in one write. */
  #seal(): void {
    const { single } = this;
    if (single !== undefined) {
      this.single = undefined;
      enqueue(this, single);
    }
    const unit = this.#takeRun();
    if (unit !== undefined) enqueue(this, unit);
  }

  #takeRun(): Uint8Array | undefined {
    const run = this.#run;
    if (run === undefined || run.end === run.start) return undefined;
    const unit = run.slab.subarray(run.start, run.end);
    this.#dropRun(run);
    return unit;
  }

  /** An idle connection must not keep a slab alive. */
  #dropRun(run: Run): void {
    run.slab = NO_BYTES;
    run.start = run.end = 0;
  }

  take(maxBytes: number): Uint8Array | undefined {
    const greeting = this.#greeting;
    if (greeting !== undefined) {
      this.#greeting = undefined;
      return greeting;
    }
    const compression = this.#session?.compression;
    if (compression !== undefined) return this.#takeCompressed(compression, maxBytes);
    if (this.#window !== undefined) return this.#takePaced(this.#window, maxBytes);
    if (this.pings + this.pongs === 0 && (this.queue === undefined || this.queue.empty)) return this.#takeAlone();
    const control = this.#takeControl();
    this.#seal();
    return this.#merge(control ?? this.queue?.shift(), maxBytes);
  }

  /** No more than the peer may leave unread; the rest waits for its pongs. */
  #takePaced(window: ReadWindow, maxBytes: number): Uint8Array | undefined {
    this.#seal();
    const next = this.#peek();
    if (next !== undefined && window.mustPing(next.length)) this.pings = 1;
    const pings = this.pings > 0;
    const control = this.#takeControl();
    if (control !== undefined) {
      window.sent(control.length);
      // Its pong proves that it was read itself.
      if (pings) window.pinged();
      this.waits = next !== undefined;
      return control;
    }
    const roomBytes = this.unpaced ? Number.POSITIVE_INFINITY : window.roomBytes;
    this.waits = next !== undefined && next.length > roomBytes;
    if (next === undefined || this.waits) return undefined;
    const unit = this.#merge(this.queue!.shift(), Math.min(maxBytes, window.partBytes, roomBytes))!;
    window.sent(unit.length);
    return unit;
  }

  #takeControl(): Uint8Array | undefined {
    const { pings, pongs } = this;
    this.pings = this.pongs = 0;
    if (pings + pongs > 1) return new Uint8Array(pongs + pings).fill(PONG).fill(PING, pongs);
    return pings > 0 ? PING_UNIT : pongs > 0 ? PONG_UNIT : undefined;
  }

  /** One packet or one run: the usual cases, without a queue. */
  #takeAlone(): Uint8Array | undefined {
    const { single } = this;
    if (single !== undefined) {
      this.single = undefined;
      return single;
    }
    return this.#takeRun();
  }

  /** `first` and the whole packets that follow it, up to `maxBytes`. */
  #merge(first: Uint8Array | undefined, maxBytes: number): Uint8Array | undefined {
    let next = this.#peek();
    if (first === undefined || next === undefined || first.length + next.length > maxBytes) return first;
    const taken = [first];
    let total = first.length;
    while (next !== undefined && total + next.length <= maxBytes) {
      taken.push(next);
      total += next.length;
      this.queue!.shift();
      next = this.#peek();
    }
    const unit = new Uint8Array(total);
    let at = 0;
    for (const part of taken) {
      unit.set(part, at);
      at += part.length;
    }
    return unit;
  }

  #peek(): Uint8Array | undefined {
    return this.queue?.peek();
  }

  #takeCompressed(compression: Compression, maxBytes: number): Uint8Array | undefined {
    if (this.bytes === 0) return undefined;
    this.#compressor ??= compression.createCompressor(
      this.#session!.peerIsOurs ? undefined : { memberBytes: UPSTREAM_MEMBER_BYTES },
    );
    const compressor = this.#compressor;
    const control = this.#takeControl();
    let total = control?.length ?? 0;
    for (let at = 0; at < total; at++) compressor.add(control!, at, at + 1);
    this.#seal();
    for (let part = this.#peek(); part !== undefined; part = this.#peek()) {
      if (total > 0 && total + part.length > maxBytes) break;
      total += part.length;
      compressor.add(part, 0, part.length);
      this.queue!.shift();
    }
    return compressor.flush();
  }

  clear(): void {
    this.single = undefined;
    this.queue?.clear();
    if (this.#run !== undefined) this.#dropRun(this.#run);
    this.pings = this.pongs = 0;
  }

  finish(): void {
    // Only a Close is left, which waits for nobody.
    this.#window = undefined;
    this.waits = false;
    if (this.bytes > 0) return;
    this.#compressor?.close();
    this.#compressor = undefined;
  }
}
