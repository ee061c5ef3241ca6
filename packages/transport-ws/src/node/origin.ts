import type { HostCheck, HostedRequest } from './hosts.js';

/** Decides on an `Origin` that is not the page's own host. `request` is the upgrade request. */
export type OriginRule = (
  origin: string,
  request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> },
) => boolean;

/**
 * Origins that may connect besides pages of the same host and port: whole origins (`https://example.com`), patterns
 * that must match the whole origin, `'*'` for every origin but `null`, or a function that decides alone.
 */
export type AllowedOrigins = '*' | readonly (string | RegExp)[] | OriginRule;

/** @returns whether an upgrade request may go on. */
export type OriginCheck = (request: HostedRequest) => boolean;

/** @param isOurHost whether a page of the same host as its target is one of ours. */
export function resolveOrigins(allowed: AllowedOrigins | undefined, isOurHost: HostCheck = () => true): OriginCheck {
  if (typeof allowed === 'function') return (request) => decide(request, (origin) => allowed(origin, request));
  if (allowed === '*') return (request) => decide(request, (origin) => origin !== 'null', isOurHost);
  const exact = new Set<string>();
  const patterns: RegExp[] = [];
  if (allowed !== undefined && !Array.isArray(allowed)) {
    throw new TypeError("allowedOrigins must be '*', a list of strings and patterns, or a function");
  }
  for (const entry of allowed ?? []) {
    if (entry instanceof RegExp) patterns.push(new RegExp(`^(?:${entry.source})$`, entry.flags.replace(/[gy]/g, '')));
    else exact.add(normalise(entry));
  }
  return (request) =>
    decide(request, (origin) => exact.has(origin) || patterns.some((pattern) => pattern.test(origin)), isOurHost);
}

function decide(request: HostedRequest, rule: (origin: string) => boolean, isOurHost?: HostCheck): boolean {
  const origin = request.headers.origin;
  // Only browsers send it; without one there is no page to protect.
  if (origin === undefined) return true;
  if (typeof origin !== 'string') return false;
  return (isOurHost?.(request) && isSameHost(origin, request.headers.host)) || rule(origin);
}

/** True when the page comes from the host and port that it connects to; a scheme's own port may be left out. */
function isSameHost(origin: string, host: string | string[] | undefined): boolean {
  if (typeof host !== 'string') return false;
  const scheme = /^https?(?=:\/\/)/.exec(origin)?.[0];
  if (scheme === undefined || !URL.canParse(origin) || !URL.canParse(`${scheme}://${host}`)) return false;
  return new URL(origin).host === new URL(`${scheme}://${host}`).host;
}

function normalise(entry: string): string {
  if (typeof entry !== 'string') throw new TypeError('allowedOrigins must hold strings and patterns');
  if (entry === 'null') return entry;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(entry);
  if (!scheme || !URL.canParse(entry) || /[/?#]/.test(entry.slice(scheme[0].length))) {
    throw new TypeError(`allowedOrigins: an origin looks like https://example.com:8443, got ${entry}`);
  }
  const url = new URL(entry);
  return url.origin === 'null' ? entry.toLowerCase() : url.origin;
}
