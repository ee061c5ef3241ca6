import type { MessageCodec, MessageType, PayloadCodec } from '@stmp/contract';
import {
  checkMet,
  type DecodeOptions,
  fault,
  memo,
  openBudget,
  openTreeBudget,
  type PlainFormat,
  plainValue,
  refusal,
  resolveMaxDecodeUnits,
} from '@stmp/payload-schema';
import { type EncodeOptions, encode, Token, Type } from 'cborg';
import { parseTree } from './parse.js';
import { readerOf } from './read.js';
import { treeOf } from './write.js';

export type CborCodecOptions = DecodeOptions;

/** The empty message in full. */
const EMPTY_MAP = Uint8Array.of(0xa0);

const ENCODING: EncodeOptions = {
  ignoreUndefinedProperties: true,
  // An integer has no such zero.
  typeEncoders: { number: (value: number) => (Object.is(value, -0) ? new Token(Type.float, value) : null) },
};

/** What the encoder writes as it is; it refuses a bigint of more than 64 bits, and half a pair is U+FFFD. */
const PLAIN: PlainFormat = {
  check(value) {
    const isObject = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
    return isObject || typeof value === 'function' || typeof value === 'symbol'
      ? fault('a value of CBOR', value)
      : false;
  },
  isLeaf: () => false,
};

function attempt<T>(typeName: string | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw refusal(error, typeName);
  }
}

/**
 * Payloads as CBOR (`application/cbor`), by message types as maps with lowerCamelCase names, or plain values.
 * @throws RangeError for a `maxDecodeUnits` that is no budget.
 */
export function cborCodec(options: CborCodecOptions = {}): PayloadCodec {
  const maxUnits = resolveMaxDecodeUnits(options);

  const codecOf = memo((type: MessageType): MessageCodec => {
    const { typeName } = type;
    const toTree = treeOf(type);
    const reader = readerOf(type);
    const isVoid = typeName === 'google.protobuf.Empty';
    // The empty message of this type is null, and the empty map is another value.
    const isValue = typeName === 'google.protobuf.Value';
    const read = (bytes: Uint8Array, start: number, end: number): unknown => {
      if (start === end) return reader.zero();
      openTreeBudget(maxUnits);
      const tree = parseTree(bytes, start, end);
      openBudget(maxUnits);
      const value = reader.read(tree.value, 1);
      checkMet(tree.members);
      return value;
    };
    return {
      encode(value) {
        if (value === undefined) return undefined;
        const bytes = attempt(typeName, () => encode(toTree(value, 1), ENCODING));
        return bytes.length === 1 && bytes[0] === EMPTY_MAP[0] && !isValue ? undefined : bytes;
      },
      decode: (bytes, start, end) =>
        attempt(typeName, () => {
          openBudget(maxUnits);
          const value = read(bytes, start, end);
          return isVoid ? undefined : value;
        }),
    };
  });

  const plain: MessageCodec = {
    encode: (value) =>
      value === undefined ? undefined : attempt(undefined, () => encode(plainValue(value, PLAIN), ENCODING)),
    decode: (bytes, start, end) =>
      attempt(undefined, () => {
        openBudget(maxUnits);
        return start === end ? undefined : parseTree(bytes, start, end).value;
      }),
  };

  return {
    contentType: 'application/cbor',
    text: false,
    emptyMessage: EMPTY_MAP,
    message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
      return (type === undefined ? plain : codecOf(type as MessageType)) as MessageCodec<T, I>;
    },
  };
}
