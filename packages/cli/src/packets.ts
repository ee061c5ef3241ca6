import { gunzipSync, constants as zlib } from 'node:zlib';
import {
  createPacketFields,
  DEFAULT_MAX_HANDSHAKE_BYTES,
  DEFAULT_PACKET_LIMITS,
  decodePacket,
  decodeTextPacket,
  type Headers,
  isStmpError,
  type Packet,
  readClientHandshake,
  readServerHandshake,
  readStreamPacket,
} from 'stmp';
import { usage } from './exit-code.js';

/** What one side says first, on byte streams. */
export interface Handshake {
  readonly kind: 'client handshake' | 'server handshake';
  /** Of a client. */
  readonly version?: string;
  /** Of a server. */
  readonly status?: number;
  readonly header: Headers;
  readonly message: string;
}

const LIMITS = { maxHandshakeBytes: DEFAULT_MAX_HANDSHAKE_BYTES };
const MAGIC = [0x53, 0x54, 0x4d, 0x50];
/** The version byte of STMP 1.0, which is no status. */
const VERSION = 0x10;
/** How a gzip stream begins, and no packet. */
const GZIP = [0x1f, 0x8b];
/** What compressed bytes may become. */
const MAX_INFLATED_BYTES = 268_435_456;

/**
 * What one side of a byte stream said: its handshake, where the bytes begin with it, and its packets, compressed or not.
 * @throws CliError for what is no STMP, after all that came before it.
 */
export function* readStream(bytes: Uint8Array): Generator<Handshake | Packet, void, undefined> {
  let at = 0;
  if (beginsWith(bytes, MAGIC)) {
    const { value, next } = readHandshake(bytes);
    yield value;
    at = next;
  }
  const rest = bytes.subarray(at);
  yield* readPackets(beginsWith(rest, GZIP) ? inflate(rest) : rest);
}

const beginsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

function readHandshake(bytes: Uint8Array): { readonly value: Handshake; readonly next: number } {
  if (bytes[MAGIC.length] === VERSION) {
    const read = readClientHandshake(bytes, 0, bytes.length, LIMITS);
    if (read === undefined) throw usage('the bytes end within the handshake');
    const { major, minor, header, message } = read.value;
    return { value: { kind: 'client handshake', version: `${major}.${minor}`, header, message }, next: read.next };
  }
  const read = readServerHandshake(bytes, 0, bytes.length, LIMITS);
  if (read === undefined) throw usage('the bytes end within the handshake');
  return { value: { kind: 'server handshake', ...read.value }, next: read.next };
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    // A capture may end anywhere.
    return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    throw usage(`the bytes begin as gzip does, and are none: ${(error as Error).message}`);
  }
}

function* readPackets(bytes: Uint8Array): Generator<Packet, void, undefined> {
  const fields = createPacketFields();
  for (let at = 0; at < bytes.length; ) {
    const next = readStreamPacket(bytes, at, bytes.length, DEFAULT_PACKET_LIMITS, fields);
    if (next === 0) throw usage(`the bytes end within a packet, which begins at byte ${at}`);
    if (next < 0) throw usage(`there is no packet at byte ${at}`);
    yield decodePacket(bytes.subarray(at, next), 'stream');
    at = next;
  }
}

/** One message of a WebSocket: a handshake or a packet, in binary or in text. */
export function readMessage(message: Uint8Array, isText: boolean): Handshake | Packet {
  try {
    if (isText) return decodeTextPacket(new TextDecoder().decode(message).trimEnd());
    if (beginsWith(message, MAGIC)) return readHandshake(message).value;
    return decodePacket(message, 'message');
  } catch (error) {
    throw isStmpError(error) ? usage(error.message) : error;
  }
}
