import type {
  Declaration,
  EnumNode,
  ExtendNode,
  FieldNode,
  FileNode,
  ImportNode,
  MessageNode,
  OneofNode,
  OptionNode,
  ReservedNode,
  RpcNode,
  ServiceNode,
  ValueNode,
} from './syntax.js';
import { SyntaxFault, TokenReader } from './token-reader.js';
import type { Token } from './tokens.js';

/** A file as far as it could be read. */
export interface Parsed {
  readonly tree: FileNode;
  /** Where and why reading ended early. */
  readonly fault: { readonly line: number; readonly message: string } | undefined;
}

/** Messages inside of messages, as protoc allows. */
const MAX_DEPTH = 32;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Head = Pick<FieldNode, 'line' | 'leading'>;

/** Reads a `.proto` of any syntax. Never throws; what the declarations mean is for others to check. */
export function parseProto(source: string): Parsed {
  const parser = new Parser(source);
  try {
    parser.file();
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { tree: parser.tree, fault: { line: error.line, message: error.message } };
  }
  return { tree: parser.tree, fault: undefined };
}

class Parser {
  readonly tree: Mutable<FileNode> & { children: Declaration[]; imports: ImportNode[]; options: OptionNode[] } = {
    kind: 'file',
    syntax: 'proto2',
    syntaxLine: 1,
    package: '',
    packageLine: 0,
    imports: [],
    options: [],
    children: [],
  };
  readonly #in: TokenReader;
  #depth = 0;

  constructor(source: string) {
    this.#in = new TokenReader(source);
  }

