import type {
  Compression,
  EventsType,
  Headers,
  LinkPeer,
  MethodTable,
  PayloadCodec,
  ServiceType,
  StmpError,
} from '@stmp/contract';
import type { EngineOptions } from '@stmp/engine';
import type { EmitOptions, EventSender, ServiceClient, SlowReaderPolicy, UntypedCalls } from './api.js';
import type { Clock } from './clock.js';
import type { PreparedEvent, WireKey } from './wire/wire.js';

/** How a connection ended. */
export interface ConnectionEnd {
  /** The status of the Close packet or of the refusal; NetworkError where there was none. */
  readonly status: number;
  readonly message: string;
  readonly origin: 'local' | 'peer' | 'link';
  readonly error?: StmpError | undefined;
}

export interface CloseOptions {
  /** Default Ok. */
  readonly status?: number | undefined;
  readonly message?: string | undefined;
}

/** One live connection to a peer, on either side. */
export interface Connection<Identity = unknown, State = unknown> extends UntypedCalls {
  readonly side: 'client' | 'server';
  /** `address:port`; an IPv6 address in brackets. */
  readonly remoteAddress: string;
  readonly peer: LinkPeer;
  readonly secure: boolean;
  /** Headers of the peer's handshake. */
  readonly headers: Headers;
  /** The text of the peer's handshake. */
  readonly handshakeMessage: string;
  readonly contentType: string;
  /** True when packets are text. */
  readonly text: boolean;
  /** The content encoding, such as `gzip`. */
  readonly encoding: string | undefined;
  /** What the authentication hook returned; undefined without one. */
  readonly identity: Identity;
  /** The application's own object for this connection, made by the server's `state` option. */
  readonly state: State;
  /** True until the end of the connection has begun. */
  readonly isOpen: boolean;
  /** Time from the last ping to its pong, in whole milliseconds; pings are sent after silence. Undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** Milliseconds since bytes of the peer last came. */
  readonly lastHeardMs: number;
  /** True from when the peer has been silent for `keepalive.staleMs` until it is heard again: calls may take longer, or the connection is about to end. */
  readonly stale: boolean;
  /** Bytes waiting here and in the link for a slow reader. */
  readonly bufferedBytes: number;
  readonly pendingCalls: number;

  /** The peer's service, to call. */
  service<M extends MethodTable<M>>(type: ServiceType<M>): ServiceClient<M>;
  /** Sends events. */
  emit<M extends MethodTable<M>>(
    type: EventsType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: EmitOptions): EventSender<M>;
  /** Sends requests that want no answer. */
  notify<M extends MethodTable<M>>(
    type: ServiceType<M>,
    options: EmitOptions & { readonly policy: 'wait' },
  ): EventSender<M, Promise<boolean>>;
  notify<M extends MethodTable<M>>(type: ServiceType<M>, options?: EmitOptions): EventSender<M>;
  /** Connections with the same key share the packets of prepared events. */
  readonly wireKey: WireKey;
  /** @returns false when the connection is closed, the policy dropped the event, or only this peer cannot be told (`unsupported`, reported). */
  sendPrepared(event: PreparedEvent, options?: EmitOptions): boolean;
  /** Throws what {@link sendPrepared} would, and sends nothing: so that of many connections all are told or none. */
  checkPrepared(event: PreparedEvent): void;
  /** Resolves when nothing waits here any more; rejects with `connection_closed`. What the operating system holds counts as delivered. */
  drained(): Promise<void>;

  /**
   * Runs the server's authentication hook again with these headers, and replaces identity and expiry.
   * @throws what the hook throws; the old identity stays then.
   */
  reauthenticate(headers: Headers): Promise<void>;

  /** Ends the connection with a Close packet, after what is queued. Resolves when the link is closed; never rejects. Idempotent. */
  close(options?: CloseOptions): Promise<ConnectionEnd>;
  /** Ends it at once; nothing more is sent. */
  abort(reason?: StmpError): void;
  /** Resolves when the connection has ended; never rejects. */
  readonly closed: Promise<ConnectionEnd>;
  /** Calls `fn` once at the end; the result removes it. */
  onClose(fn: (end: ConnectionEnd) => void): () => void;
}

/** A pino-like logger. */
export interface Logger {
  info(record: object, message?: string): void;
  warn(record: object, message?: string): void;
  error(record: object, message?: string): void;
}

/** Called as things happen; each costs nothing while it is not set. They must not throw; what they throw is dropped. */
export interface Hooks<Identity = unknown, State = unknown> {
  onConnect?(connection: Connection<Identity, State>): void;
  onClose?(connection: Connection<Identity, State>, end: ConnectionEnd): void;
  /** The peer has been silent for too long to be well, or is heard again: see {@link Connection.stale}. */
  onStale?(connection: Connection<Identity, State>, stale: boolean): void;
  /** A request or notify came in. */
  onPacketIn?(packet: PacketInfo): void;
  /** A response, request or event is about to be sent. */
  onPacketOut?(packet: PacketInfo): void;
  /** An event or notify of the peer is handed to nobody, for want of room or by a rate. */
  onEventDropped?(event: DroppedEvent): void;
  /** User code failed: a handler, listener, middleware or hook. */
  onError?(
    error: unknown,
    where: { readonly connection?: Connection<Identity, State> | undefined; readonly name: string },
  ): void;
}

