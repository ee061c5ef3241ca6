import { type MessageCodec, type MessageType, type PayloadCodec, type PayloadWriter, StmpError } from '@stmp/contract';
import { type DecodeOptions, isObject, memo, openBudget, refusal, resolveMaxDecodeUnits } from '@stmp/payload-schema';
import { Reader, Writer } from 'protobufjs/minimal.js';
import { bodyOf } from './message.js';

/** A writer is kept for the next message unless it has grown larger than this. */
const MAX_KEPT_BYTES = 65_536;
/** The empty message in full. */
const NO_BYTES = new Uint8Array(0);

/** A protobufjs writer that holds one message, and is used again once its bytes were taken. */
class Output implements PayloadWriter {
  readonly writer: Writer = Writer.create();
  len = 0;
  #taken = false;
  readonly #giveBack: (output: Output) => void;

  constructor(giveBack: (output: Output) => void) {
    this.#giveBack = giveBack;
  }

  begin(): Writer {
    this.#taken = false;
    return this.writer.reset();
  }

  finishInto(slab: Uint8Array, offset: number): Uint8Array {
    if (this.#taken) throw new StmpError('bad_state', 'finishInto was called twice');
    this.#taken = true;
    const { writer, len } = this;
    const { buf } = writer;
    // `set` needs a view of its own, which costs more than it saves below some 64 bytes.
    if (len > 64) writer.finishInto(slab, offset);
    else for (let i = 0; i < len; i++) slab[offset + i] = buf[i]!;
    if (buf.length <= MAX_KEPT_BYTES) this.#giveBack(this);
    return slab;
  }
}

export interface ProtobufCodecOptions extends DecodeOptions {}

/**
 * Payloads as proto3 binary (`application/protobuf`), written and read by protobufjs along the field tables.
 * Plain values without a message type are `unsupported`.
 *
 * `encode` returns a writer: its bytes are to be taken by `finishInto`, once, and before they are it holds memory of its own.
 * @throws RangeError for a `maxDecodeUnits` that is no budget.
 */
export function protobufCodec(options: ProtobufCodecOptions = {}): PayloadCodec {
  const maxUnits = resolveMaxDecodeUnits(options);
  let spare: Output | undefined;
  const giveBack = (output: Output): void => {
    spare = output;
  };

  const codecOf = memo((type: MessageType): MessageCodec => {
    const { typeName } = type;
    const body = bodyOf(type);
    const isVoid = typeName === 'google.protobuf.Empty';
    return {
      encode(value) {
        if (value === undefined) return undefined;
        const output = spare ?? new Output(giveBack);
        // Until the bytes are taken nobody else may write here, not even a getter of `value`.
        spare = undefined;
        try {
          const writer = output.begin();
          body.write(value, writer, 1);
          output.len = writer.pos;
        } catch (error) {
          throw refusal(error, typeName);
        }
        if (output.len > 0) return output;
        spare = output;
        return undefined;
      },
      decode(bytes, start, end) {
        try {
          openBudget(maxUnits);
          const reader = new Reader(bytes);
          reader.pos = start;
          reader.len = end;
          const value = body.read(reader, 1, undefined);
          return isVoid ? undefined : value;
        } catch (error) {
          throw refusal(error, typeName);
        }
      },
    };
  });

  return {
    contentType: 'application/protobuf',
    text: false,
    emptyMessage: NO_BYTES,
    message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
      if (!isObject(type))
        throw new StmpError(
          'unsupported',
          'protobuf needs message types: a service without a .proto needs `codecs: [jsonCodec()]` or MessagePack',
        );
      return codecOf(type as MessageType) as MessageCodec<T, I>;
    },
  };
}
