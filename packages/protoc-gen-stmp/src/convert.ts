import { docText } from './doc.js';
import {
  type EnumModel,
  type FieldModel,
  type FileModel,
  isOptionsMessage,
  jsonNameOf,
  type MessageModel,
  type MethodModel,
  type ServiceModel,
  type TypeRef,
} from './model.js';
import type { Problem } from './problem.js';
import { SCALARS } from './rules.js';
import { StmpOptions } from './stmp-options.js';
import { unescapeString } from './string-literal.js';
import type { LookUp, ProtoSymbol, Symbols, Visible } from './symbols.js';
import {
  childrenOf,
  type Declaration,
  type EnumNode,
  type FieldNode,
  type FileNode,
  joinName,
  type MessageNode,
  optionWord,
  type ServiceNode,
} from './syntax.js';

/** A file with all that its names can mean. */
export interface Conversion {
  readonly name: string;
  readonly shown: string;
  readonly tree: FileNode;
  readonly visible: Visible;
  readonly symbols: Symbols;
  /** Whether it sees the options of STMP. */
  readonly hasOptions: boolean;
  /** Where to put what is wrong. */
  readonly problems: Problem[];
}

/** The model of a file that was read. */
export const convertFile = (conversion: Conversion): FileModel => new Converter(conversion).convert();

type Around = { readonly children: readonly Declaration[] };

const declared = (node: Declaration): { line: number; doc: string; deprecated: boolean } => ({
  line: node.line,
  doc: docText(node.leading, node.trailing),
  deprecated: optionWord(node, 'deprecated') === 'true',
});

class Converter {
  readonly #in: Conversion;
  readonly #options: StmpOptions;

  constructor(conversion: Conversion) {
    const { shown, tree, hasOptions, problems } = conversion;
    this.#in = conversion;
    this.#options = new StmpOptions(shown, tree.package, hasOptions, problems);
  }

  convert(): FileModel {
    const { name, shown, tree } = this.#in;
    this.#options.check(tree);
    const extended = this.#extended(tree, tree.package);
    return {
      name,
      shown,
      syntax: tree.syntax,
      syntaxLine: tree.syntaxLine,
      package: tree.package,
      publicImports: tree.imports.filter(({ isPublic }) => isPublic).map(({ path }) => path),
      onlyOptions: extended.length > 0 && extended.every(isOptionsMessage) && childrenOf(tree, 'service').length === 0,
      ...this.#nested(tree, tree.package, []),
      services: this.#isProto3 ? childrenOf(tree, 'service').map((each) => this.#service(each)) : [],
    };
  }

