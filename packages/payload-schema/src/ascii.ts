/** Longer text is left to a decoder, which is as fast by then. */
const MAX_LENGTH = 32;

/** Codes to make a text of, by its length: made of all its codes at once a text is flat, and not a tree of single letters. */
const CODES: number[][] = /* @__PURE__ */ Array.from({ length: MAX_LENGTH + 1 }, (_, length) =>
  new Array(length).fill(0),
);

/** Text of a few bytes of ASCII, which most texts are; undefined for what is longer, or other text. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const codes = CODES[end - start];
  if (codes === undefined) return undefined;
  for (let i = 0; i < codes.length; i++) {
    const byte = bytes[start + i]!;
    if (byte >= 0x80) return undefined;
    codes[i] = byte;
  }
  return String.fromCharCode.apply(null, codes);
}
