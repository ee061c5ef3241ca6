import type { ScalarType } from '@stmp/contract';
import type { FieldModel, TypeRef } from './model.js';

/** A well-known type: its table goes into every file that needs it, its form in memory comes from the contract. */
export interface WellKnownType {
  /** Types of the contract that the texts below name. */
  readonly contract: readonly string[];
  readonly received: string;
  readonly sent: string;
  readonly fields: readonly FieldModel[];
}

const field = (no: number, name: string, type: TypeRef, more: Partial<FieldModel> = {}): FieldModel => ({
  no,
  name,
  jsonName: name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  type,
  repeated: false,
  unpacked: false,
  optional: false,
  oneof: undefined,
  mapKey: undefined,
  line: 0,
  doc: '',
  deprecated: false,
  ...more,
});
const scalar = (name: ScalarType): TypeRef => ({ kind: 'scalar', name });
const message = (name: string): TypeRef => ({ kind: 'message', name: `google.protobuf.${name}` });

const wrapper = (type: ScalarType, received: string, sent: string = received): WellKnownType => ({
  contract: [],
  received,
  sent,
  fields: [field(1, 'value', scalar(type))],
});

const time = (name: string): WellKnownType => ({
  contract: [name, `${name}Init`],
  received: name,
  sent: `${name}Init`,
  fields: [field(1, 'seconds', scalar('int64')), field(2, 'nanos', scalar('int32'))],
});

const json = (name: string, type: string, fields: readonly FieldModel[]): WellKnownType => ({
  contract: [name],
  received: type,
  sent: type,
  fields,
});

const kind = { oneof: 'kind' };

/** The well-known messages by their full names. */
export const WELL_KNOWN: ReadonlyMap<string, WellKnownType> = new Map(
  Object.entries({
    Any: {
      contract: ['Any'],
      received: 'Any',
      sent: 'Any',
      fields: [field(1, 'type_url', scalar('string')), field(2, 'value', scalar('bytes'))],
    },
    Duration: time('Duration'),
    Empty: {
      contract: [],
      received: 'Record<string, never>',
      sent: 'Record<string, never>',
      fields: [],
    },
    FieldMask: {
      contract: ['FieldMask'],
      received: 'FieldMask',
      sent: 'FieldMask',
      fields: [field(1, 'paths', scalar('string'), { repeated: true })],
    },
    Struct: json('JsonObject', 'JsonObject', [field(1, 'fields', message('Value'), { mapKey: 'string' })]),
    Value: json('JsonValue', 'JsonValue', [
      field(1, 'null_value', { kind: 'enum', name: 'google.protobuf.NullValue' }, kind),
      field(2, 'number_value', scalar('double'), kind),
      field(3, 'string_value', scalar('string'), kind),
      field(4, 'bool_value', scalar('bool'), kind),
      field(5, 'struct_value', message('Struct'), kind),
      field(6, 'list_value', message('ListValue'), kind),
    ]),
    ListValue: json('JsonValue', 'readonly JsonValue[]', [field(1, 'values', message('Value'), { repeated: true })]),
    Timestamp: time('Timestamp'),
    BoolValue: wrapper('bool', 'boolean'),
    BytesValue: wrapper('bytes', 'Uint8Array'),
    DoubleValue: wrapper('double', 'number'),
    FloatValue: wrapper('float', 'number'),
    Int32Value: wrapper('int32', 'number'),
    Int64Value: wrapper('int64', 'bigint', 'bigint | number'),
    StringValue: wrapper('string', 'string'),
    UInt32Value: wrapper('uint32', 'number'),
    UInt64Value: wrapper('uint64', 'bigint', 'bigint | number'),
  }).map(([name, type]) => [`google.protobuf.${name}`, type]),
);

/** The only well-known enum; it lives in `struct.proto`. */
export const NULL_VALUE = 'google.protobuf.NullValue';

/** A method whose input or result is this has none. */
export const EMPTY = 'google.protobuf.Empty';

/** Why a type that comes with every protobuf compiler cannot be used, and the mend. */
export function unsupported(fullName: string): string {
  const known = [...WELL_KNOWN.keys()].map((each) => each.slice('google.protobuf.'.length)).join(', ');
  const mend = 'send bytes, or copy what you need of it into a message of your own';
  return `${fullName} is not supported; of google.protobuf there are ${known}; ${mend}`;
}

/** The options file; known without being read, so that nobody has to name its folder. */
export const isOptionsFile = (name: string): boolean => name === 'stmp.proto' || name === 'stmp/stmp.proto';
