// Branch counters of instrumented code, see instrument.mjs.
export const VARIABLE = '__stmpCoverage';

/** How often a branch was taken, coarsely: 1, 2, 3, 4 to 7, 8 to 31, more. Bits of a mask. */
function stepOf(count) {
  if (count < 4) return 1 << (count - 1);
  return count < 8 ? 8 : count < 32 ? 16 : 32;
}

/**
 * Watches the counters of all instrumented code that is loaded by now.
 *
 * @returns a function that takes the counts since the last call, and tells whether something was new in them.
 */
export function watchCoverage() {
  const all = Object.values(globalThis[VARIABLE] ?? {}).flatMap((file) => Object.values(file.b));
  const seen = all.map((counts) => new Uint8Array(counts.length));
  return () => {
    let isNew = false;
    for (let i = 0; i < all.length; i++) {
      const counts = all[i];
      for (let k = 0; k < counts.length; k++) {
        const count = counts[k];
        if (count === 0) continue;
        counts[k] = 0;
        const step = stepOf(count);
        if ((seen[i][k] & step) !== 0) continue;
        seen[i][k] |= step;
        isNew = true;
      }
    }
    return isNew;
  };
}

/** Branches, and how many of them were taken since the start; call before {@link watchCoverage} takes the counts. */
export function branchCount() {
  return Object.values(globalThis[VARIABLE] ?? {})
    .flatMap((file) => Object.values(file.b))
    .reduce((sum, counts) => sum + counts.length, 0);
}