/** An event or notify of the peer that no listener gets. */
export interface DroppedEvent {
  readonly connection: Connection;
  readonly action: number | bigint | string;
  /** `package.Service.Method`, where it is known here. */
  readonly name: string | undefined;
  /** `inbox`: more than `maxInboxBytes` wait; `rate`: above `callsPerSecond`; `leaving`: this side is closing; `size`: above the method's limit. */
  readonly reason: 'inbox' | 'rate' | 'leaving' | 'size';
}

export interface PacketInfo {
  readonly connection: Connection;
  readonly kind: 'request' | 'response' | 'notify';
  /** 0 for a notify. */
  readonly mid: number;
  readonly action: number | bigint | string;
  /** `package.Service.Method`, where it is known here. */
  readonly name: string | undefined;
  /** Of a response. */
  readonly status: number;
  readonly payload: Uint8Array | string | undefined;
}

/** Token buckets; each absent rate is unlimited. A bucket holds one second's worth unless `burstSeconds` says otherwise. */
export interface Rates {
  /** Above it, the connection ends with TooManyRequests. */
  readonly packetsPerSecond?: number | undefined;
  /** Above it, the connection ends with TooManyRequests. */
  readonly bytesPerSecond?: number | undefined;
  /** Above it, requests are answered TooManyRequests and notifies are dropped. */
  readonly callsPerSecond?: number | undefined;
  readonly burstSeconds?: number | undefined;
}

/** Rates that all connections of one address share. */
export interface AddressRates extends Rates {
  /** Connections that begin, and logins on live ones; above it they are refused with TooManyRequests. */
  readonly connectsPerSecond?: number | undefined;
}

/** Options of every connection, on either side. */
export interface ConnectionOptions extends EngineOptions {
  /** Payload codecs, preferred first. */
  readonly codecs: readonly PayloadCodec[];
  /** Compressions for byte streams, preferred first. Default none. */
  readonly compressions?: readonly Compression[] | undefined;
  /** Default of `timeoutMs` of calls. Default 60_000; 0: none. */
  readonly callTimeoutMs?: number | undefined;
  /** Deadlines of single methods, by `package.Service.Method`, over `callTimeoutMs`. */
  readonly methodTimeoutsMs?: Readonly<Record<string, number>> | undefined;
  /**
   * Over `maxPacketBytes` for single methods, by `package.Service.Method`. The largest of all is what the link lets in; a
   * request above the limit of its method is answered RequestEntityTooLarge, an event dropped, before its payload is kept
   * or decoded.
   */
  readonly methodMaxPacketBytes?: Readonly<Record<string, number>> | undefined;
  /** Calls of ours waiting for answers on one connection. Default 65_535. */
  readonly maxPendingCalls?: number | undefined;
  /** Handlers running at once for one connection; 1 is the original's serial mode. Default 64. */
  readonly maxConcurrentHandlers?: number | undefined;
  /** Bytes of requests and events waiting for a handler: header block, payload and 64 for each packet. Default 1_048_576. */
  readonly maxInboxBytes?: number | undefined;
  /** Requests waiting for a handler; events are bounded by their bytes alone. Default 1_024. */
  readonly maxInboxCount?: number | undefined;
  /**
   * What happens to events that come when `maxInboxBytes` wait and reading cannot stop: in pages, and after
   * `stallTimeoutMs`. `close` ends the connection with TooManyRequests; `drop` tells the hook `onEventDropped` of each.
   * Default `close`.
   */
  readonly inboxOverflow?: 'close' | 'drop' | undefined;
  /**
   * For so long packets may wait for handlers while none ends and something of ours waits for the peer. Then both sides
   * are taken to wait for each other: reading goes on beyond the limits, and requests that wait are answered
   * TooManyRequests. Default 2_000; 0: for ever.
   */
  readonly stallTimeoutMs?: number | undefined;
  /** Bytes waiting for a slow reader before the slow-reader policy acts. Default 1_048_576. */
  readonly maxQueuedBytes?: number | undefined;
  /** Policy of events that name none. Default `disconnect`. */
  readonly slowReader?: Exclude<SlowReaderPolicy, 'wait'> | undefined;
  /** Policies of single events, by `package.Service.Method`. */
  readonly methodPolicies?: Readonly<Record<string, Exclude<SlowReaderPolicy, 'wait'>>> | undefined;
  /** A handler's signal aborts, and its caller is answered RequestTimeout, after this. Default 300_000; 0: never. */
  readonly handlerTimeoutMs?: number | undefined;
  /** Sends the texts of handlers' plain errors to the peer. For development. Default false. */
  readonly exposeErrors?: boolean | undefined;
  readonly hooks?: Hooks | undefined;
  /** Gets errors of user code where no hook takes them. */
  readonly logger?: Logger | undefined;
  readonly clock?: Clock | undefined;
}
