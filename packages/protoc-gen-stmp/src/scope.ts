import { isBuiltInFile } from './built-in.js';
import type { Linked } from './link.js';
import type { FieldModel, FileModel, TypeRef } from './model.js';
import { type FileNames, type Names, nameFile } from './names.js';
import { EMPTY, isOptionsFile, NULL_VALUE, WELL_KNOWN } from './well-known.js';

/** How relative imports between generated files end. */
export type ImportExtension = 'js' | 'ts' | 'none';

export interface ScopeOptions {
  /** The module that the contract's types are imported from. */
  readonly contract: string;
  /** How imports of other generated files end; `cjs` where the output is CommonJS. */
  readonly importExtension: ImportExtension | 'cjs';
}

/** How a file takes what others export: by `import`, with types or without, or by `require`. */
export type ImportForm = 'types' | 'values' | 'require';

/** The contract is an ES module, which a file that turns out to be CommonJS may name for its types in this way only. */
const TYPES_OF_A_MODULE = ` with { 'resolution-mode': 'import' }`;

/** The names that one generated file uses, gathered while its text is written; its imports follow from them. */
export class Scope {
  readonly own: FileNames;
  readonly #file: FileModel;
  readonly #linked: Linked;
  readonly #options: ScopeOptions;
  readonly #local: Names;
  readonly #contract: Map<string, string> = new Map();
  readonly #imports: Map<string, { value: Map<string, string>; type: Map<string, string> }> = new Map();
  readonly #others: Map<string, FileNames> = new Map();
  readonly #wellKnown: Map<string, string> = new Map();

  constructor(file: FileModel, linked: Linked, options: ScopeOptions) {
    this.own = nameFile(file);
    this.#file = file;
    this.#linked = linked;
    this.#options = options;
    this.#local = this.own.names.fork();
  }

