// Peers by hand, over links in memory: the original's, which send no `Stmp-Extensions`, and ours, which do.
import type { Connection, Server } from '@stmp/connection';
import type { Headers, Link, Payload, PayloadCodec } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodePacket,
  decodeTextPacket,
  encodeClientHandshake,
  type Packet,
  readStreamPacket,
} from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';

export type Framing = 'stream' | 'message' | 'text';
export const FRAMINGS: readonly Framing[] = ['stream', 'message', 'text'];

export const OURS: Headers = [['Stmp-Extensions', 'drain,cancel']];

export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const hexOf = (unit: Uint8Array | string): string =>
  typeof unit === 'string' ? unit : Buffer.from(unit).toString('hex');

/** The payload that a codec makes, as bytes. */
export function bytesOf(payload: Payload | undefined): Uint8Array | undefined {
  if (payload === undefined || payload instanceof Uint8Array) return payload;
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}

/** A client that is only bytes. */
export interface RawPeer {
  /** The server's end. */
  readonly far: Connection<unknown, unknown>;
  send(unit: Uint8Array | string): void;
  /** What has come since it was asked last, unit by unit; without the handshake. */
  heard(): Promise<(Uint8Array | string)[]>;
}

/** Joins a server with a content type and, for our own peers, {@link OURS}. */
export async function enter(
  server: Server<unknown, unknown>,
  accept: string,
  framing: Framing,
  extra: Headers,
): Promise<RawPeer> {
  const header: Headers = [['Accept', accept], ...extra];
  const hello: Headers = [
    ...header,
    ['Stmp-Version', '1.0'],
    ...(framing === 'text' ? [['Packet-Format', 'text'] as const] : []),
  ];
  const [near, other] = memoryPair(
    (framing === 'stream' ? { kind: 'stream' } : { kind: 'message', hello: { headers: hello } }) as { kind: 'stream' },
  ) as [Link, Link];
  const units: (Uint8Array | string)[] = [];
  near.start({ onData: (unit: Uint8Array & string) => void units.push(unit), onDrain() {}, onClose() {} });
  const far = server.serve(other);
  const send = (unit: Uint8Array | string): void => void near.send(unit as Uint8Array & string);
  if (framing === 'stream') send(encodeClientHandshake({ major: 1, minor: 0, header, message: '' }));
  const heard = async (): Promise<(Uint8Array | string)[]> => {
    await settle();
    await settle();
    return units.splice(0);
  };
  const greeting = await heard();
  if (greeting.length !== 1 || !far.isOpen) throw new Error(`expected a handshake, got ${greeting.map(hexOf)}`);
  return { far, send, heard };
}

/** One unit as a packet. */
export function packetOf(unit: Uint8Array | string, framing: Framing): Packet {
  return typeof unit === 'string'
    ? decodeTextPacket(unit)
    : decodePacket(unit, framing === 'stream' ? 'stream' : 'message');
}

/** The packets of what a stream carried. */
export function streamPackets(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const fields = createPacketFields();
  for (let at = 0; at < bytes.length; ) {
    const next = readStreamPacket(bytes, at, bytes.length, DEFAULT_PACKET_LIMITS, fields);
    if (next <= at) throw new Error(`no packet at ${at}: ${next}`);
    packets.push(decodePacket(bytes.slice(at, next), 'stream'));
    at = next;
  }
  return packets;
}

/** The content types that a framing carries. */
export function carried(framing: Framing, codecs: readonly PayloadCodec[]): readonly PayloadCodec[] {
  return framing === 'text' ? codecs.filter(({ text }) => text) : codecs;
}
