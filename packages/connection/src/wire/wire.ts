import {
  type AnyMethod,
  type Headers,
  isStmpError,
  type MessageCodec,
  methodName,
  type Payload,
  type PayloadCodec,
  type PayloadWriter,
  StmpError,
} from '@stmp/contract';
import { EMPTY_PAYLOAD, encodeNotify, type PacketForm } from '@stmp/engine';

/** The codecs of one method in one content type, each prepared when first needed. */
export class MethodCodecs {
  readonly #codec: PayloadCodec;
  readonly #method: AnyMethod;
  #input: MessageCodec | undefined = undefined;
  #output: MessageCodec | undefined = undefined;

  constructor(codec: PayloadCodec, method: AnyMethod) {
    this.#codec = codec;
    this.#method = method;
  }

  /** True for a method that answers without payload, whoever asked. */
  get answersNothing(): boolean {
    const { output } = this.#method;
    return output === undefined || output.typeName === 'google.protobuf.Empty';
  }

  get input(): MessageCodec {
    this.#input ??= this.#codec.message(this.#method.input) as MessageCodec;
    return this.#input;
  }

  get output(): MessageCodec {
    this.#output ??= this.#codec.message(this.#method.output) as MessageCodec;
    return this.#output;
  }
}

const compiled = new WeakMap<PayloadCodec, WeakMap<AnyMethod, MethodCodecs>>();

/** Made once per codec and method, for all connections of the process. */
export function codecsOf(codec: PayloadCodec, method: AnyMethod): MethodCodecs {
  let methods = compiled.get(codec);
  if (methods === undefined) {
    methods = new WeakMap();
    compiled.set(codec, methods);
  }
  let codecs = methods.get(method);
  if (codecs === undefined) {
    codecs = new MethodCodecs(codec, method);
    methods.set(method, codecs);
  }
  return codecs;
}

/** How packets look on a connection; two connections share prepared packets when theirs is the same object. */
export interface WireKey {
  /** In the dialect that the peer understands. */
  readonly codec: PayloadCodec;
  /** What our own peers of this content type get. */
  readonly standard: PayloadCodec;
  readonly form: PacketForm;
  /** What an empty message is sent as to the original; undefined: without payload, as to our own peers. */
  readonly empty: Payload | undefined;
}

const keys = new WeakMap<PayloadCodec, Map<string, WireKey>>();

/** @param codec As it was given in the options; its other dialect is found here. */
export function wireKeyOf(codec: PayloadCodec, form: PacketForm, peerIsOurs: boolean): WireKey {
  let forms = keys.get(codec);
  if (forms === undefined) {
    forms = new Map();
    keys.set(codec, forms);
  }
  const name = peerIsOurs ? form : `${form} towards the original`;
  let key = forms.get(name);
  if (key === undefined) {
    const { emptyMessage, towardsOriginal = codec } = codec;
    const empty = emptyMessage?.length === 0 ? EMPTY_PAYLOAD : emptyMessage;
    key = peerIsOurs
      ? { codec, standard: codec, form, empty: undefined }
      : { codec: towardsOriginal, standard: codec, form, empty };
    forms.set(name, key);
  }
  return key;
}

/** The payload of an event or a notify. */
export function encodeEvent(key: WireKey, codecs: MethodCodecs, value: unknown): Payload | undefined {
  return encodeValue(codecs.input, key.form === 'text', value) ?? key.empty;
}

/** The payload of an answer. */
export function encodeResult(key: WireKey, codecs: MethodCodecs, value: unknown): Payload | undefined {
  const payload = encodeValue(codecs.output, key.form === 'text', value);
  return payload === undefined && key.empty !== undefined && !codecs.answersNothing ? key.empty : payload;
}

/** @throws StmpError `payload_invalid` of the codec; TypeError when the codec returned what cannot be written. */
export function encodeValue(codec: MessageCodec, text: boolean, value: unknown): Payload | undefined {
  const payload = text && codec.encodeText !== undefined ? codec.encodeText(value) : codec.encode(value);
  if (payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array || isWriter(payload))
    return payload;
  throw new TypeError(`a payload codec must return bytes, text, a writer or undefined, got ${typeof payload}`);
}

function isWriter(payload: PayloadWriter | null): boolean {
  return payload !== null && payload.len >= 0 && typeof payload.finishInto === 'function';
}

/** An event that is encoded at most once for each way in which it travels, when first needed. */
export interface PreparedEvent {
  readonly method: AnyMethod;
  /** `package.Service.Method`, or the method's own name when it was prepared without its service. */
  readonly name: string;
  /** The packet for connections with this key; shared, so nobody may change it. */
  packetFor(key: WireKey): Uint8Array | string;
}

/**
 * Prepares an event for many connections.
 * @param service Full name of the service, for slow-reader policies of single events.
 * @throws StmpError from `packetFor`: `payload_invalid` when the value does not fit the method, `unsupported` when it does
 * and only connections with this key cannot be told: the original knows no oneof in MessagePack, and protobuf no plain values.
 */
export function prepareEvent(method: AnyMethod, value: unknown, headers?: Headers, service?: string): PreparedEvent {
  let lastKey: WireKey | undefined;
  let lastPacket: Uint8Array | string = '';
  let others: Map<WireKey, Uint8Array | string | StmpError> | undefined;
  const encode = (key: WireKey): Uint8Array | string | StmpError => {
    try {
      return encodeNotify(key.form, method.action, headers, encodeEvent(key, codecsOf(key.codec, method), value));
    } catch (error) {
      if (key.codec !== key.standard && isStmpError(error)) {
        // That it fits the method shows where it can be encoded in the standard way: only this dialect lacks words for it.
        encodeValue(codecsOf(key.standard, method).input, key.form === 'text', value);
        return new StmpError('unsupported', error.message, { cause: error });
      }
      if (isStmpError(error) && error.code === 'unsupported') return error;
      const event = service === undefined ? method.name : methodName(service, method.name);
      const why = error instanceof Error ? error.message : String(error);
      const code = isStmpError(error) ? error.code : 'payload_invalid';
      throw new StmpError(code, `${event} cannot be sent as ${key.codec.contentType}: ${why}`, { cause: error });
    }
  };
  return {
    method,
    get name() {
      return service === undefined ? method.name : methodName(service, method.name);
    },
    packetFor(key) {
      if (key === lastKey) return lastPacket;
      let packet = others?.get(key);
      if (packet === undefined) {
        packet = encode(key);
        if (others === undefined) others = new Map();
        others.set(key, packet);
      }
      if (isStmpError(packet)) throw packet;
      lastKey = key;
      lastPacket = packet;
      return packet;
    },
  };
}
