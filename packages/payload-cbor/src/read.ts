import type { MessageType, ScalarType } from '@stmp/contract';
import { CHECKS, plainLeaf, type TreeReader, treeReaders } from '@stmp/payload-schema';

/** Integers come as bigint where a number does not hold them. */
const narrow = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

const SCALARS: { readonly [K in ScalarType]: (value: unknown) => unknown } = {
  ...CHECKS,
  double: (value) => CHECKS.double(narrow(value)),
  float: (value) => Math.fround(CHECKS.float(narrow(value)) as number),
};

/** The readers of message types out of parsed CBOR. */
export const readerOf: (type: MessageType) => TreeReader = /* @__PURE__ */ treeReaders({
  scalars: SCALARS,
  enumeration: (value) => CHECKS.int32(value) as number,
  leaf: (value) => plainLeaf(narrow(value)),
  form: () => undefined,
  otherName: ({ name }) => name,
});
