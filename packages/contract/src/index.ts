export type { MessageCodec, Payload, PayloadCodec, PayloadWriter } from './codec.js';
export type { Compression, Compressor, CompressorOptions, Decompressor } from './compression.js';
export {
  details,
  type ErrorDetails,
  isStmpError,
  type OutgoingErrorDetails,
  StmpError,
  type StmpErrorCode,
  type StmpErrorOptions,
  type StmpErrorOrigin,
  statusError,
} from './errors.js';
export type { Headers, Hello } from './headers.js';
export type { Link, LinkBase, LinkHandler, LinkHttpRequest, LinkPeer, MessageLink, StreamLink } from './link.js';
export type {
  Any,
  Duration,
  DurationInit,
  EnumType,
  Field,
  FieldMask,
  FieldOptions,
  FieldType,
  JsonObject,
  JsonValue,
  MessageInitOf,
  MessageOf,
  MessageType,
  ScalarType,
  Timestamp,
  TimestampInit,
} from './schema.js';
export {
  type Action,
  type AnyMethod,
  actionOf,
  type DualType,
  defineService,
  type EventsType,
  type InputInitOf,
  type InputOf,
  type KindOf,
  type Method,
  type MethodTable,
  method,
  methodName,
  type OutputInitOf,
  type OutputOf,
  type ServiceType,
} from './service.js';
export { Status, statusName } from './status.js';
export {
  type Acceptor,
  DEFAULT_MAX_PACKET_BYTES,
  type Dialer,
  type DialOptions,
  type Listener,
  type Listening,
  type Refusal,
} from './transport.js';

/**
 * What `listen` may be given for addresses of a scheme. Stands here, since only what a module declares itself can be added
 * to: a package with a listener does so by `declare module '@stmp/contract'`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: others fill it
export interface ListenOptionsByScheme {}

type AnyListenOptions = keyof ListenOptionsByScheme extends never
  ? object
  : ListenOptionsByScheme[keyof ListenOptionsByScheme];

/** The options that go with an address, where its scheme is known when compiling. */
export type ListenOptionsOf<Address extends string> = Address extends `${infer Scheme}:${string}`
  ? Lowercase<Scheme> extends keyof ListenOptionsByScheme
    ? ListenOptionsByScheme[Lowercase<Scheme>]
    : object
  : AnyListenOptions;
