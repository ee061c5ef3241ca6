import { applyMask, randomMask } from './mask.js';

/** A message as it is sent: text goes out as a text frame. */
export type Unit = Uint8Array | string;

/** Bytes of the frame of a message of `length` bytes. Source: RFC 6455, section 5.2. */
export function frameBytes(length: number, masked: boolean): number {
  return length + (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (masked ? 4 : 0);
}

/** Bytes of a message, in UTF-8. */
export function unitBytes(unit: Unit): number {
  return typeof unit === 'string' ? Buffer.byteLength(unit) : unit.length;
}

function putHeader(into: Buffer, start: number, text: boolean, length: number, maskBit: number): number {
  let at = start;
  into[at++] = text ? 0x81 : 0x82;
  if (length < 126) {
    into[at++] = length | maskBit;
  } else if (length < 65_536) {
    into[at++] = 126 | maskBit;
    into[at++] = length >>> 8;
    into[at++] = length;
  } else {
    into[at++] = 127 | maskBit;
    at = into.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at);
    at = into.writeUInt32BE(length >>> 0, at);
  }
  return at;
}

/** Writes one whole frame, which {@link frameBytes} said the size of. Clients mask. @returns the offset after it. */
export function putFrame(into: Buffer, start: number, unit: Unit, masked: boolean): number {
  const text = typeof unit === 'string';
  const length = text ? Buffer.byteLength(unit) : unit.length;
  let at = putHeader(into, start, text, length, masked ? 0x80 : 0);
  if (!masked) {
    putUnit(into, at, unit);
    return at + length;
  }
  const key = randomMask();
  at = into.writeInt32LE(key, at);
  putUnit(into, at, unit);
  applyMask(into, at, at + length, key);
  return at + length;
}

function putUnit(into: Buffer, at: number, unit: Unit): void {
  if (typeof unit === 'string') into.write(unit, at);
  else into.set(unit, at);
}

/** The head of an unmasked frame whose message is written after it. */
export function unmaskedHeader(unit: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(10);
  return header.subarray(0, putHeader(header, 0, false, unit.length, 0));
}

// Frames of all links are put side by side in one slab, which is never written twice.
const SLAB_BYTES = 32_768;
let slab = Buffer.alloc(0);
let slabUsed = 0;

/** Room for `bytes` of frames, for one write. */
export function reserve(bytes: number): Buffer {
  if (bytes > SLAB_BYTES / 4) return Buffer.allocUnsafeSlow(bytes);
  if (slabUsed + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += bytes;
  return slab.subarray(start, slabUsed);
}
