import { fault } from '@stmp/payload-schema';

interface Seconds {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Nanoseconds as a fraction of 0, 3, 6 or 9 digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`;
}

const toNanos = (digits: string | undefined): number => Number((digits ?? '').padEnd(9, '0'));

/** RFC 3339, in UTC. */
export function timestampText({ seconds, nanos }: Seconds): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

export function parseTimestamp(text: string): Seconds {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return fault('RFC 3339 time', text);
  const local = match[1]!;
  const millis = Date.parse(local + match[3]!);
  // Date takes the 31st of February for the 3rd of March.
  if (Number.isNaN(millis) || new Date(`${local}Z`).toISOString().slice(0, 19) !== local) fault('RFC 3339 time', text);
  return { seconds: BigInt(millis / 1000), nanos: toNanos(match[2]) };
}

/** Seconds with a fraction, and `s`. */
export function durationText({ seconds, nanos }: Seconds): string {
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

export function parseDuration(text: string): Seconds {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text);
  if (match === null) return fault('duration', text);
  const seconds = BigInt(match[2]!);
  const nanos = toNanos(match[3]);
  return match[1] === '-' ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos };
}
