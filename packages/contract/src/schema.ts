/** The scalar types of proto3. */
export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

/** An enum: its names, in order of declaration, with their numbers. Of several names for one number the first is written. */
export interface EnumType {
  readonly [name: string]: number;
}

/** A scalar, an enum, or a message, named by a function since messages may contain each other. */
// biome-ignore lint/suspicious/noExplicitAny: a field may hold any message
export type FieldType = ScalarType | EnumType | (() => MessageType<any, any>);

export interface FieldOptions {
  readonly repeated?: true;
  /** False for a repeated scalar declared `[packed = false]`; both forms are read. */
  readonly packed?: false;
  /** Explicit presence (`optional`). Singular messages have it without saying so. */
  readonly optional?: true;
  /** The oneof this field belongs to, by its property name. */
  readonly oneof?: string;
  /** Makes the field a map with keys of this type. */
  readonly key?: ScalarType;
  /** The JSON name, and the property name, where it is not the proto name in lowerCamelCase. */
  readonly jsonName?: string;
  /** The name in the original's Go structs, where it is not the proto name in CamelCase. */
  readonly goName?: string;
}

/** One field: its number, its name in the `.proto`, its type, and what is not the usual. */
export type Field = readonly [no: number, name: string, type: FieldType, options?: FieldOptions];

/**
 * A message type: all that a payload codec needs to know, as plain data.
 *
 * `T` is what is received, with every field present; `I` is what may be sent, with fields left out.
 * In memory: 64-bit integers are `bigint` (a safe `number` may be sent), a field is named by its JSON name,
 * lists are `[]` and maps `{}` when empty, absent messages and `optional` fields `undefined`,
 * a oneof is `{ case, value } | undefined` under the name of the oneof. The well-known types are known by
 * their `typeName`: Timestamp, Duration, FieldMask and Any have the interfaces below, wrappers are the value
 * or `undefined`, Struct, Value and ListValue plain JSON values, Empty is `{}` as a field and nothing as a result.
 */
export interface MessageType<T = unknown, I = T> {
  /** Full name, such as `google.protobuf.Timestamp`. */
  readonly typeName: string;
  readonly fields: readonly Field[];
  /** Exists for the type checker only. */
  readonly '~types'?: { readonly received: T; readonly sent: (value: I) => void };
}

/** What a message type is when received. */
export type MessageOf<M> = M extends MessageType<infer T, infer _I> ? T : never;
/** What may be sent as a message of this type. */
export type MessageInitOf<M> = M extends MessageType<infer _T, infer I> ? I : never;

/** `google.protobuf.Timestamp` in memory. */
export interface Timestamp {
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: bigint;
  /** 0 to 999,999,999, counted forward also before 1970. */
  readonly nanos: number;
}
/** What may be sent as a Timestamp. */
export type TimestampInit =
  | Date
  | { readonly seconds?: bigint | number | undefined; readonly nanos?: number | undefined };

/** `google.protobuf.Duration` in memory; both fields have the same sign. */
export interface Duration {
  readonly seconds: bigint;
  readonly nanos: number;
}
export interface DurationInit {
  readonly seconds?: bigint | number | undefined;
  readonly nanos?: number | undefined;
}

/** `google.protobuf.FieldMask` in memory; paths in proto spelling. */
export interface FieldMask {
  readonly paths: readonly string[];
}

/** `google.protobuf.Any` in memory, where the value stays encoded. */
export interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** `google.protobuf.Value` in memory. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** `google.protobuf.Struct` in memory. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
