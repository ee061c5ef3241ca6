export { shortAscii } from './ascii.js';
export {
  checkMet,
  DEFAULT_MAX_DECODE_UNITS,
  type DecodeOptions,
  elementCost,
  meet,
  openBudget,
  openTreeBudget,
  resolveMaxDecodeUnits,
  spend,
  spendElements,
  UNIT,
} from './budget.js';
export { at, builtIn, checkDepth, Fault, fault, MAX_DEPTH, refusal } from './fault.js';
export { camelPath, dateFromTimestamp, type Rule, ruleOf, snakePath, timestampFromDate } from './known.js';
export { goName, jsonName, upperFirst } from './names.js';
export { type PlainFormat, plainValue } from './plain.js';
export { CHECKS, EMPTY, isWellFormed, isZero, keyValue, wellFormed, zeroOf } from './scalars.js';
export {
  entriesOf,
  isObject,
  type SendSlot,
  sendEntries,
  sendList,
  sendMessage,
  sendSlots,
  type Write,
} from './send.js';
export { type FieldShape, fill, memo, type Shape, type Slot, setKey, shapeOf } from './shape.js';
export { pass, type TreeFormat, type TreeReader, treeReaders } from './tree.js';
export { type Adapter, adapterOf, isNullValue, plainCopy, plainLeaf } from './well-known.js';
