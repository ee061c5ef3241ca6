import { type Compression, type Headers, Status, StmpError } from '@stmp/contract';

/** What the engine needs to know of a payload codec. */
export interface OfferedContent {
  readonly contentType: string;
  readonly text: boolean;
}

export const VERSION = '1.0';
/** What we add to the protocol. A peer that offers any of these is one of ours. */
export const EXTENSIONS: readonly string[] = ['drain', 'cancel'];

export function handshakeError(status: number, message: string, origin: 'local' | 'peer' = 'local'): StmpError {
  return new StmpError('handshake_failed', message, { status, origin });
}

/** All values of a name, in order, without regard to case. */
export function valuesOf(headers: Headers, name: string): string[] {
  const wanted = name.toLowerCase();
  const found: string[] = [];
  for (const [key, value] of headers) {
    if (key.length === wanted.length && key.toLowerCase() === wanted) found.push(value);
  }
  return found;
}

interface Weighted {
  readonly value: string;
  readonly weight: number;
}

/** Reads lists as HTTP does: several fields, commas, parameters, q-values. Best first; equal ones in the order given. */
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
  return list.sort((a, b) => b.weight - a.weight);
}

const matches = (range: string, type: string): boolean =>
  range === type || range === '*/*' || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));

/** The content type to use, or undefined. A type ruled out by `q=0` is not chosen through a wildcard. */
export function chooseContent<T extends OfferedContent>(
  headers: Headers,
  offered: readonly T[],
  text: boolean,
): T | undefined {
  const list = weightedList(valuesOf(headers, 'Accept'));
  const refused = new Set(list.filter(({ weight }) => weight === 0).map(({ value }) => value));
  for (const { value, weight } of list) {
    if (weight === 0) break;
    const found = offered.find(
      (content) => matches(value, content.contentType) && !refused.has(content.contentType) && (content.text || !text),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

export function chooseCompression(headers: Headers, offered: readonly Compression[]): Compression | undefined {
  for (const { value, weight } of weightedList(valuesOf(headers, 'Accept-Encoding'))) {
    if (weight === 0) break;
    const found = offered.find(({ encoding }) => encoding === value || value === '*');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The packet format a side named: `text` or `binary` in any case; everything else counts as absent. */
export function packetFormat(headers: Headers): 'text' | 'binary' | undefined {
  for (const name of ['Packet-Format', 'Accept-Packet-Format']) {
    for (const value of valuesOf(headers, name)) {
      const format = value.trim().toLowerCase();
      if (format === 'text' || format === 'binary') return format;
    }
  }
  return undefined;
}

/** The extensions a peer named, or undefined when it did not send the header at all. */
export function extensionsOf(headers: Headers): string[] | undefined {
  const values = valuesOf(headers, 'Stmp-Extensions');
  return values.length === 0 ? undefined : weightedList(values).map(({ value }) => value);
}

/** Checks the version that a client sent out of band. */
export function checkVersionHeader(headers: Headers): void {
  const [version] = valuesOf(headers, 'Stmp-Version');
  if (version === undefined || !/^\d+\.\d+$/.test(version)) {
    throw handshakeError(Status.ProtocolError, 'expected the header Stmp-Version=1.0');
  }
  if (version !== VERSION) throw handshakeError(Status.BadRequest, `expected version ${VERSION}, got ${version}`);
}
