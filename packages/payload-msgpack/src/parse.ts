import { checkDepth, Fault, MAX_DEPTH, setKey } from '@stmp/payload-schema';

/** A message holds at most one list or map per level. */
const MAX_TREE_DEPTH = 2 * MAX_DEPTH + 2;

/** What the bytes after an extension's type mean; faults where the reader takes none. */
export type ReadExtension = (type: number, data: Uint8Array) => unknown;

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of UTF-8 bytes, or undefined where they are none. Short ASCII, which most texts are, needs no decoder. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= 32) {
    let text = '';
    let i = start;
    for (; i < end && bytes[i]! < 0x80; i++) text += String.fromCharCode(bytes[i]!);
    if (i === end) return text;
  }
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/**
 * Parses one MessagePack value that fills `bytes[start, end)`. 64-bit integers become bigint, whatever their size.
 * A `str` that is no UTF-8 becomes bytes, since old encoders write binary so. Bytes are copies.
 *
 * Decoder of @msgpack/msgpack reserves as much as a length in the input promises, nests without limit, and rounds off
 * such a `str`; here a length is believed only as far as there are bytes behind it.
 */
export function parse(bytes: Uint8Array, start: number, end: number, extension: ReadExtension): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  let pos = start;

  /** Moves over `size` bytes that must be there, and returns where they begin. */
  const take = (size: number): number => {
    if (size > end - pos) throw new Fault('truncated');
    const from = pos;
    pos += size;
    return from;
  };

  const length = (width: number): number => {
    const from = take(width);
    return width === 1 ? view.getUint8(from) : width === 2 ? view.getUint16(from) : view.getUint32(from);
  };

  const binary = (size: number): Uint8Array => {
    const from = take(size);
    return new Uint8Array(bytes.subarray(from, pos));
  };

  const text = (size: number): unknown => {
    const from = take(size);
    return textOf(bytes, from, pos) ?? new Uint8Array(bytes.subarray(from, pos));
  };

  const list = (size: number, depth: number): unknown[] => {
    checkDepth(depth, MAX_TREE_DEPTH);
    if (size > end - pos) throw new Fault('truncated');
    const items: unknown[] = [];
    for (let i = 0; i < size; i++) items.push(value(depth + 1));
    return items;
  };

  const key = (): string => {
    const head = value(MAX_TREE_DEPTH);
    const name = head instanceof Uint8Array ? textOf(head, 0, head.length) : head;
    if (name === undefined || typeof name === 'object')
      throw new Fault('expected string as map key, got something else');
    return String(name);
  };

  const map = (size: number, depth: number): Record<string, unknown> => {
    checkDepth(depth, MAX_TREE_DEPTH);
    if (2 * size > end - pos) throw new Fault('truncated');
    const entries = {};
    for (let i = 0; i < size; i++) {
      const name = key();
      setKey(entries, name, value(depth + 1));
    }
    return entries;
  };

  const extended = (size: number): unknown => {
    const type = view.getInt8(take(1));
    return extension(type, binary(size));
  };

  const value = (depth: number): unknown => {
    const head = view.getUint8(take(1));
    if (head < 0x80) return head;
    if (head < 0x90) return map(head & 15, depth);
    if (head < 0xa0) return list(head & 15, depth);
    if (head < 0xc0) return text(head & 31);
    if (head >= 0xe0) return head - 0x100;
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
        return binary(length(1 << (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return extended(length(1 << (head - 0xc7)));
      case 0xca:
        return view.getFloat32(take(4));
      case 0xcb:
        return view.getFloat64(take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return length(1 << (head - 0xcc));
      case 0xcf:
        return view.getBigUint64(take(8));
      case 0xd0:
        return view.getInt8(take(1));
      case 0xd1:
        return view.getInt16(take(2));
      case 0xd2:
        return view.getInt32(take(4));
      case 0xd3:
        return view.getBigInt64(take(8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return extended(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return text(length(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return list(length(2 << (head - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return map(length(2 << (head - 0xde)), depth);
      default:
        throw new Fault('a byte that MessagePack does not use');
    }
  };

  const result = value(1);
  if (pos !== end) throw new Fault('bytes left over');
  return result;
}
