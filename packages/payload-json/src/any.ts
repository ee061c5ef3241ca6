import type { MessageType, Payload, PayloadCodec, ScalarType } from '@stmp/contract';
import {
  adapterOf,
  CHECKS,
  EMPTY,
  Fault,
  fault,
  isObject,
  meet,
  pass,
  ruleOf,
  type TreeReader,
  type Write,
} from '@stmp/payload-schema';
import type { TextOut } from './text-out.js';

/** The types that an Any may hold, and what makes bytes of them. */
export interface AnyTypes {
  readonly byName: ReadonlyMap<string, MessageType>;
  readonly codec: PayloadCodec;
}

const ANY = 'google.protobuf.Any';
const google = (name: string, fields: MessageType['fields']): MessageType => ({
  typeName: `google.protobuf.${name}`,
  fields,
});

/** The well-known types, which no list has to name. */
function wellKnownTypes(): MessageType[] {
  const time: MessageType['fields'] = [
    [1, 'seconds', 'int64'],
    [2, 'nanos', 'int32'],
  ];
  const kind = { oneof: 'kind' };
  const value = google('Value', [
    [1, 'null_value', { NULL_VALUE: 0 }, kind],
    [2, 'number_value', 'double', kind],
    [3, 'string_value', 'string', kind],
    [4, 'bool_value', 'bool', kind],
    [5, 'struct_value', () => struct, kind],
    [6, 'list_value', () => list, kind],
  ]);
  const struct = google('Struct', [[1, 'fields', () => value, { key: 'string' }]]);
  const list = google('ListValue', [[1, 'values', () => value, { repeated: true }]]);
  const wrapped: [name: string, kind: ScalarType][] = [
    ['Double', 'double'],
    ['Float', 'float'],
    ['Int64', 'int64'],
    ['UInt64', 'uint64'],
    ['Int32', 'int32'],
    ['UInt32', 'uint32'],
    ['Bool', 'bool'],
    ['String', 'string'],
    ['Bytes', 'bytes'],
  ];
  return [
    google('Any', [
      [1, 'type_url', 'string'],
      [2, 'value', 'bytes'],
    ]),
    google('Timestamp', time),
    google('Duration', time),
    google('FieldMask', [[1, 'paths', 'string', { repeated: true }]]),
    google('Empty', []),
    value,
    struct,
    list,
    ...wrapped.map(([name, scalar]) => google(`${name}Value`, [[1, 'value', scalar]])),
  ];
}

export function anyTypesOf(types: readonly MessageType<unknown, never>[], codec: PayloadCodec): AnyTypes {
  // What is written by them was read by them.
  const all = [...wellKnownTypes(), ...(types as readonly MessageType[])];
  return { byName: new Map(all.map((type) => [type.typeName, type])), codec };
}

/** Whether JSON writes the type in a form of its own, which then is the member `value`. */
const hasOwnForm = (type: MessageType): boolean =>
  type.typeName === ANY || ruleOf(type) !== undefined || adapterOf(type) !== undefined;

const typeOf = (url: string, types: AnyTypes): MessageType | undefined =>
  url.includes('/') ? types.byName.get(url.slice(url.lastIndexOf('/') + 1)) : undefined;

function bytesOf(payload: Payload | undefined): Uint8Array {
  if (payload === undefined) return EMPTY;
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}

/** Makes `{ typeUrl, value }` of an Any with `@type`. */
export function anyForm(
  types: AnyTypes | undefined,
  readerOf: (type: MessageType) => TreeReader,
): (tree: unknown, depth: number) => unknown {
  return (tree, depth) => {
    if (!isObject(tree) || !Object.hasOwn(tree, '@type')) return tree;
    const url = tree['@type'];
    if (types === undefined) throw new Fault('an Any with @type needs the option anyTypes');
    if (typeof url !== 'string') return fault('string as @type', url);
    const type = typeOf(url, types);
    if (type === undefined) throw new Fault('@type names none of anyTypes');
    const reader = readerOf(type);
    let message: unknown;
    if (hasOwnForm(type)) {
      if (!Object.hasOwn(tree, 'value')) throw new Fault('expected value beside @type');
      const { value, ...others } = tree;
      meet(1);
      pass(others);
      message = reader.read(value, depth + 1);
    } else {
      message = reader.read(tree, depth + 1);
    }
    return { typeUrl: url, value: bytesOf(types.codec.message(type).encode(message)) };
  };
}

/** Writes an Any by its type where that is known, and by `write` where not. */
export function anyWriter(
  types: AnyTypes,
  write: Write<TextOut>,
  writerOf: (type: MessageType) => Write<TextOut>,
): Write<TextOut> {
  return (value, out, depth) => {
    if (!isObject(value)) return fault('object', value);
    const url = CHECKS.string(value.typeUrl ?? '') as string;
    const bytes = CHECKS.bytes(value.value ?? EMPTY) as Uint8Array;
    const type = typeOf(url, types);
    if (type === undefined) return write(value, out, depth);
    const message = types.codec.message(type).decode(bytes, 0, bytes.length);
    const inner: TextOut = { text: '', comma: '' };
    writerOf(type)(message === undefined ? {} : message, inner, depth + 1);
    const head = `${out.comma}{"@type":${JSON.stringify(url)}`;
    if (hasOwnForm(type)) out.text += `${head},"value":${inner.text}}`;
    else out.text += inner.text === '{}' ? `${head}}` : `${head},${inner.text.slice(1)}`;
    out.comma = ',';
  };
}
