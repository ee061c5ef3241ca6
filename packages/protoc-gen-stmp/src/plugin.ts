import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CodeGeneratorRequest,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
} from '@bufbuild/protobuf/wkt';
import { parsePluginParameter, UsageError } from './cli-args.js';
import { fileFromDescriptor } from './descriptors.js';
import type { GeneratedFile } from './emit.js';
import { generateModels } from './generate.js';
import { GenerateError } from './problem.js';

/** Answers a request of protoc or buf; what is wrong with a `.proto` is an answer too. */
export function runPlugin(request: Uint8Array): Uint8Array {
  const respond = (answer: { file?: GeneratedFile[]; error?: string }): Uint8Array => {
    const file = answer.file?.map(({ path, text }) => ({ name: path, content: text })) ?? [];
    return toBinary(
      CodeGeneratorResponseSchema,
      create(CodeGeneratorResponseSchema, {
        supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
        file,
        ...(answer.error === undefined ? {} : { error: answer.error }),
      }),
    );
  };
  try {
    return respond({ file: generateFor(fromBinary(CodeGeneratorRequestSchema, request)) });
  } catch (error) {
    if (error instanceof GenerateError || error instanceof UsageError) return respond({ error: error.message });
    throw error;
  }
}

function generateFor({ protoFile, fileToGenerate, parameter }: CodeGeneratorRequest): GeneratedFile[] {
  return generateModels(protoFile.map(fileFromDescriptor), fileToGenerate, parsePluginParameter(parameter));
}
