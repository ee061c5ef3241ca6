import { type Action, type Headers, type Payload, Status, StmpError } from '@stmp/contract';
import {
  headerBlockBytes,
  MAX_PACKET_OVERHEAD,
  PacketKind,
  writeCloseHead,
  writeEmptyPayload,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from '@stmp/packet';
import { actionBytes, EMPTY_PAYLOAD, putPayload, sized, sizeOf } from './payload.js';
import type { SendLimits } from './send-limits.js';
import { reserve, shared } from './slab.js';

/** Where the packet lies that {@link writePacket} wrote last; valid until the next. */
export const written: { slab: Uint8Array; start: number; end: number } = { slab: new Uint8Array(0), start: 0, end: 0 };

/**
 * Encodes one packet in binary, into the shared slab where it fits.
 * @param stream True for byte streams, where a payload has a length.
 * @param apart Gives the packet memory of its own: one that may wait for long must not keep a slab alive.
 */
export function writePacket(
  stream: boolean,
  apart: boolean,
  limits: SendLimits,
  kind: number,
  mid: number,
  status: number,
  action: Action | string,
  headers: Headers | undefined,
  payload: Payload | undefined,
): void {
  const name = typeof action === 'string' ? actionBytes(action) : action;
  const header = headers === undefined ? undefined : headerBlockBytes(headers);
  let body = payload === undefined ? undefined : sized(payload);
  let length = -1;
  let room = MAX_PACKET_OVERHEAD;
  if (body !== undefined) {
    length = sizeOf(body);
    if (length === 0) {
      body = undefined;
      length = -1;
    } else room += length;
  }
  if (header !== undefined) room += header.length;
  if (typeof name === 'object') room += name.length;
  // The end is told in any case, with a text that may be longer than a very small limit.
  if (kind !== PacketKind.Close)
    checkSize(limits, room - MAX_PACKET_OVERHEAD, header === undefined ? 0 : header.length);
  const inSlab = !apart && reserve(room);
  const slab = inSlab ? shared.slab : new Uint8Array(room);
  const start = inSlab ? shared.at : 0;
  let at = start;
  if (kind === PacketKind.Request) at = writeRequestHead(slab, at, stream, mid, name, header, length);
  else if (kind === PacketKind.Response) at = writeResponseHead(slab, at, stream, mid, status, header, length);
  else if (kind === PacketKind.Notify) at = writeNotifyHead(slab, at, stream, name, header, length);
  else at = writeCloseHead(slab, at, stream, status, length);
  if (body !== undefined) at = putPayload(slab, at, body);
  else if (payload === EMPTY_PAYLOAD) at = writeEmptyPayload(slab, start, at, stream);
  if (inSlab) shared.at = at;
  written.slab = slab;
  written.start = start;
  written.end = at;
}

/** Refuses what a peer with our limits would end the connection for. */
export function checkSize(
  { maxPacketBytes, maxHeaderBytes, ofPeer }: SendLimits,
  packetBytes: number,
  headerBytes: number,
): void {
  if (packetBytes > maxPacketBytes)
    throw tooLarge(`packet of ${packetBytes} bytes`, 'maxPacketBytes', maxPacketBytes, ofPeer);
  if (headerBytes > maxHeaderBytes)
    throw tooLarge(`header of ${headerBytes} bytes`, 'maxHeaderBytes', maxHeaderBytes, false);
}

function tooLarge(what: string, option: string, limit: number, ofPeer: boolean): StmpError {
  return new StmpError('too_large', `${what} is above ${ofPeer ? "the peer's " : ''}${option} ${limit}`, {
    status: Status.RequestEntityTooLarge,
    origin: ofPeer ? 'peer' : 'local',
  });
}
