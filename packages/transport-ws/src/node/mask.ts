import { randomFillSync } from 'node:crypto';

/** Below this a plain loop beats making a DataView. */
const WORDS_FROM_BYTES = 32;

/** XORs `bytes[start, end)` with a key of four bytes, given as a little-endian word. Masking twice undoes it. */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): void {
  if (key === 0) return;
  let at = start;
  if (end - start >= WORDS_FROM_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const last = end - 3; at < last; at += 4) view.setInt32(at, view.getInt32(at, true) ^ key, true);
  }
  for (let shift = 0; at < end; at++, shift = (shift + 8) & 31) bytes[at] = bytes[at]! ^ (key >>> shift);
}

// A fresh, unpredictable key for every frame (RFC 6455, section 5.3), drawn in bulk.
const keys = new Int32Array(2048);
let nextKey = keys.length;

export function randomMask(): number {
  if (nextKey === keys.length) {
    randomFillSync(keys);
    nextKey = 0;
  }
  return keys[nextKey++]!;
}
