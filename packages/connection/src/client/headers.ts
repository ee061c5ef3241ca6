import type { Headers } from '@stmp/contract';

const isPair = (pair: unknown): boolean =>
  Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && typeof pair[1] === 'string';

/** Throws a TypeError, which tells no value, for what is no list of names and values. */
export function checkHeaders(headers: Headers | undefined): Headers | undefined {
  if (headers === undefined || (Array.isArray(headers) && headers.every(isPair))) return headers;
  throw new TypeError('headers must be a list of [name, value], both strings');
}
