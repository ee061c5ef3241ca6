import { checkDepth, Fault, MAX_DEPTH, setKey, spend, spendElements, UNIT } from '@stmp/payload-schema';
import { type Token, Tokenizer, Type } from 'cborg';

/** A message holds at most one list or map per level. */
const MAX_TREE_DEPTH = 2 * MAX_DEPTH + 2;

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether what begins with the token takes units of its own. */
const isCounted = ({ type }: Token): boolean =>
  type === Type.array || type === Type.map || type === Type.string || type === Type.bytes;

/**
 * Parses one CBOR value that fills `bytes[start, end)`. The tokens are those of cborg; put together they are here, where
 * what is built is taken out of the decoding budget, before, and where a length is believed as far as there are bytes.
 * @returns also how many members its maps had, in all.
 */
export function parseTree(bytes: Uint8Array, start: number, end: number): { value: unknown; members: number } {
  const tokens = new Tokenizer(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), {
    // The text of a token has lost what is no UTF-8, and a byte order mark.
    retainStringBytes: true,
    allowBigInt: true,
  });
  let members = 0;

  const next = (): Token => (tokens.done() ? fail('truncated') : tokens.next());

  const valueAt = (token: Token, depth: number): unknown => {
    const { type, value } = token;
    if (type === Type.array) return listOf(value, depth);
    if (type === Type.map) return mapOf(value, depth);
    if (type === Type.string || type === Type.bytes) spend(UNIT);
    // The empty text is a token that has no bytes.
    if (type === Type.string) return token.byteValue === undefined ? '' : utf8.decode(token.byteValue);
    if (type === Type.tag || type === Type.break) return fail('expected a value, got a tag or a break');
    return value;
  };

  /** Runs `item` for each item of a list or map: as many as its head says, or up to a break. */
  const each = (count: number, depth: number, item: (token: Token) => void): void => {
    checkDepth(depth, MAX_TREE_DEPTH);
    spend(UNIT);
    for (let i = 0; i < count; i++) {
      const token = next();
      if (count === Infinity && token.type === Type.break) return;
      item(token);
    }
  };

  const listOf = (count: number, depth: number): unknown[] => {
    const items: unknown[] = [];
    each(count, depth, (token) => {
      if (!isCounted(token)) spendElements(1);
      items.push(valueAt(token, depth + 1));
    });
    return items;
  };

  const mapOf = (count: number, depth: number): Record<string, unknown> => {
    const entries = {};
    each(count, depth, (token) => {
      members++;
      if (token.type !== Type.string) spend(UNIT);
      const key = valueAt(token, MAX_TREE_DEPTH);
      if (typeof key === 'object' || key === undefined)
        fail('expected text, a number or a boolean as map key, got something else');
      setKey(entries, String(key), valueAt(next(), depth + 1));
    });
    return entries;
  };

  const value = valueAt(next(), 1);
  if (!tokens.done()) fail('bytes left over');
  return { value, members };
}

function fail(text: string): never {
  throw new Fault(text);
}
