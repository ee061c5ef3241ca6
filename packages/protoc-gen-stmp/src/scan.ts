import { createTokenizer, type Token } from './tokens.js';

/** An option as written: `(stmp.kind).events` and the tokens after the `=`. */
export interface ScannedOption {
  readonly name: string;
  readonly value: readonly Token[];
  readonly line: number;
}

/** A declaration: where it stands, its comments and its options. The parser's result has none of the three in full. */
export interface Scanned {
  /** `file`, `message`, `enum`, `service`, `oneof`, `extend`, `rpc`, `value` or `field`. */
  readonly kind: string;
  readonly name: string;
  /** Of a field or an enum value, as written. */
  readonly number: string;
  readonly line: number;
  readonly leading: string;
  readonly trailing: string;
  readonly options: ScannedOption[];
  readonly children: Scanned[];
}

export interface ScannedImport {
  readonly path: string;
  readonly isPublic: boolean;
  readonly line: number;
}

export interface ScannedFile extends Scanned {
  readonly syntax: string;
  readonly syntaxLine: number;
  readonly package: string;
  readonly imports: readonly ScannedImport[];
}

const SCOPES: ReadonlySet<string> = new Set(['message', 'enum', 'service', 'oneof', 'extend']);

const textOf = (tokens: readonly Token[]): string => tokens.map((token) => token.text).join('');

/** Splits `name = value, name = value` at the commas outside of brackets. */
function parseOptions(tokens: readonly Token[]): ScannedOption[] {
  const options: ScannedOption[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= tokens.length; i++) {
    const text = tokens[i]?.kind === 'symbol' ? tokens[i]?.text : '';
    if (text === '{' || text === '[' || text === '<') depth++;
    if (text === '}' || text === ']' || text === '>') depth--;
    if (i < tokens.length && (text !== ',' || depth > 0)) continue;
    const part = tokens.slice(from, i);
    const equals = part.findIndex((token) => token.kind === 'symbol' && token.text === '=');
    const first = part[0];
    if (first !== undefined && equals > 0) {
      options.push({ name: textOf(part.slice(0, equals)), value: part.slice(equals + 1), line: first.line });
    }
    from = i + 1;
  }
  return options;
}

/** Finds the declarations of a `.proto`. Broken source gives a broken result, never an error: the parser reports it. */
export function scanProto(source: string): ScannedFile {
  const tokenizer = createTokenizer(source);
  let upcoming = tokenizer.nextWithComments().leading;
  let syntax = 'proto2';
  let syntaxLine = 1;
  let packageName = '';
  const imports: ScannedImport[] = [];

  /** Passes the token that ends a declaration or a scope. */
  const pass = (): { leading: string; trailing: string } => {
    const comments = tokenizer.nextWithComments();
    const leading = upcoming;
    upcoming = comments.leading;
    return { leading, trailing: comments.trailing };
  };

  /** The tokens up to the `;` that ends the statement, or the `{` that opens its body. */
  const readStatement = (): Token[] => {
    const tokens: Token[] = [];
    const isOption = tokenizer.current?.text === 'option';
    let depth = 0;
    for (let token = tokenizer.current; token !== undefined; token = tokenizer.current) {
      if (token.kind === 'symbol') {
        if (depth === 0 && (token.text === ';' || token.text === '}')) break;
        if (depth === 0 && token.text === '{' && !isOption) break;
        if (token.text === '[' || token.text === '{') depth++;
        if (token.text === ']' || token.text === '}') depth--;
      }
      tokens.push(token);
      tokenizer.next();
    }
    return tokens;
  };

  const readHead = (tokens: readonly Token[]): void => {
    const [first, second] = tokens;
    const path = tokens.filter((token) => token.kind === 'string');
    if (first?.text === 'syntax' || first?.text === 'edition') {
      syntax = first.text === 'edition' ? 'editions' : textOf(path);
      syntaxLine = first.line;
    } else if (first?.text === 'package') {
      packageName = textOf(tokens.slice(1));
    } else if (first?.text === 'import') {
      imports.push({ path: textOf(path), isPublic: second?.text === 'public', line: first.line });
    }
  };

  const readBody = (scope: Scanned): void => {
    for (let token = tokenizer.current; token !== undefined; token = tokenizer.current) {
      if (token.kind === 'symbol' && token.text === '}') {
        pass();
        return;
      }
      const tokens = readStatement();
      const [first, second] = tokens;
      const opens = tokenizer.current?.text === '{';
      const { leading, trailing } = pass();
      if (first === undefined) continue;
      if (first.text === 'option') {
        scope.options.push(...parseOptions(tokens.slice(1)));
        continue;
      }
      const equals = tokens.findIndex((each) => each.kind === 'symbol' && each.text === '=');
      const bracket = tokens.findIndex((each) => each.kind === 'symbol' && each.text === '[');
      const inline = bracket < 0 ? [] : parseOptions(tokens.slice(bracket + 1, -1));
      const at = { line: first.line, leading, trailing };
      let child: Scanned | undefined;
      if (opens && SCOPES.has(first.text)) {
        child = { kind: first.text, name: second?.text ?? '', number: '', ...at, options: [], children: [] };
      } else if (first.text === 'rpc' && scope.kind === 'service') {
        child = { kind: 'rpc', name: second?.text ?? '', number: '', ...at, options: [], children: [] };
      } else if (equals > 0 && scope.kind !== 'file') {
        const kind = scope.kind === 'enum' ? 'value' : 'field';
        const number = textOf(tokens.slice(equals + 1, bracket < 0 ? undefined : bracket));
        child = { kind, name: tokens[equals - 1]?.text ?? '', number, ...at, options: inline, children: [] };
      } else if (scope.kind === 'file') {
        readHead(tokens);
      }
      if (child !== undefined) scope.children.push(child);
      // Whatever opened a body that is of no interest (a group) is read all the same, to keep the braces in step.
      if (opens) readBody(child ?? { ...scope, options: [], children: [] });
    }
  };

  const file: Scanned = {
    kind: 'file',
    name: '',
    number: '',
    line: 1,
    leading: '',
    trailing: '',
    options: [],
    children: [],
  };
  while (tokenizer.current !== undefined) readBody(file);
  return { ...file, syntax, syntaxLine, package: packageName, imports };
}