  /** A type of the contract. */
  contract(name: string): string {
    return remember(this.#contract, name, () => this.#local.take(name));
  }

  /** The constant, and type, of a message or enum. */
  type(fullName: string): string {
    return this.#named(fullName, 'type');
  }

  /** The type of what may be sent as a message. */
  init(fullName: string): string {
    return this.#named(fullName, 'init');
  }

  /** The constant of a message, well-known ones included. */
  table(fullName: string): string {
    if (!WELL_KNOWN.has(fullName) && fullName !== NULL_VALUE) return this.type(fullName);
    return remember(this.#wellKnown, fullName, () => this.#local.take(fullName.replaceAll('.', '_')));
  }

  /** Well-known types that were asked for, in that order; writing their tables may ask for more. */
  *wellKnown(): Generator<readonly [fullName: string, local: string]> {
    yield* this.#wellKnown;
  }

  /** What a value of this type is in memory, when received. */
  received(type: TypeRef): string {
    if (type.kind === 'scalar') return SCALARS[type.name] ?? 'number';
    if (type.name === NULL_VALUE) return 'number';
    return this.#wellKnownType(type.name, 'received') ?? this.type(type.name);
  }

  /** What may be sent as a value of this type. */
  sent(type: TypeRef): string {
    if (type.kind === 'scalar') return SCALARS[type.name] === 'bigint' ? 'bigint | number' : this.received(type);
    if (type.kind === 'enum') return this.received(type);
    return this.#wellKnownType(type.name, 'sent') ?? this.init(type.name);
  }

  /** The two types of a method's input or result. */
  payload(fullName: string): readonly [received: string, sent: string] {
    if (fullName === EMPTY) return ['void', 'void'];
    const type = { kind: 'message', name: fullName } as const;
    return [this.received(type), this.sent(type)];
  }

  #wellKnownType(name: string, side: 'received' | 'sent'): string | undefined {
    const known = WELL_KNOWN.get(name);
    if (known === undefined) return undefined;
    return known.contract.reduce(
      (text, type) => text.replace(new RegExp(`\\b${type}\\b`), () => this.contract(type)),
      known[side],
    );
  }

  #named(fullName: string, what: 'type' | 'init'): string {
    const owner = this.#linked.fileOf(fullName);
    if (owner === undefined) throw new Error(`unknown type ${fullName}`);
    if (owner.name === this.#file.name) return this.own[what].get(fullName)!;
    const exported = remember(this.#others, owner.name, () => nameFile(owner))[what].get(fullName)!;
    const specifier = this.#specifier(owner.name);
    const imports = remember(this.#imports, specifier, () => ({ value: new Map(), type: new Map() }));
    const list = what === 'type' ? imports.value : imports.type;
    return remember(list, exported, () => this.#local.take(exported));
  }

  /** What is passed on to those who import this file. */
  exportLines(form: ImportForm): string[] {
    return this.#publicImports().map((name) => {
      const from = this.#specifier(name);
      // Node finds names behind a function of this name only.
      return form === 'require' ? `__exportStar(require('${from}'), exports);` : `export * from '${from}';`;
    });
  }

  /** The files whose output is imported. */
  get importedFiles(): string[] {
    return [...new Set([...this.#others.keys(), ...this.#publicImports()])].sort(compare);
  }

  #publicImports(): string[] {
    return this.#file.publicImports.filter(
      (name) => !isBuiltInFile(name) && !isOptionsFile(name) && this.#linked.hasOutput(name),
    );
  }

  #specifier(name: string): string {
    return relativeImport(this.#file.name, name, this.#options.importExtension);
  }

  importLines(form: ImportForm): string[] {
    const as = form === 'require' ? ': ' : ' as ';
    const named = ([name, local]: readonly [string, string]): string =>
      name === local ? name : `${name}${as}${local}`;
    const lines: string[] = [];
    const line = (prefix: string, names: readonly string[], end: string): void => {
      if (names.length === 0) return;
      const sorted = [...names].sort((a, b) => compare(a.replace(/^type /, ''), b.replace(/^type /, '')));
      const one = `${prefix} { ${sorted.join(', ')} } ${end};`;
      lines.push(...(one.length <= 120 ? [one] : [`${prefix} {`, ...sorted.map((name) => `  ${name},`), `} ${end};`]));
    };
    if (form === 'types')
      line('import type', [...this.#contract].map(named), `from '${this.#options.contract}'${TYPES_OF_A_MODULE}`);
    for (const [specifier, { value, type }] of [...this.#imports].sort((a, b) => compare(a[0], b[0]))) {
      if (form === 'require') line('const', [...value].map(named), `= require('${specifier}')`);
      else {
        const types = form === 'values' ? [] : [...type].map((each) => `type ${named(each)}`);
        line('import', [...[...value].map(named), ...types], `from '${specifier}'`);
      }
    }
    return lines;
  }
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const SCALARS: Readonly<Record<string, string>> = {
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
  int64: 'bigint',
  uint64: 'bigint',
  sint64: 'bigint',
  fixed64: 'bigint',
  sfixed64: 'bigint',
};

export const outputName = (protoName: string, extension: string): string =>
  `${protoName.replace(/\.proto$/, '')}.${extension}`;

function relativeImport(from: string, to: string, extension: ImportExtension | 'cjs'): string {
  const here = from.split('/').slice(0, -1);
  const there = to.replace(/\.proto$/, '').split('/');
  let common = 0;
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++;
  const up = here.length - common;
  const path = `${up === 0 ? './' : '../'.repeat(up)}${there.slice(common).join('/')}`;
  return extension === 'none' ? path : `${path}.${extension}`;
}

/** The wire form of a type in a field table. */
export function tableType(scope: Scope, type: FieldModel['type']): string {
  if (type.kind === 'scalar') return `'${type.name}'`;
  return type.kind === 'enum' ? scope.table(type.name) : `() => ${scope.table(type.name)}`;
}
