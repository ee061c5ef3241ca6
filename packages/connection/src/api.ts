import type {
  Action,
  AnyMethod,
  Headers,
  InputInitOf,
  InputOf,
  MethodTable,
  OutputInitOf,
  OutputOf,
} from '@stmp/contract';

export type Awaitable<T> = T | PromiseLike<T>;

export interface CallOptions {
  /** The call fails with `call_timeout` after this. Default: the client's `callTimeoutMs`; 0: never. */
  readonly timeoutMs?: number | undefined;
  /** Gives the call up: it fails with `aborted`, and a peer that understands it stops working on it. */
  readonly signal?: AbortSignal | undefined;
  /** Request headers. */
  readonly headers?: Headers | undefined;
  /** Sees the response's headers before the promise settles, also of an error response. */
  readonly onHeaders?: ((headers: Headers) => void) | undefined;
  /** Lets the peer know the deadline, by the request header `Stmp-Timeout-Ms`. Default false. */
  readonly sendTimeout?: boolean | undefined;
  /** `wait`: without a ready connection the call waits for one, within its deadline. Default `fail`: `not_connected` at once. */
  readonly whenOffline?: 'fail' | 'wait' | undefined;
}

/**
 * What happens to an event for a peer that reads too slowly, once more than `maxQueuedBytes` wait for it.
 *
 * - `disconnect`: the connection ends with TooManyRequests.
 * - `drop-newest`: this event is not sent.
 * - `drop-oldest`: waiting events that may be dropped make room, oldest first.
 * - `latest-by-key`: takes the place of a waiting event with the same `key`, at any queue length; else as `drop-oldest`.
 * - `wait`: the returned promise waits for room. Not for sets.
 */
export type SlowReaderPolicy = 'disconnect' | 'drop-newest' | 'drop-oldest' | 'latest-by-key' | 'wait';

export interface EmitOptions {
  readonly headers?: Headers | undefined;
  /** Default: the connection's `slowReader`, which is `disconnect`. */
  readonly policy?: SlowReaderPolicy | undefined;
  /** For `latest-by-key`. Default: the method. */
  readonly key?: string | undefined;
}

type Input<X, Options> =
  undefined extends InputInitOf<X>
    ? [input?: InputInitOf<X>, options?: Options]
    : [input: InputInitOf<X>, options?: Options];

type EventInput<X> = undefined extends InputInitOf<X> ? [event?: InputInitOf<X>] : [event: InputInitOf<X>];

/** A service of the peer, ready to call: `client.service(RoomService).join({ name })`. */
export type ServiceClient<M extends MethodTable<M>> = {
  readonly [K in keyof M]: (...args: Input<M[K], CallOptions>) => Promise<OutputOf<M[K]>>;
};

/**
 * Calls without generated code, for gateways and tools. Methods are named by their number or by `package.Service.Method`;
 * first letters of service and method count as upper case. A name is resolved by the peer; to the original, which never
 * does that, it is sent as the number that follows from it, so methods with numbers of their own are called by number there.
 * What is no such name or number rejects with TypeError or RangeError.
 */
export interface UntypedCalls {
  /**
   * A call with plain values, as those of methods without types: over JSON and MessagePack. In 64-bit fields, bytes and enums
   * these are what the codec makes of them without knowing the message.
   * @throws StmpError `unsupported` over protobuf, which needs types.
   */
  call(action: Action | string, value?: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * A call whose payload is encoded already, in the content type of the connection; text is sent in UTF-8. A payload of
   * length 0 is none. Resolves with the answer's payload, a copy; where it has none, of length 0. An answer with a status
   * rejects, as for every call.
   */
  callRaw(action: Action | string, payload?: Uint8Array | string, options?: CallOptions): Promise<Uint8Array>;
}

/** Events for the peer: `connection.emit(RoomEvents).join({ user })`. True: sent or queued; false: dropped by the policy. */
export type EventSender<M extends MethodTable<M>, Result = boolean> = {
  readonly [K in keyof M]: (...args: EventInput<M[K]>) => Result;
};

/** A handler for every method of a service. A result may leave fields out. */
export type Implementation<M extends MethodTable<M>, Context> = {
  readonly [K in keyof M]: (input: InputOf<M[K]>, context: Context) => Awaitable<OutputInitOf<M[K]>>;
};

/** Listeners for some of the events. What they return is ignored; an async one counts as running until it ends. */
export type Listeners<M extends MethodTable<M>, Context> = {
  readonly [K in keyof M]?: (event: InputOf<M[K]>, context: Context) => unknown;
};

/** Names of the methods of `M`, and the methods themselves, for loops at run time. */
export function methodsOf(type: { readonly methods: unknown }): [string, AnyMethod][] {
  return Object.entries(type.methods as Record<string, AnyMethod>);
}
