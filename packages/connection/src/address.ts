import type { LinkPeer } from '@stmp/contract';
import { getHeader } from '@stmp/packet';

/** Who a connection is counted with, for limits per address. */
export type AddressOf = (peer: LinkPeer) => string;

/** Groups of an IPv6 address, written out; undefined for anything else. */
function ipv6Groups(address: string): string[] | undefined {
  const [plain = ''] = address.split('%');
  if (!plain.includes(':')) return undefined;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left;
  const right = tail === '' ? [] : tail.split(':');
  return [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
}

/** The address as it is counted: IPv4 as it is, also when wrapped in IPv6; IPv6 cut to its /64, which is what one customer gets. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const groups = ipv6Groups(address);
  if (groups === undefined) return address;
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** The default: the address of the socket. */
export const socketAddress: AddressOf = (peer) => addressKey(peer.address ?? 'unknown');

/**
 * The address that trusted proxies report in `X-Forwarded-For`: read from the right, passing over the proxies'
 * own addresses. A peer that is no trusted proxy is counted by its own address, whatever it claims.
 * @param trusted Addresses of the proxies, or a function that knows them.
 */
export function forwardedAddress(trusted: readonly string[] | ((address: string) => boolean)): AddressOf {
  const isTrusted = typeof trusted === 'function' ? trusted : (address: string) => trusted.includes(address);
  return (peer) => {
    let address = plainAddress(peer.address ?? 'unknown');
    const claimed = (getHeader(peer.http?.headers ?? [], 'X-Forwarded-For') ?? '')
      .split(',')
      .map((part) => part.trim());
    while (isTrusted(address)) {
      const next = claimed.pop();
      if (next === undefined || next === '') break;
      address = plainAddress(next);
    }
    return addressKey(address);
  };
}

const plainAddress = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
