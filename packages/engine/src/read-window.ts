/**
 * How much of what was sent the peer has not read yet. It says so itself: it answers pings in the order in which it
 * reads, so a pong proves that all before its ping was read. For the original, whose reader breaks when more waits in its
 * socket than it holds. Source: STMP 1.0, section 7.
 */
export class ReadWindow {
  readonly #maxBytes: number;
  #sentBytes = 0;
  #readBytes = 0;
  /** What had been sent with each ping that has no pong yet, oldest first. */
  readonly #pings: number[] = [];
  /** The same for the ping sent last. */
  #pingedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that may be sent now. A packet larger than the window goes when all before it has been read. */
  get roomBytes(): number {
    const unread = this.#sentBytes - this.#readBytes;
    return unread === 0 ? Number.POSITIVE_INFINITY : this.#maxBytes - unread;
  }

  /** As much as is sent between two pings, so that one part is read while the other is on its way. */
  get partBytes(): number {
    return this.#maxBytes >> 1;
  }

  /** True when a ping has to go before the next packet, of `bytes`, or its turn might never come. */
  mustPing(bytes: number): boolean {
    const unasked = this.#sentBytes - this.#pingedBytes;
    return unasked >= this.partBytes || (unasked > 0 && this.#pings.length === 0 && bytes > this.roomBytes);
  }

  pinged(): void {
    this.#pingedBytes = this.#sentBytes;
    this.#pings.push(this.#sentBytes);
  }

  ponged(): void {
    this.#readBytes = this.#pings.shift() ?? this.#readBytes;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }
}
