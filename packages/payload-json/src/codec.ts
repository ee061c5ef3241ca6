import type { MessageCodec, MessageType, PayloadCodec } from '@stmp/contract';
import {
  checkMet,
  type DecodeOptions,
  memo,
  openBudget,
  openTreeBudget,
  refusal,
  resolveMaxDecodeUnits,
} from '@stmp/payload-schema';
import { type AnyTypes, anyTypesOf } from './any.js';
import { markBigNumbers } from './big.js';
import { createUtf8Decoder, EMPTY_OBJECT, MAX_TEXT_DEPTH, plainText, withBytes } from './plain.js';
import { readers, withMark } from './read.js';
import { checkSurrogates, survey } from './survey.js';
import type { TextOut } from './text-out.js';
import { writers } from './write.js';

export interface JsonCodecOptions extends DecodeOptions {
  /**
   * How payloads are written; read are both. `proto3` is the JSON mapping of Protocol Buffers. `stmp-go` is what the
   * original understands: names as in the `.proto`, 64-bit integers bare, enums as numbers. Default: the one that each
   * connection's peer understands. Source: STMP 1.0, section 10.
   */
  readonly dialect?: 'proto3' | 'stmp-go';
  /**
   * The message types that an Any may hold, besides the well-known ones: with them JSON has the message in it, beside
   * `@type`, as Protocol Buffers do. Without them an Any is `{"typeUrl","value"}`, and one with `@type` is refused.
   */
  readonly anyTypes?: readonly MessageType<unknown, never>[] | undefined;
  /** What the bytes in an Any are written and read by: `protobufCodec()`. Needed by {@link anyTypes}. */
  readonly anyCodec?: PayloadCodec | undefined;
}

/** Shorter texts cannot nest so deep that parsing them could hurt; reading by the schema then ends at its own limit. */
const DEEP_TEXT_LENGTH = 4096;

function parse(text: string, maxUnits: number, read: (tree: unknown) => unknown): unknown {
  openTreeBudget(maxUnits);
  const { members, hasBig } = survey(text, text.length > DEEP_TEXT_LENGTH ? MAX_TEXT_DEPTH : DEEP_TEXT_LENGTH);
  checkSurrogates(text);
  const mark = hasBig ? `${Math.random()}:` : '';
  const tree = JSON.parse(hasBig ? markBigNumbers(text, mark) : text);
  openBudget(maxUnits);
  const value = hasBig ? withMark(mark, () => read(tree)) : read(tree);
  checkMet(members);
  return value;
}

/**
 * Payloads as JSON text (`application/json`), by message types or, without one, plain values as `JSON` itself knows them.
 * @throws TypeError for `anyTypes` without `anyCodec`; RangeError for an unknown dialect, or a `maxDecodeUnits` that is no budget.
 */
export function jsonCodec(options: JsonCodecOptions = {}): PayloadCodec {
  const { dialect } = options;
  if (dialect !== undefined && dialect !== 'proto3' && dialect !== 'stmp-go') {
    throw new RangeError(`dialect must be 'proto3' or 'stmp-go', got ${JSON.stringify(dialect)}`);
  }
  const { anyTypes, anyCodec } = options;
  if (anyTypes !== undefined && anyCodec === undefined) {
    throw new TypeError('anyTypes needs anyCodec: protobufCodec(), for the bytes of an Any');
  }
  const maxUnits = resolveMaxDecodeUnits(options);
  const types = anyTypes && anyCodec && anyTypesOf(anyTypes, anyCodec);
  return dialect === undefined
    ? { ...inDialect('proto3', maxUnits, types), towardsOriginal: inDialect('stmp-go', maxUnits, types) }
    : inDialect(dialect, maxUnits, types);
}

function inDialect(dialect: 'proto3' | 'stmp-go', maxUnits: number, types: AnyTypes | undefined): PayloadCodec {
  const writerOf = writers(dialect === 'stmp-go', types);
  const readerOf = readers(types);
  const utf8 = createUtf8Decoder();

  const codecOf = memo((type: MessageType): MessageCodec => {
    const { typeName } = type;
    const write = writerOf(type);
    const reader = readerOf(type);
    const isVoid = typeName === 'google.protobuf.Empty';
    // The empty message of this type is null, and `{}` is another value.
    const isValue = typeName === 'google.protobuf.Value';
    return withBytes(
      {
        encodeText(value) {
          if (value === undefined) return undefined;
          const out: TextOut = { text: '', comma: '' };
          try {
            write(value, out, 1);
          } catch (error) {
            throw refusal(error, typeName);
          }
          return out.text === EMPTY_OBJECT && !isValue ? undefined : out.text;
        },
        decodeText(text, start, end) {
          try {
            if (start === end) {
              openBudget(maxUnits);
              return isVoid ? undefined : reader.zero();
            }
            const value = parse(text.slice(start, end), maxUnits, (tree) => reader.read(tree, 1));
            return isVoid ? undefined : value;
          } catch (error) {
            throw refusal(error, typeName);
          }
        },
      },
      typeName,
      utf8,
    );
  });

  const plain = withBytes(plainText(maxUnits), undefined, utf8);
  return {
    contentType: 'application/json',
    text: true,
    emptyMessage: EMPTY_OBJECT,
    message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
      return (type === undefined ? plain : codecOf(type as MessageType)) as MessageCodec<T, I>;
    },
  };
}
