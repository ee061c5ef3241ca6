/**
 * What goes in band. Bytes travel as they are; text has a letter before it, and so have the words of the link:
 *
 * | message | meaning |
 * |---|---|
 * | bytes | a unit of bytes, or a piece of one that was announced |
 * | `t…` | a unit of text |
 * | `b<n>`, `u<n>` | the next messages are pieces of one unit: n bytes, or text of n bytes in UTF-8 |
 * | `r<n>` | n bytes more may come; each end opens with one, and so says that it is there |
 * | `e` | the end: nothing follows |
 * | `a` | aborted |
 */
export const Word = {
  Text: 't',
  BytesInPieces: 'b',
  TextInPieces: 'u',
  Read: 'r',
  End: 'e',
  Abort: 'a',
} as const;

/** A unit takes at least this much of the peer's window, so that empty ones are bounded, too. */
const LEAST_COST_BYTES = 16;

export type Unit = Uint8Array | string;

/** Bytes of a unit, of text in UTF-8. */
export function unitBytes(unit: Unit): number {
  if (typeof unit !== 'string') return unit.length;
  let bytes = unit.length;
  for (let i = 0; i < unit.length; i++) {
    const code = unit.charCodeAt(i);
    // Each half of a pair counts two.
    if (code >= 0x80) bytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return bytes;
}

export function windowCost(bytes: number): number {
  return Math.max(bytes, LEAST_COST_BYTES);
}

/** A count as it follows a word; undefined for anything else. */
export function countIn(message: string): number | undefined {
  return /^.\d{1,15}$/.test(message) ? Number(message.slice(1)) : undefined;
}
