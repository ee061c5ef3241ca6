import type { Headers } from '@stmp/contract';
import { type AddressOf, addressKey, socketAddress } from './address.js';
import { type IpAddress, readIpAddress, readIpNode } from './ip-address.js';

export interface ForwardedAddressOptions {
  /**
   * The header that the proxies write. Only this one is read: a header that they do not write is the client's.
   * Default `X-Forwarded-For`; `Forwarded` is that of RFC 7239.
   */
  readonly header?: 'X-Forwarded-For' | 'Forwarded' | undefined;
}

/** Cuts at a character that does not stand between quotes. */
function split(text: string, at: ',' | ';'): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"') quoted = !quoted;
    else if (letter === '\\' && quoted) i++;
    else if (letter === at && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** All lines of a header as the one list that they are, oldest first. */
function listOf(headers: Headers, name: string): string[] {
  const lines = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  // Only Forwarded knows quotes; in the other header one would hide the entries behind it.
  const items = lines.flatMap((line) => (name === 'forwarded' ? split(line, ',') : line.split(',')));
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

const unquoted = (text: string): string =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;

/** The `for` of one element of `Forwarded`; empty when it has none. */
function forParameter(element: string): string {
  for (const pair of split(element, ';')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals).trim().toLowerCase() === 'for') return unquoted(pair.slice(equals + 1).trim());
  }
  return '';
}

/**
 * The address that trusted proxies report: read from the last entry backwards, passing over the proxies' own
 * addresses. All lines of the header count, in their order. Ports do not. An entry that is no IP address (`unknown`,
 * a hidden name, rubbish) tells nothing: then the address of the socket counts. A peer that is no trusted proxy is
 * counted by its own address, whatever it claims.
 * @param trusted Addresses of the proxies, or a function that knows them; it is given IPv4 addresses as such also when
 * they came wrapped in IPv6.
 */
export function forwardedAddress(
  trusted: readonly string[] | ((address: string) => boolean),
  options: ForwardedAddressOptions = {},
): AddressOf {
  const { header = 'X-Forwarded-For' } = options;
  if (header !== 'X-Forwarded-For' && header !== 'Forwarded')
    throw new TypeError(`header must be X-Forwarded-For or Forwarded, got ${String(header)}`);
  const names =
    typeof trusted === 'function' ? undefined : new Set(trusted.map((name) => readIpAddress(name)?.canonical ?? name));
  const isTrusted = (address: IpAddress): boolean =>
    names === undefined ? (trusted as (address: string) => boolean)(address.text) : names.has(address.canonical);
  return (peer) => {
    const own = peer.address ?? 'unknown';
    let address: IpAddress = readIpAddress(own) ?? { text: own, canonical: own, key: addressKey(own) };
    if (!isTrusted(address)) return address.key;
    const claimed = listOf(peer.http?.headers ?? [], header.toLowerCase());
    for (let entry = claimed.pop(); entry !== undefined && isTrusted(address); entry = claimed.pop()) {
      const next = readIpNode(header === 'Forwarded' ? forParameter(entry) : entry);
      if (next === undefined) return socketAddress(peer);
      address = next;
    }
    return address.key;
  };
}
