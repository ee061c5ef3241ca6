/** From 0 up to 1; or a whole number, from 0 up to `below`. */
export type Random = (below?: number) => number;

/**
 * Numbers that look random and are the same in every run.
 * `STMP_SEED=7` makes other ones of every seed: what is shown with these has to hold with those.
 */
export function seeded(seed: number): Random;
