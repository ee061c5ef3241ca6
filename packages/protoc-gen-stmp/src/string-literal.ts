const ESCAPE =
  /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U(00(?:10|0[0-9a-fA-F])[0-9a-fA-F]{4})|([abfnrtv\\?'"]))/g;
const LETTERS: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Whether all escapes of what stands between two quotes are known. */
export const isStringText = (text: string): boolean => !text.replace(ESCAPE, '').includes('\\');

/** What the text between two quotes means; bytes that are no UTF-8 become U+FFFD. */
export function unescapeString(text: string): string {
  if (!text.includes('\\')) return text;
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [all, octal, hex, short, long, char = ''] = match;
    bytes.push(...encoder.encode(text.slice(from, match.index)));
    const point = short ?? long;
    if (point !== undefined) bytes.push(...encoder.encode(String.fromCodePoint(Number.parseInt(point, 16))));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(LETTERS[char] ?? char.charCodeAt(0));
    from = match.index + all.length;
  }
  bytes.push(...encoder.encode(text.slice(from)));
  return new TextDecoder().decode(new Uint8Array(bytes));
}
