import {
  type Action,
  details,
  type EventsType,
  isStmpError,
  type PayloadCodec,
  type ServiceType,
  Status,
  statusError,
} from '@stmp/contract';

// biome-ignore lint/suspicious/noExplicitAny: any service, with any methods
type AnyService = ServiceType<any>;
// biome-ignore lint/suspicious/noExplicitAny: any events
type AnyEvents = EventsType<any>;
type Raw = Uint8Array;

/** What is needed of the client in the worker; a `Client` has it. */
export interface SharedClient {
  callRaw(action: Action, payload: Raw, options: { readonly signal: AbortSignal }): Promise<Raw>;
  // biome-ignore lint/suspicious/noExplicitAny: listeners for any event
  on(type: AnyEvents, listeners: any): () => void;
}

/** What is needed of the server in the worker, which the tabs connect to; a `Server` has it. */
export interface SharedServer {
  // biome-ignore lint/suspicious/noExplicitAny: handlers for any method
  implement(type: AnyService, implementation: any): () => void;
  // biome-ignore lint/suspicious/noExplicitAny: a sender for any event
  readonly connections: ReadonlySet<{ emit(type: AnyEvents): any }>;
}

/** A codec that leaves payloads as they are, for a worker that hands them on: both its client and its server take it. */
export function rawCodec(contentType: string): PayloadCodec {
  const message = {
    encode: (value: Raw | undefined) => (value === undefined || value.length === 0 ? undefined : value),
    decode: (bytes: Raw, start: number, end: number) => new Uint8Array(bytes.subarray(start, end)),
  };
  return { contentType: contentType.toLowerCase(), text: false, message: () => message as never };
}

/**
 * Gives all connections of `server` the one connection that `client` has: their calls of `services` become calls of it,
 * and events of `events` go to all of them. Both need {@link rawCodec} with the content type that the tabs speak.
 * @returns a function that takes it away again.
 */
export function shareClient(
  server: SharedServer,
  client: SharedClient,
  { services = [], events = [] }: { readonly services?: readonly AnyService[]; readonly events?: readonly AnyEvents[] },
): () => void {
  const stops = [
    ...services.map((type) =>
      server.implement(
        type,
        eachMethod(
          type,
          (_, action) =>
            (payload: Raw, { signal }: { readonly signal: AbortSignal }) =>
              client.callRaw(action, payload, { signal }).catch(rethrow),
        ),
      ),
    ),
    ...events.map((type) =>
      client.on(
        type,
        eachMethod(type, (key) => (payload: Raw) => {
          for (const tab of server.connections) tab.emit(type)[key](payload);
        }),
      ),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function eachMethod<T>(
  type: { readonly methods: unknown },
  make: (key: string, action: Action) => T,
): Record<string, T> {
  const methods = Object.entries(type.methods as Record<string, { readonly action: Action }>);
  return Object.fromEntries(methods.map(([key, { action }]) => [key, make(key, action)]));
}

/** What a tab is told: what the peer answered, or that it could not be asked. */
function rethrow(error: unknown): never {
  if (!isStmpError(error)) throw error;
  const { status, message, details: given, retryAfterMs } = error;
  const cause = { cause: error };
  if (error.code !== 'status' || status === undefined) throw statusError(Status.Unavailable, message, cause);
  throw statusError(status, message, {
    ...cause,
    ...(given !== undefined && { details: details(undefined, given.as()) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
