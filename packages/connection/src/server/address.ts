import type { LinkPeer } from '@stmp/contract';
import { readIpAddress } from './ip-address.js';

/** Who a connection is counted with, for limits per address. */
export type AddressOf = (peer: LinkPeer) => string;

/** The address as it is counted: IPv4 as it is, also when wrapped in IPv6; IPv6 cut to its /64, which is what one customer gets. */
export function addressKey(address: string): string {
  return readIpAddress(address)?.key ?? address;
}

/** The default: the address of the socket. */
export const socketAddress: AddressOf = (peer) => addressKey(peer.address ?? 'unknown');
