import type { Headers } from '@stmp/contract';
import {
  type ClientHandshake,
  type HandshakeLimits,
  handshakeFault,
  handshakeTooLarge,
  type ServerHandshake,
  statusByte,
  versionByte,
} from './handshake.js';
import { decodeHeaderBlock, encodeHeaderBlock } from './header-block.js';
import { readHex } from './read-text.js';
import { utf8Length } from './utf8.js';
import { hex } from './write-text.js';

const MAGIC = 'STMP';

/** The client's handshake in text form, which no transport uses. @throws RangeError for a version whose parts are not 0 to 15. */
export function encodeClientHandshakeText(handshake: ClientHandshake): string {
  return encode(versionByte(handshake.major, handshake.minor), handshake.header, handshake.message);
}

/** The server's handshake before text packets. @throws RangeError for a status that is not 0 to 255. */
export function encodeServerHandshakeText(handshake: ServerHandshake): string {
  return encode(statusByte(handshake.status), handshake.header, handshake.message);
}

/**
 * Reads a client's handshake in text form; the text is the whole of it.
 * @throws StmpError with a status: `protocol_error` (03), `too_large` (24).
 */
export function readClientHandshakeText(text: string, limits: HandshakeLimits): ClientHandshake {
  const { byte, header, message } = read(text, limits);
  return { major: byte >> 4, minor: byte & 0x0f, header, message };
}

/** Reads a server's handshake in text form; as {@link readClientHandshakeText}. */
export function readServerHandshakeText(text: string, limits: HandshakeLimits): ServerHandshake {
  const { byte, header, message } = read(text, limits);
  return { status: byte, header, message };
}

function encode(byte: number, headers: Headers, message: string): string {
  const block = headers.length === 0 ? '' : `\nH${encodeHeaderBlock(headers)}`;
  return `${MAGIC}${hex(byte)}${block}${message === '' ? '' : `\nM${message}`}`;
}

function read(
  text: string,
  limits: HandshakeLimits,
): { readonly byte: number; readonly header: Headers; readonly message: string } {
  if (!text.startsWith(MAGIC)) throw handshakeFault('STMP as its first characters, got others');
  let at = lineEnd(text, MAGIC.length);
  const byte = readHex(text, MAGIC.length, at, 2);
  if (byte < 0) throw handshakeFault('one or two hex digits after STMP, got others');
  let headerStart = at;
  if (text.startsWith('\nH', at)) {
    headerStart = at + 2;
    at = lineEnd(text, headerStart);
  }
  const headerEnd = at;
  let messageStart = text.length;
  if (text.startsWith('\nM', at)) messageStart = at + 2;
  else if (at + 1 < text.length) throw handshakeFault('a header line, then a message, got another line');

  const max = limits.maxHandshakeBytes;
  if (
    text.length * 3 > max &&
    utf8Length(text, headerStart, headerEnd) + utf8Length(text, messageStart, text.length) > max
  ) {
    throw handshakeTooLarge(limits);
  }
  return { byte, header: decodeHeaderBlock(text.slice(headerStart, headerEnd)), message: text.slice(messageStart) };
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}
