import { Fault } from './fault.js';

/** Default of {@link DecodeOptions.maxDecodeUnits}. */
export const DEFAULT_MAX_DECODE_UNITS = 100_000;

/** The option of every payload codec that bounds what one payload may become in memory. */
export interface DecodeOptions {
  /**
   * How much one received payload may hold, in units: a message, a string, bytes and an entry of a map are one each, a
   * scalar in a list a sixteenth, or an eighth if it has 64 bits. A message of a type with more than six fields, where
   * a list or map counts as two and a oneof as one, is three sixteenths more for each further: it has them all, set or not. Of
   * plain values, objects and lists count as messages. A payload above it is refused as `payload_invalid`, before most
   * of it is built. Default 100_000, at least 1; `Infinity`: none.
   */
  readonly maxDecodeUnits?: number | undefined;
}

/** Bounds are counted in sixteenths of a unit. */
export const UNIT = 16;
export const ELEMENT = 1;

const LONG_ELEMENT = 2;

/** What a scalar of this kind in a list takes. */
export const elementCost = (kind: string): number => (kind.endsWith('64') ? LONG_ELEMENT : ELEMENT);

const FIELDS_IN_UNIT = 6;
const FIELD = 3;

/** What a message with these fields takes: each is there, whatever was received, and lists and maps are objects. */
export function messageCost(slots: readonly { readonly list: boolean; readonly map: boolean }[]): number {
  const fields = slots.reduce((sum, { list, map }) => sum + (list || map ? 2 : 1), 0);
  return UNIT + FIELD * Math.max(0, fields - FIELDS_IN_UNIT);
}

/** @throws RangeError for what is no budget. */
export function resolveMaxDecodeUnits({ maxDecodeUnits = DEFAULT_MAX_DECODE_UNITS }: DecodeOptions): number {
  if (maxDecodeUnits !== Infinity && !(Number.isSafeInteger(maxDecodeUnits) && maxDecodeUnits >= 1)) {
    throw new RangeError(`maxDecodeUnits must be an integer of at least 1 or Infinity, got ${String(maxDecodeUnits)}`);
  }
  return maxDecodeUnits;
}

let most = Infinity;
let left = Infinity;
let elements = Infinity;
let members = 0;

/** Begins a payload of at most `units`. Decoding calls nobody outside, so there is one budget at a time. */
export function openBudget(units: number): void {
  most = units;
  left = units * UNIT;
  elements = left;
  members = 0;
}

const TREE_FACTOR = 2;
const TREE_UNITS = 1000;

/**
 * As {@link openBudget}, for what JSON and MessagePack build before the types are known. There each object, list, string
 * and member counts as a unit, and it may be twice the budget, or small; read by its type it then counts as in all codecs.
 * Scalars in lists count the same there as here, and have no more than the budget.
 */
export function openTreeBudget(units: number): void {
  openBudget(units);
  left = Math.max(units * TREE_FACTOR, TREE_UNITS) * UNIT;
  elements = Math.max(units, TREE_UNITS) * UNIT;
}

/** Takes sixteenths of a unit out of the budget, before what they are for is built. */
export function spend(sixteenths: number): void {
  left -= sixteenths;
  if (left < 0) throw new Fault(`more than ${most} units to decode`);
}

/** Takes so many scalars in lists out of the budget, whose types are not known. */
export function spendElements(count: number): void {
  elements -= count * ELEMENT;
  if (elements < 0) throw new Fault(`more than ${most} units to decode`);
  spend(count * ELEMENT);
}

/** Notes that so many members of parsed objects were read, or passed over. */
export function meet(count: number): void {
  members += count;
}

/**
 * Refuses a parsed tree of which less was met than its source had members: objects keep one of two members of a name.
 * @param given the members that were in the source.
 */
export function checkMet(given: number): void {
  if (members !== given) throw new Fault('a name occurs twice in an object');
}
