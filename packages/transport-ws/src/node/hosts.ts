import { isIPv4 } from 'node:net';

/** Names, without ports, in the `Host` of requests: whole names, patterns that must match the whole name, or `'*'`. */
export type AllowedHosts = '*' | readonly (string | RegExp)[];

/** The part of an upgrade request that is read. */
export interface HostedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket?: { readonly localAddress?: string | undefined } | undefined;
}

/** @returns whether the name that a request was sent to is one of ours. */
export type HostCheck = (request: HostedRequest) => boolean;

/**
 * A page can make its own name lead to this machine (DNS rebinding): it then has the same host as its target. So
 * whoever comes over loopback must have asked for a loopback name, or for one that is allowed.
 */
export function resolveHosts(allowed: AllowedHosts | undefined): HostCheck {
  if (allowed === '*') return () => true;
  if (allowed !== undefined && !Array.isArray(allowed)) {
    throw new TypeError("allowedHosts must be '*', or a list of strings and patterns");
  }
  const exact = new Set<string>();
  const patterns: RegExp[] = [];
  for (const entry of allowed ?? []) {
    if (entry instanceof RegExp) patterns.push(new RegExp(`^(?:${entry.source})$`, entry.flags.replace(/[gy]/g, '')));
    else exact.add(checkName(entry));
  }
  return ({ headers, socket }) => {
    const onLoopback = isLoopbackAddress(socket?.localAddress ?? '');
    if (allowed === undefined && !onLoopback) return true;
    const name = nameOf(headers.host);
    if (name === undefined) return false;
    if (onLoopback && isLoopbackName(name)) return true;
    return exact.has(name) || patterns.some((pattern) => pattern.test(name));
  };
}

function checkName(entry: unknown): string {
  const name = typeof entry === 'string' ? nameOf(entry) : undefined;
  if (name === undefined || name !== String(entry).toLowerCase()) {
    throw new TypeError(`allowedHosts: a host looks like example.com, without a port, got ${String(entry)}`);
  }
  return name;
}

function nameOf(host: unknown): string | undefined {
  if (typeof host !== 'string' || host === '' || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/\.$/, '');
}

function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name.replace(/^\[|\]$/g, ''));
}
