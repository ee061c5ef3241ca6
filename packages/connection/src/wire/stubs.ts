import { type AnyMethod, methodName, type PayloadCodec } from '@stmp/contract';
import { methodsOf } from '../api.js';
import { codecsOf, type MethodCodecs } from './wire.js';

/** One method as its caller knows it. Codecs are looked up once and kept as long as the content type stays. */
export class Stub {
  readonly method: AnyMethod;
  readonly name: string;
  #codec: PayloadCodec | undefined = undefined;
  #codecs: MethodCodecs | undefined = undefined;

  constructor(service: string, method: AnyMethod) {
    this.method = method;
    this.name = methodName(service, method.name);
  }

  codecs(codec: PayloadCodec): MethodCodecs {
    if (this.#codec !== codec) {
      this.#codecs = codecsOf(codec, this.method);
      this.#codec = codec;
    }
    return this.#codecs!;
  }
}

/** What is needed of a service or events type. */
export interface Described {
  readonly typeName: string;
  readonly methods: unknown;
}

/** An object with a function for each method of a service. */
function makeStubs(type: Described, make: (stub: Stub) => unknown): object {
  return Object.fromEntries(methodsOf(type).map(([key, method]) => [key, make(new Stub(type.typeName, method))]));
}

/** Stubs are made once for each service. */
export class StubCache {
  readonly #made = new WeakMap<object, object>();

  get(type: Described, make: (stub: Stub) => unknown): object {
    let stubs = this.#made.get(type);
    if (stubs === undefined) {
      stubs = makeStubs(type, make);
      this.#made.set(type, stubs);
    }
    return stubs;
  }
}

const tables = new WeakMap<object, [key: string, stub: Stub][]>();

/** An object with a function for each event that hands its stub and value to `send`. */
export function sendersOf(type: Described, send: (stub: Stub, value: unknown) => unknown): object {
  let table = tables.get(type);
  if (table === undefined) {
    table = methodsOf(type).map(([key, method]) => [key, new Stub(type.typeName, method)]);
    tables.set(type, table);
  }
  const senders: Record<string, unknown> = {};
  for (const [key, stub] of table) senders[key] = (value: unknown) => send(stub, value);
  return senders;
}
