import { type Unit, Word } from './wire.js';

const utf8 = new TextEncoder();

/** Posts one unit: whole where it fits, else in pieces behind a word that announces them. */
export function postUnit(unit: Unit, bytes: number, maxPostBytes: number, post: (message: Unit) => void): void {
  const isText = typeof unit === 'string';
  if (bytes + (isText ? 1 : 0) <= maxPostBytes) {
    post(isText ? Word.Text + unit : unit);
    return;
  }
  const whole = isText ? utf8.encode(unit) : unit;
  post((isText ? Word.TextInPieces : Word.BytesInPieces) + whole.length);
  for (let at = 0; at < whole.length; at += maxPostBytes) post(whole.subarray(at, at + maxPostBytes));
}

/** A unit whose pieces are coming. Memory grows with what has come, never with what was announced. */
export class Pieces {
  readonly #isText: boolean;
  readonly #bytes: number;
  readonly #pieces: Uint8Array[] = [];
  #missing: number;

  constructor(isText: boolean, bytes: number) {
    this.#isText = isText;
    this.#bytes = bytes;
    this.#missing = bytes;
  }

  /** @returns the unit with its last piece, undefined before that, and false for more than was announced, or an empty piece. */
  add(piece: Uint8Array): Unit | undefined | false {
    if (piece.length === 0 || piece.length > this.#missing) return false;
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    if (this.#missing > 0) return undefined;
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#pieces) {
      whole.set(part, at);
      at += part.length;
    }
    return this.#isText ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole) : whole;
  }
}
