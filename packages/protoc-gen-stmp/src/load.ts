import protobuf from 'protobufjs';
import { docText } from './doc.js';
import {
  type EnumModel,
  type FieldModel,
  type FileModel,
  jsonNameOf,
  type MessageModel,
  type MethodModel,
  type ServiceModel,
  type TypeRef,
} from './model.js';
import { GenerateError, type Problem } from './problem.js';
import { type Scanned, type ScannedFile, scanProto } from './scan.js';
import { StmpOptions } from './stmp-options.js';
import { packagesOf, Symbols, type Visible } from './symbols.js';
import { isOptionsFile, isWellKnownFile } from './well-known.js';

/** A `.proto` that was read. */
export interface Source {
  readonly text: string;
  /** Its path for messages. */
  readonly shown: string;
}

/** @param name A path as in an import. @returns undefined when there is no such file. */
export type ReadSource = (name: string) => Source | undefined;

interface Parsed extends Source {
  readonly name: string;
  readonly scanned: ScannedFile;
  readonly root: protobuf.Root;
}

const SCALARS: ReadonlySet<string> = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '),
);

/**
 * Reads files and all they import with the parser of protobufjs.
 * @throws GenerateError with everything that is wrong.
 */
export function loadProtos(names: readonly string[], read: ReadSource): FileModel[] {
  const problems: Problem[] = [];
  const files = new Map<string, Parsed>();
  for (const name of names) {
    const source = read(name);
    if (source === undefined)
      problems.push({ message: `${name}: there is no such file; check the name and --proto_path` });
    else parseAll(name, source, read, files, problems);
  }
  const models = problems.length > 0 ? [] : convertAll(files, problems);
  if (problems.length > 0) throw new GenerateError(problems);
  return models;
}

function parseAll(
  name: string,
  source: Source,
  read: ReadSource,
  files: Map<string, Parsed>,
  problems: Problem[],
): void {
  if (files.has(name)) return;
  const scanned = scanProto(source.text);
  const root = parseOne(source, scanned, problems);
  // Known from now on, so that files that import each other end here.
  files.set(name, { ...source, name, scanned, root });
  for (const { path, line } of scanned.imports) {
    const imported = read(path);
    if (imported !== undefined) parseAll(path, imported, read, files, problems);
    else if (!isWellKnownFile(path) && !isOptionsFile(path)) {
      const message = `cannot find the import "${path}"; name its root with --proto_path`;
      problems.push({ file: source.shown, line, message });
    }
  }
}

function parseOne({ text, shown }: Source, scanned: ScannedFile, problems: Problem[]): protobuf.Root {
  const root = new protobuf.Root();
  // Anything but proto3 is refused later, where a type of the file is used.
  if (scanned.syntax !== 'proto3') return root;
  try {
    protobuf.parse(text, root, { keepCase: true });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const at = / \((?:.*, )?line (\d+)\)$/.exec(said);
    const line = at === null ? lineOf(said, scanned) : Number(at[1]);
    problems.push({ file: shown, line, message: at === null ? said : said.slice(0, at.index) });
  }
  return root;
}

/** The line for an error that names things instead: `duplicate id 1 in Type Foo`. */
function lineOf(message: string, file: ScannedFile): number | undefined {
  const named = /'?([\w]+)'? (?:in|is reserved in) \w+ \.?(?:[\w.]+\.)?(\w+)$/.exec(message);
  if (named === null) return undefined;
  const [, what, where] = named;
  const walk = (node: Scanned): number | undefined => {
    for (const child of node.children) {
      if (child.name !== where) {
        const inner = walk(child);
        if (inner !== undefined) return inner;
        continue;
      }
      const members = child.children.flatMap((each) => (each.kind === 'oneof' ? [each, ...each.children] : [each]));
      return members.findLast((each) => each.name === what || each.number === what)?.line ?? child.line;
    }
    return undefined;
  };
  return walk(file);
}

