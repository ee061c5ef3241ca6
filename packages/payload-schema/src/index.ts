export {
  DEFAULT_MAX_DECODE_UNITS,
  type DecodeOptions,
  ELEMENT,
  openBudget,
  resolveMaxDecodeUnits,
  spend,
  TREE_FACTOR,
  UNIT,
} from './budget.js';
export { at, checkDepth, Fault, fault, MAX_DEPTH, refusal } from './fault.js';
export { goName, jsonName, upperFirst } from './names.js';
export { CHECKS, EMPTY, isZero, keyValue, wellFormed, zeroOf } from './scalars.js';
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
export { type TreeFormat, type TreeReader, treeReaders } from './tree.js';
export { type Adapter, adapterOf, isNullValue, plainCopy, plainLeaf } from './well-known.js';
