/** `word` covers names, keywords and numbers; the text of a `string` is what stands between the quotes, escapes as written. */
export interface Token {
  readonly kind: 'word' | 'string' | 'symbol';
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

/** Tokens of a `.proto`. Never throws: whoever needs to know whether the source is right asks the parser. */
export interface Tokenizer {
  /** The current token; undefined at the end. */
  readonly current: Token | undefined;
  /** Goes on to the next token, dropping comments. */
  next(): void;
  /** Goes on to the next token and hands over the comments before it. */
  nextWithComments(): Comments;
}

const WORD = /[A-Za-z0-9_]+(?:\.[0-9]+)?/y;
const SPACE = /[ \t\r\v\f]*/y;

export function createTokenizer(source: string): Tokenizer {
  let at = source.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  let current: Token | undefined;
  let started = false;

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
    if (char === undefined) {
      current = undefined;
      return;
    }
    const from = line;
    if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== char && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1;
      current = { kind: 'string', text: source.slice(at + 1, end), line: from };
      at = Math.min(source.length, end + 1);
      return;
    }
    WORD.lastIndex = at;
    const word = WORD.exec(source)?.[0];
    current = { kind: word === undefined ? 'symbol' : 'word', text: word ?? char, line: from };
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
