/** murmur3 x86_32 with seed 0, unsigned. Public domain algorithm by Austin Appleby. */
export function murmur3(bytes: Uint8Array): number {
  const C1 = 0xcc9e2d51;
  const C2 = 0x1b873593;
  const whole = bytes.length & ~3;
  let hash = 0;
  let k = 0;
  const mix = (word: number): number => {
    const m = Math.imul(word, C1);
    return Math.imul((m << 15) | (m >>> 17), C2);
  };
  const at = (i: number): number => bytes[i] ?? 0;
  for (let i = 0; i < whole; i += 4) {
    hash ^= mix(at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  for (let i = bytes.length - 1; i >= whole; i--) k = (k << 8) | at(i);
  if (whole < bytes.length) hash ^= mix(k);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
