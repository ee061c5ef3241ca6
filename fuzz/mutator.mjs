// Changes to inputs, blind to what they mean.
const TELLING = [0, 1, 2, 7, 8, 0x0a, 0x10, 0x1f, 0x20, 0x22, 0x3a, 0x3b, 0x7f, 0x80, 0x8b, 0xc0, 0xfe, 0xff];
const TELLING_WORDS = [
  0, 1, 31, 32, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

/**
 * A changed copy of one of the pool: one to six changes, at most `maxBytes` long.
 *
 * @param tokens Pieces that the format knows, to be put in anywhere.
 */
export function mutate(next, pool, tokens, maxBytes) {
  // Half of the time one of the latest: what was found last has been tried least.
  const recent = next(2) === 0 ? Math.min(pool.length, 32) : pool.length;
  let bytes = pool[pool.length - 1 - next(recent)].slice();
  for (let left = 1 + next(1 + next(6)); left > 0; left--) {
    const at = next(bytes.length + 1);
    const length = 1 + next(next(4) === 0 ? 32 : 4);
    switch (next(12)) {
      case 0:
        if (at < bytes.length) bytes[at] ^= 1 << next(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = next(256);
        break;
      case 2:
        if (at < bytes.length) bytes[at] = TELLING[next(TELLING.length)];
        break;
      case 3:
        if (at < bytes.length) bytes[at] += next(2) === 0 ? 1 + next(8) : -1 - next(8);
        break;
      case 4: {
        const word = TELLING_WORDS[next(TELLING_WORDS.length)];
        for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = word >>> (8 * i);
        break;
      }
      case 5:
        bytes = join(bytes.subarray(0, at), bytes.subarray(at + length));
        break;
      case 6:
        bytes = join(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length)));
        break;
      case 7: {
        const other = pool[next(pool.length)];
        bytes = join(bytes.subarray(0, at), other.subarray(next(other.length + 1)));
        break;
      }
      case 8: {
        const other = pool[next(pool.length)];
        const from = next(other.length + 1);
        bytes = join(bytes.subarray(0, at), other.subarray(from, from + 4 * length), bytes.subarray(at));
        break;
      }
      case 9:
        bytes = join(
          bytes.subarray(0, at),
          Uint8Array.from({ length }, () => next(256)),
          bytes.subarray(at),
        );
        break;
      case 10:
        if (tokens.length > 0) bytes = join(bytes.subarray(0, at), tokens[next(tokens.length)], bytes.subarray(at));
        break;
      default:
        if (next(4) === 0) bytes = bytes.slice(0, at);
    }
  }
  return bytes.length > maxBytes ? bytes.slice(0, maxBytes) : bytes;
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
