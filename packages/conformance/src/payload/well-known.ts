import type { Field, ScalarType } from '@stmp/contract';
import type { AnyType } from './types.js';

const google = (name: string, fields: readonly Field[]): AnyType => ({ typeName: `google.protobuf.${name}`, fields });
const wrapper = (name: string, scalar: ScalarType): AnyType => google(name, [[1, 'value', scalar]]);

const TIME: readonly Field[] = [
  [1, 'seconds', 'int64'],
  [2, 'nanos', 'int32'],
];
const STRUCT: AnyType = google('Struct', [[1, 'fields', () => VALUE, { key: 'string' }]]);
const LIST: AnyType = google('ListValue', [[1, 'values', () => VALUE, { repeated: true }]]);
const VALUE: AnyType = google('Value', [
  [1, 'null_value', { NULL_VALUE: 0 }, { oneof: 'kind' }],
  [2, 'number_value', 'double', { oneof: 'kind' }],
  [3, 'string_value', 'string', { oneof: 'kind' }],
  [4, 'bool_value', 'bool', { oneof: 'kind' }],
  [5, 'struct_value', () => STRUCT, { oneof: 'kind' }],
  [6, 'list_value', () => LIST, { oneof: 'kind' }],
]);

const FIELDS: readonly [name: string, type: AnyType][] = [
  ['time', google('Timestamp', TIME)],
  ['span', google('Duration', TIME)],
  ['mask', google('FieldMask', [[1, 'paths', 'string', { repeated: true }]])],
  [
    'any',
    google('Any', [
      [1, 'type_url', 'string'],
      [2, 'value', 'bytes'],
    ]),
  ],
  ['struct', STRUCT],
  ['value', VALUE],
  ['list', LIST],
  ['empty', google('Empty', [])],
  ['double', wrapper('DoubleValue', 'double')],
  ['float', wrapper('FloatValue', 'float')],
  ['long', wrapper('Int64Value', 'int64')],
  ['ulong', wrapper('UInt64Value', 'uint64')],
  ['int', wrapper('Int32Value', 'int32')],
  ['uint', wrapper('UInt32Value', 'uint32')],
  ['bool', wrapper('BoolValue', 'bool')],
  ['text', wrapper('StringValue', 'string')],
  ['blob', wrapper('BytesValue', 'bytes')],
];

/** A message with a field of each well-known type. */
export const WELL_KNOWN: AnyType = {
  typeName: 'stmp.conformance.WellKnown',
  fields: FIELDS.map(([name, type], i): Field => [i + 1, name, () => type]),
};

const absent: Record<string, unknown> = Object.fromEntries(FIELDS.map(([name]) => [name, undefined]));

/** What each field of {@link WELL_KNOWN} must carry there and back. */
export const WELL_KNOWN_VALUES: readonly [what: string, value: Record<string, unknown>][] = [
  ['nothing', absent],
  ['a timestamp', { ...absent, time: { seconds: 1_700_000_000n, nanos: 123_456_789 } }],
  ['the epoch', { ...absent, time: { seconds: 0n, nanos: 0 } }],
  ['a timestamp before 1970', { ...absent, time: { seconds: -62_135_596_800n, nanos: 1 } }],
  ['the last timestamp', { ...absent, time: { seconds: 253_402_300_799n, nanos: 999_999_999 } }],
  ['a duration', { ...absent, span: { seconds: 3n, nanos: 500_000_000 } }],
  ['a negative duration', { ...absent, span: { seconds: 0n, nanos: -1 } }],
  ['the longest duration', { ...absent, span: { seconds: -315_576_000_000n, nanos: -999_999_999 } }],
  ['a field mask', { ...absent, mask: { paths: ['user.display_name', 'photo'] } }],
  ['an Any', { ...absent, any: { typeUrl: 'type.googleapis.com/x.Y', value: Uint8Array.of(8, 1, 255) } }],
  ['a Struct', { ...absent, struct: { a: 1.5, b: 'x', c: true, d: null, e: [1, [2, {}]], f: { g: false } } }],
  ['an empty Struct', { ...absent, struct: {} }],
  ['a Value of each kind', { ...absent, value: [null, 0, '', false, {}, []] }],
  ['a Value that is a number', { ...absent, value: -2.25 }],
  ['a Value that is null', { ...absent, value: null }],
  ['a ListValue', { ...absent, list: ['a', null, 3] }],
  ['an Empty', { ...absent, empty: {} }],
  [
    'wrappers at their defaults',
    {
      ...absent,
      double: 0,
      float: 0,
      long: 0n,
      ulong: 0n,
      int: 0,
      uint: 0,
      bool: false,
      text: '',
      blob: new Uint8Array(0),
    },
  ],
  [
    'wrappers at their ends',
    {
      ...absent,
      double: 1.7976931348623157e308,
      float: Math.fround(3.4e38),
      long: -(2n ** 63n),
      ulong: 2n ** 64n - 1n,
      int: -2_147_483_648,
      uint: 4_294_967_295,
      bool: true,
      text: 'x',
      blob: Uint8Array.of(0),
    },
  ],
];
