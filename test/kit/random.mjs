const SHIFT = Number(process.env.STMP_SEED ?? 0);

/**
 * Numbers that look random and are the same in every run (mulberry32): from 0 up to 1, or whole ones below a bound.
 * `STMP_SEED=7` makes other ones of every seed: what is shown with these has to hold with those.
 */
export function seeded(seed) {
  let state = (seed ^ Math.imul(SHIFT, 0x9e3779b1)) | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const number = ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    return below === undefined ? number : Math.floor(number * below);
  };
}
