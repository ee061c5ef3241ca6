import type { Hello } from '@stmp/contract';

const ADDRESS = /^wss?:\/\/[^/?#\s]+[^#\s]*$/i;

/**
 * The URL to dial: the hello's headers follow in the query, spelled as given, after what the address has there.
 * Source: STMP 1.0, section 5.
 * @throws TypeError
 */
export function dialUrl(address: string, hello: Hello | undefined): string {
  if (!ADDRESS.test(address)) {
    throw new TypeError(`address must be a ws: or wss: URL without fragment, got ${maskQuery(String(address))}`);
  }
  let url = address;
  for (const [name, value] of hello?.headers ?? []) {
    url += `${url.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  }
  return url;
}

/** A URL fit for logs: the values of its query and the user's password are hidden. */
export function maskQuery(url: string): string {
  return url.replace(/\/\/[^/?#@]*@/, '//***@').replace(/([?&][^=&#]*)=[^&#]*/g, '$1=***');
}
