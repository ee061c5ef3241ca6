import { DEFAULT_MAX_PACKET_BYTES } from '@stmp/contract';

/** Kinds of packets, as in bits 4 to 6 of the head byte. Source: STMP 1.0, section 2. */
export const PacketKind = { Ping: 0, Pong: 1, Request: 2, Notify: 3, Response: 4, Close: 5 } as const;

/** `stream`: byte streams, where the payload has a length. `message`: one binary message, where it is the rest. */
export type Framing = 'stream' | 'message';

/**
 * What a reader found. One object is made by the caller and filled again and again; after a result
 * other than success only `needed` means anything.
 */
export interface PacketFields {
  /** A value of {@link PacketKind}. */
  kind: number;
  /** Message id, 0 to 65535; 0 for kinds without one. */
  mid: number;
  /** 0 for kinds without one. */
  status: number;
  /** `bigint` above `Number.MAX_SAFE_INTEGER`; a string is a method name; 0 for kinds without action. */
  action: number | bigint | string;
  /** The header block is `[headerStart, headerEnd)` of the input; `headerEnd` is -1 without one. It is well-formed. */
  headerStart: number;
  headerEnd: number;
  /** The payload is `[start, end)` of the input; `end` is -1 without the payload flag. */
  start: number;
  end: number;
  /**
   * Below 0: the packet is whole. Else it was refused for the limit of its action, and its payload is left out: that
   * many bytes of it follow in a byte stream, to be passed over; 0 in a message.
   */
  skip: number;
  /** After "need more": how many bytes from `offset` there must be before another try makes sense. */
  needed: number;
}

/** Empty fields for a reader to fill. */
export function createPacketFields(): PacketFields {
  return {
    kind: 0,
    mid: 0,
    status: 0,
    action: 0,
    headerStart: 0,
    headerEnd: -1,
    start: 0,
    end: -1,
    skip: -1,
    needed: 0,
  };
}

/** Limits that readers hold a packet against before anything is allocated. */
export interface PacketLimits {
  /** Method, header block and payload together, in bytes; head, id and lengths are not counted. */
  readonly maxPacketBytes: number;
  /** The header block, in bytes. */
  readonly maxHeaderBytes: number;
  /** As `maxPacketBytes`, for requests and notifies of one action, where not all have the same; at most that. */
  readonly maxPacketBytesOf?: ((action: number | bigint | string) => number) | undefined;
}

/** 64 KiB. Source: STMP 1.0, section 2. */
export const DEFAULT_MAX_HEADER_BYTES = 65_536;

/** 16 MiB for a packet, 64 KiB of it for the header block. Source: STMP 1.0, section 2. */
export const DEFAULT_PACKET_LIMITS: PacketLimits = {
  maxPacketBytes: DEFAULT_MAX_PACKET_BYTES,
  maxHeaderBytes: DEFAULT_MAX_HEADER_BYTES,
};
