import { isFieldSet, type Message } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  type ServiceDescriptorProto,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { ScalarType } from '@stmp/contract';
import { docText } from './doc.js';
import {
  type Declared,
  type EnumModel,
  type FieldModel,
  type FileModel,
  type IdModel,
  isOptionsMessage,
  jsonNameOf,
  type KindModel,
  type MessageModel,
  type ServiceModel,
  type TypeRef,
} from './model.js';
import { joinName } from './syntax.js';

// Field numbers of descriptor.proto, which is how source positions are addressed.
const FILE = { message: 4, enum: 5, service: 6, syntax: 12 } as const;
const MESSAGE = { field: 2, nested: 3, enum: 4, oneof: 8 } as const;
const ENUM_VALUE = 2;
const SERVICE = { method: 2, options: 3 } as const;
const METHOD_OPTIONS = 4;

// Numbers of our options. Source: STMP 1.0, section 9.
const SERVICE_ID = 0x554501;
const SERVICE_KIND = 0x554502;
const METHOD_ID = 0x554502;

const SCALARS: Readonly<Partial<Record<Type, ScalarType>>> = {
  [Type.DOUBLE]: 'double',
  [Type.FLOAT]: 'float',
  [Type.INT64]: 'int64',
  [Type.UINT64]: 'uint64',
  [Type.INT32]: 'int32',
  [Type.FIXED64]: 'fixed64',
  [Type.FIXED32]: 'fixed32',
  [Type.BOOL]: 'bool',
  [Type.STRING]: 'string',
  [Type.BYTES]: 'bytes',
  [Type.UINT32]: 'uint32',
  [Type.SFIXED32]: 'sfixed32',
  [Type.SFIXED64]: 'sfixed64',
  [Type.SINT32]: 'sint32',
  [Type.SINT64]: 'sint64',
};

type Path = readonly number[];
type At = (path: Path, options?: { readonly deprecated: boolean } | undefined) => Declared;

/** A file as protoc and buf describe it. */
export function fileFromDescriptor(file: FileDescriptorProto): FileModel {
  const locations = new Map(file.sourceCodeInfo?.location.map((location) => [location.path.join(), location]));
  const at: At = (path, options) => {
    const location = locations.get(path.join());
    return {
      line: location === undefined ? 0 : (location.span[0] ?? -1) + 1,
      doc: docText(location?.leadingComments ?? '', location?.trailingComments ?? ''),
      deprecated: options?.deprecated ?? false,
    };
  };
  const scope = file.package;
  const extended = extendedIn(file.extension, file.messageType);
  return {
    name: file.name,
    shown: file.name,
    syntax: file.syntax === '' ? 'proto2' : file.syntax,
    syntaxLine: at([FILE.syntax]).line || 1,
    package: scope,
    publicImports: file.publicDependency.map((i) => file.dependency[i] ?? ''),
    onlyOptions: extended.length > 0 && extended.every(isOptionsMessage) && file.service.length === 0,
    messages: messagesOf(file.messageType, scope, [], [FILE.message], at),
    enums: enumsOf(file.enumType, scope, [], [FILE.enum], at),
    services: file.service.map((service, i) => serviceOf(service, scope, [FILE.service, i], at)),
  };
}

/** The messages that are extended, by their full names. */
const extendedIn = (extensions: FieldDescriptorProto[], messages: DescriptorProto[]): string[] => [
  ...extensions.map(({ extendee }) => extendee.replace(/^\./, '')),
  ...messages.flatMap(({ extension, nestedType }) => extendedIn(extension, nestedType)),
];

function enumsOf(
  enums: EnumDescriptorProto[],
  scope: string,
  outer: readonly string[],
  path: Path,
  at: At,
): EnumModel[] {
  return enums.map((each, i) => ({
    fullName: joinName(scope, each.name),
    path: [...outer, each.name],
    values: each.value.map((value, v) => ({
      name: value.name,
      no: value.number,
      ...at([...path, i, ENUM_VALUE, v], value.options),
    })),
    ...at([...path, i], each.options),
  }));
}

