import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type CliArgs, HELP, parseCliArgs, UsageError } from './cli-args.js';
import type { GeneratedFile } from './emit.js';
import { generateModels } from './generate.js';
import { loadProtos, type Source } from './load.js';
import { GenerateError } from './problem.js';
import { outputName } from './scope.js';

/** What the program touches of its surroundings. */
export interface CliIo {
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** @returns the exit code. */
export function runCli(argv: readonly string[], io: CliIo): 0 | 1 | 2 {
  try {
    const args = parseCliArgs(argv);
    if (args.help) io.out(HELP);
    else if (args.version) io.out(`${version()}\n`);
    else return run(args, argv, io);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`stmp-gen: ${error.message}\nTry: stmp-gen --help\n`);
      return 2;
    }
    if (error instanceof GenerateError) {
      io.err(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function run(args: CliArgs, argv: readonly string[], io: CliIo): 0 | 1 {
  if (args.inputs.length === 0) throw new UsageError('name at least one .proto file');
  const roots = findRoots(args, io.cwd);
  const read = (name: string): Source | undefined => readFrom(roots, name, io.cwd);
  const names = args.inputs.map((input) => protoName(input, roots, io.cwd));
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    throw new UsageError(
      `${args.inputs[twice]} and ${args.inputs[names.indexOf(names[twice]!)]} are both "${names[twice]}"; set --proto_path to a folder above them`,
    );
  }
  const models = loadProtos(names, read);
  const files = generateModels(models, names, args);
  const out = resolve(io.cwd, args.out);
  if (args.check) return check(files, out, argv, io);
  for (const { path, text } of files) {
    const target = join(out, path);
    // A file that does not change keeps its time, so that builds that watch it stay quiet.
    if (readText(target) === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  noteMissingImports(files, out, io);
  for (const method of new Set(files.flatMap(({ skipped }) => skipped)))
    io.err(`note: ${method} streams, and was left out\n`);
  return 0;
}

function check(files: readonly GeneratedFile[], out: string, argv: readonly string[], io: CliIo): 0 | 1 {
  const stale: string[] = [];
  for (const { path, text } of files) {
    const there = readText(join(out, path));
    // Git may have given the file the line ends of the platform.
    if (there?.replaceAll('\r\n', '\n') === text) continue;
    stale.push(`${shown(join(out, path), io.cwd)}: ${there === undefined ? 'is missing' : 'is stale'}`);
  }
  if (stale.length === 0) return 0;
  const again = argv.filter((arg) => arg !== '--check').join(' ');
  io.err(`${stale.join('\n')}\nTo bring it up to date: stmp-gen ${again}\n`);
  return 1;
}

/** Code that imports a file nobody generated fails far from the cause; say so here. */
function noteMissingImports(files: readonly GeneratedFile[], out: string, io: CliIo): void {
  for (const name of new Set(files.flatMap(({ imports }) => imports))) {
    if (['ts', 'js', 'cjs'].some((extension) => readText(join(out, outputName(name, extension))) !== undefined))
      continue;
    io.err(`note: ${name} is imported but was not generated; name it among the inputs\n`);
  }
}

/** Roots of imports: those given, or the folders of the inputs, outer ones first whatever the order of the inputs. */
function findRoots({ protoPath, inputs }: CliArgs, cwd: string): string[] {
  const roots = [
    ...new Set(
      (protoPath.length > 0 ? protoPath : inputs.map((input) => dirname(input))).map((path) => resolve(cwd, path)),
    ),
  ];
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

function readFrom(roots: readonly string[], name: string, cwd: string): Source | undefined {
  if (name.split('/').includes('..')) return undefined;
  for (const root of roots) {
    const path = join(root, name);
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
