/** JSON values in a stream of text, one after the other: lines, or spread over lines. What is no JSON comes out as it is. */
export async function* jsonValues(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const splitter = new Splitter();
  for await (const chunk of chunks)
    yield* splitter.push(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
  yield* splitter.push(`${decoder.decode()}\n`);
  if (splitter.rest !== '') yield splitter.rest;
}

class Splitter {
  /** The beginning of a value whose end has not come. */
  rest = '';
  #depth = 0;
  #inString = false;
  #escaped = false;

  *push(text: string): Generator<string, void, undefined> {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      if (!this.#endsAfter(text[at]!)) continue;
      const value = (this.rest + text.slice(start, at + 1)).trim();
      this.rest = '';
      start = at + 1;
      if (value !== '') yield value;
    }
    this.rest = (this.rest + text.slice(start)).trimStart();
  }

  /** Whether a value may end with this character; between values white space does. */
  #endsAfter(char: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#inString = false;
      return false;
    }
    if (char === '"') this.#inString = true;
    else if (char === '{' || char === '[') this.#depth++;
    else if (char === '}' || char === ']') this.#depth = Math.max(0, this.#depth - 1);
    const isEnd = char === '}' || char === ']' || char === '\n';
    return isEnd && this.#depth === 0;
  }
}
