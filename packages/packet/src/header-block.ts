import { type Headers, Status, StmpError } from '@stmp/contract';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

const COLON = 0x3a;
const SEMICOLON = 0x3b;
const ESCAPE = '%';
const NEEDS_ESCAPE = /[:;%\n]/;

/** Escapes `:`, `;`, `%` and newline, as header names, header values and methods in text packets need it. */
export function escapeText(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(/[:;%\n]/g, escapeOne) : text;
}

function escapeOne(char: string): string {
  return char === ':' ? '%3A' : char === ';' ? '%3B' : char === '%' ? '%25' : '%0A';
}

/** Undoes {@link escapeText}; any other `%` stays as it is, also one before lower-case digits. */
export function unescapeText(text: string): string {
  return text.includes(ESCAPE) ? text.replace(/%(?:3A|3B|25|0A)/g, unescapeOne) : text;
}

function unescapeOne(code: string): string {
  return code === '%3A' ? ':' : code === '%3B' ? ';' : code === '%25' ? '%' : '\n';
}

/**
 * Header fields as one block: `name:value` joined by `;`, in the given order. Empty without fields.
 * @throws TypeError for a name or value that is no string.
 */
export function encodeHeaderBlock(headers: Headers): string {
  let block = '';
  for (const [name, value] of headers) {
    checkHeader(name, value);
    block += `${block === '' ? '' : ';'}${escapeText(name)}:${escapeText(value)}`;
  }
  return block;
}

/** {@link encodeHeaderBlock} in UTF-8; undefined when there are no fields, as then no block is written. */
export function headerBlockBytes(headers: Headers): Uint8Array | undefined {
  return headers.length === 0 ? undefined : encodeUtf8(encodeHeaderBlock(headers));
}

/**
 * Reads a header block: a name reaches to the next `:`, a value to the next `;`. One `;` may follow the
 * last value. Source: STMP 1.0, section 1.
 * @throws StmpError `protocol_error` (status 03) for a rest without `:`.
 */
export function decodeHeaderBlock(block: string): Headers {
  const headers: [string, string][] = [];
  for (let at = 0; at < block.length; ) {
    const colon = block.indexOf(':', at);
    if (colon < 0) {
      throw new StmpError('protocol_error', `header block: expected ":" after offset ${at}, found none`, {
        status: Status.ProtocolError,
      });
    }
    let end = block.indexOf(';', colon + 1);
    if (end < 0) end = block.length;
    headers.push([unescapeText(block.slice(at, colon)), unescapeText(block.slice(colon + 1, end))]);
    at = end + 1;
  }
  return headers;
}

/** {@link decodeHeaderBlock} of `bytes[start, end)` in UTF-8. */
export function decodeHeaderBytes(bytes: Uint8Array, start: number, end: number): Headers {
  return decodeHeaderBlock(decodeUtf8(bytes, start, end));
}

/** True when {@link decodeHeaderBytes} would succeed; allocates nothing. */
export function isHeaderBlock(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    while (bytes[at] !== COLON) {
      if (++at >= end) return false;
    }
    at++;
    while (at < end && bytes[at] !== SEMICOLON) at++;
  }
  return true;
}

/** {@link isHeaderBlock} for `text[start, end)`. */
export function isHeaderText(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= end) return false;
    at = text.indexOf(';', colon + 1);
    if (at < 0) return true;
  }
  return true;
}

/** @throws TypeError when either is no string. */
export function checkHeader(name: string, value: string): void {
  if (typeof name !== 'string') throw new TypeError(`header name must be a string, got ${typeof name}`);
  if (typeof value !== 'string') throw new TypeError(`header ${name} must be a string, got ${typeof value}`);
}
