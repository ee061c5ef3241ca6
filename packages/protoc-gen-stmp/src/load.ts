import { isBuiltInFile } from './built-in.js';
import { convertFile } from './convert.js';
import type { FileModel } from './model.js';
import { parseProto } from './parse.js';
import { GenerateError, type Problem } from './problem.js';
import { checkRules } from './rules.js';
import { Symbols, visibleFrom } from './symbols.js';
import { type Declaration, type FileNode, joinName } from './syntax.js';
import { isOptionsFile } from './well-known.js';

/** A `.proto` that was read. */
export interface Source {
  readonly text: string;
  /** Its path for messages. */
  readonly shown: string;
}

/** @param name A path as in an import. @returns undefined when there is no such file. */
export type ReadSource = (name: string) => Source | undefined;

/** A file by its name in imports. */
interface Loaded {
  readonly name: string;
  readonly shown: string;
  readonly tree: FileNode;
}

/**
 * Reads files and all they import.
 * @throws GenerateError with everything that is wrong.
 */
export function loadProtos(names: readonly string[], read: ReadSource): FileModel[] {
  const problems: Problem[] = [];
  const files = new Map<string, Loaded>();
  for (const name of names) {
    const source = read(name);
    if (source === undefined)
      problems.push({ message: `${name}: there is no such file; check the name and --proto_path` });
    else loadAll(name, source, [], read, files, problems);
  }
  const models = problems.length > 0 ? [] : convertAll(files, problems);
  if (problems.length > 0) throw new GenerateError(problems);
  return models;
}

/** @param path The files that led here, each importing the next one. */
function loadAll(
  name: string,
  source: Source,
  path: readonly string[],
  read: ReadSource,
  files: Map<string, Loaded>,
  problems: Problem[],
): void {
  if (files.has(name)) return;
  const { tree, fault } = parseProto(source.text);
  const { shown } = source;
  // Editions may have words that are not known here. They are refused where a type of theirs is used.
  if (fault !== undefined && tree.syntax !== 'editions') problems.push({ file: shown, ...fault });
  files.set(name, { name, shown, tree });
  const seen = new Set<string>();
  const here = [...path, name];
  for (const { path: imported, line } of tree.imports) {
    const report = (message: string): void => {
      problems.push({ file: shown, line, message });
    };
    const plain = plainPath(imported);
    if (plain !== imported) {
      const mend = plain === undefined ? 'name it as from one of the --proto_path folders' : `write import "${plain}";`;
      report(`import "${imported}" has ".", "..", "\\" or "//" in it; ${mend}`);
      continue;
    }
    if (seen.has(imported)) report(`import "${imported}" stands twice; remove one`);
    seen.add(imported);
    const at = here.indexOf(imported);
    if (at >= 0) {
      const circle = [...here.slice(at), imported].join(' -> ');
      report(`files import each other: ${circle}; move what they share into a file of its own`);
      continue;
    }
    const next = read(imported);
    if (next !== undefined) loadAll(imported, next, here, read, files, problems);
    else if (!isBuiltInFile(imported) && !isOptionsFile(imported))
      report(`cannot find the import "${imported}"; name its root with --proto_path`);
  }
}

/** A path without detours; undefined when it leads out of its root. */
function plainPath(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

function convertAll(files: ReadonlyMap<string, Loaded>, problems: Problem[]): FileModel[] {
  const symbols = new Symbols(new Set(files.keys()));
  for (const { tree } of files.values()) symbols.addPackage(tree.package);
  const reportTo =
    ({ shown }: Loaded) =>
    (line: number, message: string): void => {
      problems.push({ file: shown, line, message });
    };
  for (const file of files.values()) {
    if (file.tree.syntax === 'proto3') checkRules(file.tree, reportTo(file));
    declare(file, file.tree, file.tree.package, symbols, reportTo(file));
  }
  return [...files.values()].map((file) =>
    convertFile({
      ...file,
      visible: visibleFrom(file, files),
      symbols,
      problems,
      hasOptions: seesOptions(file, files),
    }),
  );
}

/** Whether the file may use the options of STMP. */
function seesOptions(file: Loaded, files: ReadonlyMap<string, Loaded>): boolean {
  const { files: seen } = visibleFrom(file, files);
  return [...seen].some((name) => isOptionsFile(name) || files.get(name)?.tree.package === 'stmp');
}

/** Makes the names inside of `around` known. */
function declare(
  file: Loaded,
  around: FileNode | Declaration,
  scope: string,
  symbols: Symbols,
  report: (line: number, message: string) => void,
): void {
  for (const child of around.children) {
    if (child.kind === 'extend') {
      // What it declares belongs to the place where it stands.
      declare(file, child, scope, symbols, report);
      continue;
    }
    const fullName = joinName(scope, child.name);
    const other = symbols.add({ kind: child.kind, fullName, file: file.name });
    if (other !== undefined && file.tree.syntax !== 'editions') {
      const where = scope === '' ? '' : ` in ${scope}`;
      const mend = child.kind === 'value' ? 'values of an enum share the scope around it; rename one' : 'rename one';
      if (other.kind === 'package') report(child.line, `${fullName} is the name of a package too; rename one`);
      else if (other.file !== file.name) report(child.line, `${fullName} is declared in ${other.file} too`);
      else report(child.line, `duplicate name '${child.name}'${where}; ${mend}`);
    }
    // Names in a oneof are those of the message, values of an enum are neighbours of the enum.
    declare(file, child, child.kind === 'oneof' || child.kind === 'enum' ? scope : fullName, symbols, report);
  }
}
