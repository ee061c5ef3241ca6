import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { type AnyMethod, isStmpError, jsonCodec, type MessageCodec } from 'stmp';
import { usage } from './exit-code.js';
import type { Io } from './io.js';
import { jsonValues } from './json-values.js';

/** JSON on this side of the program, whatever the connection speaks: the JSON mapping of Protocol Buffers. */
const json = jsonCodec({ dialect: 'proto3' });

const codecOf = (type: AnyMethod['input']): Required<MessageCodec> =>
  json.message<unknown, unknown>(type) as Required<MessageCodec>;

/** Where the JSON of an argument comes from: itself, `@file`, or `-` for the standard input. Without one: one empty message. */
export function jsonTexts(argument: string | undefined, io: Io): AsyncIterable<string> {
  if (argument === '-' || argument === '@-') return jsonValues(io.input());
  if (argument?.startsWith('@')) return jsonValues(fileChunks(argument.slice(1), io.cwd));
  return jsonValues(once(argument ?? '{}'));
}

async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}

export async function* fileChunks(file: string, cwd: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(resolve(cwd, file)) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw usage(`cannot read ${file}: ${(error as Error).message}`);
  }
}

/** The value that JSON means for a method's input. */
export function readInput({ input }: AnyMethod, text: string): unknown {
  try {
    return codecOf(input).decodeText(text, 0, text.length);
  } catch (error) {
    throw isStmpError(error) || error instanceof SyntaxError
      ? usage(`the input does not fit: ${error.message}`)
      : error;
  }
}

/** A value as one line of JSON; an empty message, and none, is `{}`. */
export function toJson(type: AnyMethod['input'], value: unknown): string {
  return codecOf(type).encodeText(value) ?? '{}';
}
