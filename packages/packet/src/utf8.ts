const encoder: TextEncoder = /* @__PURE__ */ new TextEncoder();
// A byte order mark is data here: without ignoreBOM the decoder would drop it.
const decoder: TextDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
const strict: TextDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Invalid sequences become U+FFFD, as peers may send any bytes. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? '' : decoder.decode(bytes.subarray(start, end));
}

/** undefined when the bytes are not valid UTF-8. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** True when `text[start, end)` has more than `max` bytes in UTF-8; counts only when the number of characters leaves it open. */
export function exceedsUtf8(text: string, start: number, end: number, max: number): boolean {
  const units = end - start;
  return units > max || (units * 3 > max && utf8Length(text, start, end) > max);
}

/** Bytes of `text[start, end)` in UTF-8. */
export function utf8Length(text: string, start: number, end: number): number {
  let size = end - start;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // Each half of a pair stands for two of its four bytes; a lone half is written as U+FFFD, three bytes.
    size += unit < 0x800 || isPaired(text, at, unit) ? 1 : 2;
  }
  return size;
}

function isPaired(text: string, at: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdfff) return false;
  const isFirst = unit < 0xdc00;
  const other = text.charCodeAt(isFirst ? at + 1 : at - 1);
  return isFirst ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other <= 0xdbff;
}
