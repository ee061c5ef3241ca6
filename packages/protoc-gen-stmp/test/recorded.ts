import { readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { runPlugin } from '../src/plugin.js';
import { path } from './helpers.js';

/**
 * What protoc says of the cases:
 * `protoc -I test/proto -I proto --include_imports --include_source_info -o test/fixtures/cases.binpb CASES`.
 */
export const recorded: FileDescriptorProto[] = fromBinary(
  FileDescriptorSetSchema,
  readFileSync(path('fixtures/cases.binpb')),
).file;

/** What the plugin answers. */
export function ask(
  protoFile: FileDescriptorProto[],
  fileToGenerate: readonly string[],
  parameter = '',
): CodeGeneratorResponse {
  const request = create(CodeGeneratorRequestSchema, { protoFile, fileToGenerate: [...fileToGenerate], parameter });
  return fromBinary(CodeGeneratorResponseSchema, runPlugin(toBinary(CodeGeneratorRequestSchema, request)));
}