  file(): void {
    const { tree } = this;
    if (this.#in.at('syntax') || this.#in.at('edition')) {
      tree.syntaxLine = this.#in.line;
      const isEdition = this.#in.next().text === 'edition';
      this.#in.expect('=');
      const text = this.#in.string(isEdition ? '"2023"' : '"proto3"');
      tree.syntax = isEdition ? 'editions' : text;
      this.#in.end(';');
    }
    while (this.#in.current !== undefined) this.#topLevel();
  }

  #topLevel(): void {
    const { tree } = this;
    const head = this.#head();
    if (this.#in.at('message')) tree.children.push(this.#message(head));
    else if (this.#in.at('enum')) tree.children.push(this.#enum(head));
    else if (this.#in.at('service')) tree.children.push(this.#service(head));
    else if (this.#in.at('extend')) tree.children.push(this.#extend(head));
    else if (this.#in.at('option')) this.#optionStatement(tree.options);
    else if (this.#in.at('import')) {
      this.#in.next();
      const isPublic = this.#in.take('public');
      if (!isPublic) this.#in.take('weak');
      tree.imports.push({ path: this.#in.string('the name of a file in quotes'), isPublic, line: head.line });
      this.#in.end(';');
    } else if (this.#in.at('package')) {
      if (tree.packageLine > 0) throw new SyntaxFault(head.line, 'a file has one package; remove this one');
      this.#in.next();
      tree.packageLine = head.line;
      tree.package = this.#in.dotted('a name');
      this.#in.end(';');
    } else if (this.#in.at(';')) this.#in.end(';');
    else this.#in.fail("'message', 'enum', 'service', 'extend', 'import', 'package' or 'option'");
  }

  #head(): Head {
    return { line: this.#in.line, leading: this.#in.upcoming };
  }

  /** What stands between braces, up to and with the closing one. */
  #body(statement: (head: Head) => void): void {
    while (!this.#in.at('}')) {
      if (this.#in.at(';')) this.#in.end(';');
      else if (this.#in.current === undefined) this.#in.fail("'}'");
      else statement(this.#head());
    }
    this.#in.end('}');
  }

  #message(head: Head): MessageNode {
    this.#in.next();
    const name = this.#in.word('the name of the message');
    return this.#messageBody(name, { ...head, trailing: this.#in.end('{') }, [], false);
  }

  #messageBody(
    name: string,
    at: Head & { trailing: string },
    options: OptionNode[],
    isGroup: boolean,
    children: Declaration[] = [],
  ): MessageNode {
    if (++this.#depth > MAX_DEPTH)
      throw new SyntaxFault(at.line, `messages nest deeper than ${MAX_DEPTH}; flatten them`);
    const reserved: ReservedNode[] = [];
    const extensions: ReservedNode[] = [];
    this.#body((head) => {
      if (this.#in.at('message')) children.push(this.#message(head));
      else if (this.#in.at('enum')) children.push(this.#enum(head));
      else if (this.#in.at('extend')) children.push(this.#extend(head));
      else if (this.#in.at('oneof')) children.push(...this.#oneof(head));
      else if (this.#in.at('option')) this.#optionStatement(options);
      else if (this.#in.at('reserved')) reserved.push(this.#reserved(head, false));
      else if (this.#in.at('extensions')) extensions.push(this.#reserved(head, false));
      else children.push(...this.#field(head));
    });
    this.#depth--;
    return { kind: 'message', name, ...at, options, children, reserved, extensions, isGroup };
  }

  /** A field, and the message where it is a group. */
  #field(head: Head): (FieldNode | MessageNode)[] {
    const given = ['optional', 'required', 'repeated'].find((each) => this.#in.at(each));
    const label = (given ?? '') as FieldNode['label'];
    if (label !== '') this.#in.next();
    const isGroup = this.#in.at('group');
    let type = this.#in.typeName('the type of a field');
    let mapKey: string | undefined;
    if (type === 'map' && this.#in.take('<')) {
      mapKey = this.#in.typeName('the type of the keys');
      this.#in.expect(',');
      type = this.#in.typeName('the type of the values');
      this.#in.expect('>');
    }
    const written = this.#in.word('the name of the field');
    this.#in.expect('=');
    const number = this.#in.integer('the number of the field');
    const options = this.#inlineOptions();
    const name = isGroup ? written.toLowerCase() : written;
    const trailing = this.#in.end(isGroup ? '{' : ';');
    const field: FieldNode = {
      kind: 'field',
      name,
      label,
      type: isGroup ? written : type,
      mapKey,
      number,
      ...head,
      trailing,
      options,
      children: [],
    };
    return isGroup ? [field, this.#messageBody(written, { ...head, leading: '', trailing: '' }, [], true)] : [field];
  }

  /** A oneof, and the messages of its groups. */
  #oneof(head: Head): (OneofNode | MessageNode)[] {
    this.#in.next();
    const name = this.#in.word('the name of the oneof');
    const trailing = this.#in.end('{');
    const children: FieldNode[] = [];
    const groups: MessageNode[] = [];
    const options: OptionNode[] = [];
    this.#body((inner) => {
      if (this.#in.at('option')) this.#optionStatement(options);
      else for (const each of this.#field(inner)) each.kind === 'field' ? children.push(each) : groups.push(each);
    });
    return [{ kind: 'oneof', name, ...head, trailing, options, children }, ...groups];
  }

  #extend(head: Head): ExtendNode {
    this.#in.next();
    const name = this.#in.typeName('the name of the message to extend');
    const trailing = this.#in.end('{');
    const children: Declaration[] = [];
    this.#body((inner) => children.push(...this.#field(inner)));
    return { kind: 'extend', name, ...head, trailing, options: [], children };
  }

  #enum(head: Head): EnumNode {
    this.#in.next();
    const name = this.#in.word('the name of the enum');
    const trailing = this.#in.end('{');
    const options: OptionNode[] = [];
    const children: ValueNode[] = [];
    const reserved: ReservedNode[] = [];
    this.#body((inner) => {
      if (this.#in.at('option')) this.#optionStatement(options);
      else if (this.#in.at('reserved')) reserved.push(this.#reserved(inner, true));
      else {
        const value = this.#in.word('the name of a value');
        this.#in.expect('=');
        const number = this.#in.integer('the number of the value', true);
        const given = this.#inlineOptions();
        children.push({
          kind: 'value',
          name: value,
          number,
          ...inner,
          trailing: this.#in.end(';'),
          options: given,
          children: [],
        });
      }
    });
    return { kind: 'enum', name, ...head, trailing, options, children, reserved };
  }

  #service(head: Head): ServiceNode {
    this.#in.next();
    const name = this.#in.word('the name of the service');
    const trailing = this.#in.end('{');
    const options: OptionNode[] = [];
    const children: RpcNode[] = [];
    this.#body((inner) => {
      if (this.#in.at('option')) this.#optionStatement(options);
      else if (this.#in.at('rpc')) children.push(this.#rpc(inner));
      else this.#in.fail("'rpc' or 'option'");
    });
    return { kind: 'service', name, ...head, trailing, options, children };
  }

  #rpc(head: Head): RpcNode {
    this.#in.next();
    const name = this.#in.word('the name of the rpc');
    const payload = (): { type: string; isStream: boolean } => {
      this.#in.expect('(');
      const isStream = this.#in.take('stream');
      const type = this.#in.typeName('the name of a message');
      this.#in.expect(')');
      return { type, isStream };
    };
    const input = payload();
    this.#in.expect('returns');
    const output = payload();
    const options: OptionNode[] = [];
    const hasBody = this.#in.at('{');
    const trailing = this.#in.end(hasBody ? '{' : ';');
    if (hasBody) {
      this.#body(() => (this.#in.at('option') ? this.#optionStatement(options) : this.#in.fail("'option' or '}'")));
    }
    const streaming = input.isStream || output.isStream;
    return {
      kind: 'rpc',
      name,
      input: input.type,
      output: output.type,
      streaming,
      ...head,
      trailing,
      options,
      children: [],
    };
  }

  /** `reserved` and `extensions`: ranges, or names. */
  #reserved({ line }: Head, mayBeNegative: boolean): ReservedNode {
    const isReserved = this.#in.next().text === 'reserved';
    const ranges: { from: number; to: number }[] = [];
    const names: string[] = [];
    // Editions write names without quotes.
    const areWords = isReserved && this.tree.syntax === 'editions' && this.#in.atKind('word');
    const areNames = areWords || (isReserved && this.#in.atKind('string'));
    do {
      if (areNames) {
        names.push(areWords ? this.#in.word('a name') : this.#in.string('a name in quotes'));
        continue;
      }
      const from = this.#in.integer(isReserved ? 'a number, a range, or a name in quotes' : 'a number', mayBeNegative);
      let to = from;
      if (this.#in.take('to')) {
        to = this.#in.take('max') ? Number.POSITIVE_INFINITY : this.#in.integer("a number or 'max'", mayBeNegative);
      }
      ranges.push({ from, to });
    } while (this.#in.take(','));
    if (!isReserved) this.#inlineOptions();
    this.#in.end(';');
    return { line, ranges, names };
  }

  #optionStatement(options: OptionNode[]): void {
    this.#in.next();
    options.push(this.#option());
    this.#in.end(';');
  }

  /** `[name = value, name = value]`, if there is any. */
  #inlineOptions(): OptionNode[] {
    const options: OptionNode[] = [];
    if (!this.#in.take('[')) return options;
    do options.push(this.#option());
    while (this.#in.take(','));
    this.#in.expect(']');
    return options;
  }

  #option(): OptionNode {
    const { line } = this.#in;
    const parts: string[] = [];
    do {
      if (this.#in.take('(')) {
        parts.push(`(${this.#in.typeName('the name of an option')})`);
        this.#in.expect(')');
      } else parts.push(this.#in.word('the name of an option'));
    } while (this.#in.take('.'));
    this.#in.expect('=');
    return { name: parts.join('.'), value: this.#optionValue(), line };
  }

  /** A word, a number, strings, or all between two braces: what is in them means something to the option only. */
  #optionValue(): Token[] {
    const tokens: Token[] = [];
    if (this.#in.at('{')) {
      let depth = 0;
      do {
        if (this.#in.current === undefined || this.#in.atKind('invalid')) this.#in.fail("'}'");
        depth += this.#in.at('{') ? 1 : this.#in.at('}') ? -1 : 0;
        tokens.push(this.#in.next());
      } while (depth > 0);
      return tokens;
    }
    if (this.#in.atKind('string')) {
      while (this.#in.atKind('string')) tokens.push(this.#in.next());
      return tokens;
    }
    if (this.#in.at('-')) {
      tokens.push(this.#in.next());
      if (!this.#in.atKind('number') && !this.#in.at('inf') && !this.#in.at('nan')) this.#in.fail('a number');
    } else if (!this.#in.atKind('word') && !this.#in.atKind('number')) this.#in.fail('a value');
    tokens.push(this.#in.next());
    return tokens;
  }
}
