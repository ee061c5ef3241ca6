import { type PacketFields, PacketKind } from '@stmp/packet';
import { statusName } from 'stmp';

/** A piece of a packet: as it travels, and what it means. */
export interface PacketPart {
  readonly name: 'query' | 'message' | 'head' | 'id' | 'status' | 'action' | 'header' | 'payload';
  readonly raw: string;
  readonly means: string;
}

const KIND_NAMES = ['ping', 'pong', 'request', 'notify', 'response', 'close'];
/** More bytes than this are not shown one by one. */
const MAX_HEX_BYTES = 160;

const decoder = new TextDecoder();

export function hexOf(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MAX_HEX_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > MAX_HEX_BYTES ? `${shown} … ${bytes.length - MAX_HEX_BYTES} more` : shown;
}

const statusText = (status: number): string => `${statusName(status)}`;
const hexNumber = (value: number | bigint): string => `0x${value.toString(16).toUpperCase()}`;

function actionText(action: PacketFields['action'], method: string | undefined): string {
  if (typeof action === 'string') return action;
  return method === undefined ? hexNumber(action) : `${hexNumber(action)}, ${method}`;
}

/** The pieces of a packet in a binary message, in order. Source: STMP 1.0, section 2. */
export function binaryParts(bytes: Uint8Array, fields: PacketFields, method: string | undefined): PacketPart[] {
  const { kind, mid, status, action, headerEnd, start, end } = fields;
  const parts: PacketPart[] = [];
  let at = 0;
  const take = (name: PacketPart['name'], until: number, means: string): void => {
    if (until > at) parts.push({ name, raw: hexOf(bytes.subarray(at, until)), means });
    at = until;
  };
  const flags = [end >= 0 && 'payload', headerEnd >= 0 && 'header', typeof action === 'string' && 'named method'];
  const extras = flags.filter((flag) => flag !== false).join(' and ');
  take('head', 1, `${KIND_NAMES[kind]}${extras === '' ? '' : ` with ${extras}`}`);
  if (kind === PacketKind.Request || kind === PacketKind.Response) take('id', 3, `${mid}`);
  if (kind === PacketKind.Response || kind === PacketKind.Close) take('status', at + 1, statusText(status));
  if (kind === PacketKind.Request || kind === PacketKind.Notify) {
    const length = varintEnd(bytes, at);
    const until = typeof action === 'string' ? length + encodedLength(action) : length;
    take('action', until, actionText(action, method));
  }
  if (headerEnd >= 0) take('header', headerEnd, decoder.decode(bytes.subarray(fields.headerStart, headerEnd)));
  if (end >= 0) take('payload', end, `${end - start} bytes, to the end of the message`);
  return parts;
}

/** The pieces of a text packet. Source: STMP 1.0, section 2, text framing. */
export function textParts(text: string, fields: PacketFields, method: string | undefined): PacketPart[] {
  const { kind, mid, status, action, headerStart, headerEnd, start, end } = fields;
  const parts: PacketPart[] = [{ name: 'head', raw: text.slice(0, 1), means: KIND_NAMES[kind]! }];
  const lineEnd = text.indexOf('\n');
  const line = text.slice(1, lineEnd < 0 ? text.length : lineEnd);
  const colon = line.indexOf(':');
  const hasId = kind === PacketKind.Request || kind === PacketKind.Response;
  const rest = hasId ? line.slice(colon + 1) : line;
  if (hasId) parts.push({ name: 'id', raw: line.slice(0, colon + 1), means: `${mid}, in hex` });
  if (kind === PacketKind.Request || kind === PacketKind.Notify) {
    parts.push({ name: 'action', raw: rest, means: actionText(action, method) });
  }
  if (kind === PacketKind.Response || kind === PacketKind.Close) {
    parts.push({ name: 'status', raw: rest, means: statusText(status) });
  }
  if (headerEnd >= 0) {
    parts.push({ name: 'header', raw: `H${text.slice(headerStart, headerEnd)}`, means: 'A line of its own.' });
  }
  if (end >= 0) parts.push({ name: 'payload', raw: `P${text.slice(start, end)}`, means: 'To the end of the message.' });
  return parts;
}

/** A server's handshake, as a whole. */
export function handshakeParts(unit: Uint8Array | string): PacketPart[] {
  const raw = typeof unit === 'string' ? unit : hexOf(unit);
  return [{ name: 'message', raw, means: 'STMP, a status, the header block and a text.' }];
}

function varintEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] ?? 0) >= 0x80) end++;
  return end + 1;
}

const encoder = new TextEncoder();
const encodedLength = (text: string): number => encoder.encode(text).length;
