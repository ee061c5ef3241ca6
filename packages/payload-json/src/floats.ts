/** The smallest number that a float holds at full precision. */
const MIN_NORMAL = 2 ** -126;

/** The shortest decimal number that is this float again, where a double's digits would be up to 17. */
export function floatText(value: number): string {
  const float = Math.fround(value);
  if (Number.isInteger(float) && Math.abs(float) < 1e7) return String(float);
  // Six digits always come back from a float, so fewer need not be tried; but below the normal ones there are fewer.
  for (let digits = Math.abs(float) < MIN_NORMAL ? 1 : 6; digits < 9; digits++) {
    const shorter = Number(float.toPrecision(digits));
    if (Math.fround(shorter) === float) return String(shorter);
  }
  return String(Number(float.toPrecision(9)));
}
