import type { Headers } from '@stmp/contract';

/** Names that are the proxy's and the browser's to set: never read from a query. Source: STMP 1.0, section 5. */
const NEVER_FROM_QUERY = /^(?:cookie|origin|host|authorization|forwarded|x-forwarded-.*|x-real-ip)$/;
/** HTTP's own machinery, and what names persons or places: to be read from the HTTP request alone. */
const NEVER_STMP =
  /^(?:cookie|origin|host|authorization|forwarded|x-forwarded-.*|x-real-ip|connection|upgrade|sec-websocket-.*|keep-alive|proxy-.*|te|trailer|transfer-encoding|content-length)$/;
/** The handshake's own names, which the query overlays. */
const OWN = /^(?:accept|accept-encoding|accept-packet-format|packet-format|stmp-.*)$/;

/** True when the query may never set this name, not even when listed. */
export function isNeverFromQuery(lowerName: string): boolean {
  return NEVER_FROM_QUERY.test(lowerName);
}

/**
 * The STMP headers of an upgrade request: the HTTP fields overlaid by the query. The query wins for the
 * handshake's own names and for listed ones; any other name it may only add where HTTP has none.
 * Source: STMP 1.0, section 5.
 * @param listed lower-case names.
 */
export function overlay(url: string, http: Headers, listed: ReadonlySet<string>): Headers {
  const mark = url.indexOf('?');
  const query: [string, string][] = [];
  if (mark >= 0) {
    const httpNames = new Set(http.map(([name]) => name.toLowerCase()));
    for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) {
      const lower = name.toLowerCase();
      if (lower === '' || NEVER_STMP.test(lower)) continue;
      if (OWN.test(lower) || listed.has(lower) || !httpNames.has(lower)) query.push([name, value]);
    }
  }
  const overlaid = new Set(query.map(([name]) => name.toLowerCase()));
  const rest = http.filter(([name]) => {
    const lower = name.toLowerCase();
    return !overlaid.has(lower) && !NEVER_STMP.test(lower);
  });
  return [...query, ...rest];
}
