import { ACK, HEADER_BYTES, WINDOW_TELL, writeU32 } from './segment.js';

const SLAB_BYTES = 65_536;

// One slab for all sessions of the process: datagrams are carved from it one after the other and it is never
// written twice, so each belongs to whoever sends it, and an idle session holds no buffer of its own.
let slab: Uint8Array | undefined;
let slabAt = 0;

/** Packs segments into datagrams. */
export class DatagramWriter {
  window = 0;
  una = 0;
  readonly #conv: number;
  readonly #mtuBytes: number;
  readonly #output: (datagram: Uint8Array) => void;
  #bytes: Uint8Array | undefined;
  #start = 0;
  #at = 0;

  constructor(conv: number, mtuBytes: number, output: (datagram: Uint8Array) => void) {
    this.#conv = conv;
    this.#mtuBytes = mtuBytes;
    this.#output = output;
  }

  /** @returns the bytes that this segment took. */
  add(command: number, fragment: number, ts: number, sn: number, body: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#at - this.#start + HEADER_BYTES + length > this.#mtuBytes) this.flush(0);
    let bytes = this.#bytes;
    if (bytes === undefined) {
      if (slab === undefined || slab.length - slabAt < this.#mtuBytes) {
        slab = new Uint8Array(Math.max(SLAB_BYTES, this.#mtuBytes));
        slabAt = 0;
      }
      bytes = slab;
      this.#bytes = bytes;
      this.#start = slabAt;
      this.#at = slabAt;
    }
    const at = this.#at;
    writeU32(bytes, at, this.#conv);
    bytes[at + 4] = command;
    bytes[at + 5] = fragment;
    bytes[at + 6] = this.window;
    bytes[at + 7] = this.window >>> 8;
    writeU32(bytes, at + 8, ts);
    writeU32(bytes, at + 12, sn);
    writeU32(bytes, at + 16, this.una);
    writeU32(bytes, at + 20, length);
    if (length > 0) bytes.set(start === 0 && end === body.length ? body : body.subarray(start, end), at + HEADER_BYTES);
    this.#at = at + HEADER_BYTES + length;
    return HEADER_BYTES + length;
  }

  acknowledge(sn: number, ts: number): number {
    return this.add(ACK, 0, ts, sn, NOTHING, 0, 0);
  }

  command(command: number): number {
    return this.add(command, 0, 0, 0, NOTHING, 0, 0);
  }

  /** Hands over the datagram begun, padded with window announcements towards `leastBytes`. */
  flush(leastBytes: number): void {
    if (this.#bytes === undefined) return;
    while (this.#at - this.#start < leastBytes && this.#at - this.#start + HEADER_BYTES <= this.#mtuBytes) {
      this.command(WINDOW_TELL);
    }
    const datagram = this.#bytes.subarray(this.#start, this.#at);
    if (this.#bytes === slab) slabAt = this.#at;
    this.#bytes = undefined;
    this.#start = 0;
    this.#at = 0;
    this.#output(datagram);
  }
}

const NOTHING = new Uint8Array(0);
