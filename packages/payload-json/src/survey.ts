import { checkDepth, Fault, isWellFormed, spend, spendElements, UNIT } from '@stmp/payload-schema';

/** What is known of a text before it is parsed. */
export interface Survey {
  /** The members of all its objects. */
  readonly members: number;
  /** Whether numbers in it may be integers that `JSON.parse` rounds off. */
  readonly hasBig: boolean;
}

/** So many digits may be more than a double holds. */
const BIG_DIGITS = 16;
/** No double has more, written in full. */
const MAX_DIGITS = 1100;

/**
 * One pass over a text that may be hostile: how deep it nests, and what it holds, which is taken out of the decoding
 * budget. Each object, list and string is a unit; the name of a member is what counts of it.
 */
export function survey(text: string, maxDepth: number): Survey {
  let members = 0;
  let units = 0;
  let elements = 0;
  let depth = 0;
  let digits = 0;
  let isMember = false;
  let hasBig = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      if (digits++ === 0 && !isMember) elements++;
      if (digits === BIG_DIGITS) {
        // It is marked, and so becomes a string.
        units++;
        hasBig = true;
      } else if (digits > MAX_DIGITS) {
        throw new Fault(`a number of more than ${MAX_DIGITS} digits`);
      }
    } else if (code === 0x22) {
      units++;
      digits = 0;
      const end = text.indexOf('"', i + 1);
      i = text.charCodeAt(end - 1) === 0x5c ? closingQuote(text, i, end) : end;
      if (i < 0) break;
    } else if (code === 0x3a) {
      members++;
      isMember = true;
    } else if (code === 0x2c) {
      isMember = false;
      digits = 0;
    } else if (code === 0x7b || code === 0x5b) {
      checkDepth(++depth, maxDepth);
      units++;
      isMember = false;
      digits = 0;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
      digits = 0;
    } else if (code === 0x2e) {
      // The digits of a fraction do not make a number large; they count to its length.
      digits = Math.max(digits, BIG_DIGITS);
    } else if (code === 0x65 || code === 0x45) {
      if (digits !== 0 && text.charCodeAt(i + 1) !== 0x2d) hasBig = true;
    } else if (code === 0x74 || code === 0x66 || code === 0x6e) {
      if (!isMember) elements++;
      i += code === 0x66 ? 4 : 3;
    }
  }
  spend(units * UNIT);
  spendElements(elements);
  return { members, hasBig };
}

/** Where the string that begins at `from` ends, of which a quote was found at `end`; -1 when it does not. */
function closingQuote(text: string, from: number, end: number): number {
  for (let quote = end; quote > from; quote = text.indexOf('"', quote + 1)) {
    let first = quote;
    while (text.charCodeAt(first - 1) === 0x5c) first--;
    if ((quote - first) % 2 === 0) return quote;
  }
  return -1;
}

/** Each escape of a text; half of a surrogate pair is captured. */
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs;
const hasHalves = (text: string): boolean => text.includes('\\') && /\\u[dD]/.test(text);

/** Refuses text that UTF-8 cannot carry: half of a surrogate pair, as it is or as an escape. */
export function checkSurrogates(text: string): void {
  let isLone = !isWellFormed(text);
  if (!isLone && hasHalves(text)) for (const [, lone] of text.matchAll(ESCAPES)) isLone ||= lone !== undefined;
  if (isLone) throw new Fault('a surrogate without its partner');
}

/** What `JSON.stringify` gave, with U+FFFD for half of a surrogate pair, as in all formats. */
export function replaceHalves(text: string): string {
  if (!hasHalves(text)) return text;
  return text.replace(ESCAPES, (whole: string, lone: string | undefined) => (lone === undefined ? whole : '\\ufffd'));
}
