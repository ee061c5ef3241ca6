const NUMBER = /-?[0-9][0-9.eE+-]*/y;
const COLON = /\s*:/y;
/** A number with 16 digits or more before its point, or with an exponent that makes it larger. */
const BIG = /^-?(?:[1-9]\d{15,}(?:\.\d+)?(?:[eE][+-]?\d+)?|(?:0|[1-9]\d*)(?:\.\d+)?[eE]\+?\d+)$/;

/**
 * `JSON.parse` rounds integers above 2^53, which the original writes bare. This puts each bare number that may be such
 * into a string that begins with `mark`, for the schema to judge. One pass, and what is no JSON stays no JSON.
 */
export function markBigNumbers(text: string, mark: string): string {
  let marked = '';
  let done = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      isString = !isString;
    } else if (isString) {
      if (code === 0x5c) i++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = i;
      const number = NUMBER.exec(text)?.[0] ?? '-';
      const end = i + number.length;
      COLON.lastIndex = end;
      if (BIG.test(number) && !COLON.test(text)) {
        marked += `${text.slice(done, i)}"${mark}${number}"`;
        done = end;
      }
      i = end - 1;
    }
  }
  return marked + text.slice(done);
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** No integer of 64 bits has more digits. */
const MAX_DIGITS = 20;

/** The integer that a decimal number stands for, such as `1.5e3`; undefined where it has a fraction, or is too large. */
export function integerOf(text: string): bigint | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return whole === '' ? undefined : 0n;
  const zeros = digits.length - kept.length - fraction.length + Number(exponent);
  if (zeros < 0 || kept.length + zeros > MAX_DIGITS) return undefined;
  return BigInt(sign + kept + '0'.repeat(zeros));
}
