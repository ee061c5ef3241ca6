import { Encoder } from '@msgpack/msgpack';
import { MAX_DEPTH } from '@stmp/payload-schema';

const FIRST_BYTES = 1024;
const MAX_KEPT_BYTES = 65_536;

/** Collects the pieces of one message. Plain pieces come from the Encoder; floats and heads follow the schema, which it does not know. */
export class Output {
  readonly encoder: Encoder = new Encoder({ useBigInt64: true, maxDepth: MAX_DEPTH + 1, ignoreUndefined: true });
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #pos = 0;

  begin(): void {
    this.#pos = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#resize(FIRST_BYTES);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#pos);
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, Math.min(this.#pos, size)));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #reserve(size: number): number {
    const at = this.#pos;
    this.#pos += size;
    if (this.#pos > this.#bytes.length) this.#resize(2 * this.#pos);
    return at;
  }

  raw(piece: Uint8Array): void {
    // Reserving may replace the array, so it comes first.
    const at = this.#reserve(piece.length);
    this.#bytes.set(piece, at);
  }

  /** Integers, text, bytes, booleans and plain values. */
  value(value: unknown): void {
    this.raw(this.encoder.encodeSharedRef(value));
  }

  double(value: number): void {
    const at = this.#reserve(9);
    this.#bytes[at] = 0xcb;
    this.#view.setFloat64(at + 1, value);
  }

  float(value: number): void {
    const at = this.#reserve(5);
    this.#bytes[at] = 0xca;
    this.#view.setFloat32(at + 1, value);
  }

  /** The head of a list. */
  list(size: number): void {
    this.#head(0x90, 0xdc, size);
  }

  /** The head of a map of known size. */
  map(size: number): void {
    this.#head(0x80, 0xde, size);
  }

  #head(short: number, long: number, size: number): void {
    if (size < 16) {
      const at = this.#reserve(1);
      this.#bytes[at] = short | size;
    } else if (size < 65_536) {
      const at = this.#reserve(3);
      this.#bytes[at] = long;
      this.#view.setUint16(at + 1, size);
    } else {
      const at = this.#reserve(5);
      this.#bytes[at] = long + 1;
      this.#view.setUint32(at + 1, size);
    }
  }

  /** Leaves room for the head of a map of at most `most` entries. @returns what {@link closeMap} is to be given. */
  openMap(most: number): number {
    return this.#reserve(most < 16 ? 1 : 3);
  }

  closeMap(at: number, most: number, size: number): void {
    if (most < 16) {
      this.#bytes[at] = 0x80 | size;
    } else {
      this.#bytes[at] = 0xde;
      this.#view.setUint16(at + 1, size);
    }
  }

  /** How many members of the innermost open message were written. */
  members = 0;
}
