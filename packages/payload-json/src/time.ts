import { Fault, fault } from '@stmp/payload-schema';

interface Seconds {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The years 0001 and 9999, between which JSON can write a time. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const MAX_DURATION_SECONDS = 315_576_000_000n;

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
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw new Fault('expected a year from 1 to 9999');
  if (nanos < 0 || nanos > 999_999_999) throw new Fault('expected nanos from 0 to 999999999');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

export function parseTimestamp(text: string): Seconds {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(text);
  if (match === null) return fault('RFC 3339 time', text);
  const local = match[1]!.toUpperCase();
  const millis = Date.parse(local + match[3]!.toUpperCase());
  // Date takes the 31st of February for the 3rd of March.
  if (Number.isNaN(millis) || new Date(`${local}Z`).toISOString().slice(0, 19) !== local) fault('RFC 3339 time', text);
  const seconds = BigInt(millis / 1000);
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw new Fault('expected a year from 1 to 9999');
  return { seconds, nanos: toNanos(match[2]) };
}

/** Seconds with a fraction, and `s`. */
export function durationText({ seconds, nanos }: Seconds): string {
  const isWild = Math.abs(nanos) > 999_999_999 || seconds > MAX_DURATION_SECONDS || seconds < -MAX_DURATION_SECONDS;
  if (isWild || (seconds < 0n && nanos > 0) || (seconds > 0n && nanos < 0)) {
    throw new Fault('expected seconds within 10000 years, and nanos of the same sign');
  }
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

export function parseDuration(text: string): Seconds {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text);
  if (match === null) return fault('duration', text);
  const seconds = BigInt(match[2]!);
  if (seconds > MAX_DURATION_SECONDS) throw new Fault('expected seconds within 10000 years');
  const nanos = toNanos(match[3]);
  return match[1] === '-' ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos };
}
