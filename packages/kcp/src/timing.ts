export const MAX_RTO_MS = 60_000;
const FIRST_RTO_MS = 200;

/** Smoothed round trip and the retransmission timeout made of it (RFC 6298, with KCP's interval as granularity). */
export class RoundTrip {
  rtoMs: number;
  /** Smoothed round trip; -1 before the first sample. */
  smoothedMs = -1;
  #variationMs = 0;
  readonly #intervalMs: number;
  readonly #minRtoMs: number;

  constructor(intervalMs: number, minRtoMs: number) {
    this.#intervalMs = intervalMs;
    this.#minRtoMs = minRtoMs;
    this.rtoMs = Math.max(FIRST_RTO_MS, minRtoMs);
  }

  sample(roundTripMs: number): void {
    // A clock that went back, or a timestamp we never sent.
    if (roundTripMs < 0 || roundTripMs > MAX_RTO_MS) return;
    if (this.smoothedMs < 0) {
      this.smoothedMs = roundTripMs;
      this.#variationMs = roundTripMs / 2;
    } else {
      const delta = roundTripMs - this.smoothedMs;
      this.smoothedMs += delta / 8;
      // A sudden drop says little about jitter, so it counts less.
      const weight = roundTripMs < this.smoothedMs - this.#variationMs ? 32 : 4;
      this.#variationMs += (Math.abs(delta) - this.#variationMs) / weight;
    }
    const rto = Math.ceil(this.smoothedMs + this.marginMs);
    this.rtoMs = Math.min(Math.max(rto, this.#minRtoMs), MAX_RTO_MS);
  }

  /** What the timeout allows beyond the smoothed round trip. */
  get marginMs(): number {
    return Math.max(this.#intervalMs, 4 * this.#variationMs);
  }

  /** The next timeout of a segment whose last one was `rtoMs`: linear growth, half as steep with `nodelay`. */
  backOff(rtoMs: number, nodelay: boolean): number {
    return Math.min(rtoMs + (nodelay ? this.rtoMs / 2 : this.rtoMs), MAX_RTO_MS);
  }
}

/** KCP's congestion window, in segments: slow start, growth by a fraction, halving on resends, one on a timeout. */
export class Congestion {
  window = 1;
  #threshold = 2;
  #grownBytes: number;
  readonly #segmentBytes: number;

  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
    this.#grownBytes = segmentBytes;
  }

  advanced(remoteWindow: number): void {
    if (this.window >= remoteWindow) return;
    const unit = this.#segmentBytes;
    if (this.window < this.#threshold) {
      this.window++;
      this.#grownBytes += unit;
    } else {
      this.#grownBytes = Math.max(this.#grownBytes, unit);
      this.#grownBytes += (unit * unit) / this.#grownBytes + unit / 16;
      if ((this.window + 1) * unit <= this.#grownBytes) this.window = Math.floor(this.#grownBytes / unit);
    }
    if (this.window > remoteWindow) {
      this.window = Math.max(1, remoteWindow);
      this.#grownBytes = this.window * unit;
    }
  }

  resent(inFlight: number, resend: number): void {
    this.#threshold = Math.max(2, inFlight >> 1);
    this.window = this.#threshold + resend;
    this.#grownBytes = this.window * this.#segmentBytes;
  }

  timedOut(): void {
    this.#threshold = Math.max(2, this.window >> 1);
    this.window = 1;
    this.#grownBytes = this.#segmentBytes;
  }
}