function convertAll(files: ReadonlyMap<string, Parsed>, problems: Problem[]): FileModel[] {
  const symbols = new Symbols();
  for (const file of files.values()) {
    const visit = (node: Scanned, scope: string): void => {
      for (const child of node.children) {
        if (child.kind !== 'message' && child.kind !== 'enum') continue;
        const fullName = scope === '' ? child.name : `${scope}.${child.name}`;
        const other = symbols.add({ kind: child.kind, fullName, file: file.name });
        if (other !== undefined && !isWellKnownFile(file.name)) {
          problems.push({
            file: file.shown,
            line: child.line,
            message: `${fullName} is declared in ${other.file} too`,
          });
        }
        visit(child, fullName);
      }
    };
    visit(file.scanned, file.scanned.package);
  }
  return [...files.values()].map((file) => new Converter(file, files, symbols, problems).convert());
}

/** What `file` sees: itself, what it imports, and what those import publicly. */
function visibleFrom(file: Parsed, files: ReadonlyMap<string, Parsed>): Visible {
  const seen = new Set<string>([file.name]);
  const packages = new Set<string>(packagesOf(file.scanned.package));
  const add = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const imported = files.get(name)?.scanned;
    for (const each of packagesOf(imported?.package ?? (isWellKnownFile(name) ? 'google.protobuf' : '')))
      packages.add(each);
    for (const next of imported?.imports ?? []) if (next.isPublic) add(next.path);
  };
  for (const { path } of file.scanned.imports) add(path);
  return { files: seen, packages };
}

const declared = (node: Scanned): { line: number; doc: string; deprecated: boolean } => ({
  line: node.line,
  doc: docText(node.leading, node.trailing),
  deprecated: hasOption(node, 'deprecated', 'true'),
});

const hasOption = (node: Scanned, name: string, value: string): boolean =>
  node.options.some((option) => option.name === name && option.value[0]?.text === value);

/** Decimal, `0x` or, with a leading zero, octal. */
const integer = (text: string): number => {
  const digits = text.replace('-', '');
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  return text.startsWith('-') ? -value : value;
};

const NOWHERE: Scanned = {
  kind: '',
  name: '',
  number: '',
  line: 0,
  leading: '',
  trailing: '',
  options: [],
  children: [],
};

/** The types of a file that is not parsed, so that a use of them can be refused with the reason. */
function unparsed(around: Scanned, scope: string): { messages: MessageModel[]; enums: EnumModel[] } {
  const of = (kind: string): Scanned[] => around.children.filter((child) => child.kind === kind);
  const named = (child: Scanned): { fullName: string; path: string[] } & ReturnType<typeof declared> => {
    const fullName = scope === '' ? child.name : `${scope}.${child.name}`;
    return { fullName, path: [child.name], ...declared(child) };
  };
  return {
    messages: of('message').map((child) => {
      const name = named(child);
      return { ...name, fields: [], oneofs: [], ...unparsed(child, name.fullName) };
    }),
    enums: of('enum').map((child) => ({ ...named(child), values: [] })),
  };
}

class Converter {
  readonly #file: Parsed;
  readonly #symbols: Symbols;
  readonly #visible: Visible;
  readonly #options: StmpOptions;
  readonly #problems: Problem[];

  constructor(file: Parsed, files: ReadonlyMap<string, Parsed>, symbols: Symbols, problems: Problem[]) {
    this.#file = file;
    this.#symbols = symbols;
    this.#visible = visibleFrom(file, files);
    const imported = [...this.#visible.files].some(
      (name) => isOptionsFile(name) || files.get(name)?.scanned.package === 'stmp',
    );
    this.#options = new StmpOptions(file.shown, file.scanned.package, imported, problems);
    this.#problems = problems;
  }

