import { checkDepth } from '@stmp/payload-schema';

const NUMBER = /-?[0-9][0-9.eE+-]*/y;
const COLON = /\s*:/y;

/**
 * `JSON.parse` rounds integers above 2^53, which the original writes bare. This puts each bare integer of 16 digits
 * or more into a string that begins with `mark`, for the schema to judge; the same pass counts how deep the text nests.
 * One pass, and what is no JSON stays no JSON.
 */
export function markBigIntegers(text: string, mark: string, maxDepth: number): string {
  let marked = '';
  let done = 0;
  let depth = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      isString = !isString;
    } else if (isString) {
      if (code === 0x5c) i++;
    } else if (code === 0x5b || code === 0x7b) {
      checkDepth(++depth, maxDepth);
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = i;
      const number = NUMBER.exec(text)?.[0] ?? '-';
      const end = i + number.length;
      COLON.lastIndex = end;
      if (/^-?[1-9]\d{15,}$/.test(number) && !COLON.test(text)) {
        marked += `${text.slice(done, i)}"${mark}${number}"`;
        done = end;
      }
      i = end - 1;
    }
  }
  return marked + text.slice(done);
}
