/** A dialer or a listener. */
interface Part {
  readonly schemes: readonly string[];
}

/** In lower case; empty where the address has none. */
export function schemeOf(address: string): string {
  return address.slice(0, Math.max(0, address.indexOf(':'))).toLowerCase();
}

export function partFor<P extends Part>(parts: readonly P[], scheme: string): P | undefined {
  return parts.find(({ schemes }) => schemes.some((one) => one.toLowerCase() === scheme));
}

export function schemesOf(parts: readonly Part[]): string {
  return parts.flatMap(({ schemes }) => schemes).join(', ') || 'none';
}

/** @throws TypeError for two parts of one scheme, of which one would never be used. */
export function checkSchemes(name: string, parts: readonly Part[] = []): void {
  const seen = new Set<string>();
  for (const { schemes } of parts)
    for (const scheme of schemes.map((one) => one.toLowerCase())) {
      if (seen.has(scheme)) throw new TypeError(`${name} must have one for each scheme, got two for ${scheme}:`);
      seen.add(scheme);
    }
}
