import type { MessageCodec, MessageType, PayloadCodec } from '@stmp/contract';
import {
  checkMet,
  type DecodeOptions,
  fault,
  memo,
  openBudget,
  openTreeBudget,
  plainValue,
  refusal,
  resolveMaxDecodeUnits,
} from '@stmp/payload-schema';
import { Output } from './output.js';
import { parse, parseTree, type ReadExtension } from './parse.js';
import { anyExtension, PLAIN } from './plain.js';
import { readerOf } from './read.js';
import { writers } from './write.js';

export interface MsgpackCodecOptions extends DecodeOptions {
  /**
   * How payloads are written; read are both. `proto3` are maps with lowerCamelCase names. `stmp-go` is what the
   * original understands: the names of its structs; a oneof is refused, since it would end the original's process.
   * Default: the one that each connection's peer understands. Source: STMP 1.0, section 10.
   */
  readonly dialect?: 'proto3' | 'stmp-go';
}

/** The empty message in full. */
const EMPTY_MAP = Uint8Array.of(0x80);
/** A type of more than 15 fields keeps room for a longer head. */
const isEmptyMap = (bytes: Uint8Array): boolean =>
  bytes.length === 1 ? bytes[0] === EMPTY_MAP[0] : bytes.length === 3 && bytes[0] === 0xde && !bytes[1] && !bytes[2];

const noExtension: ReadExtension = (_, data) => fault('a value of the schema', data);

/**
 * Payloads as MessagePack (`application/msgpack`), by message types or, without one, plain values as @msgpack/msgpack
 * knows them: `bigint` as 64-bit integers, `Uint8Array` as bytes, `Date` as timestamp.
 * @throws RangeError for an unknown dialect, or a `maxDecodeUnits` that is no budget.
 */
export function msgpackCodec(options: MsgpackCodecOptions = {}): PayloadCodec {
  const { dialect } = options;
  if (dialect !== undefined && dialect !== 'proto3' && dialect !== 'stmp-go') {
    throw new RangeError(`dialect must be 'proto3' or 'stmp-go', got ${JSON.stringify(dialect)}`);
  }
  const maxUnits = resolveMaxDecodeUnits(options);
  return dialect === undefined
    ? { ...inDialect('proto3', maxUnits), towardsOriginal: inDialect('stmp-go', maxUnits) }
    : inDialect(dialect, maxUnits);
}

function inDialect(dialect: 'proto3' | 'stmp-go', maxUnits: number): PayloadCodec {
  const writerOf = writers(dialect === 'stmp-go');
  let spare: Output | undefined;

  /** Runs `write` on the kept output, or on another while a getter of a value being written calls back in here. */
  const written = (typeName: string | undefined, write: (output: Output) => void): Uint8Array => {
    const output = spare ?? new Output();
    spare = undefined;
    try {
      output.begin();
      write(output);
      return output.finish();
    } catch (error) {
      throw refusal(error, typeName);
    } finally {
      spare = output;
    }
  };

  const codecOf = memo((type: MessageType): MessageCodec => {
    const { typeName } = type;
    const write = writerOf(type);
    const reader = readerOf(type);
    const isVoid = typeName === 'google.protobuf.Empty';
    // The empty message of this type is null, and the empty map is another value.
    const isValue = typeName === 'google.protobuf.Value';
    return {
      encode(value) {
        if (value === undefined) return undefined;
        const bytes = written(typeName, (output) => write(value, output, 1));
        return isEmptyMap(bytes) && !isValue ? undefined : bytes;
      },
      decode(bytes, start, end) {
        try {
          openTreeBudget(maxUnits);
          const tree = start === end ? undefined : parseTree(bytes, start, end, noExtension);
          openBudget(maxUnits);
          const value = tree === undefined ? reader.zero() : reader.read(tree.value, 1);
          if (tree !== undefined) checkMet(tree.members);
          return isVoid ? undefined : value;
        } catch (error) {
          throw refusal(error, typeName);
        }
      },
    };
  });

  const plain: MessageCodec = {
    encode(value) {
      if (value === undefined) return undefined;
      return written(undefined, (output) => output.value(plainValue(value, PLAIN)));
    },
    decode(bytes, start, end) {
      try {
        openBudget(maxUnits);
        return start === end ? undefined : parse(bytes, start, end, anyExtension);
      } catch (error) {
        throw refusal(error, undefined);
      }
    },
  };

  return {
    contentType: 'application/msgpack',
    text: false,
    emptyMessage: EMPTY_MAP,
    message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
      return (type === undefined ? plain : codecOf(type as MessageType)) as MessageCodec<T, I>;
    },
  };
}
