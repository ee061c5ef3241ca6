import { lookup as systemLookup } from 'node:dns';
import type { KcpLookup } from './options.js';

/** The first address of a host, and its family. */
export function resolveHost(host: string, lookup: KcpLookup | undefined): Promise<{ address: string; family: 4 | 6 }> {
  return new Promise((resolve, reject) => {
    const find = lookup ?? (systemLookup as KcpLookup);
    find(host, { all: false }, (error, found, family) => {
      // Such functions answer with a list when they please.
      const first = Array.isArray(found) ? found[0] : { address: found, family };
      if (error) reject(error);
      else if (typeof first?.address !== 'string') reject(new Error(`no address found for ${host}`));
      else resolve({ address: first.address, family: first.family === 6 ? 6 : 4 });
    });
  });
}

/** Addresses that a limit counts as one: an IPv4 address, mapped or not, or the first 64 bits of an IPv6 address. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const plain = address.split('%', 1)[0] as string;
  if (plain.includes('.')) return plain.slice(plain.lastIndexOf(':') + 1);
  const [head = '', tail] = plain.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) while (groups.length + rest.length < 8) groups.push('0');
  return `${[...groups, ...rest].slice(0, 4).join(':')}::/64`;
}
