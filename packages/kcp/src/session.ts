import { DatagramWriter } from './datagrams.js';
import { Inbox } from './inbox.js';
import type { Kcp, KcpCounters, KcpFailure } from './kcp.js';
import type { ResolvedKcpOptions } from './options.js';
import { MAX_FRAGMENTS } from './options.js';
import type { Segment } from './outbox.js';
import { Outbox } from './outbox.js';
import { ACK, distance, HEADER_BYTES, PUSH, readU16, readU32, WINDOW_ASK, WINDOW_TELL } from './segment.js';
import { Congestion, MAX_RTO_MS, RoundTrip } from './timing.js';

const PROBE_FIRST_MS = 1_000;
const PROBE_MAX_MS = 120_000;
/** Acknowledgements kept between two updates; `una` stands for the rest. */
const MAX_ACKS = 4_096;
/** What IP and UDP add to each datagram: they count in what a forged address could be made to receive. */
const DATAGRAM_BYTES = 28;
/** Largest datagrams of ours that an unproven peer may take room for, before its first word: TLS's may need two. */
const HELD_DATAGRAMS = 2;

export class Session implements Kcp {
  readonly conv: number;
  readonly counters: KcpCounters = {
    sentCount: 0,
    resentCount: 0,
    timeoutCount: 0,
    duplicateCount: 0,
    refusedCount: 0,
  };
  failure: KcpFailure | undefined = undefined;
  deadlineMs: number = Number.POSITIVE_INFINITY;
  proven: boolean;

  readonly #options: ResolvedKcpOptions;
  readonly #segmentBytes: number;
  readonly #roundTrip: RoundTrip;
  readonly #congestion: Congestion | undefined;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #writer: DatagramWriter;
  /** Pairs of segment number and timestamp that wait to be acknowledged. */
  readonly #acks: number[] = [];
  #remoteWindow = 32;
  #tellWindow = false;
  #probeAtMs = Number.POSITIVE_INFINITY;
  #probeWaitMs = 0;
  #resendAtMs = Number.POSITIVE_INFINITY;
  #scannedAtMs = Number.NEGATIVE_INFINITY;
  /** When data of ours was last acknowledged, on both clocks, and the number and timestamp of the latest such segment. */
  #progressAtMs = Number.NEGATIVE_INFINITY;
  #progressWire = 0;
  #progressSn = 0;
  #progressTs = 0;
  /** Some segment was skipped often enough to be sent again without waiting. */
  #skipped = false;
  #heard = false;
  #inputs = 0;
  #answersOnly = false;
  #repeat = false;
  /** Bytes that may still go to an unproven peer. */
  #creditBytes = 0;
  /** Data that is kept for an unproven peer. */
  #heldBytes = 0;
  /** An unproven peer has said something new, or the same again: the greeting is due, as is its acknowledgement. */
  #greetingDue = false;
  /** The next bytes sent begin with the greeting, which has gone ahead. */
  #greeted = false;

  constructor(options: ResolvedKcpOptions) {
    this.#options = options;
    this.conv = options.conv;
    this.proven = !options.limitUntilProven;
    this.#segmentBytes = options.mtuBytes - HEADER_BYTES;
    this.#roundTrip = new RoundTrip(options.intervalMs, options.minRtoMs);
    this.#congestion = options.congestionWindow ? new Congestion(this.#segmentBytes) : undefined;
    this.#inbox = new Inbox(options.receiveWindow, options.firstReceived);
    this.#outbox = new Outbox(this.#segmentBytes, options.mode === 'stream', options.firstSent);
    this.#writer = new DatagramWriter(options.conv, options.mtuBytes, options.output);
    this.#writer.una = options.firstReceived;
    if (this.proven) return;
    this.#outbox.begin(options.greeting);
    this.#greeted = true;
  }

  get pendingBytes(): number {
    return this.#outbox.queuedBytes + this.#outbox.flyingBytes;
  }

  get unsentBytes(): number {
    return this.#outbox.queuedBytes;
  }

  get writable(): boolean {
    return this.#outbox.inFlight + this.#outbox.queuedCount < this.#options.sendWindow;
  }

