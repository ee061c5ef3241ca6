const SLAB_BYTES = 65_536;
/** Packets above this get an array of their own, so that a slab is not thrown away half used. */
const OWN_ARRAY_BYTES = 16_384;

/**
 * Memory for outgoing packets, shared by all engines of the process and only ever written forwards: what was
 * handed to a link is never touched again. A new slab is made when the old one is full.
 */
export const shared: { slab: Uint8Array; at: number } = { slab: new Uint8Array(0), at: 0 };

/** Makes room for `bytes` in the shared slab, where {@link shared}.at then points. @returns false for sizes that want an array of their own. */
export function reserve(bytes: number): boolean {
  if (bytes > OWN_ARRAY_BYTES) return false;
  if (shared.at + bytes > shared.slab.length) {
    shared.slab = new Uint8Array(SLAB_BYTES);
    shared.at = 0;
  }
  return true;
}

/** Packets, or runs of packets, in order; each can be dropped while it waits. */
export class PartQueue<Part extends Uint8Array | string> {
  #parts: (Part | undefined)[] = [];
  #head = 0;
  /** Number of the part at index 0; tickets are numbers of parts. */
  #base = 1;
  bytes = 0;

  get empty(): boolean {
    return this.#head === this.#parts.length;
  }

  push(part: Part): number {
    this.#parts.push(part);
    this.bytes += part.length;
    return this.#base + this.#parts.length - 1;
  }

  /** The next part, without taking it. */
  peek(): Part | undefined {
    this.#skip();
    return this.#parts[this.#head];
  }

  shift(): Part | undefined {
    this.#skip();
    const part = this.#parts[this.#head];
    if (part === undefined) return undefined;
    this.#parts[this.#head++] = undefined;
    this.bytes -= part.length;
    this.#trim();
    return part;
  }

  drop(ticket: number): boolean {
    const index = ticket - this.#base;
    const part = this.#parts[index];
    if (index < this.#head || part === undefined) return false;
    this.#parts[index] = undefined;
    this.bytes -= part.length;
    this.#skip();
    return true;
  }

  clear(): void {
    this.#base += this.#parts.length;
    this.#parts = [];
    this.#head = 0;
    this.bytes = 0;
  }

  /** Passes over dropped parts at the front. */
  #skip(): void {
    while (this.#head < this.#parts.length && this.#parts[this.#head] === undefined) this.#head++;
    this.#trim();
  }

  #trim(): void {
    if (this.#head === this.#parts.length) {
      this.#base += this.#head;
      if (this.#head > 0) this.#parts.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#parts.length) {
      this.#parts = this.#parts.slice(this.#head);
      this.#base += this.#head;
      this.#head = 0;
    }
  }
}
