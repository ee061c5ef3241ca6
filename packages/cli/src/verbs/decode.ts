import { type AnyMethod, isStmpError, type Packet, type PayloadCodec } from 'stmp';
import type { Args } from '../args.js';
import { codecFor, codecNamed } from '../connecting.js';
import { fileChunks, toJson } from '../data.js';
import { usage } from '../exit-code.js';
import { statusOf } from '../failure.js';
import { type Io, print } from '../io.js';
import { type Handshake, readMessage, readStream } from '../packets.js';
import { findMethod, type Known, loadMethods, SCHEMA_OPTIONS } from '../services.js';
import type { Verb } from '../verb.js';

export const decodeVerb: Verb = {
  name: 'decode',
  summary: 'prints the packets in bytes, each as a line of JSON',
  usage: '[HEX|@FILE|-] ... [options]',
  details: `Each argument is what one side sent; files and the standard input are bytes, or hex. An answer is read as that of the
request with its number, which stands in the same argument or in one before it, or of --method. With --framing
message or text each argument is one message of a WebSocket.`,
  options: {
    ...SCHEMA_OPTIONS,
    framing: {
      value: 'KIND',
      choices: ['stream', 'message', 'text'],
      text: 'stream: a byte stream; message, text: a message of a WebSocket (default: stream)',
    },
    codec: {
      value: 'NAME',
      choices: ['protobuf', 'msgpack', 'json'],
      text: 'of payloads (default: what the handshake says; else protobuf, json with text)',
    },
    method: { value: 'NAME', text: 'what answers are read as that have no request' },
  },
  examples: [
    `decode 'a8 01 00 c1 f9 a7 6d 07 0a 05 6c 6f 62 62 79' --proto room.proto`,
    `decode @client.bin @server.bin --proto room.proto | jq .payload`,
    `decode --framing text @packet.txt`,
  ],
  run: runDecode,
};

/** What is known while packets are read. */
interface Reading {
  codec: PayloadCodec;
  readonly isFixed: boolean;
  readonly byAction: ReadonlyMap<string, Known>;
  readonly answered: AnyMethod | undefined;
  /** The methods of requests, by their numbers. */
  readonly asked: Map<number, AnyMethod>;
}

async function runDecode(args: Args, io: Io): Promise<void> {
  const sources = args.positionals.length > 0 ? args.positionals : ['-'];
  const framing = args.one('framing') ?? 'stream';
  const known = loadMethods(args, io);
  const method = args.one('method');
  const codec = args.one('codec');
  const reading: Reading = {
    codec: codecNamed(codec ?? (framing === 'text' ? 'json' : 'protobuf')),
    isFixed: codec !== undefined,
    byAction: new Map(
      known.flatMap((each) => [[each.name, each] as const, [String(each.method.action), each] as const]),
    ),
    answered: method === undefined ? undefined : findMethod(known, method).method,
    asked: new Map(),
  };
  for (const source of sources) {
    const bytes = await bytesOf(source, framing === 'text', io);
    const found = framing === 'stream' ? readStream(bytes) : [readMessage(bytes, framing === 'text')];
    for (const each of found) print(io, isHandshake(each) ? greeting(each, reading) : packetLine(each, reading));
  }
}

async function bytesOf(source: string, isText: boolean, io: Io): Promise<Uint8Array> {
  const isFile = source.startsWith('@') && source !== '@-';
  if (source !== '-' && source !== '@-' && !isFile) {
    if (isText) return new TextEncoder().encode(source);
    return fromHex(source) ?? never(`bytes must be hex, @FILE or -, not ${source}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of isFile ? fileChunks(source.slice(1), io.cwd) : io.input())
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
  const bytes = Buffer.concat(chunks);
  // No packet and no handshake has hex digits and white space alone, but packets in text may.
  return (isText ? undefined : fromHex(bytes.toString('latin1'))) ?? bytes;
}

function never(message: string): never {
  throw usage(message);
}

function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s/g, '');
  return /^([\da-f]{2})+$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}

const isHandshake = (found: Handshake | Packet): found is Handshake => found.kind.endsWith('handshake');

function greeting({ kind, version, status, header, message }: Handshake, reading: Reading): string {
  const name = kind === 'server handshake' ? 'content-type' : 'accept';
  const contentType = header.find(([key]) => key.toLowerCase() === name)?.[1];
  if (!reading.isFixed) reading.codec = codecFor(contentType) ?? reading.codec;
  return JSON.stringify({
    kind,
    version,
    status: status === undefined ? undefined : statusOf(status),
    headers: header.length > 0 ? header : undefined,
    message: message === '' ? undefined : message,
  });
}

function packetLine(packet: Packet, reading: Reading): string {
  const { kind, mid, status, action, header } = packet;
  const known = action === undefined ? undefined : reading.byAction.get(String(action));
  if (kind === 'request' && known !== undefined && mid !== undefined) reading.asked.set(mid, known.method);
  const content = contentOf(packet, known, reading);
  const line = JSON.stringify({
    kind,
    id: mid,
    status: status === undefined ? undefined : statusOf(status),
    method: known?.name ?? (typeof action === 'string' ? action : undefined),
    action: known === undefined && typeof action !== 'string' && action !== undefined ? hex(action) : undefined,
    headers: header,
  });
  return content === undefined ? line : `${line.slice(0, -1)},${content}}`;
}

const hex = (action: number | bigint): string => `0x${action.toString(16).toUpperCase().padStart(8, '0')}`;

const answerOf = (mid: number | undefined, { asked, answered }: Reading): AnyMethod | undefined =>
  (mid === undefined ? undefined : asked.get(mid)) ?? answered;

/** The payload as a member of an object, as far as it can be read: as JSON, as the text of an error, else as hex. */
function contentOf(packet: Packet, known: Known | undefined, reading: Reading): string | undefined {
  const { kind, mid, status = 0, payload = new Uint8Array(0) } = packet;
  if (kind === 'ping' || kind === 'pong') return undefined;
  if (kind === 'close' || status !== 0)
    return payload.length === 0 ? undefined : `"message":${JSON.stringify(new TextDecoder().decode(payload))}`;
  const type = kind === 'response' ? answerOf(mid, reading)?.output : known?.method.input;
  if (payload.length === 0) return type === undefined ? undefined : '"payload":{}';
  if (type !== undefined || reading.codec.contentType !== 'application/protobuf') {
    try {
      const value = reading.codec.message(type).decode(payload, 0, payload.length);
      // JSON of no known type stays as it was sent, on one line: its numbers may be more than a number here holds.
      const isAsSent = type === undefined && reading.codec.text;
      return `"payload":${isAsSent ? new TextDecoder().decode(payload).replace(/[\r\n]+/g, ' ') : toJson(type, value)}`;
    } catch (error) {
      if (!isStmpError(error)) throw error;
    }
  }
  return `"bytes":"${Buffer.from(payload).toString('hex')}"`;
}
