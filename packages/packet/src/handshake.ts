import { type Headers, Status, StmpError } from '@stmp/contract';
import { decodeHeaderBytes, encodeHeaderBlock } from './header-block.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';
import { OVERFLOW, readVarint, varintEnd, varintSize, writeVarint } from './varint.js';

/** What a client says first. */
export interface ClientHandshake {
  /** 0 to 15. */
  readonly major: number;
  /** 0 to 15. */
  readonly minor: number;
  readonly header: Headers;
  /** For the server's authentication; empty for none. */
  readonly message: string;
}

/** What a server answers. */
export interface ServerHandshake {
  /** 00 accepts; after any other both sides close. */
  readonly status: number;
  readonly header: Headers;
  /** For people; empty for none. */
  readonly message: string;
}

export interface HandshakeLimits {
  /** Header block and message together, in bytes. */
  readonly maxHandshakeBytes: number;
}

/** A handshake that was read, and the offset after it. */
export interface ReadHandshake<T> {
  readonly value: T;
  readonly next: number;
}

/** 64 KiB. Source: STMP 1.0, section 2. */
export const DEFAULT_MAX_HANDSHAKE_BYTES = 65_536;

/** `STMP`: what the handshakes of both sides begin with, on byte streams. */
export const HANDSHAKE_MAGIC: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x53, 0x54, 0x4d, 0x50);

/**
 * The client's handshake on byte streams.
 * @throws RangeError for a version whose parts are not 0 to 15.
 */
export function encodeClientHandshake(handshake: ClientHandshake): Uint8Array {
  return encode(versionByte(handshake.major, handshake.minor), handshake.header, handshake.message);
}

/**
 * The server's handshake on byte streams, and in binary messages.
 * @throws RangeError for a status that is not 0 to 255.
 */
export function encodeServerHandshake(handshake: ServerHandshake): Uint8Array {
  return encode(statusByte(handshake.status), handshake.header, handshake.message);
}

/**
 * Reads a client's handshake from `bytes[offset, end)`. Faults are found in the order of section 1 of
 * STMP 1.0; the version is left to the caller.
 *
 * @returns undefined when more bytes are needed.
 * @throws StmpError with the status to answer: `protocol_error` (03 for magic and header block, 02 for a
 * length over 64 bits), `too_large` (24).
 */
export function readClientHandshake(
  bytes: Uint8Array,
  offset: number,
  end: number,
  limits: HandshakeLimits,
): ReadHandshake<ClientHandshake> | undefined {
  const read = readHandshake(bytes, offset, end, limits);
  if (read === undefined) return undefined;
  const { byte, header, message, next } = read;
  return { value: { major: byte >> 4, minor: byte & 0x0f, header, message }, next };
}

/** Reads a server's handshake; as {@link readClientHandshake}. */
export function readServerHandshake(
  bytes: Uint8Array,
  offset: number,
  end: number,
  limits: HandshakeLimits,
): ReadHandshake<ServerHandshake> | undefined {
  const read = readHandshake(bytes, offset, end, limits);
  if (read === undefined) return undefined;
  const { byte, header, message, next } = read;
  return { value: { status: byte, header, message }, next };
}

export function versionByte(major: number, minor: number): number {
  if (!isWithin(major, 15)) throw new RangeError(`major must be an integer from 0 to 15, got ${major}`);
  if (!isWithin(minor, 15)) throw new RangeError(`minor must be an integer from 0 to 15, got ${minor}`);
  return (major << 4) | minor;
}

export function statusByte(status: number): number {
  if (!isWithin(status, 255)) throw new RangeError(`status must be an integer from 0 to 255, got ${status}`);
  return status;
}

export function handshakeTooLarge(limits: HandshakeLimits): StmpError {
  return new StmpError('too_large', `handshake: expected at most ${limits.maxHandshakeBytes} bytes, got more`, {
    status: Status.RequestEntityTooLarge,
  });
}

export function handshakeFault(expected: string, status: Status = Status.ProtocolError): StmpError {
  return new StmpError('protocol_error', `handshake: expected ${expected}`, { status });
}

function isWithin(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function encode(byte: number, headers: Headers, text: string): Uint8Array {
  const header = encodeUtf8(encodeHeaderBlock(headers));
  const message = encodeUtf8(text);
  const lengths = varintSize(header.length) + varintSize(message.length);
  const bytes = new Uint8Array(HANDSHAKE_MAGIC.length + 1 + lengths + header.length + message.length);
  bytes.set(HANDSHAKE_MAGIC);
  bytes[HANDSHAKE_MAGIC.length] = byte;
  let at = writeVarint(bytes, HANDSHAKE_MAGIC.length + 1, header.length);
  bytes.set(header, at);
  at = writeVarint(bytes, at + header.length, message.length);
  bytes.set(message, at);
  return bytes;
}

interface RawHandshake {
  readonly byte: number;
  readonly header: Headers;
  readonly message: string;
  readonly next: number;
}

function readHandshake(
  bytes: Uint8Array,
  offset: number,
  end: number,
  limits: HandshakeLimits,
): RawHandshake | undefined {
  // A wrong byte is refused at once, so that a peer of another protocol need not wait for silence.
  for (let i = 0; i < HANDSHAKE_MAGIC.length && offset + i < end; i++) {
    if (bytes[offset + i] !== HANDSHAKE_MAGIC[i]) throw handshakeFault('STMP as its first bytes, got others');
  }
  let at = offset + HANDSHAKE_MAGIC.length;
  if (at >= end) return undefined;
  const byte = bytes[at]!;
  const headerLength = readLength(bytes, at + 1, end, limits.maxHandshakeBytes, limits);
  if (headerLength < 0) return undefined;
  const headerStart = varintEnd;
  at = headerStart + headerLength;
  const messageLength = readLength(bytes, at, end, limits.maxHandshakeBytes - headerLength, limits);
  if (messageLength < 0) return undefined;
  const messageStart = varintEnd;
  const next = messageStart + messageLength;
  if (next > end) return undefined;
  return {
    byte,
    header: decodeHeaderBytes(bytes, headerStart, at),
    message: decodeUtf8(bytes, messageStart, next),
    next,
  };
}

/** A length of at most `max`, or negative when more bytes are needed. */
function readLength(bytes: Uint8Array, at: number, end: number, max: number, limits: HandshakeLimits): number {
  const length = readVarint(bytes, at, end);
  if (length === OVERFLOW) throw handshakeFault('lengths of at most 64 bits, got more', Status.NetworkError);
  if (length > max) throw handshakeTooLarge(limits);
  return length;
}
