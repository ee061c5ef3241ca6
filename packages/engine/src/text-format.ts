import type { Action, Headers, Payload } from '@stmp/contract';
import {
  type ClientHandshake,
  encodeServerHandshakeText,
  type HandshakeLimits,
  PacketKind,
  type PacketLimits,
  readClientHandshakeText,
  readServerHandshakeText,
  readTextPacket,
  readTextPacketBytes,
  type ServerHandshake,
  TEXT_PING,
  TEXT_PONG,
  textClose,
  textNotify,
  textRequest,
  textResponse,
} from '@stmp/packet';
import type { Inbound } from './inbound.js';
import { checkSize } from './packet-writer.js';
import { headerText, payloadText, textBytes } from './payload.js';
import type { SendLimits } from './send-limits.js';

const NO_BYTES = new Uint8Array(0);

/** Handshakes and packets as text, for message links whose sides agreed on it. Source: STMP 1.0, section 2. */
export interface TextFormat {
  readonly ping: string;
  readonly pong: string;
  readClientHandshake(text: string, limits: HandshakeLimits): ClientHandshake;
  readServerHandshake(text: string, limits: HandshakeLimits): ServerHandshake;
  encodeServerHandshake(handshake: ServerHandshake): string;
  /** Reads one packet: 0 or more for a whole one, below 0 minus the status to end with. */
  read(unit: Uint8Array | string, limits: PacketLimits, into: Inbound): number;
  write(
    limits: SendLimits,
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): string;
}

/** Text packets, as a part that handshakes are given. Without it text is neither offered nor accepted. */
export function textPackets(): TextFormat {
  return TEXT;
}

const TEXT: TextFormat = {
  ping: TEXT_PING,
  pong: TEXT_PONG,
  readClientHandshake: readClientHandshakeText,
  readServerHandshake: readServerHandshakeText,
  encodeServerHandshake: encodeServerHandshakeText,
  read(unit, limits, into) {
    if (typeof unit === 'string') {
      into.text = unit;
      into.bytes = NO_BYTES;
      return readTextPacket(unit, limits, into);
    }
    // The original sends text in binary messages, whose payloads may be any bytes, so they are read as bytes.
    into.text = undefined;
    into.bytes = unit;
    return readTextPacketBytes(unit, limits, into);
  },
  write(limits, kind, mid, status, action, headers, payload) {
    const header = headerText(headers);
    const body = payload === undefined ? undefined : payloadText(payload) || undefined;
    if (kind === PacketKind.Close) return textClose(status, body);
    checkText(limits, typeof action === 'string' ? action : undefined, header, body);
    if (kind === PacketKind.Request) return textRequest(mid, action, header, body);
    if (kind === PacketKind.Response) return textResponse(mid, status, header, body);
    return textNotify(action, header, body);
  },
};

function checkText(
  limits: SendLimits,
  name: string | undefined,
  header: string | undefined,
  body: string | undefined,
): void {
  const headerUnits = header?.length ?? 0;
  const units = headerUnits + (name?.length ?? 0) + (body?.length ?? 0);
  // No character takes more than three bytes per unit of the string: nearly always that settles it.
  if (units * 3 <= limits.maxPacketBytes && headerUnits * 3 <= limits.maxHeaderBytes) return;
  const headerBytes = textBytes(header);
  checkSize(limits, headerBytes + textBytes(name) + textBytes(body), headerBytes);
}
