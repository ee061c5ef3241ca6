import type { DescEnum, DescFile, DescMessage } from '@bufbuild/protobuf';
import {
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';

/** A type of a file that comes with every protobuf compiler. */
export interface BuiltInType {
  readonly kind: 'message' | 'enum';
  readonly fullName: string;
  /** The file that declares it, as imports name it. */
  readonly file: string;
}

const FILES: ReadonlyMap<string, DescFile> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_compiler_plugin,
    file_google_protobuf_cpp_features,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_go_features,
    file_google_protobuf_java_features,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map((file) => [`${file.name}.proto`, file]),
);

/** Whether a file comes with every protobuf compiler, so that nobody has to name its folder. */
export const isBuiltInFile = (name: string): boolean => FILES.has(name);

export const packageOfBuiltIn = (name: string): string | undefined => FILES.get(name)?.proto.package;

function* typesOf(messages: readonly DescMessage[], enums: readonly DescEnum[], file: string): Generator<BuiltInType> {
  for (const { typeName } of enums) yield { kind: 'enum', fullName: typeName, file };
  for (const { typeName, nestedMessages, nestedEnums } of messages) {
    yield { kind: 'message', fullName: typeName, file };
    yield* typesOf(nestedMessages, nestedEnums, file);
  }
}

/** All types of these files, by their full names. */
export const BUILT_IN: ReadonlyMap<string, BuiltInType> = new Map(
  [...FILES].flatMap(([name, file]) =>
    [...typesOf(file.messages, file.enums, name)].map((type) => [type.fullName, type]),
  ),
);
