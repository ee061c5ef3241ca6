import { jsonCodec, msgpackCodec, type PayloadCodec, protobufCodec } from 'stmp';

/** One way to write packets. */
export interface Wire {
  readonly id: string;
  readonly label: string;
  readonly packetFormat: 'binary' | 'text';
  readonly codec: PayloadCodec;
}

/** What the drop-down offers; the first is the default. */
export const WIRES: readonly [Wire, ...Wire[]] = [
  { id: 'protobuf', label: 'protobuf', packetFormat: 'binary', codec: protobufCodec() },
  { id: 'msgpack', label: 'MessagePack', packetFormat: 'binary', codec: msgpackCodec() },
  { id: 'json', label: 'JSON text', packetFormat: 'text', codec: jsonCodec() },
];

export const wireOf = (id: string | null): Wire => WIRES.find((wire) => wire.id === id) ?? WIRES[0];
