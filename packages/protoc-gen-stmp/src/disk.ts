import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from './cli-args.js';
import type { GeneratedFile } from './emit.js';
import { generateModels, type OutputOptions } from './generate.js';
import { loadProtos, type ReadSource, type Source } from './load.js';
import { outputName } from './scope.js';

/** What to generate, and where its parts are; paths are relative to `cwd`. */
export interface DiskOptions extends OutputOptions {
  readonly cwd: string;
  readonly inputs: readonly string[];
  /** Roots of imports. Empty: the folders of the inputs. */
  readonly protoPath: readonly string[];
  readonly out: string;
}

/** Where inputs are, and what they import. */
export type DiskInputs = Pick<DiskOptions, 'cwd' | 'inputs' | 'protoPath'>;

/**
 * Finds inputs on disk.
 * @param looked Takes the absolute paths that are looked at, whether there is a file or not, also when this throws.
 * @throws UsageError when inputs cannot be found.
 */
export function inputsOnDisk(
  options: DiskInputs,
  looked: Set<string> = new Set(),
): { readonly names: readonly string[]; readonly read: ReadSource } {
  const { cwd, inputs } = options;
  const roots = findRoots(options);
  const names = inputs.map((input) => {
    looked.add(resolve(cwd, input));
    return protoName(input, roots, cwd);
  });
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    throw new UsageError(
      `${inputs[twice]} and ${inputs[names.indexOf(names[twice]!)]} are both "${names[twice]}"; set --proto_path to a folder above them`,
    );
  }
  return { names, read: (name) => readFrom(roots, name, cwd, looked) };
}

/**
 * Generates from files, and writes nothing.
 * @param looked As in {@link inputsOnDisk}.
 * @throws UsageError when the inputs cannot be found, GenerateError with everything that is wrong in them.
 */
export function generateFromDisk(options: DiskOptions, looked?: Set<string>): GeneratedFile[] {
  const { names, read } = inputsOnDisk(options, looked);
  return generateModels(loadProtos(names, read), names, options);
}

/** Writes what is not there yet. @returns the paths that changed, as a user of `cwd` names them. */
export function writeOutput(files: readonly GeneratedFile[], { out, cwd }: DiskOptions): string[] {
  return files.flatMap(({ path, text }) => {
    const target = resolve(cwd, out, path);
    // A file that does not change keeps its time, so that builds that watch it stay quiet.
    if (readText(target) === text) return [];
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    return [shown(target, cwd)];
  });
}

/** What is on disk and should not be, one line each. */
export function staleOutput(files: readonly GeneratedFile[], { out, cwd }: DiskOptions): string[] {
  return files.flatMap(({ path, text }) => {
    const target = resolve(cwd, out, path);
    const there = readText(target);
    // Git may have given the file the line ends of the platform.
    if (there?.replaceAll('\r\n', '\n') === text) return [];
    return [`${shown(target, cwd)}: ${there === undefined ? 'is missing' : 'is stale'}`];
  });
}

/** What a user should know of output that was written, one line each. */
export function notesOn(files: readonly GeneratedFile[], { out, cwd }: DiskOptions): string[] {
  const isThere = (name: string): boolean =>
    ['ts', 'js', 'cjs'].some((extension) => readText(resolve(cwd, out, outputName(name, extension))) !== undefined);
  return [
    // Code that imports a file nobody generated fails far from the cause; say so here.
    ...[...new Set(files.flatMap(({ imports }) => imports))]
      .filter((name) => !isThere(name))
      .map((name) => `note: ${name} is imported but was not generated; name it among the inputs`),
    ...[...new Set(files.flatMap(({ skipped }) => skipped))].map(
      (method) => `note: ${method} streams, and was left out`,
    ),
  ];
}

/** Roots of imports: those given, or the folders of the inputs, outer ones first whatever the order of the inputs. */
export function findRoots({ protoPath, inputs, cwd }: DiskInputs): string[] {
  const given = protoPath.length > 0 ? protoPath : inputs.map((input) => dirname(input));
  const roots = [...new Set(given.map((path) => resolve(cwd, path)))];
  if (protoPath.length === 0) roots.sort((a, b) => a.length - b.length);
  for (const root of roots) {
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new UsageError(`--proto_path ${shown(root, cwd)}: there is no such folder`);
    }
  }
  return roots;
}

/** The name of an input as an import would give it. */
function protoName(input: string, roots: readonly string[], cwd: string): string {
  const path = resolve(cwd, input);
  if (readText(path) === undefined) {
    // As with protoc, an input may also be named as imports name it.
    if (roots.some((root) => readText(join(root, input)) !== undefined)) return input.split(sep).join('/');
    throw new UsageError(`${input}: there is no such file`);
  }
  const inside = roots
    .map((root) => relative(root, path))
    .find((name) => !name.startsWith('..') && resolve(name) !== name);
  if (inside === undefined)
    throw new UsageError(`${input} is under no --proto_path; add --proto_path ${dirname(input)}`);
  return inside.split(sep).join('/');
}

function readFrom(roots: readonly string[], name: string, cwd: string, looked: Set<string>): Source | undefined {
  if (name.split('/').includes('..')) return undefined;
  for (const root of roots) {
    const path = join(root, name);
    looked.add(path);
    const text = readText(path);
    if (text !== undefined) return { text, shown: shown(path, cwd) };
  }
  return undefined;
}

const shown = (path: string, cwd: string): string => {
  const name = relative(cwd, path);
  return name.startsWith('..') ? path : name === '' ? '.' : name;
};

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
