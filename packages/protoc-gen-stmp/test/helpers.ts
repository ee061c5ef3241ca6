import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GeneratedFile, GenerateError, type GenerateOptions, generate, type OutputOptions } from '../src/index.js';

export const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
export const text = (relative: string): string => readFileSync(path(relative), 'utf8');

/** The files of the wide test case, as imports name them. */
export const CASES: readonly string[] = ['wide.proto', 'clash.proto', 'common/money.proto', 'common/all.proto'];

export function caseSource(name: string): { text: string; shown: string } | undefined {
  try {
    return { text: text(`proto/${name}`), shown: name };
  } catch {
    return undefined;
  }
}

/** Generates from sources in memory; the first one is the target. */
export function generateFrom(sources: Record<string, string>, options: Partial<GenerateOptions> = {}): GeneratedFile[] {
  const read = (name: string) => {
    const source = sources[name];
    return source === undefined ? undefined : { text: source, shown: name };
  };
  return generate({ files: Object.keys(sources).slice(0, 1), read, ...options });
}

/** A proto3 file with the options at hand. */
export const proto = (body: string, packageName = 'pkg'): string =>
  `syntax = "proto3"; package ${packageName}; import "stmp.proto"; import "google/protobuf/empty.proto";\n${body}`;

/** The text for a file of this body. */
export function emitted(body: string, options: OutputOptions = {}): string {
  const [file] = generateFrom({ 'a.proto': proto(body) }, options);
  return file?.text ?? '';
}

/** What is wrong with these sources, one line each. */
export function problemsOf(sources: Record<string, string>, options: Partial<GenerateOptions> = {}): string[] {
  try {
    generateFrom(sources, options);
  } catch (error) {
    if (error instanceof GenerateError) return error.message.split('\n');
    throw error;
  }
  return [];
}
