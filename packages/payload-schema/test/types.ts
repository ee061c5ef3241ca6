import type { Field, MessageType, Payload, PayloadCodec, ScalarType } from '@stmp/contract';

// Field tables as the generator writes them, by hand; all payload packages test with these.

export const Color = { COLOR_NONE: 0, RED: 1, GREEN: 2 } as const;
export const NullValue = { NULL_VALUE: 0 } as const;

export const Nested: MessageType = {
  typeName: 'interop.v1.Nested',
  fields: [
    [1, 'label', 'string'],
    [2, 'depth_level', 'int32'],
  ],
};

export const EchoMessage: MessageType = {
  typeName: 'interop.v1.EchoMessage',
  fields: [
    [1, 'text', 'string'],
    [2, 'big_number', 'int64'],
    [3, 'raw_data', 'bytes'],
    [4, 'tag_list', 'string', { repeated: true }],
    [5, 'nested_item', () => Nested],
    [6, 'color', Color],
    [7, 'numbers', 'int32', { repeated: true }],
    [8, 'counts', 'int64', { key: 'string' }],
    [9, 'ratio', 'double'],
    [10, 'flag', 'bool'],
    [11, 'unsigned_big', 'uint64'],
    [12, 'children', () => Nested, { repeated: true }],
    [13, 'small', 'int32'],
    [14, 'thin', 'float'],
  ],
};

export const Choice: MessageType = {
  typeName: 'interop.v1.Choice',
  fields: [
    [1, 'name', 'string', { oneof: 'pick' }],
    [2, 'number', 'int64', { oneof: 'pick' }],
  ],
};

export const SizeInput: MessageType = {
  typeName: 'interop.v1.SizeInput',
  fields: [
    [1, 'size', 'int64', { goName: 'Size_' }],
    [2, 'count', 'int32'],
    [3, 'delay_ms', 'int32'],
  ],
};

export const Blob: MessageType = { typeName: 'interop.v1.Blob', fields: [[1, 'data', 'bytes']] };

const name: Field = [1, 'name', 'string'];
const user: Field = [1, 'user', 'string'];
export const RoomModel: MessageType = {
  typeName: 'stmp.examples.quick_start.RoomModel',
  fields: [name, [2, 'users', 'string', { repeated: true }]],
};
export const JoinRoomInput: MessageType = { typeName: 'stmp.examples.quick_start.JoinRoomInput', fields: [name] };
export const UserJoinEvent: MessageType = { typeName: 'stmp.examples.quick_start.UserJoinEvent', fields: [user] };

/** A type that contains itself. */
export const Tree: MessageType = {
  typeName: 'test.Tree',
  fields: [
    [1, 'child', () => Tree],
    [2, 'children', () => Tree, { repeated: true }],
    [3, 'by_name', () => Tree, { key: 'string' }],
    [4, 'leaf', 'string'],
  ],
};

export const Empty: MessageType = { typeName: 'google.protobuf.Empty', fields: [] };
const secondsAndNanos: readonly Field[] = [
  [1, 'seconds', 'int64'],
  [2, 'nanos', 'int32'],
];
export const Timestamp: MessageType = { typeName: 'google.protobuf.Timestamp', fields: secondsAndNanos };
export const Duration: MessageType = { typeName: 'google.protobuf.Duration', fields: secondsAndNanos };
export const FieldMask: MessageType = {
  typeName: 'google.protobuf.FieldMask',
  fields: [[1, 'paths', 'string', { repeated: true }]],
};
export const Any: MessageType = {
  typeName: 'google.protobuf.Any',
  fields: [
    [1, 'type_url', 'string'],
    [2, 'value', 'bytes'],
  ],
};
export const Struct: MessageType = {
  typeName: 'google.protobuf.Struct',
  fields: [[1, 'fields', () => Value, { key: 'string' }]],
};
export const Value: MessageType = {
  typeName: 'google.protobuf.Value',
  fields: [
    [1, 'null_value', NullValue, { oneof: 'kind' }],
    [2, 'number_value', 'double', { oneof: 'kind' }],
    [3, 'string_value', 'string', { oneof: 'kind' }],
    [4, 'bool_value', 'bool', { oneof: 'kind' }],
    [5, 'struct_value', () => Struct, { oneof: 'kind' }],
    [6, 'list_value', () => ListValue, { oneof: 'kind' }],
  ],
};
export const ListValue: MessageType = {
  typeName: 'google.protobuf.ListValue',
  fields: [[1, 'values', () => Value, { repeated: true }]],
};
export const wrapper = (typeName: string, kind: ScalarType): MessageType => ({
  typeName: `google.protobuf.${typeName}`,
  fields: [[1, 'value', kind]],
});
export const StringValue: MessageType = wrapper('StringValue', 'string');
export const Int64Value: MessageType = wrapper('Int64Value', 'int64');
export const DoubleValue: MessageType = wrapper('DoubleValue', 'double');
export const BytesValue: MessageType = wrapper('BytesValue', 'bytes');
export const BoolValue: MessageType = wrapper('BoolValue', 'bool');

