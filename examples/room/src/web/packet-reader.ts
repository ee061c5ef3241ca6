import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodeHeaderBlock,
  decodeHeaderBytes,
  type PacketFields,
  readMessagePacket,
  readServerHandshake,
  readServerHandshakeText,
  readTextPacket,
} from '@stmp/packet';
import {
  type AnyMethod,
  getHeader,
  type Headers,
  jsonCodec,
  type MessageType,
  type PayloadCodec,
  statusName,
} from 'stmp';
import { FieldError, RoomEvents, RoomService, UserEvents, UserService } from '../generated/room.js';
import { binaryParts, handshakeParts, type PacketPart, textParts } from './packet-parts.js';
import type { Traffic } from './packet-tap.js';

/** One packet as people read it. */
export interface PacketView {
  readonly atMs: number;
  readonly way: 'in' | 'out';
  readonly kind: 'hello' | 'welcome' | 'ping' | 'pong' | 'request' | 'notify' | 'response' | 'close' | 'broken';
  /** `RoomService.JoinRoom`, also of a response. */
  readonly method?: string | undefined;
  readonly mid?: number | undefined;
  readonly status?: number | undefined;
  /** Bytes; of text, its length in UTF-8. */
  readonly size: number;
  readonly headers: Headers;
  /** JSON, or the text of an error. */
  readonly payload?: string | undefined;
  /** Error details that travel beside the status. */
  readonly details?: string | undefined;
  readonly parts: readonly PacketPart[];
}

const KINDS = ['ping', 'pong', 'request', 'notify', 'response', 'close'] as const;
/** Notifies that belong to the protocol itself. Source: STMP 1.0, section 1, extensions. */
const CONTROL = new Map<unknown, string>([
  [1, 'drain'],
  [2, 'cancel'],
]);
const LIMITS = { maxHandshakeBytes: 65_536 };

const methods = new Map<unknown, { readonly name: string; readonly method: AnyMethod }>();
for (const service of [UserService, RoomService, UserEvents, RoomEvents]) {
  const scope = service.typeName.slice(service.typeName.lastIndexOf('.') + 1);
  for (const method of Object.values<AnyMethod>({ ...service.methods })) {
    methods.set(method.action, { name: `${scope}.${method.name}`, method });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const json = jsonCodec();

/** Reads the packets of one connection; it remembers which call a response belongs to. */
export class PacketReader {
  readonly #codec: PayloadCodec;
  readonly #text: boolean;
  readonly #fields: PacketFields = createPacketFields();
  readonly #calls = new Map<number, { readonly name: string; readonly method: AnyMethod }>();
  #welcomed = false;

  constructor(codec: PayloadCodec, text: boolean) {
    this.#codec = codec;
    this.#text = text;
  }

  /** @returns undefined for what is no packet. */
  read(traffic: Traffic, atMs: number): PacketView | undefined {
    if (traffic.type === 'end') return undefined;
    if (traffic.type === 'hello') {
      this.#welcomed = false;
      this.#calls.clear();
      const query = new URLSearchParams(
        traffic.headers.map(([name, value]): [string, string] => [name, value]),
      ).toString();
      const parts: PacketPart[] = [{ name: 'query', raw: `?${query}`, means: 'The handshake of a WebSocket client.' }];
      return { atMs, way: 'out', kind: 'hello', size: query.length, headers: traffic.headers, parts };
    }
    const { unit, way } = traffic;
    const size = typeof unit === 'string' ? encoder.encode(unit).length : unit.length;
    try {
      const view = way === 'in' && !this.#welcomed ? this.#welcome(unit) : this.#packet(unit, way);
      return { atMs, way, size, ...view };
    } catch (error) {
      const payload = error instanceof Error ? error.message : String(error);
      return { atMs, way, size, kind: 'broken', headers: [], payload, parts: [] };
    }
  }

  #welcome(unit: Uint8Array | string): Omit<PacketView, 'atMs' | 'way' | 'size'> {
    this.#welcomed = true;
    if (typeof unit === 'string') {
      const { status, header, message } = readServerHandshakeText(unit, LIMITS);
      return { kind: 'welcome', status, headers: header, payload: message || undefined, parts: handshakeParts(unit) };
    }
    const { status, header, message } = readServerHandshake(unit, 0, unit.length, LIMITS)!.value;
    return { kind: 'welcome', status, headers: header, payload: message || undefined, parts: handshakeParts(unit) };
  }

  #packet(unit: Uint8Array | string, way: 'in' | 'out'): Omit<PacketView, 'atMs' | 'way' | 'size'> {
    const fields = this.#fields;
    // Text packets may travel in binary messages: the negotiated format counts, not the type of the message.
    const packet = this.#text && typeof unit !== 'string' ? decoder.decode(unit) : unit;
    const result =
      typeof packet === 'string'
        ? readTextPacket(packet, DEFAULT_PACKET_LIMITS, fields)
        : readMessagePacket(packet, DEFAULT_PACKET_LIMITS, fields);
    if (result < 0) throw new Error(`no packet: ${statusName(-result)}`);
    const kind = KINDS[fields.kind]!;
    const headers = headersOf(packet, fields);
    const called = kind === 'request' || kind === 'notify' ? methods.get(fields.action) : undefined;
    if (kind === 'request' && way === 'out' && called !== undefined) this.#calls.set(fields.mid, called);
    const known = kind === 'response' ? this.#calls.get(fields.mid) : called;
    if (kind === 'response') this.#calls.delete(fields.mid);
    const isError = (kind === 'response' || kind === 'close') && fields.status !== 0;
    const method = known?.name ?? (kind === 'notify' ? CONTROL.get(fields.action) : undefined);
    return {
      kind,
      method,
      mid: kind === 'request' || kind === 'response' ? fields.mid : undefined,
      status: kind === 'response' || kind === 'close' ? fields.status : undefined,
      headers,
      payload: isError
        ? textOf(packet, fields)
        : this.#payload(packet, fields, kind === 'response' ? known?.method.output : known?.method.input),
      details: isError ? this.#details(headers) : undefined,
      parts: typeof packet === 'string' ? textParts(packet, fields, method) : binaryParts(packet, fields, method),
    };
  }

  /** The payload in the JSON form of its type, whatever it travels in. */
  #payload(
    packet: Uint8Array | string,
    fields: PacketFields,
    type: MessageType<unknown, unknown> | undefined,
  ): string | undefined {
    if (fields.end < 0) return undefined;
    if (type === undefined) return textOf(packet, fields);
    const codec = this.#codec.message(type);
    const message =
      typeof packet === 'string'
        ? codec.decodeText!(packet, fields.start, fields.end)
        : codec.decode(packet, fields.start, fields.end);
    return json.message(type).encodeText!(message) ?? '{}';
  }

  #details(headers: Headers): string | undefined {
    const value = getHeader(headers, 'Stmp-Details');
    if (value === undefined) return undefined;
    const bytes = Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return json.message(FieldError).encodeText!(this.#codec.message(FieldError).decode(bytes, 0, bytes.length));
  }
}

function headersOf(packet: Uint8Array | string, { headerStart, headerEnd }: PacketFields): Headers {
  if (headerEnd <= headerStart) return [];
  return typeof packet === 'string'
    ? decodeHeaderBlock(packet.slice(headerStart, headerEnd))
    : decodeHeaderBytes(packet, headerStart, headerEnd);
}

function textOf(packet: Uint8Array | string, { start, end }: PacketFields): string | undefined {
  if (end < 0) return undefined;
  return typeof packet === 'string' ? packet.slice(start, end) : decoder.decode(packet.subarray(start, end));
}
