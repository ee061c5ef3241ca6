import { EMPTY, fault } from '@stmp/payload-schema';

/** What a platform may have for base64; asked for at each use, since a page may bring it later. */
interface Platform {
  /** Of Node.js. */
  readonly Buffer?: { from(bytes: ArrayBufferLike, offset: number, length: number): NodeBytes };
}
interface NodeBytes {
  toString(encoding: 'base64'): string;
  write(text: string, encoding: 'base64'): number;
}
/** Of newer engines. */
interface Base64Bytes {
  toBase64?(): string;
}

const nodeBytes = (bytes: Uint8Array): NodeBytes | undefined =>
  (globalThis as Platform).Buffer?.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Below so many bytes the call costs more than it saves. */
const SMALL = 32;

/** Standard base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  if (bytes.length < SMALL) return portableToBase64(bytes);
  const native = (bytes as Base64Bytes).toBase64;
  return native?.call(bytes) ?? nodeBytes(bytes)?.toString('base64') ?? portableToBase64(bytes);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const latin1 = /* @__PURE__ */ new TextDecoder();
const CODES = /* @__PURE__ */ Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const PAD = 0x3d;

/** As {@link toBase64}, with nothing of the platform. */
export function portableToBase64(bytes: Uint8Array): string {
  const size = bytes.length;
  const text = new Uint8Array(Math.ceil(size / 3) * 4);
  let at = 0;
  for (let i = 0; i < size; i += 3) {
    // What is missing at the end reads as 0.
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text[at++] = CODES[bits >> 18]!;
    text[at++] = CODES[(bits >> 12) & 63]!;
    text[at++] = CODES[(bits >> 6) & 63]!;
    text[at++] = CODES[bits & 63]!;
  }
  if (size % 3 !== 0) text[at - 1] = PAD;
  if (size % 3 === 1) text[at - 2] = PAD;
  return latin1.decode(text);
}

const VALUES = /* @__PURE__ */ (() => {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[DIGITS.charCodeAt(i)] = i;
  // The URL alphabet differs in two digits.
  values[0x2d] = 62;
  values[0x5f] = 63;
  return values;
})();

/** Either alphabet, padded or not. */
export function fromBase64(text: string): Uint8Array {
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (digits % 4 === 1 || (digits !== text.length && text.length % 4 !== 0)) fault('base64', text);
  if (digits === 0) return EMPTY;
  const bytes = new Uint8Array((digits * 3) >> 2);
  if (bytes.length < SMALL) return read(text, digits, bytes);
  const native = nodeBytes(bytes);
  if (native === undefined) return read(text, digits, bytes);
  // Node.js passes over what is no digit, and then gives less; but it takes a letter beyond ASCII for its last 8 bits.
  if (/[^\0-\x7f]/.test(text) || native.write(text, 'base64') !== bytes.length) fault('base64', text);
  return bytes;
}

/** As {@link fromBase64}, with nothing of the platform. */
export function portableFromBase64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, '').length;
  return read(text, digits, new Uint8Array((digits * 3) >> 2));
}

function read(text: string, digits: number, bytes: Uint8Array): Uint8Array {
  let at = 0;
  let i = 0;
  for (; i + 4 <= digits; i += 4) {
    const a = VALUES[text.charCodeAt(i)]!;
    const b = VALUES[text.charCodeAt(i + 1)]!;
    const c = VALUES[text.charCodeAt(i + 2)]!;
    const d = VALUES[text.charCodeAt(i + 3)]!;
    // Neither -1 nor undefined is at least 0.
    if (!(a >= 0 && b >= 0 && c >= 0 && d >= 0)) fault('base64', text);
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
    at += 3;
  }
  if (i < digits) {
    const rest = [0, 1, 2].map((k) => (i + k < digits ? VALUES[text.charCodeAt(i + k)]! : 0));
    if (!rest.every((value) => value >= 0)) fault('base64', text);
    const [a, b, c] = rest as [number, number, number];
    bytes[at++] = (a << 2) | (b >> 4);
    if (at < bytes.length) bytes[at] = (b << 4) | (c >> 2);
  }
  return bytes;
}
