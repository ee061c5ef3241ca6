import { isUtf8 } from 'node:buffer';
import { applyMask } from './mask.js';

/** Where a {@link FrameReader} puts what it finds. */
export interface FrameSink {
  /** A whole message: bytes that are the receiver's, or text. */
  onFrame(unit: Uint8Array | string): void;
  /** Bytes for the parser of `ws`, in order with the messages. */
  onOther(chunk: Buffer): void;
  /** A close frame comes next in `onOther`, and nothing after it. */
  onCloseFrame(): void;
}

/**
 * Reads the common frames by itself: whole, unfragmented data frames that lie in one chunk. All others, control
 * frames among them, go to the parser of `ws` byte for byte, which thereby also judges every fault. Both stand at
 * the same frame border at any time, so that a chunk given to `ws` by others is understood as well.
 */
export class FrameReader {
  readonly #masked: boolean;
  readonly #maxUnitBytes: number;
  readonly #sink: FrameSink;
  /** Bytes of a frame that still belong to `ws`; Infinity after a fault. */
  #pass = 0;
  /** A copy of the unfinished head of a frame, which went to `ws` already. */
  #head: Buffer | undefined;
  /** A message in several frames is under way. */
  #fragmented = false;
  /** A close frame has gone to `ws`. */
  #over = false;
  /** Length of the message that went to `ws` last, so far. */
  #messageBytes = 0;

  /** @param masked whether the peer must mask: true on servers. */
  constructor(masked: boolean, maxUnitBytes: number, sink: FrameSink) {
    this.#masked = masked;
    this.#maxUnitBytes = maxUnitBytes;
    this.#sink = sink;
  }

  /** Takes a chunk and owns it: masks are undone in place. */
  read(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    if (this.#head !== undefined) at = this.#finishHead(chunk);
    while (at < end) {
      if (this.#pass > 0) {
        const n = Math.min(this.#pass, end - at);
        this.#pass -= n;
        this.#sink.onOther(chunk.subarray(at, at + n));
        at += n;
        continue;
      }
      if (this.#over) return;
      const first = chunk[at]!;
      // FIN, no RSV, text or binary; complete; masked as it must be.
      if ((first === 0x82 || first === 0x81) && !this.#fragmented && end - at >= 2) {
        const second = chunk[at + 1]!;
        let length = second & 0x7f;
        let body = at + 2;
        if (length === 126) {
          body = at + 4;
          length = end >= body ? (chunk[at + 2]! << 8) | chunk[at + 3]! : -1;
        } else if (length === 127) {
          body = at + 10;
          length = end >= body && chunk.readUInt32BE(at + 2) === 0 ? chunk.readUInt32BE(at + 6) : -1;
        }
        const masked = second >= 0x80;
        if (masked) body += 4;
        const next = body + length;
        if (length >= 0 && next <= end && masked === this.#masked && length <= this.#maxUnitBytes) {
          const key = masked
            ? chunk[body - 4]! | (chunk[body - 3]! << 8) | (chunk[body - 2]! << 16) | (chunk[body - 1]! << 24)
            : 0;
          if (masked) applyMask(chunk, body, next, key);
          if (first === 0x82) {
            at = next;
            this.#sink.onFrame(new Uint8Array(chunk.buffer, chunk.byteOffset + body, length));
            continue;
          }
          const text = chunk.subarray(body, next);
          if (isUtf8(text)) {
            at = next;
            this.#sink.onFrame(text.toString());
            continue;
          }
          applyMask(chunk, body, next, key);
          this.#pass = Number.POSITIVE_INFINITY;
          continue;
        }
      }
      at = this.#begin(chunk, at, chunk.subarray(at, at + MAX_HEAD_BYTES));
    }
  }

  /** Judges the frame that begins with `head`, which lies at `at`. @returns where to go on. */
  #begin(chunk: Buffer, at: number, head: Buffer): number {
    const size = this.#measure(head);
    if (size === 0) {
      this.#head = Buffer.from(head);
      this.#sink.onOther(chunk.subarray(at));
      return chunk.length;
    }
    this.#pass = size;
    return at;
  }

  /** Goes on with a head that ended in the middle. @returns where to go on. */
  #finishHead(chunk: Buffer): number {
    const known = this.#head!;
    const head = Buffer.concat([known, chunk.subarray(0, MAX_HEAD_BYTES - known.length)]);
    const size = this.#measure(head);
    if (size === 0) {
      this.#head = head;
      this.#sink.onOther(chunk);
      return chunk.length;
    }
    this.#head = undefined;
    this.#pass = size - known.length;
    return 0;
  }

  /** Bytes of the frame; 0: its head is not complete; Infinity: `ws` will find a fault, and all that follows is its own. */
  #measure(head: Buffer): number {
    if (head.length < 2) return 0;
    const opcode = head[0]! & 0x0f;
    const final = head[0]! >= 0x80;
    const masked = head[1]! >= 0x80;
    let length = head[1]! & 0x7f;
    let bytes = 2;
    if (length === 126) {
      bytes = 4;
      if (head.length < bytes) return 0;
      length = head.readUInt16BE(2);
    } else if (length === 127) {
      bytes = 10;
      if (head.length < bytes) return 0;
      length = head.readUInt32BE(2) * 0x1_0000_0000 + head.readUInt32BE(6);
    }
    if (opcode < 3) {
      const begins = opcode !== 0;
      if (begins === this.#fragmented) return Number.POSITIVE_INFINITY;
      this.#messageBytes = begins ? length : this.#messageBytes + length;
      this.#fragmented = !final;
    } else if (!final || length > 125 || opcode < 8 || opcode > 10) {
      return Number.POSITIVE_INFINITY;
    } else if (opcode === 8) {
      this.#over = true;
      this.#sink.onCloseFrame();
    }
    const rsv = (head[0]! & 0x70) !== 0;
    if (rsv || masked !== this.#masked || this.#messageBytes > this.#maxUnitBytes) return Number.POSITIVE_INFINITY;
    return bytes + length + (masked ? 4 : 0);
  }
}

/** Enough of a head to know the length: the mask need not be there. */
const MAX_HEAD_BYTES = 10;
