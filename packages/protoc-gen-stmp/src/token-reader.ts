import { unescapeString } from './string-literal.js';
import { createTokenizer, type Token, type Tokenizer } from './tokens.js';

/** A place where the source is none of the language. */
export class SyntaxFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** 0x, 0 and decimal integers. */
const INTEGER = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/;
const EXPLAINED: Readonly<Record<string, string>> = {
  '"': 'a string ends in the line where it begins, with the same quote, and has no unknown escapes',
  "'": 'a string ends in the line where it begins, with the same quote, and has no unknown escapes',
  '/': 'the comment that begins here has no end; add */',
};

/** Reads the small parts that the grammar is made of, and explains what else stands there. */
export class TokenReader {
  readonly #tokens: Tokenizer;
  #lastLine = 1;
  #upcoming: string;

  constructor(source: string) {
    this.#tokens = createTokenizer(source);
    this.#upcoming = this.#tokens.nextWithComments().leading;
  }

  get current(): Token | undefined {
    return this.#tokens.current;
  }
  /** The comment before the declaration that begins here. */
  get upcoming(): string {
    return this.#upcoming;
  }
  get line(): number {
    return this.#tokens.current?.line ?? this.#lastLine;
  }

  /** @param expected What may stand here, in words. */
  fail(expected: string): never {
    const token = this.#tokens.current;
    if (token === undefined) throw new SyntaxFault(this.#lastLine, `illegal end of the file, ${expected} expected`);
    const { kind, text, line } = token;
    if (kind !== 'invalid') throw new SyntaxFault(line, `illegal token '${text}', ${expected} expected`);
    const mend = EXPLAINED[text[0] ?? ''] ?? 'numbers are written as 12, 0x1F, 017 or 1.5e3';
    throw new SyntaxFault(line, `illegal token ${text.slice(0, 40)}: ${mend}`);
  }

  /** Whether the current token is this symbol or word. */
  at(text: string): boolean {
    const token = this.#tokens.current;
    return token !== undefined && token.text === text && (token.kind === 'symbol' || token.kind === 'word');
  }
  atKind(kind: Token['kind']): boolean {
    return this.#tokens.current?.kind === kind;
  }

  next(): Token {
    const token = this.#tokens.current;
    if (token === undefined) return this.fail('more');
    this.#lastLine = token.line;
    this.#tokens.next();
    return token;
  }
  take(text: string): boolean {
    if (!this.at(text)) return false;
    this.next();
    return true;
  }
  expect(text: string): void {
    if (!this.take(text)) this.fail(`'${text}'`);
  }

  /** Passes the `;`, `{` or `}` that ends a declaration, and hands over the comment after it. */
  end(text: string): string {
    if (!this.at(text)) this.fail(`'${text}'`);
    this.#lastLine = this.line;
    const { leading, trailing } = this.#tokens.nextWithComments();
    this.#upcoming = leading;
    return trailing;
  }

  word(what: string): string {
    if (!this.atKind('word')) this.fail(what);
    return this.next().text;
  }
  /** `a.b.c`, with spaces or without; a type may have a dot in front. */
  dotted(what: string): string {
    let name = this.word(what);
    while (this.take('.')) name += `.${this.word('a name')}`;
    return name;
  }
  typeName(what: string): string {
    return (this.take('.') ? '.' : '') + this.dotted(what);
  }
  /** Strings that follow each other are one. */
  string(what: string): string {
    if (!this.atKind('string')) this.fail(what);
    let text = '';
    while (this.atKind('string')) text += unescapeString(this.next().text);
    return text;
  }
  integer(what: string, mayBeNegative = false): number {
    const sign = mayBeNegative && this.take('-') ? -1 : 1;
    const token = this.current;
    if (token?.kind !== 'number' || !INTEGER.test(token.text)) return this.fail(what);
    this.next();
    return sign * Number(/^0[0-7]+$/.test(token.text) ? `0o${token.text}` : token.text);
  }
}
