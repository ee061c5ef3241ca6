import { type MessageCodec, type MessageType, type PayloadCodec, StmpError } from '@stmp/contract';
import {
  type DecodeOptions,
  fault,
  MAX_DEPTH,
  openBudget,
  type PlainFormat,
  plainValue,
  refusal,
  resolveMaxDecodeUnits,
} from '@stmp/payload-schema';
import { replaceHalves, survey } from './survey.js';

/** A message holds at most one list or map per level, so its text nests no deeper. */
export const MAX_TEXT_DEPTH: number = 2 * MAX_DEPTH + 2;

/** The empty message in full. */
export const EMPTY_OBJECT = '{}';

/** The two methods from which {@link withBytes} makes the others. */
export type TextCodec = Required<Pick<MessageCodec, 'encodeText' | 'decodeText'>>;

/** Makes a codec of text one of bytes too. */
export function withBytes(
  codec: TextCodec,
  typeName: string | undefined,
  utf8: InstanceType<typeof TextDecoder>,
): MessageCodec {
  return {
    ...codec,
    encode: codec.encodeText,
    decode(bytes, start, end) {
      let text: string;
      try {
        text = utf8.decode(bytes.subarray(start, end));
      } catch (error) {
        throw refusal(error, typeName);
      }
      return codec.decodeText(text, 0, text.length);
    },
  };
}

/** What `JSON.stringify` makes of values that it has nothing for: of NaN, a Map, bytes. */
const LOSS = /null|\{\}|\{"0":|"type":"Buffer"/;

/** What `JSON.stringify` does not change. */
const LOSSLESS: PlainFormat = {
  check(value) {
    const isKept =
      value === null ||
      value === undefined ||
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      Number.isFinite(value) ||
      (value instanceof Date && !Number.isNaN(value.getTime()));
    return isKept ? false : fault('JSON value', value);
  },
  isLeaf: (value) => ArrayBuffer.isView(value),
};

/** Plain values, for methods without message types. */
export function plainText(maxUnits: number): TextCodec {
  /** No shorter text can nest too deep, or hold too much. */
  const checkedLength = Math.min(MAX_TEXT_DEPTH, maxUnits);
  return {
    encodeText(value) {
      if (value === undefined) return undefined;
      try {
        const text = JSON.stringify(value) ?? fault('JSON value', value);
        if (LOSS.test(text)) plainValue(value, LOSSLESS);
        return replaceHalves(text);
      } catch (error) {
        throw refusal(error, undefined);
      }
    },
    decodeText(text, start, end) {
      if (start === end) return undefined;
      try {
        const json = text.slice(start, end);
        if (json.length > checkedLength) {
          openBudget(maxUnits);
          survey(json, MAX_TEXT_DEPTH);
        }
        return JSON.parse(json);
      } catch (error) {
        throw refusal(error, undefined);
      }
    },
  };
}

/** A decoder that refuses broken UTF-8. */
export const createUtf8Decoder = (): InstanceType<typeof TextDecoder> =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Payloads as JSON text for methods without message types: values as `JSON` itself knows them, and a fraction of the
 * code of `jsonCodec`. A method with message types is `unsupported`.
 */
export function plainJsonCodec(options: DecodeOptions = {}): PayloadCodec {
  const plain = withBytes(plainText(resolveMaxDecodeUnits(options)), undefined, createUtf8Decoder());
  return {
    contentType: 'application/json',
    text: true,
    emptyMessage: EMPTY_OBJECT,
    message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
      if (type !== undefined)
        throw new StmpError('unsupported', `plain JSON knows no message types, got ${type.typeName}`);
      return plain as MessageCodec<T, I>;
    },
  };
}
