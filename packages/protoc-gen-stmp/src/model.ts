import type { ScalarType } from '@stmp/contract';

/** What every declaration of a `.proto` has. */
export interface Declared {
  /** 1-based; 0 where the front end does not know it. */
  readonly line: number;
  /** The comments before and after it, as plain text; empty without any. */
  readonly doc: string;
  readonly deprecated: boolean;
}

export type TypeRef =
  | { readonly kind: 'scalar'; readonly name: ScalarType }
  /** `name` is the full name, without a leading dot. */
  | { readonly kind: 'message' | 'enum'; readonly name: string };

export interface FieldModel extends Declared {
  readonly no: number;
  readonly name: string;
  readonly jsonName: string;
  readonly type: TypeRef;
  readonly repeated: boolean;
  /** Declared `[packed = false]`. */
  readonly unpacked: boolean;
  /** Declared `optional`. */
  readonly optional: boolean;
  /** The oneof's name in the `.proto`. */
  readonly oneof: string | undefined;
  readonly mapKey: ScalarType | undefined;
}

export interface OneofModel extends Declared {
  readonly name: string;
}

export interface EnumValueModel extends Declared {
  readonly name: string;
  readonly no: number;
}

export interface EnumModel extends Declared {
  readonly fullName: string;
  /** Names from the outermost message to this enum. */
  readonly path: readonly string[];
  readonly values: readonly EnumValueModel[];
}

export interface MessageModel extends Declared {
  readonly fullName: string;
  readonly path: readonly string[];
  /** In order of declaration. */
  readonly fields: readonly FieldModel[];
  readonly oneofs: readonly OneofModel[];
  readonly messages: readonly MessageModel[];
  readonly enums: readonly EnumModel[];
}

/** A number given by an option. */
export interface IdModel {
  readonly value: bigint;
  readonly line: number;
}

export interface KindModel {
  readonly service: boolean;
  readonly events: boolean;
  readonly line: number;
}

export interface MethodModel extends Declared {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly streaming: boolean;
  readonly id: IdModel | undefined;
}

export interface ServiceModel extends Declared {
  readonly name: string;
  readonly fullName: string;
  readonly methods: readonly MethodModel[];
  readonly id: IdModel | undefined;
  readonly kind: KindModel | undefined;
}

/** One `.proto`, the same whichever program read it. */
export interface FileModel {
  /** As imports name it: relative to a proto path, with `/`. */
  readonly name: string;
  /** As the user named it; for messages. */
  readonly shown: string;
  /** `proto2`, `proto3` or `editions`. */
  readonly syntax: string;
  readonly syntaxLine: number;
  readonly package: string;
  /** What it imports for those who import it. */
  readonly publicImports: readonly string[];
  /** It extends options of protobuf and has no services, so that there is nothing to generate where it is not proto3. */
  readonly onlyOptions: boolean;
  readonly messages: readonly MessageModel[];
  readonly enums: readonly EnumModel[];
  readonly services: readonly ServiceModel[];
}

/** The messages of a file, outer before nested. */
export function* allMessages(of: { readonly messages: readonly MessageModel[] }): Generator<MessageModel> {
  for (const message of of.messages) {
    yield message;
    yield* allMessages(message);
  }
}

/** The enums of a file, those of its messages included. */
export function* allEnums(file: FileModel): Generator<EnumModel> {
  yield* file.enums;
  for (const message of allMessages(file)) yield* message.enums;
}

/** Whether a message is that of the options of files, messages, fields and so on. */
export const isOptionsMessage = (fullName: string): boolean => /^google\.protobuf\.\w+Options$/.test(fullName);

/** protoc's rule for JSON names: underscores go, the letter after one is raised. */
export function jsonNameOf(name: string): string {
  return name.replace(/_+([a-z])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');
}
