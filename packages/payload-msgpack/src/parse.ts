import { checkDepth, Fault, MAX_DEPTH, setKey, shortAscii, spend, spendElements, UNIT } from '@stmp/payload-schema';

/** A message holds at most one list or map per level. */
const MAX_TREE_DEPTH = 2 * MAX_DEPTH + 2;

/** What the bytes after an extension's type mean; faults where the reader takes none. */
export type ReadExtension = (type: number, data: Uint8Array) => unknown;

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes, or undefined where they are none. Short ASCII, which most texts are, needs no decoder. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const short = shortAscii(bytes, start, end);
  if (short !== undefined) return short;
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/**
 * Parses one MessagePack value that fills `bytes[start, end)`. 64-bit integers become bigint, whatever their size.
 * What is built is taken out of the decoding budget, before. A `str` that is no UTF-8 becomes bytes, since old encoders write binary so. Bytes are copies.
 *
 * Decoder of @msgpack/msgpack reserves as much as a length in the input promises, nests without limit, and rounds off
 * such a `str`; here a length is believed only as far as there are bytes behind it.
 */
export function parse(bytes: Uint8Array, start: number, end: number, extension: ReadExtension): unknown {
  return parseTree(bytes, start, end, extension).value;
}

/** As {@link parse}, with how many members its maps had, in all. */
export function parseTree(
  bytes: Uint8Array,
  start: number,
  end: number,
  extension: ReadExtension,
): { value: unknown; members: number } {
  const parser = new Parser(bytes, start, end, extension);
  const value = parser.value(1);
  if (parser.pos !== end) throw new Fault('bytes left over');
  return { value, members: parser.members };
}

/** Whether the value with this head is text, binary, an extension, a list or a map. */
const isCounted = (head: number): boolean =>
  (head >= 0x80 && head < 0xc0) || (head >= 0xc4 && head <= 0xc9) || (head >= 0xd4 && head <= 0xdf);

class Parser {
  pos: number;
  members = 0;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  readonly extension: ReadExtension;

  constructor(bytes: Uint8Array, start: number, end: number, extension: ReadExtension) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, end);
    this.pos = start;
    this.end = end;
    this.extension = extension;
  }

  value(depth: number): unknown {
    const head = this.bytes[this.take(1)]!;
    if (head < 0x80) return head;
    if (head < 0x90) return this.map(head & 15, depth);
    if (head < 0xa0) return this.list(head & 15, depth);
    if (head < 0xc0) return this.text(head & 31);
    if (head >= 0xe0) return head - 0x100;
    const { view } = this;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.binary(this.length(1 << (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extended(this.length(1 << (head - 0xc7)));
      case 0xca:
        return view.getFloat32(this.take(4));
      case 0xcb:
        return view.getFloat64(this.take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.length(1 << (head - 0xcc));
      case 0xcf:
        return view.getBigUint64(this.take(8));
      case 0xd0:
        return view.getInt8(this.take(1));
      case 0xd1:
        return view.getInt16(this.take(2));
      case 0xd2:
        return view.getInt32(this.take(4));
      case 0xd3:
        return view.getBigInt64(this.take(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extended(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.length(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.list(this.length(2 << (head - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.length(2 << (head - 0xde)), depth);
      default:
        throw new Fault('a byte that MessagePack does not use');
    }
  }

  /** Moves over `size` bytes that must be there, and returns where they begin. */
  take(size: number): number {
    const from = this.pos;
    if (size > this.end - from) throw new Fault('truncated');
    this.pos = from + size;
    return from;
  }

  length(width: number): number {
    const from = this.take(width);
    if (width === 1) return this.bytes[from]!;
    return width === 2 ? this.view.getUint16(from) : this.view.getUint32(from);
  }

  binary(size: number): Uint8Array {
    const from = this.take(size);
    spend(UNIT);
    return new Uint8Array(this.bytes.subarray(from, this.pos));
  }

  text(size: number): unknown {
    const from = this.take(size);
    spend(UNIT);
    return textOf(this.bytes, from, this.pos) ?? new Uint8Array(this.bytes.subarray(from, this.pos));
  }

  list(size: number, depth: number): unknown[] {
    checkDepth(depth, MAX_TREE_DEPTH);
    if (size > this.end - this.pos) throw new Fault('truncated');
    spend(UNIT);
    const items: unknown[] = [];
    for (let i = 0; i < size; i++) {
      // What follows is a scalar, unless it takes units of its own.
      if (!isCounted(this.bytes[this.pos]!)) spendElements(1);
      items.push(this.value(depth + 1));
    }
    return items;
  }

  map(size: number, depth: number): Record<string, unknown> {
    checkDepth(depth, MAX_TREE_DEPTH);
    if (2 * size > this.end - this.pos) throw new Fault('truncated');
    spend(UNIT);
    this.members += size;
    const entries = {};
    for (let i = 0; i < size; i++) {
      const name = this.key();
      setKey(entries, name, this.value(depth + 1));
    }
    return entries;
  }

  key(): string {
    // A key of text takes a unit by itself.
    if (!isCounted(this.bytes[this.pos]!)) spend(UNIT);
    const given = this.value(MAX_TREE_DEPTH);
    const name = given instanceof Uint8Array ? textOf(given, 0, given.length) : given;
    if (name === undefined || typeof name === 'object')
      throw new Fault('expected string as map key, got something else');
    return String(name);
  }

  extended(size: number): unknown {
    const type = this.view.getInt8(this.take(1));
    return this.extension(type, this.binary(size));
  }
}