  convert(): FileModel {
    const { name, shown, scanned, root } = this.#file;
    this.#options.check(scanned);
    const proto3 = scanned.syntax === 'proto3';
    const inside = scanned.package === '' ? root : root.lookup(scanned.package);
    const objects = inside instanceof protobuf.Namespace ? inside.nestedArray : [];
    return {
      name,
      shown,
      syntax: scanned.syntax,
      syntaxLine: scanned.syntaxLine,
      package: scanned.package,
      publicImports: scanned.imports.filter(({ isPublic }) => isPublic).map(({ path }) => path),
      ...(proto3 ? this.#nested(objects, scanned, scanned.package, []) : unparsed(scanned, scanned.package)),
      services: objects.filter((each) => each instanceof protobuf.Service).map((each) => this.#service(each)),
    };
  }

  #nested(
    objects: readonly protobuf.ReflectionObject[],
    around: Scanned,
    scope: string,
    path: readonly string[],
  ): { messages: MessageModel[]; enums: EnumModel[] } {
    const at = (name: string, kind: string): Scanned =>
      around.children.find((child) => child.kind === kind && child.name === name) ?? NOWHERE;
    const full = (name: string): string => (scope === '' ? name : `${scope}.${name}`);
    return {
      messages: objects
        .filter((each) => each instanceof protobuf.Type)
        .map((each) => this.#message(each, at(each.name, 'message'), full(each.name), [...path, each.name])),
      enums: objects
        .filter((each) => each instanceof protobuf.Enum)
        .map((each) => this.#enum(at(each.name, 'enum'), full(each.name), [...path, each.name])),
    };
  }

  #enum(node: Scanned, fullName: string, path: readonly string[]): EnumModel {
    // The parser keeps values in a plain object, which has no place for a value named __proto__.
    const values = node.children
      .filter((child) => child.kind === 'value')
      .map((child) => ({ name: child.name, no: integer(child.number), ...declared(child) }));
    return { fullName, path, values, ...declared(node) };
  }

  #message(type: protobuf.Type, node: Scanned, fullName: string, path: readonly string[]): MessageModel {
    const oneofs = node.children.filter((child) => child.kind === 'oneof');
    const members = [...node.children, ...oneofs.flatMap((oneof) => oneof.children)];
    return {
      fullName,
      path,
      fields: type.fieldsArray.map((field) => {
        const at = members.find((child) => child.kind === 'field' && child.name === field.name) ?? NOWHERE;
        return this.#field(field, at, fullName);
      }),
      oneofs: oneofs.map((oneof) => ({ name: oneof.name, ...declared(oneof) })),
      ...this.#nested(type.nestedArray, node, fullName, path),
      ...declared(node),
    };
  }

  #field(field: protobuf.Field, node: Scanned, scope: string): FieldModel {
    const given: unknown = field.options?.json_name;
    const optional = field.options?.proto3_optional === true;
    const mapKey = field instanceof protobuf.MapField ? field.keyType : undefined;
    return {
      no: field.id,
      name: field.name,
      jsonName: typeof given === 'string' ? given : jsonNameOf(field.name),
      type: this.#type(field.type, scope, node.line),
      repeated: field.repeated,
      unpacked: hasOption(node, 'packed', 'false'),
      optional,
      oneof: optional ? undefined : field.partOf?.name,
      mapKey: mapKey as FieldModel['mapKey'],
      ...declared(node),
    };
  }

  #type(name: string, scope: string, line: number): TypeRef {
    if (SCALARS.has(name)) return { kind: 'scalar', name } as TypeRef;
    const found = this.#symbols.resolve(name, scope, this.#visible);
    if (typeof found !== 'string') return { kind: found.kind, name: found.fullName };
    this.#problems.push({ file: this.#file.shown, line, message: found });
    return { kind: 'message', name };
  }

  #service(service: protobuf.Service): ServiceModel {
    const { scanned } = this.#file;
    const node = scanned.children.find((child) => child.kind === 'service' && child.name === service.name) ?? NOWHERE;
    const fullName = scanned.package === '' ? service.name : `${scanned.package}.${service.name}`;
    const methods = service.methodsArray.map((method): MethodModel => {
      const at = node.children.find((child) => child.kind === 'rpc' && child.name === method.name) ?? NOWHERE;
      return {
        name: method.name,
        input: this.#messageName(method.requestType, fullName, at.line),
        output: this.#messageName(method.responseType, fullName, at.line),
        streaming: method.requestStream === true || method.responseStream === true,
        id: this.#options.methodId(at),
        ...declared(at),
      };
    });
    return { name: service.name, fullName, methods, ...this.#options.serviceOptions(node), ...declared(node) };
  }

  #messageName(name: string, scope: string, line: number): string {
    const found = SCALARS.has(name) ? undefined : this.#type(name, scope, line);
    if (found?.kind === 'message') return found.name;
    this.#problems.push({
      file: this.#file.shown,
      line,
      message: `${name} is not a message; methods take and give messages`,
    });
    return name;
  }
}
