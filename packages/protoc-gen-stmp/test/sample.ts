import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ReadSource } from '../src/index.js';

const deps = join(dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')), 'deps');

/** Folders of `.proto` files that others wrote: the APIs of Envoy and Google, and what they import. */
export const sampleRoots: readonly string[] = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((root) =>
  join(deps, root),
);

export const readSample: ReadSource = (name) => {
  for (const root of sampleRoots) {
    const path = join(root, name);
    if (existsSync(path)) return { text: readFileSync(path, 'utf8'), shown: name };
  }
  return undefined;
};

const known = new Map<string, boolean>();

/** Whether all it needs is there: the package leaves some files out, and its validate.proto is older than the rest. */
function isWhole(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const text = readSample(name)?.text;
  const imports = [...(text ?? '').matchAll(/^import\s+(?:public\s+)?"(.*)";/gm)].map((match) => match[1] ?? '');
  const whole =
    (text !== undefined && !text.includes('ignore_empty') && imports.every(isWhole)) ||
    (text === undefined && name.startsWith('google/protobuf/'));
  known.set(name, whole);
  return whole;
}

/** Files without output, and why: nothing but options, and a message with a `google.protobuf.Api`. */
export const OPTIONS_ONLY = 'validate/validate.proto';
export const REFUSED = 'google/api/service.proto';

/** The files of the sample, as imports name them. */
export const sampleNames: readonly string[] = sampleRoots
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }))
  .filter((name) => name.endsWith('.proto') && !/^(tests|java)\//.test(name) && name !== REFUSED && isWhole(name))
  .sort();
