import { isStringText } from './string-literal.js';

/**
 * `word` covers names and keywords; the text of a `string` is what stands between the quotes, escapes as written;
 * `invalid` is none of the language: a malformed number, or a string or comment without an end.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'symbol' | 'invalid';
  readonly text: string;
  readonly line: number;
}

/** The comments around the end of a declaration, shared out as protoc does it. */
export interface Comments {
  /** Belongs to the declaration that just ended. */
  readonly trailing: string;
  /** Belongs to the declaration that begins now. */
  readonly leading: string;
}

/** Tokens of a `.proto`. Never throws: the parser reports what is `invalid`. */
export interface Tokenizer {
  /** The current token; undefined at the end. */
  readonly current: Token | undefined;
  /** Goes on to the next token, dropping comments. */
  next(): void;
  /** Goes on to the next token and hands over the comments before it. */
  nextWithComments(): Comments;
}

const WORD = /[A-Za-z_]\w*/y;
/** All that can belong to a number, right or wrong. */
const NUMBER_LIKE = /0[xX]\w*|\.?\d(?:[eE][+-]|[\w.])*/y;
const NUMBER = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)$/;
const SPACE = /[ \t\r\v\f]*/y;

export function createTokenizer(source: string): Tokenizer {
  let at = source.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  let current: Token | undefined;
  let started = false;
  /** The line where a comment begins that does not end. */
  let openComment: number | undefined;

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const skipSpace = (): void => {
    SPACE.lastIndex = at;
    SPACE.test(source);
    at = SPACE.lastIndex;
  };
  const takeNewline = (): boolean => {
    if (source[at] !== '\n') return false;
    at++;
    line++;
    return true;
  };
  /** The text of a comment that begins here; it takes the newline after a line comment with it. */
  const lineComment = (): string | undefined => {
    if (!source.startsWith('//', at)) return undefined;
    const end = source.indexOf('\n', at);
    const text = source.slice(at + 2, end < 0 ? source.length : end).replace(/\r$/, '');
    at = end < 0 ? source.length : end;
    takeNewline();
    return `${text}\n`;
  };
  const blockComment = (): string | undefined => {
    if (!source.startsWith('/*', at)) return undefined;
    const end = source.indexOf('*/', at + 2);
    if (end < 0) openComment = line;
    const raw = source.slice(at + 2, end < 0 ? source.length : end);
    at = end < 0 ? source.length : end + 2;
    const lines = raw.split('\n');
    line += lines.length - 1;
    // Later lines lose what is before their text, and one asterisk.
    return lines
      .map((text, i) => (i === 0 ? text : text.replace(/^[ \t\r\v\f]*\*?/, '')).replace(/\r$/, ''))
      .join('\n');
  };

  const readToken = (): void => {
    const char = source[at];
    const from = line;
    if (char === undefined) {
      current = openComment === undefined ? undefined : { kind: 'invalid', text: '/*', line: openComment };
      openComment = undefined;
      return;
    }
    if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== char && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
      const text = source.slice(at + 1, end);
      current =
        source[end] === char && isStringText(text)
          ? { kind: 'string', text, line: from }
          : { kind: 'invalid', text: char + text, line: from };
      at = Math.min(source.length, end + 1);
      return;
    }
    const word = match(WORD);
    const number = word === undefined ? match(NUMBER_LIKE) : undefined;
    if (word !== undefined) current = { kind: 'word', text: word, line: from };
    else if (number !== undefined) {
      current = { kind: NUMBER.test(number) ? 'number' : 'invalid', text: number, line: from };
    } else current = { kind: 'symbol', text: String.fromCodePoint(source.codePointAt(at) ?? 0), line: from };
    at += current.text.length;
  };

  const next = (): void => {
    started = true;
    for (;;) {
      skipSpace();
      if (!takeNewline() && lineComment() === undefined && blockComment() === undefined) break;
    }
    readToken();
  };

  const nextWithComments = (): Comments => {
    let trailing = '';
    let buffer: string | undefined;
    let bufferIsLines = false;
    let attachable = started;
    const flush = (): void => {
      if (buffer !== undefined && attachable) {
        trailing = buffer;
        attachable = false;
      }
      buffer = undefined;
    };
    if (started) {
      skipSpace();
      const sameLine = lineComment() ?? blockComment();
      if (sameLine !== undefined) {
        trailing = sameLine;
        attachable = false;
        skipSpace();
      } else if (!takeNewline()) {
        next();
        return { trailing, leading: '' };
      }
    }
    started = true;
    for (;;) {
      skipSpace();
      const lines = lineComment();
      if (lines !== undefined) {
        if (buffer !== undefined && !bufferIsLines) flush();
        buffer = (buffer ?? '') + lines;
        bufferIsLines = true;
        continue;
      }
      const block = blockComment();
      if (block !== undefined) {
        flush();
        buffer = block;
        bufferIsLines = false;
        skipSpace();
        takeNewline();
        continue;
      }
      if (takeNewline()) {
        // A blank line: what came before it belongs to the declaration before, or to none.
        flush();
        attachable = false;
        continue;
      }
      readToken();
      if (current === undefined || current.text === '}' || current.text === ']' || current.text === ')') flush();
      return { trailing, leading: buffer ?? '' };
    }
  };

  return {
    get current(): Token | undefined {
      return current;
    },
    next,
    nextWithComments,
  };
}
