import { distance } from './segment.js';

/**
 * Received segments, in one ring over their numbers: `head` to `next` are in order and wait for the reader,
 * `next` to `next + window` may have holes. The ring grows with what has arrived, up to twice the window.
 */
export class Inbox {
  /** Number of the first segment that is missing. */
  next: number;
  /** A fragment count from the wire that contradicts the one before. */
  broken = false;
  #head: number;
  readonly #window: number;
  #slots: (Uint8Array | undefined)[] = new Array(16);
  #fragments: Uint8Array = new Uint8Array(16);
  #mask = 15;
  #lastFragment = 0;

  constructor(window: number, first: number) {
    this.#window = window;
    this.#head = first;
    this.next = first;
  }

  /** Segments that still fit, as announced to the peer. */
  get room(): number {
    return this.#window - distance(this.next, this.#head);
  }

  /** True when the reader would get something. */
  get readable(): boolean {
    return this.#head !== this.next;
  }

  inWindow(sn: number): boolean {
    return distance(sn, this.next) < this.#window;
  }

  /** @returns false for a duplicate. Only for numbers that are {@link inWindow}. */
  store(sn: number, fragment: number, datagram: Uint8Array, start: number, end: number): boolean {
    if (distance(sn, this.next) < 0) return false;
    const offset = distance(sn, this.#head);
    if (offset > this.#mask) this.#grow(offset);
    const slot = sn & this.#mask;
    if (this.#slots[slot] !== undefined) return false;
    this.#slots[slot] = view(datagram, start, end);
    this.#fragments[slot] = fragment;
    this.#advance();
    return true;
  }

  /** The next piece in order, whatever message it belongs to. */
  read(): Uint8Array | undefined {
    while (this.#head !== this.next) {
      const piece = this.#shift();
      if (piece.length > 0) return piece;
    }
    return undefined;
  }

  /** The next message, once all its fragments are there; joined by copying when there are several. */
  receive(): Uint8Array | undefined {
    if (this.#head === this.next) return undefined;
    const count = (this.#fragments[this.#head & this.#mask] as number) + 1;
    if (count === 1) return this.#shift();
    if (distance(this.next, this.#head) < count) return undefined;
    let length = 0;
    for (let i = 0; i < count; i++) length += (this.#slots[(this.#head + i) & this.#mask] as Uint8Array).length;
    const message = new Uint8Array(length);
    for (let i = 0, at = 0; i < count; i++) {
      const piece = this.#shift();
      message.set(piece, at);
      at += piece.length;
    }
    return message;
  }

  #shift(): Uint8Array {
    const slot = this.#head & this.#mask;
    const piece = this.#slots[slot] as Uint8Array;
    this.#slots[slot] = undefined;
    this.#head = (this.#head + 1) >>> 0;
    this.#advance();
    return piece;
  }

  #advance(): void {
    while (this.room > 0) {
      const slot = this.next & this.#mask;
      // `next` may be one ring ahead of `head` only when the ring is full of waiting segments; `room` excludes it.
      if (this.#slots[slot] === undefined || distance(this.next, this.#head) > this.#mask) return;
      const fragment = this.#fragments[slot] as number;
      if (this.#lastFragment > 0 && fragment !== this.#lastFragment - 1) {
        this.broken = true;
        return;
      }
      this.#lastFragment = fragment;
      this.next = (this.next + 1) >>> 0;
    }
  }

  #grow(offset: number): void {
    let size = this.#mask + 1;
    while (size <= offset) size *= 2;
    const slots: (Uint8Array | undefined)[] = new Array(size);
    const fragments = new Uint8Array(size);
    for (let i = 0; i <= this.#mask; i++) {
      const sn = (this.#head + i) >>> 0;
      slots[sn & (size - 1)] = this.#slots[sn & this.#mask];
      fragments[sn & (size - 1)] = this.#fragments[sn & this.#mask] as number;
    }
    this.#slots = slots;
    this.#fragments = fragments;
    this.#mask = size - 1;
  }
}

/** A small piece of a large datagram is copied, or a window of single bytes could pin a window of datagrams. */
function view(datagram: Uint8Array, start: number, end: number): Uint8Array {
  const piece = datagram.subarray(start, end);
  if ((end - start) * 4 >= datagram.length || datagram.length < 512) return piece;
  const copy = new Uint8Array(end - start);
  copy.set(piece);
  return copy;
}
