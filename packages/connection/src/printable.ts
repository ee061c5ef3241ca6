/** What moves a terminal's cursor, breaks a line of a log, or turns the direction of text around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of a peer for logs and hooks: one line, with control characters written out as `\x1b` or `\u2028`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (letter) => {
    const code = letter.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`;
  });
}