  /** Of other files only the names are of interest, so that a use of them can be refused with the reason. */
  get #isProto3(): boolean {
    return this.#in.tree.syntax === 'proto3';
  }

  #report(line: number, message: string): void {
    this.#in.problems.push({ file: this.#in.shown, line, message });
  }

  #nested(around: Around, scope: string, path: readonly string[]): { messages: MessageModel[]; enums: EnumModel[] } {
    return {
      messages: childrenOf(around, 'message').map((each) =>
        this.#message(each, joinName(scope, each.name), [...path, each.name]),
      ),
      enums: childrenOf(around, 'enum').map((each) =>
        this.#enum(each, joinName(scope, each.name), [...path, each.name]),
      ),
    };
  }

  #enum(node: EnumNode, fullName: string, path: readonly string[]): EnumModel {
    const values = childrenOf(node, 'value').map((child) => ({
      name: child.name,
      no: child.number,
      ...declared(child),
    }));
    return { fullName, path, values, ...declared(node) };
  }

  #message(node: MessageNode, fullName: string, path: readonly string[]): MessageModel {
    const oneofs = childrenOf(node, 'oneof');
    const fields = node.children.flatMap((child) => {
      if (child.kind === 'field') return [this.#field(child, undefined, fullName)];
      if (child.kind !== 'oneof') return [];
      return childrenOf(child, 'field').map((each) => this.#field(each, child.name, fullName));
    });
    return {
      fullName,
      path,
      fields: this.#isProto3 ? fields : [],
      oneofs: oneofs.map((oneof) => ({ name: oneof.name, ...declared(oneof) })),
      ...this.#nested(node, fullName, path),
      ...declared(node),
    };
  }

  #field(node: FieldNode, oneof: string | undefined, scope: string): FieldModel {
    const given = node.options.find((option) => option.name === 'json_name')?.value ?? [];
    return {
      no: node.number,
      name: node.name,
      jsonName: given.length > 0 ? given.map(({ text }) => unescapeString(text)).join('') : jsonNameOf(node.name),
      type: this.#type(node.type, scope, node.line),
      repeated: node.label === 'repeated',
      unpacked: optionWord(node, 'packed') === 'false',
      optional: node.label === 'optional',
      oneof,
      mapKey: node.mapKey as FieldModel['mapKey'],
      ...declared(node),
    };
  }

  #type(name: string, scope: string, line: number): TypeRef {
    if (SCALARS.has(name)) return { kind: 'scalar', name } as TypeRef;
    if (!this.#isProto3) return { kind: 'message', name };
    const found = this.#find(name, scope, line, 'types');
    if (found === undefined) return { kind: 'message', name };
    if (found.kind === 'message' || found.kind === 'enum') return { kind: found.kind, name: found.fullName };
    this.#report(line, `${name} is not a message or enum, but the ${found.kind} ${found.fullName}; rename one`);
    return { kind: 'message', name };
  }

  #find(name: string, scope: string, line: number, lookUp: LookUp): ProtoSymbol | undefined {
    const found = this.#in.symbols.resolve(name, scope, this.#in.visible, lookUp);
    if (typeof found !== 'string') return found;
    this.#report(line, found);
    return undefined;
  }

  /** The messages that are extended here and inside, by their full names. */
  #extended(around: Around, scope: string): string[] {
    return around.children.flatMap((child) => {
      if (child.kind === 'message') return this.#extended(child, joinName(scope, child.name));
      if (child.kind !== 'extend') return [];
      const found = this.#in.symbols.resolve(child.name, scope, this.#in.visible, 'anything');
      if (typeof found === 'string' && this.#isProto3) this.#report(child.line, found);
      const name = typeof found === 'string' ? child.name.replace(/^\./, '') : found.fullName;
      if (this.#isProto3) {
        if (typeof found !== 'string' && !isOptionsMessage(name))
          this.#report(child.line, `proto3 extends options only, not ${name}; declare a field in the message itself`);
        for (const field of childrenOf(child, 'field')) this.#type(field.type, scope, field.line);
      }
      return [name];
    });
  }

  #service(node: ServiceNode): ServiceModel {
    const fullName = joinName(this.#in.tree.package, node.name);
    const methods = childrenOf(node, 'rpc').map(
      (rpc): MethodModel => ({
        name: rpc.name,
        input: this.#messageName(rpc.input, fullName, rpc.line),
        output: this.#messageName(rpc.output, fullName, rpc.line),
        streaming: rpc.streaming,
        id: this.#options.methodId(rpc),
        ...declared(rpc),
      }),
    );
    return { name: node.name, fullName, methods, ...this.#options.serviceOptions(node), ...declared(node) };
  }

  #messageName(name: string, scope: string, line: number): string {
    const isScalar = SCALARS.has(name);
    const found = isScalar ? undefined : this.#find(name, scope, line, 'anything');
    if (found?.kind === 'message') return found.fullName;
    if (isScalar || found?.kind === 'enum')
      this.#report(line, `${name} is not a message; methods take and give messages`);
    else if (found !== undefined) {
      const mend = `for a message write its full name with a dot in front, as in .${joinName(this.#in.tree.package, name)}`;
      this.#report(line, `${name} is not a message, but here the ${found.kind} ${found.fullName}; ${mend}`);
    }
    return name;
  }
}
