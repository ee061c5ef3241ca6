/** {@link readVarint}: the bytes end inside the number. */
export const CUT = -1;
/** {@link readVarint}: more than 64 bits. */
export const OVERFLOW = -2;

/** Offset after the number that {@link readVarint} read last. A module variable, because a result object would cost more than the reading. */
export let varintEnd = 0;

/**
 * Reads an unsigned little-endian base-128 number of at most 10 bytes. Non-minimal forms are accepted.
 * @returns the number, rounded above 2^53 (see {@link bigVarint}), or {@link CUT} or {@link OVERFLOW}.
 */
export function readVarint(bytes: Uint8Array, offset: number, end: number): number {
  let at = offset;
  if (at >= end) return CUT;
  let byte = bytes[at++]!;
  if (byte < 0x80) {
    varintEnd = at;
    return byte;
  }
  // Two halves of 28 bits stay small integers; sums of them are exact up to 2^53.
  let low = byte & 0x7f;
  for (let shift = 7; shift < 28; shift += 7) {
    if (at >= end) return CUT;
    byte = bytes[at++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = at;
      return low;
    }
  }
  let middle = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= end) return CUT;
    byte = bytes[at++]!;
    middle |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = at;
      return low + middle * 0x1000_0000;
    }
  }
  if (at >= end) return CUT;
  byte = bytes[at++]!;
  let high = byte & 0x7f;
  if (byte >= 0x80) {
    if (at >= end) return CUT;
    byte = bytes[at++]!;
    if (byte > 1) return OVERFLOW;
    high |= byte << 7;
  }
  varintEnd = at;
  return low + middle * 0x1000_0000 + high * 0x100_0000_0000_0000;
}

/** The exact value of the number at `[offset, end)`, which {@link readVarint} accepted. */
export function bigVarint(bytes: Uint8Array, offset: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= offset; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f);
  return value;
}

/** Writes a safe integer that is not negative. @returns the offset after it. */
export function writeVarint(slab: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7fff_ffff) {
    slab[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest > 0x7f) {
    slab[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  slab[at++] = rest;
  return at;
}

/** Writes 0 to 2^64 - 1. @returns the offset after it. */
export function writeBigVarint(slab: Uint8Array, offset: number, value: bigint): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7fn) {
    slab[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  slab[at++] = Number(rest);
  return at;
}

/** Bytes that {@link writeVarint} takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size++;
  return size;
}
