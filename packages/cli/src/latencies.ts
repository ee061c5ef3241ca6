const BUCKETS_PER_OCTAVE = 64;
/** Up to 2^40 µs. */
const BUCKETS = 40 * BUCKETS_PER_OCTAVE + 1;

/** Times by how often they came, in buckets 1 % wide: its size does not depend on how many they are. */
export class Latencies {
  count = 0;
  mostMs = 0;
  #leastMs = Number.POSITIVE_INFINITY;
  #sumMs = 0;
  readonly #counts = new Float64Array(BUCKETS);

  add(ms: number): void {
    this.count++;
    this.#sumMs += ms;
    if (ms > this.mostMs) this.mostMs = ms;
    if (ms < this.#leastMs) this.#leastMs = ms;
    const us = ms * 1_000;
    const at = us < 1 ? 0 : 1 + Math.floor(Math.log2(us) * BUCKETS_PER_OCTAVE);
    this.#counts[Math.min(at, BUCKETS - 1)]!++;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumMs / this.count;
  }

  /** The time that `share` (0 to 1) of all are not above. */
  quantileMs(share: number): number {
    if (this.count === 0) return 0;
    const wanted = Math.ceil(share * this.count);
    let at = 0;
    for (let seen = this.#counts[0]!; seen < wanted && at < BUCKETS - 1; seen += this.#counts[at]!) at++;
    const middleMs = at === 0 ? 0 : 2 ** ((at - 0.5) / BUCKETS_PER_OCTAVE) / 1_000;
    return Math.min(this.mostMs, Math.max(this.#leastMs, middleMs));
  }
}
