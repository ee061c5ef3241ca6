import { allEnums, allMessages, type FileModel } from './model.js';

// Names that cannot be declared, that generated code uses, or that would be a nuisance where they are imported.
const RESERVED: ReadonlySet<string> = new Set(
  `abstract any arguments as asserts async await bigint boolean break case catch class const continue debugger declare default
  delete do else enum eval export extends false finally for from function get global globalThis if implements import in infer
  instanceof interface is keyof let module namespace never new null number object of package private protected public readonly
  require return satisfies set static string super switch symbol this throw true try type typeof undefined unique unknown var
  void while with yield exports __dirname __filename __exportStar __proto__ Array ArrayBuffer BigInt Boolean DataView Date Error Function Infinity JSON Map Math NaN Number Object
  Promise Proxy Readonly Record Reflect RegExp Set String Symbol Uint8Array WeakMap WeakSet`.split(/\s+/),
);

/** Gives out names that nothing else has; `$` is in no name of a `.proto`. */
export class Names {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = RESERVED) {
    this.#taken = new Set(taken);
  }

  take(wish: string): string {
    let name = wish;
    while (this.#taken.has(name)) name += '$';
    this.#taken.add(name);
    return name;
  }

  /** More names, beside those that are taken. */
  fork(): Names {
    return new Names(this.#taken);
  }
}

/** What a file exports, by the full names of messages, enums and services. */
export interface FileNames {
  readonly type: ReadonlyMap<string, string>;
  /** The types of what may be sent. */
  readonly init: ReadonlyMap<string, string>;
  /** The interfaces of methods. */
  readonly methods: ReadonlyMap<string, string>;
  readonly names: Names;
}

/** The names of one file do not depend on any other, so that importing files arrive at the same. */
export function nameFile(file: FileModel): FileNames {
  const names = new Names();
  const type = new Map<string, string>();
  const init = new Map<string, string>();
  const methods = new Map<string, string>();
  const messages = [...allMessages(file)];
  for (const { path, fullName } of [...messages, ...allEnums(file)].sort((a, b) => a.path.length - b.path.length)) {
    type.set(fullName, names.take(path.join('_')));
  }
  for (const { name, fullName } of file.services) type.set(fullName, names.take(name));
  for (const { fullName } of messages) init.set(fullName, names.take(`${type.get(fullName)}Init`));
  for (const { fullName } of file.services) methods.set(fullName, names.take(`${type.get(fullName)}Methods`));
  return { type, init, methods, names };
}

/** What the original's generator leaves to a struct's methods; a field of such a name gets an underscore. */
const GO_METHODS = 'Reset String ProtoMessage Marshal Unmarshal ExtensionRangeArray ExtensionMap Descriptor Size'.split(
  ' ',
);

/** The Go name of a field where nothing stands in its way. */
const goNameOf = (name: string): string =>
  name
    .replace(/^_([a-z]?)/, (_, letter: string) => `X${letter.toUpperCase()}`)
    .replace(/(^|_|\d)([a-z])/g, (_, before: string, letter: string) => before.replace('_', '') + letter.toUpperCase());

/** Names in the original's Go structs, of those fields where it is not the CamelCase name. */
export function goNames(
  fields: readonly { readonly name: string; readonly oneof: string | undefined }[],
): Map<string, string> {
  const used = new Set(GO_METHODS);
  const names = new Map<string, string>();
  const oneofs = new Set<string>();
  const claim = (wish: string): string => {
    let suffix = '';
    while (used.has(wish + suffix) || used.has(`Get${wish}${suffix}`)) suffix += '_';
    used.add(wish + suffix).add(`Get${wish}${suffix}`);
    return wish + suffix;
  };
  for (const { name, oneof } of fields) {
    const wish = goNameOf(name);
    const given = claim(wish);
    if (given !== wish) names.set(name, given);
    if (oneof !== undefined && !oneofs.has(oneof)) {
      oneofs.add(oneof);
      claim(goNameOf(oneof));
    }
  }
  return names;
}

/** A string literal. */
export const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A property name, in a type. */
export const propertyName = (name: string): string => (IDENTIFIER.test(name) ? name : quote(name));

/** A property name in an object literal, where a plain `__proto__` would set the prototype. */
export const propertyKey = (name: string): string => (name === '__proto__' ? `['__proto__']` : propertyName(name));