export const WellKnown: MessageType = {
  typeName: 'test.WellKnown',
  fields: [
    [1, 'time', () => Timestamp],
    [2, 'span', () => Duration],
    [3, 'mask', () => FieldMask],
    [4, 'any', () => Any],
    [5, 'struct', () => Struct],
    [6, 'value', () => Value],
    [7, 'list', () => ListValue],
    [8, 'text', () => StringValue],
    [9, 'number', () => Int64Value],
    [10, 'real', () => DoubleValue],
    [11, 'bytes', () => BytesValue],
    [12, 'truth', () => BoolValue],
    [13, 'empty', () => Empty],
    [14, 'times', () => Timestamp, { repeated: true }],
    [15, 'values', () => Value, { repeated: true }],
    [16, 'texts', () => StringValue, { key: 'string' }],
    [17, 'nothing', NullValue],
    [18, 'picked_null', NullValue, { oneof: 'pick' }],
    [19, 'picked_value', () => Value, { oneof: 'pick' }],
    [20, 'picked_text', () => StringValue, { oneof: 'pick' }],
  ],
};

export const SCALARS: readonly ScalarType[] = [
  ...(['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'] as const),
  ...(['fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'] as const),
];

/** Every scalar in every place: plain, optional, in a list (packed and not), in a map, in a oneof, as key. */
export const Everything: MessageType = {
  typeName: 'test.Everything',
  fields: [
    ...SCALARS.flatMap((kind, i): Field[] => [
      [i + 1, `f_${kind}`, kind],
      [i + 21, `o_${kind}`, kind, { optional: true }],
      [i + 41, `l_${kind}`, kind, { repeated: true }],
      [i + 61, `u_${kind}`, kind, { repeated: true, packed: false }],
      [i + 81, `m_${kind}`, kind, { key: 'string' }],
      [i + 101, `p_${kind}`, kind, { oneof: 'pick' }],
    ]),
    ...(['int32', 'int64', 'uint64', 'sint32', 'fixed64', 'bool'] as const).map(
      (kind, i): Field => [i + 130, `k_${kind}`, 'string', { key: kind }],
    ),
    [150, 'color', Color],
    [151, 'colors', Color, { repeated: true }],
    [152, 'nested', () => Nested],
    [153, 'nests', () => Nested, { repeated: true }],
    [154, 'by_key', () => Nested, { key: 'int32' }],
    [155, 'pick_nested', () => Nested, { oneof: 'pick' }],
    // Names that every object inherits.
    [156, 'constructor', 'string'],
    [157, 'to_string', 'int32', { optional: true }],
    [5000, 'far_away', 'bool'],
  ],
};

export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));

/** The bytes of a payload, whichever form it has; none for an empty message. */
export function bytesOf(payload: Payload | undefined): Uint8Array {
  if (payload === undefined) return new Uint8Array(0);
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  const slab = new Uint8Array(payload.len + 3);
  payload.finishInto(slab, 2);
  return slab.slice(2, -1);
}

export const encodeHex = (codec: PayloadCodec, type: MessageType, value: unknown): string =>
  Array.from(bytesOf(codec.message(type).encode(value)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Decodes from the middle of a larger array, as payloads arrive. */
export function decodeFrom(codec: PayloadCodec, type: MessageType | undefined, bytes: Uint8Array): unknown {
  const chunk = new Uint8Array(bytes.length + 8).fill(0xff);
  chunk.set(bytes, 3);
  return codec.message(type).decode(chunk, 3, 3 + bytes.length);
}

export const decodeHex = (codec: PayloadCodec, type: MessageType, text: string): unknown =>
  decodeFrom(codec, type, hex(text));
