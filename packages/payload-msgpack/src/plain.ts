import { decodeTimestampToTimeSpec, ExtData } from '@msgpack/msgpack';
import { fault, isWellFormed, type PlainFormat, wellFormed } from '@stmp/payload-schema';
import type { ReadExtension } from './parse.js';

/** What the Encoder writes as it is; it would send a Map as no members, and a bigint of any size as its last 64 bits. */
export const PLAIN: PlainFormat = {
  check(value) {
    if (typeof value === 'string') return !isWellFormed(value);
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) fault('64-bit integer', value);
      return false;
    }
    const isKept =
      value === null ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === undefined ||
      value instanceof Uint8Array ||
      value instanceof ExtData ||
      (value instanceof Date && !Number.isNaN(value.getTime()));
    return isKept ? false : fault('a value of MessagePack', value);
  },
  map: (value) => (typeof value === 'string' ? wellFormed(value) : value),
  isLeaf: (value) => value instanceof ExtData,
};

const TIMESTAMP = -1;

/** An extension: of type -1 a Date, by the millisecond in which the moment lies, of others an ExtData. */
export const anyExtension: ReadExtension = (type, data) => {
  if (type !== TIMESTAMP) return new ExtData(type, data);
  const { sec, nsec } = decodeTimestampToTimeSpec(data);
  const date = new Date(sec * 1000 + Math.floor(nsec / 1_000_000));
  return Number.isNaN(date.getTime()) ? fault('a time that a Date can tell', date) : date;
};
