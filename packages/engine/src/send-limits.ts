import { DEFAULT_MAX_PACKET_BYTES, type Headers } from '@stmp/contract';
import type { PacketLimits } from '@stmp/packet';
import { valuesOf } from './negotiation.js';

/** In which a side says how large packets it takes. Source: STMP 1.0, section 2, limits. */
const MAX_PACKET = 'Stmp-Max-Packet';

/** Limits for what is sent. */
export interface SendLimits extends PacketLimits {
  /** True when it is the peer that takes no more. */
  readonly ofPeer: boolean;
}

/** The header that tells our limit; none when it is the one that every peer expects. */
export function maxPacketHeader(maxPacketBytes: number | undefined): [string, string][] {
  return maxPacketBytes === undefined || maxPacketBytes === DEFAULT_MAX_PACKET_BYTES
    ? []
    : [[MAX_PACKET, String(maxPacketBytes)]];
}

/** What the peer says that it takes; undefined when it says nothing that makes sense. */
export function maxPacketOf(headers: Headers): number | undefined {
  const [value] = valuesOf(headers, MAX_PACKET.toLowerCase());
  const bytes = value !== undefined && /^\d{1,15}$/.test(value.trim()) ? Number(value) : 0;
  return bytes > 0 ? bytes : undefined;
}

/** Made last: most peers take the same, and then share one object. */
let last: SendLimits = { maxPacketBytes: 0, maxHeaderBytes: 0, ofPeer: false };

/** Before the handshake is done `peerMax` is unknown. */
export function sendLimits(
  options: { readonly maxSendBytes: number | undefined; readonly maxHeaderBytes: number },
  peerMax: number | undefined,
): SendLimits {
  const { maxSendBytes = Number.POSITIVE_INFINITY, maxHeaderBytes } = options;
  const known = peerMax ?? (maxSendBytes === Number.POSITIVE_INFINITY ? DEFAULT_MAX_PACKET_BYTES : maxSendBytes);
  const ofPeer = peerMax !== undefined && peerMax < maxSendBytes;
  const maxPacketBytes = Math.min(known, maxSendBytes);
  if (last.maxPacketBytes !== maxPacketBytes || last.maxHeaderBytes !== maxHeaderBytes || last.ofPeer !== ofPeer)
    last = { maxPacketBytes, maxHeaderBytes, ofPeer };
  return last;
}
