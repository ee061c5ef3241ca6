import { randomFillSync } from 'node:crypto';

/** Below this a plain loop beats making a DataView. */
const WORDS_FROM_BYTES = 128;

/** XORs `bytes[start, end)` with a key of four bytes, given as a little-endian word. Masking twice undoes it. */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): void {
  if (key === 0) return;
  const last = end - 3;
  let at = start;
  if (end - start >= WORDS_FROM_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at < last; at += 4) view.setInt32(at, view.getInt32(at, true) ^ key, true);
  } else {
    for (; at < last; at += 4) {
      bytes[at] = bytes[at]! ^ key;
      bytes[at + 1] = bytes[at + 1]! ^ (key >>> 8);
      bytes[at + 2] = bytes[at + 2]! ^ (key >>> 16);
      bytes[at + 3] = bytes[at + 3]! ^ (key >>> 24);
    }
  }
  for (let shift = 0; at < end; at++, shift += 8) bytes[at] = bytes[at]! ^ (key >>> shift);
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