  get roundTripMs(): number {
    return this.#roundTrip.smoothedMs;
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.failure !== undefined) return;
    this.#outbox.push(this.#greeted ? this.#withoutGreeting(bytes) : bytes, MAX_FRAGMENTS);
    this.deadlineMs = Number.NEGATIVE_INFINITY;
  }

  #withoutGreeting(bytes: Uint8Array): Uint8Array {
    const { greeting } = this.#options;
    if (!greeting.every((byte, at) => byte === bytes[at])) {
      throw new TypeError('the first bytes sent must begin with the greeting, which the peer has got');
    }
    this.#greeted = false;
    return bytes.subarray(greeting.length);
  }

  read(): Uint8Array | undefined {
    const full = this.#inbox.room === 0;
    const piece = this.#inbox.read();
    if (full) this.#reopened();
    return piece;
  }

  receive(): Uint8Array | undefined {
    const full = this.#inbox.room === 0;
    const message = this.#inbox.receive();
    if (full) this.#reopened();
    return message;
  }

  answerOnly(): void {
    this.#answersOnly = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  #reopened(): void {
    if (this.#inbox.broken) this.#fail('bad_fragments');
    if (this.#inbox.room === 0 || this.failure !== undefined) return;
    this.#tellWindow = true;
    this.deadlineMs = Number.NEGATIVE_INFINITY;
  }

  #fail(failure: KcpFailure): void {
    this.failure = failure;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#acks.length = 0;
    this.#outbox.clear();
  }

  #wireTime(nowMs: number): number {
    // `%` first: `>>> 0` alone is exact only for what fits into 53 bits.
    return ((Math.floor(nowMs) % 0x100000000) + this.#options.clockOffset) >>> 0;
  }

  input(datagram: Uint8Array, nowMs: number): boolean {
    if (this.failure !== undefined) return false;
    if (datagram.length < HEADER_BYTES || readU32(datagram, 0) !== this.conv) {
      this.counters.refusedCount++;
      return false;
    }
    if (!this.proven) this.#creditBytes += datagram.length + DATAGRAM_BYTES;
    const outbox = this.#outbox;
    const wireNow = this.#wireTime(nowMs);
    const before = outbox.first;
    const serial = ++this.#inputs;
    let highest: number | undefined;
    let highestTs = 0;
    let at = 0;
    while (at < datagram.length) {
      const start = at + HEADER_BYTES;
      const length = start > datagram.length ? 0 : readU32(datagram, at + 20);
      const command = datagram[at + 4] as number;
      const una = start > datagram.length ? 0 : readU32(datagram, at + 16);
      if (
        start > datagram.length ||
        length > datagram.length - start ||
        readU32(datagram, at) !== this.conv ||
        command < PUSH ||
        command > WINDOW_TELL ||
        distance(una, outbox.next) > 0
      ) {
        this.counters.refusedCount++;
        break;
      }
      // A segment that was overtaken on the way knows nothing new about the window.
      if (distance(una, outbox.first) >= 0) this.#remoteWindow = readU16(datagram, at + 6);
      const ts = readU32(datagram, at + 8);
      const sn = readU32(datagram, at + 12);
      if (command === ACK) {
        // Before `una` removes the segment: its echo is a sample and a proof.
        if (this.#acknowledged(sn, ts, wireNow, serial) && (highest === undefined || distance(sn, highest) > 0)) {
          highest = sn;
          highestTs = ts;
        }
      }
      // Whoever forges an address can guess `una`.
      if (this.proven) outbox.acknowledgeUpTo(una, serial);
      if (command === PUSH) this.#received(sn, ts, datagram, at, start + length);
      else if (command === WINDOW_ASK) this.#tellWindow = true;
      at = start + length;
    }
    if (at === 0) return false;
    this.#heard = true;
    if (highest !== undefined) {
      // The echo is what the peer says: one that makes no sense must not put a timeout off.
      const tripMs = distance(wireNow, highestTs);
      if (tripMs >= 0 && tripMs <= MAX_RTO_MS) {
        this.#progressAtMs = nowMs;
        this.#progressWire = wireNow;
        this.#progressSn = highest;
        this.#progressTs = highestTs;
      }
      this.#countSkipped(highest, highestTs, serial);
    }
    if (this.#congestion !== undefined && distance(outbox.first, before) > 0) {
      this.#congestion.advanced(this.#remoteWindow);
    }
    if (this.#inbox.broken) {
      this.#fail('bad_fragments');
      return false;
    }
    // Cheap when nothing is due, and the simplest thing that is never late.
    this.deadlineMs = Number.NEGATIVE_INFINITY;
    return at === datagram.length;
  }

  #acknowledged(sn: number, ts: number, wireNow: number, serial: number): boolean {
    const outbox = this.#outbox;
    if (distance(sn, outbox.first) < 0 || distance(sn, outbox.next) >= 0) return false;
    const segment = outbox.at(sn);
    if (segment.acked) return false;
    const proves = !this.proven;
    if (proves) {
      // However often it was sent, the greeting has one timestamp: there is one number to guess, of four billion.
      if (segment.sentCount === 0 || ts !== segment.ts) return false;
      this.proven = true;
      // Something must carry the `una` that was withheld; an old timestamp would spoil the peer's round trip.
      this.#tellWindow = true;
    }
    if (!proves || segment.sentCount === 1) this.#roundTrip.sample(distance(wireNow, ts));
    segment.ackedBy = serial;
    outbox.acknowledge(segment);
    return true;
  }

  #received(sn: number, ts: number, datagram: Uint8Array, at: number, end: number): void {
    if (!this.#inbox.inWindow(sn)) return;
    const acks = this.#acks;
    if (!this.proven) {
      // It is not told that its data arrived, and so repeats it: what does not fit, and what asks for the greeting again.
      this.#greetingDue = true;
      if (this.#heldBytes >= HELD_DATAGRAMS * this.#options.mtuBytes) return;
      this.#heldBytes += end - at;
    } else if (acks.length < 2 * MAX_ACKS) acks.push(sn, ts);
    if (!this.#inbox.store(sn, datagram[at + 5] as number, datagram, at + HEADER_BYTES, end)) {
      this.counters.duplicateCount++;
      this.#repeat = true;
    }
  }

  /** Counts, for each hole, the later segments that this input acknowledged and that were sent no sooner. */
  #countSkipped(highest: number, highestTs: number, serial: number): void {
    const resend = this.#options.resend;
    if (resend === 0) return;
    const outbox = this.#outbox;
    let later = 0;
    for (let sn = highest; distance(sn, outbox.first) >= 0; sn = (sn - 1) >>> 0) {
      const segment = outbox.at(sn);
      if (segment.acked) {
        if (segment.ackedBy === serial) later++;
      } else if (distance(segment.ts, highestTs) <= 0) {
        segment.skippedCount += later;
        this.#skipped = true;
      }
    }
  }

  update(nowMs: number): void {
    if (this.failure !== undefined) return;
    const writer = this.#writer;
    const wireNow = this.#wireTime(nowMs);
    writer.window = Math.min(this.#inbox.room, 0xffff);
    if (!this.proven) {
      this.#greet(nowMs, wireNow);
      return;
    }
    writer.una = this.#inbox.next;
    const timed = nowMs >= this.#nextScanMs();
    const scan = this.#answersOnly ? this.#repeat : timed || this.#skipped;
    this.#repeat = false;
    this.#writeAcks();
    this.#writeProbes(nowMs);
    if (scan) {
      if (timed) this.#scannedAtMs = nowMs;
      this.#resend(nowMs, wireNow);
    }
    this.#cut(nowMs, wireNow);
    writer.flush(this.#heard ? 0 : this.#options.openingBytes);
    if (this.failure !== undefined || this.#answersOnly) this.deadlineMs = Number.POSITIVE_INFINITY;
    else this.deadlineMs = Math.min(this.#nextScanMs(), this.#probeAtMs);
  }

  /** All that an unproven peer gets, and only as an answer: no timer runs for it. */
  #greet(nowMs: number, wireNow: number): void {
    const greeting = this.#outbox.at(this.#outbox.first);
    const cost = DATAGRAM_BYTES + HEADER_BYTES + this.#options.greeting.length;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    if (!this.#greetingDue || this.#creditBytes < cost) return;
    this.#greetingDue = false;
    this.#creditBytes -= cost;
    if (greeting.sentCount === 0) this.counters.sentCount++;
    else this.counters.resentCount++;
    this.#transmit(greeting, nowMs, greeting.sentCount === 0 ? wireNow : greeting.ts);
    this.#writer.flush(0);
  }

  #nextScanMs(): number {
    if (this.#outbox.inFlight === 0) return Number.POSITIVE_INFINITY;
    return Math.max(this.#resendAtMs, this.#scannedAtMs + this.#options.intervalMs);
  }

  /** `una` says all that is in order; of that, only the last is named, for its timestamp. */
  #writeAcks(): void {
    const acks = this.#acks;
    for (let i = 0; i < acks.length; i += 2) {
      const sn = acks[i] as number;
      if (i < acks.length - 2 && distance(sn, this.#inbox.next) < 0) continue;
      this.#writer.acknowledge(sn, acks[i + 1] as number);
    }
    acks.length = 0;
  }

  #writeProbes(nowMs: number): void {
    if (this.#remoteWindow > 0 || this.#outbox.queuedBytes === 0 || this.#answersOnly) {
      this.#probeAtMs = Number.POSITIVE_INFINITY;
      this.#probeWaitMs = 0;
    } else if (this.#probeWaitMs === 0) {
      this.#probeWaitMs = PROBE_FIRST_MS;
      this.#probeAtMs = nowMs + this.#probeWaitMs;
    } else if (nowMs >= this.#probeAtMs) {
      this.#probeWaitMs = Math.min(this.#probeWaitMs * 1.5, PROBE_MAX_MS);
      this.#probeAtMs = nowMs + this.#probeWaitMs;
      this.#writer.command(WINDOW_ASK);
    }
    if (this.#tellWindow) this.#writer.command(WINDOW_TELL);
    this.#tellWindow = false;
  }

  /** Sends again what was skipped or has timed out, the oldest first. */
  #resend(nowMs: number, wireNow: number): void {
    const outbox = this.#outbox;
    const { resend, deadLink, nodelay } = this.#options;
    // With nothing new to send, no further acknowledgement will come to confirm the loss.
    const enough = outbox.queuedBytes === 0 ? Math.min(1, resend) : resend;
    let skipped = 0;
    let timedOut = 0;
    let earliest = Number.POSITIVE_INFINITY;
    for (let sn = outbox.first; sn !== outbox.next; sn = (sn + 1) >>> 0) {
      const segment = outbox.at(sn);
      if (segment.acked) continue;
      const fast = resend > 0 && segment.skippedCount >= enough;
      let late = nowMs >= segment.resendAtMs;
      if (late && !fast) {
        const expectedAtMs = this.#expectedAtMs(segment);
        if (nowMs < expectedAtMs) {
          segment.resendAtMs = expectedAtMs;
          late = false;
        }
      }
      if (fast || late || this.#answersOnly) {
        if (late && !fast && segment.sentCount >= deadLink) {
          this.#fail('dead_link');
          return;
        }
        segment.rtoMs = fast || !late ? this.#roundTrip.rtoMs : this.#roundTrip.backOff(segment.rtoMs, nodelay);
        if (fast) skipped++;
        else if (late) {
          timedOut++;
          this.counters.timeoutCount++;
        }
        this.counters.resentCount++;
        this.#transmit(segment, nowMs, wireNow);
      }
      if (segment.resendAtMs < earliest) earliest = segment.resendAtMs;
    }
    this.#skipped = false;
    this.#resendAtMs = earliest;
    if (this.#congestion === undefined) return;
    if (skipped > 0) this.#congestion.resent(outbox.inFlight, resend);
    if (timedOut > 0) this.#congestion.timedOut();
  }

  /**
   * When at latest the acknowledgement of a segment should be here, if what was sent before it still arrives, one
   * after the other: behind a queue that fills, the round trip grows faster than the timeout, and without this a
   * window would be sent twice. -Infinity: something sent later has arrived already, or nothing since it was sent.
   */
  #expectedAtMs(segment: Segment): number {
    if (distance(segment.ts, this.#progressWire) > 0) return Number.NEGATIVE_INFINITY;
    const behindMs = distance(segment.ts, this.#progressTs);
    if (behindMs < 0 || (behindMs === 0 && distance(segment.sn, this.#progressSn) < 0)) return Number.NEGATIVE_INFINITY;
    return this.#progressAtMs + Math.min(behindMs + this.#roundTrip.marginMs, MAX_RTO_MS);
  }

  /** Moves from the queue into the window what both ends have room for. */
  #cut(nowMs: number, wireNow: number): void {
    const outbox = this.#outbox;
    let limit = Math.min(this.#options.sendWindow, this.#remoteWindow);
    if (this.#congestion !== undefined) limit = Math.min(limit, this.#congestion.window);
    while (outbox.queuedBytes > 0 && outbox.inFlight < limit) {
      const segment = outbox.cut();
      segment.rtoMs = this.#roundTrip.rtoMs;
      this.counters.sentCount++;
      this.#transmit(segment, nowMs, wireNow);
      if (segment.resendAtMs < this.#resendAtMs || outbox.inFlight === 1) this.#resendAtMs = segment.resendAtMs;
    }
  }

  #transmit(segment: Segment, nowMs: number, wireNow: number): void {
    segment.sentCount++;
    segment.skippedCount = 0;
    segment.ts = wireNow;
    segment.resendAtMs = nowMs + segment.rtoMs;
    this.#writer.add(PUSH, segment.fragment, wireNow, segment.sn, segment.bytes, segment.start, segment.end);
  }
}
