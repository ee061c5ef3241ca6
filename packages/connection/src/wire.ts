import {
  type AnyMethod,
  type Headers,
  type MessageCodec,
  methodName,
  type Payload,
  type PayloadCodec,
} from '@stmp/contract';
import { encodeNotify, type PacketForm } from '@stmp/engine';

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
  readonly codec: PayloadCodec;
  readonly form: PacketForm;
}

const keys = new WeakMap<PayloadCodec, Map<PacketForm, WireKey>>();

export function wireKeyOf(codec: PayloadCodec, form: PacketForm): WireKey {
  let forms = keys.get(codec);
  if (forms === undefined) {
    forms = new Map();
    keys.set(codec, forms);
  }
  let key = forms.get(form);
  if (key === undefined) {
    key = { codec, form };
    forms.set(form, key);
  }
  return key;
}

export function encodeValue(codec: MessageCodec, text: boolean, value: unknown): Payload | undefined {
  return text && codec.encodeText !== undefined ? codec.encodeText(value) : codec.encode(value);
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
 * @throws StmpError `payload_invalid` from `packetFor` when the value does not fit the method.
 */
export function prepareEvent(method: AnyMethod, value: unknown, headers?: Headers, service?: string): PreparedEvent {
  let lastKey: WireKey | undefined;
  let lastPacket: Uint8Array | string = '';
  let others: Map<WireKey, Uint8Array | string> | undefined;
  return {
    method,
    get name() {
      return service === undefined ? method.name : methodName(service, method.name);
    },
    packetFor(key) {
      if (key === lastKey) return lastPacket;
      let packet = others?.get(key);
      if (packet === undefined) {
        const payload = encodeValue(codecsOf(key.codec, method).input, key.form === 'text', value);
        packet = encodeNotify(key.form, method.action, headers, payload);
        if (others === undefined) others = new Map();
        others.set(key, packet);
      }
      lastKey = key;
      lastPacket = packet;
      return packet;
    },
  };
}
