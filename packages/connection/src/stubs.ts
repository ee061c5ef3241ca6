import { type AnyMethod, methodName, type PayloadCodec } from '@stmp/contract';
import { methodsOf } from './api.js';
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

interface Described {
  readonly typeName: string;
  readonly methods: unknown;
}

/** An object with a function for each method of a service. */
export function makeStubs(type: Described, make: (stub: Stub) => unknown): object {
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
