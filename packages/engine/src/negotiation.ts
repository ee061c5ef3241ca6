import { type Compression, type Headers, Status, StmpError } from '@stmp/contract';

/** What the engine needs to know of a payload codec. */
export interface OfferedContent {
  readonly contentType: string;
  readonly text: boolean;
}

export const VERSION = '1.0';

export function handshakeError(
  status: number,
  message: string,
  origin: 'local' | 'peer' = 'local',
  retryAfterMs?: number,
): StmpError {
  return new StmpError('handshake_failed', message, { status, origin, retryAfterMs });
}

/** All values of a name, given in lower case, in order. */
export function valuesOf(headers: Headers, name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** The names in a list as HTTP writes them: several fields, commas; in lower case, parameters left out. */
export function namesIn(headers: Headers, name: string): string[] {
  const names = valuesOf(headers, name).join().split(',');
  return names.map((item) => item.split(';', 1)[0]!.trim().toLowerCase()).filter((item) => item !== '');
}

interface Weighted {
  readonly value: string;
  readonly weight: number;
}

/** Reads lists as HTTP does: several fields, commas, parameters, q-values; in the order given. */
export function weightedList(values: readonly string[]): Weighted[] {
  const list: Weighted[] = [];
  for (const item of values.join(',').split(',')) {
    const [value = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    if (value === '') continue;
    let weight = 1;
    for (const parameter of parameters) {
      const match = /^q\s*=\s*(\d(?:\.\d*)?)$/.exec(parameter);
      if (match) weight = Math.min(1, Number(match[1]));
    }
    list.push({ value, weight });
  }
  return list;
}

/** How closely a range of a list fits a name: 3 exactly, 2 `type/*`, 1 anything, 0 not at all. */
function closeness(range: string, name: string): number {
  if (range === name) return 3;
  if (range === '*/*' || range === '*') return 1;
  return range.endsWith('/*') && name.startsWith(range.slice(0, -1)) ? 2 : 0;
}

/** Index of the range that decides over a name: the closest one, the first of equals; -1: none. */
function rangeFor(list: readonly Weighted[], name: string): number {
  let found = -1;
  let best = 0;
  for (const [at, { value }] of list.entries()) {
    const fit = closeness(value, name);
    if (fit > best) {
      best = fit;
      found = at;
    }
  }
  return found;
}

/** What the list likes best of what is offered; of equals the one that the list has first, then the one offered first. */
function choose<T>(
  list: readonly Weighted[],
  offered: readonly T[],
  nameOf: (item: T) => string,
): Choice<T> | undefined {
  let found: (Choice<T> & { readonly at: number }) | undefined;
  for (const item of offered) {
    const at = rangeFor(list, nameOf(item));
    if (at < 0) continue;
    const { weight } = list[at]!;
    const least = found?.weight ?? 0;
    if (weight > least || (found !== undefined && weight === least && at < found.at)) found = { item, weight, at };
  }
  return found;
}

interface Choice<T> {
  readonly item: T;
  readonly weight: number;
}

/** The content type to use, or undefined. */
export function chooseContent<T extends OfferedContent>(
  headers: Headers,
  offered: readonly T[],
  text: boolean,
): T | undefined {
  const usable = text ? offered.filter((content) => content.text) : offered;
  return choose(weightedList(valuesOf(headers, 'accept')), usable, ({ contentType }) => contentType)?.item;
}

/** The compression to use; undefined also where the client likes plain bytes better. */
export function chooseCompression(headers: Headers, offered: readonly Compression[]): Compression | undefined {
  const list = weightedList(valuesOf(headers, 'accept-encoding'));
  const choice = choose(list, offered, ({ encoding }) => encoding);
  const plain = list.find(({ value }) => value === 'identity');
  return plain !== undefined && choice !== undefined && plain.weight > choice.weight ? undefined : choice?.item;
}

/** The packet format a side named: `text` or `binary` in any case; everything else counts as absent. */
export function packetFormat(headers: Headers): 'text' | 'binary' | undefined {
  const named = [...valuesOf(headers, 'packet-format'), ...valuesOf(headers, 'accept-packet-format')];
  return named
    .map((value) => value.trim().toLowerCase())
    .find((value): value is 'text' | 'binary' => value === 'text' || value === 'binary');
}

/** The extensions a peer named, or undefined when it did not send the header at all. */
export function extensionsOf(headers: Headers): string[] | undefined {
  return valuesOf(headers, 'stmp-extensions').length === 0 ? undefined : namesIn(headers, 'stmp-extensions');
}

/** Checks the version that a client sent out of band. */
export function checkVersionHeader(headers: Headers): void {
  const [version] = valuesOf(headers, 'stmp-version');
  // One hex digit each, as in the version byte.
  if (version === undefined || !/^[\dA-Fa-f]\.[\dA-Fa-f]$/.test(version)) {
    throw handshakeError(Status.ProtocolError, 'expected the header Stmp-Version=1.0');
  }
  if (version !== VERSION) throw handshakeError(Status.BadRequest, `expected version ${VERSION}, got ${version}`);
}
