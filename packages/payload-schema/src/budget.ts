import { Fault } from './fault.js';

/** Default of {@link DecodeOptions.maxDecodeUnits}. */
export const DEFAULT_MAX_DECODE_UNITS = 100_000;

/** The option of every payload codec that bounds what one payload may become in memory. */
export interface DecodeOptions {
  /**
   * How much one received payload may hold, in units: a message, a string, bytes and an entry of a map are one each, a
   * scalar in a list a sixteenth, other scalars nothing. Of plain values, objects and lists count as messages. A payload
   * above it is refused as `payload_invalid`, before most of it is built. Default 100_000, at least 1; `Infinity`: none.
   */
  readonly maxDecodeUnits?: number | undefined;
}

/** Bounds are counted in sixteenths of a unit. */
export const UNIT = 16;
export const ELEMENT = 1;

/**
 * What JSON and MessagePack build before the types are known counts each object, list, string and member as a unit, and
 * may be this many times the budget; a message of the type then counts as in all codecs.
 */
export const TREE_FACTOR = 4;

/** @throws RangeError for what is no budget. */
export function resolveMaxDecodeUnits({ maxDecodeUnits = DEFAULT_MAX_DECODE_UNITS }: DecodeOptions): number {
  if (maxDecodeUnits !== Infinity && !(Number.isSafeInteger(maxDecodeUnits) && maxDecodeUnits >= 1)) {
    throw new RangeError(`maxDecodeUnits must be an integer of at least 1 or Infinity, got ${String(maxDecodeUnits)}`);
  }
  return maxDecodeUnits;
}

let most = Infinity;
let left = Infinity;

/** Begins a payload of at most `units` times `factor`. Decoding calls nobody outside, so there is one budget at a time. */
export function openBudget(units: number, factor = 1): void {
  most = units;
  left = units * factor * UNIT;
}

/** Takes sixteenths of a unit out of the budget, before what they are for is built. */
export function spend(sixteenths: number): void {
  left -= sixteenths;
  if (left < 0) throw new Fault(`more than ${most} units to decode`);
}
