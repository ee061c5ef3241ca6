import { checkDepth, ELEMENT, spend, UNIT } from '@stmp/payload-schema';

const NUMBER = /-?[0-9][0-9.eE+-]*/y;
const COLON = /\s*:/y;

/**
 * `JSON.parse` rounds integers above 2^53, which the original writes bare. This puts each bare integer of 16 digits
 * or more into a string that begins with `mark`, for the schema to judge; the same pass counts how deep the text nests,
 * and takes what it holds out of the decoding budget. One pass, and what is no JSON stays no JSON.
 */
export function markBigIntegers(text: string, mark: string, maxDepth: number): string {
  let marked = '';
  let done = 0;
  let depth = 0;
  let isMember = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      // Of a member the name is what counts.
      spend(UNIT);
      i = closingQuote(text, i);
      if (i < 0) break;
    } else if (code === 0x5b || code === 0x7b) {
      checkDepth(++depth, maxDepth);
      spend(UNIT);
      isMember = false;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    } else if (code === 0x3a || code === 0x2c) {
      isMember = code === 0x3a;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      if (!isMember) spend(ELEMENT);
      NUMBER.lastIndex = i;
      const number = NUMBER.exec(text)?.[0] ?? '-';
      const end = i + number.length;
      COLON.lastIndex = end;
      if (/^-?[1-9]\d{15,}$/.test(number) && !COLON.test(text)) {
        marked += `${text.slice(done, i)}"${mark}${number}"`;
        done = end;
      }
      i = end - 1;
    } else if (code === 0x74 || code === 0x66 || code === 0x6e) {
      if (!isMember) spend(ELEMENT);
      i += 3;
    }
  }
  return marked + text.slice(done);
}

/** Where the string that begins at `from` ends; -1 when it does not. */
function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0) {
    let first = end;
    while (text.charCodeAt(first - 1) === 0x5c) first--;
    if ((end - first) % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  return end;
}
