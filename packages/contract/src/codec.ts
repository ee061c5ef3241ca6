import type { MessageType } from './schema.js';

/**
 * An encoded payload: bytes, text (in UTF-8 on binary links), or a writer such as protobufjs', which
 * says its length first and is then put straight into the output.
 */
export type Payload = Uint8Array | string | PayloadWriter;

export interface PayloadWriter {
  readonly len: number;
  /** Writes exactly {@link len} bytes at `offset`. Called once. */
  finishInto(slab: Uint8Array, offset: number): unknown;
}

/** One message type in one content type, prepared once and used for every message. */
export interface MessageCodec<T = unknown, I = unknown> {
  /**
   * Leaves `value` as it is.
   * @returns undefined for an empty message, which is sent without payload: for `undefined` and, with a type, for a
   * message with nothing set. Results stay as they are when the next one is made.
   * @throws StmpError `payload_invalid`, naming the field and never the value, when the value does not fit the type.
   */
  encode(value: I): Payload | undefined;
  /**
   * Decodes `bytes[start, end)`, which it leaves as it is; an empty range is the empty message. The result owns its
   * memory: no view of `bytes` stays in it, and no two results share anything.
   * @throws StmpError `payload_invalid` for broken input, and for bytes behind the message; neither it nor its cause
   * tells values of the payload.
   */
  decode(bytes: Uint8Array, start: number, end: number): T;
  /** As {@link encode}, for text packets. Present when the codec is marked `text`. */
  encodeText?(value: I): string | undefined;
  /** As {@link decode}, from `text[start, end)`. Present when the codec is marked `text`. */
  decodeText?(text: string, start: number, end: number): T;
}

/** How payloads of one content type are written and read. Pass a list of them, preferred first. */
export interface PayloadCodec {
  /** Such as `application/json`; lower case. */
  readonly contentType: string;
  /** True when payloads are text and may travel in text packets. */
  readonly text: boolean;
  /**
   * The same content type as the original, stmp-go, reads and writes it: for peers without `Stmp-Extensions`.
   * Absent: this codec serves them too. Source: STMP 1.0, section 10.
   */
  readonly towardsOriginal?: PayloadCodec;
  /**
   * The empty message in full, which the original wants where our own peers get no payload; it may have no bytes.
   * Absent: nobody gets one. Source: STMP 1.0, section 2.
   */
  readonly emptyMessage?: Uint8Array | string;
  /** The codec of one message type; without a type, of plain values as the format itself knows them, where it can. */
  message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I>;
}