function messagesOf(
  types: DescriptorProto[],
  scope: string,
  outer: readonly string[],
  path: Path,
  at: At,
): MessageModel[] {
  return types.flatMap((type, i) => {
    // The entries of maps are no messages of the user's.
    if (type.options?.mapEntry === true) return [];
    const fullName = joinName(scope, type.name);
    const names = [...outer, type.name];
    const here = [...path, i];
    const isReal = (oneof: number): boolean =>
      type.field.some(
        (field) =>
          isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex) &&
          field.oneofIndex === oneof &&
          !field.proto3Optional,
      );
    return {
      fullName,
      path: names,
      fields: type.field.map((field, f) =>
        fieldOf(field, type, fullName, at([...here, MESSAGE.field, f], field.options)),
      ),
      oneofs: type.oneofDecl.flatMap(({ name }, o) => (isReal(o) ? { name, ...at([...here, MESSAGE.oneof, o]) } : [])),
      messages: messagesOf(type.nestedType, fullName, names, [...here, MESSAGE.nested], at),
      enums: enumsOf(type.enumType, fullName, names, [...here, MESSAGE.enum], at),
      ...at(here, type.options),
    };
  });
}

function typeOf(field: FieldDescriptorProto): TypeRef {
  const scalar = SCALARS[field.type];
  if (scalar !== undefined) return { kind: 'scalar', name: scalar };
  return { kind: field.type === Type.ENUM ? 'enum' : 'message', name: field.typeName.replace(/^\./, '') };
}

function fieldOf(field: FieldDescriptorProto, parent: DescriptorProto, scope: string, declared: Declared): FieldModel {
  const repeated = field.label === Label.REPEATED;
  const entry = repeated
    ? parent.nestedType.find((type) => type.options?.mapEntry === true && field.typeName === `.${scope}.${type.name}`)
    : undefined;
  const [key, value] = entry?.field ?? [];
  const oneof = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)
    ? parent.oneofDecl[field.oneofIndex]?.name
    : undefined;
  const { options } = field;
  return {
    no: field.number,
    name: field.name,
    jsonName: field.jsonName === '' ? jsonNameOf(field.name) : field.jsonName,
    type: typeOf(value ?? field),
    repeated: repeated && entry === undefined,
    unpacked: options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed) && !options.packed,
    optional: field.proto3Optional,
    oneof: field.proto3Optional ? undefined : oneof,
    mapKey: key && SCALARS[key.type],
    ...declared,
  };
}

function serviceOf(service: ServiceDescriptorProto, scope: string, path: Path, at: At): ServiceModel {
  const option = (no: number): number => at([...path, SERVICE.options, no]).line || at(path).line;
  const methods = service.method.map((method, i) => {
    const here = [...path, SERVICE.method, i];
    const line = at([...here, METHOD_OPTIONS, METHOD_ID]).line || at(here).line;
    return {
      name: method.name,
      input: method.inputType.replace(/^\./, ''),
      output: method.outputType.replace(/^\./, ''),
      streaming: method.clientStreaming || method.serverStreaming,
      id: idOption(method.options, METHOD_ID, line),
      ...at(here, method.options),
    };
  });
  return {
    name: service.name,
    fullName: joinName(scope, service.name),
    methods,
    id: idOption(service.options, SERVICE_ID, option(SERVICE_ID)),
    kind: kindOption(service.options, option(SERVICE_KIND)),
    ...at(path, service.options),
  };
}

/** Reads our options by number, as they come: among the unknown fields. */
function unknown(options: Message | undefined, no: number): BinaryReader | undefined {
  const field = options?.$unknown?.findLast((each) => each.no === no);
  return field && new BinaryReader(field.data);
}

function idOption(options: Message | undefined, no: number, line: number): IdModel | undefined {
  const reader = unknown(options, no);
  return reader && { value: BigInt(reader.uint64()), line };
}

function kindOption(options: Message | undefined, line: number): KindModel | undefined {
  const reader = unknown(options, SERVICE_KIND);
  if (reader === undefined) return undefined;
  const kind = { service: false, events: false, line };
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [no, wire] = reader.tag();
    if (no === 1) kind.service = reader.bool();
    else if (no === 2) kind.events = reader.bool();
    else reader.skip(wire);
  }
  return kind;
}
