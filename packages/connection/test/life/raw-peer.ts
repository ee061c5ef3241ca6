import { Status, StmpError, type StreamLink } from '@stmp/contract';
import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  encodeClientHandshake,
  encodeServerHandshake,
  type Packet,
  readClientHandshake,
  readServerHandshake,
  readStreamPacket,
  type ServerHandshake,
} from '@stmp/packet';

const LIMITS = { maxHandshakeBytes: 65_536 };
const NAMES = ['ping', 'pong', 'request', 'notify', 'response', 'close'] as const;

/** What came, as far as these tests look. */
export interface Seen {
  readonly kind: Packet['kind'];
  readonly mid: number;
  readonly status: number;
  readonly action: number | bigint | string;
  readonly text: string;
}

export interface RawPeer {
  readonly link: StreamLink;
  /** Packets in the order in which they came, without the handshake. */
  readonly packets: Seen[];
  /** The server's handshake. */
  handshake: ServerHandshake | undefined;
  /** True when the link has closed. */
  closed: boolean;
  send(...units: Uint8Array[]): void;
}

/** A peer that knows packets, and none of our manners. As a client it introduces itself at once, without extensions. */
export function rawPeer(
  link: StreamLink,
  side: 'client' | 'server',
  header: readonly (readonly [string, string])[] = [['Accept', 'application/json']],
): RawPeer {
  const peer: RawPeer = {
    link,
    packets: [],
    handshake: undefined,
    closed: false,
    send(...units) {
      for (const unit of units) link.send(unit);
    },
  };
  let buffer = new Uint8Array(0);
  let greeted = false;
  const fields = createPacketFields();
  const greet = (): number => {
    if (side === 'client') {
      const read = readServerHandshake(buffer, 0, buffer.length, LIMITS);
      if (read === undefined) return 0;
      peer.handshake = read.value;
      return read.next;
    }
    const read = readClientHandshake(buffer, 0, buffer.length, LIMITS);
    if (read === undefined) return 0;
    link.send(encodeServerHandshake({ status: 0, header: [['Content-Type', 'application/json']], message: '' }));
    return read.next;
  };
  link.start({
    onData(unit) {
      const joined = new Uint8Array(buffer.length + unit.length);
      joined.set(buffer);
      joined.set(unit, buffer.length);
      buffer = joined;
      if (!greeted) {
        const next = greet();
        if (next === 0) return;
        greeted = true;
        buffer = buffer.subarray(next) as Uint8Array<ArrayBuffer>;
      }
      for (;;) {
        const next = readStreamPacket(buffer, 0, buffer.length, DEFAULT_PACKET_LIMITS, fields);
        if (next < 0) throw new StmpError('protocol_error', 'not a packet', { status: Status.ProtocolError });
        if (next === 0) break;
        peer.packets.push({
          kind: NAMES[fields.kind]!,
          mid: fields.mid,
          status: fields.status,
          action: fields.action,
          text: fields.end > fields.start ? new TextDecoder().decode(buffer.subarray(fields.start, fields.end)) : '',
        });
        buffer = buffer.subarray(next) as Uint8Array<ArrayBuffer>;
      }
    },
    onDrain() {},
    onClose() {
      peer.closed = true;
    },
  });
  if (side === 'client') link.send(encodeClientHandshake({ major: 1, minor: 0, header, message: '' }));
  return peer;
}
