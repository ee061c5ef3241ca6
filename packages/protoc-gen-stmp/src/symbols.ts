import { BUILT_IN, isBuiltInFile, packageOfBuiltIn } from './built-in.js';
import { type Declaration, type FileNode, joinName } from './syntax.js';
import { NULL_VALUE, unsupported, WELL_KNOWN } from './well-known.js';

/** A name of a `.proto`; whatever it names, nothing else may have it. */
export interface ProtoSymbol {
  readonly kind: Declaration['kind'] | 'package';
  readonly fullName: string;
  /** The file that declares it. */
  readonly file: string;
}

/** What one file can see of the others. */
export interface Visible {
  readonly files: ReadonlySet<string>;
  /** Packages of these files, and the packages around them. */
  readonly packages: ReadonlySet<string>;
}

interface LoadedFile {
  readonly name: string;
  readonly tree: FileNode;
}

/** What `file` sees: itself, what it imports, and what those import publicly. */
export function visibleFrom(file: LoadedFile, files: ReadonlyMap<string, LoadedFile>): Visible {
  const seen = new Set<string>([file.name]);
  const packages = new Set<string>(packagesOf(file.tree.package));
  const add = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const imported = files.get(name)?.tree;
    for (const each of packagesOf(imported?.package ?? packageOfBuiltIn(name) ?? '')) packages.add(each);
    for (const next of imported?.imports ?? []) if (next.isPublic) add(next.path);
  };
  for (const { path } of file.tree.imports) add(path);
  return { files: seen, packages };
}

/** What a name can be looked up for: a type only, or the first thing that has the name, whatever it is. */
export type LookUp = 'types' | 'anything';

const IS_TYPE: ReadonlySet<string> = new Set(['message', 'enum']);
/** What can have names inside. */
const IS_SCOPE: ReadonlySet<string> = new Set(['message', 'enum', 'service', 'package']);

/** All names of all files that were read. */
export class Symbols {
  readonly #symbols: Map<string, ProtoSymbol> = new Map();
  readonly #packages: Set<string> = new Set();
  readonly #loaded: ReadonlySet<string>;

  /** @param loaded The files that were read; of others, those that come with every compiler are known. */
  constructor(loaded: ReadonlySet<string>) {
    this.#loaded = loaded;
  }

  /** @returns the one that has the name already, if any. */
  add(symbol: ProtoSymbol): ProtoSymbol | undefined {
    const other = this.#get(symbol.fullName);
    if (other !== undefined) return other;
    if (this.#packages.has(symbol.fullName)) return { ...symbol, kind: 'package' };
    this.#symbols.set(symbol.fullName, symbol);
    return undefined;
  }

  /** Packages come before all that is in them. */
  addPackage(name: string): void {
    for (const each of packagesOf(name)) this.#packages.add(each);
  }

  /**
   * Finds what `name` means inside of `scope`: the first part of the name is looked for from the inside out, and the
   * rest must be found where the first part was.
   * @returns a sentence for the user when there is nothing.
   */
  resolve(name: string, scope: string, visible: Visible, lookUp: LookUp): ProtoSymbol | string {
    if (name.startsWith('.')) return this.#find(name.slice(1), visible) ?? this.#explain(name.slice(1));
    const [first = ''] = name.split('.');
    for (let around: string | undefined = scope; around !== undefined; around = outer(around)) {
      const found = this.#find(joinName(around, first), visible);
      if (first === name) {
        if (found !== undefined && (lookUp === 'anything' || IS_TYPE.has(found.kind))) return found;
      } else if (found !== undefined && IS_SCOPE.has(found.kind)) {
        const full = joinName(around, name);
        return this.#find(full, visible) ?? this.#explain(full);
      }
    }
    return this.#explain(name, scope);
  }

  #get(fullName: string): ProtoSymbol | undefined {
    const symbol = this.#symbols.get(fullName);
    if (symbol !== undefined) return symbol;
    const builtIn = BUILT_IN.get(fullName);
    return builtIn !== undefined && !this.#loaded.has(builtIn.file) ? builtIn : undefined;
  }

  #find(fullName: string, visible: Visible): ProtoSymbol | undefined {
    const symbol = this.#get(fullName);
    if (symbol !== undefined) return visible.files.has(symbol.file) ? symbol : undefined;
    return visible.packages.has(fullName) ? { kind: 'package', fullName, file: '' } : undefined;
  }

  #explain(name: string, scope = ''): string {
    for (let around: string | undefined = scope; around !== undefined; around = outer(around)) {
      const hidden = this.#get(joinName(around, name));
      if (hidden === undefined || !IS_TYPE.has(hidden.kind)) continue;
      const { fullName, file } = hidden;
      if (isBuiltInFile(file) && !WELL_KNOWN.has(fullName) && fullName !== NULL_VALUE) return unsupported(fullName);
      return `${fullName} is declared in ${file}, which is not imported; add: import "${file}";`;
    }
    return `there is no message or enum named ${name}; check the spelling and the imports`;
  }
}

function outer(scope: string): string | undefined {
  if (scope === '') return undefined;
  const dot = scope.lastIndexOf('.');
  return dot < 0 ? '' : scope.slice(0, dot);
}

/** A package and the packages around it. */
function packagesOf(name: string): string[] {
  const all: string[] = [];
  for (let each: string | undefined = name; each !== undefined && each !== ''; each = outer(each)) all.push(each);
  return all;
}
