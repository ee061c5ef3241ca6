import { NULL_VALUE, WELL_KNOWN } from './well-known.js';

export interface TypeSymbol {
  readonly kind: 'message' | 'enum';
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

const builtIn: readonly (readonly [string, TypeSymbol])[] = [
  ...[...WELL_KNOWN].map(([fullName, { file }]) => [fullName, { kind: 'message', fullName, file }] as const),
  [NULL_VALUE, { kind: 'enum', fullName: NULL_VALUE, file: 'google/protobuf/struct.proto' }],
];

/** All types of all files that were read. */
export class Symbols {
  readonly #types: Map<string, TypeSymbol> = new Map(builtIn);

  /** @returns the one that has the name already, if any. */
  add(symbol: TypeSymbol): TypeSymbol | undefined {
    const other = this.#types.get(symbol.fullName);
    if (other !== undefined && other.file !== symbol.file) return other;
    this.#types.set(symbol.fullName, symbol);
    return undefined;
  }

  /**
   * Finds the type that `name` means inside of `scope`: the first part of the name is looked for from the inside out,
   * and the rest must be found where the first part was.
   * @returns a sentence for the user when there is none.
   */
  resolve(name: string, scope: string, visible: Visible): TypeSymbol | string {
    if (name.startsWith('.')) return this.#find(name.slice(1), visible) ?? this.#explain(name.slice(1));
    const [first = ''] = name.split('.');
    for (let around: string | undefined = scope; around !== undefined; around = outer(around)) {
      const prefix = around === '' ? '' : `${around}.`;
      if (first === name) {
        const found = this.#find(prefix + name, visible);
        if (found !== undefined) return found;
      } else if (this.#isScope(prefix + first, visible)) {
        return this.#find(prefix + name, visible) ?? this.#explain(prefix + name);
      }
    }
    return this.#explain(name, scope);
  }

  #find(fullName: string, visible: Visible): TypeSymbol | undefined {
    const symbol = this.#types.get(fullName);
    return symbol !== undefined && visible.files.has(symbol.file) ? symbol : undefined;
  }

  #isScope(fullName: string, visible: Visible): boolean {
    return visible.packages.has(fullName) || this.#find(fullName, visible)?.kind === 'message';
  }

  #explain(name: string, scope = ''): string {
    for (let around: string | undefined = scope; around !== undefined; around = outer(around)) {
      const hidden = this.#types.get(around === '' ? name : `${around}.${name}`);
      if (hidden === undefined) continue;
      return `${hidden.fullName} is declared in ${hidden.file}, which is not imported; add: import "${hidden.file}";`;
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
export function packagesOf(name: string): string[] {
  const all: string[] = [];
  for (let each: string | undefined = name; each !== undefined && each !== ''; each = outer(each)) all.push(each);
  return all;
}
