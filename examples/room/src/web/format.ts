const encoder = new TextEncoder();

/** Length in UTF-8, which is what the server counts. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** One of twelve colours, the same for a name on every page. */
export function hueOf(name: string): string {
  let hash = 7;
  for (const char of name.toLowerCase()) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return `hue-${hash % 12}`;
}

/** Two letters for an avatar: of two words the first ones, else the first two. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter((word) => word !== '');
  const [first = '?', second] = words;
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0]!, [...second][0]!];
  return letters.join('').toUpperCase();
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const date = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dateAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** The time of a message. */
export const timeOf = (atMs: number): string => clock.format(atMs);
/** The time of a packet. */
export const preciseTimeOf = (atMs: number): string => seconds.format(atMs);
/** All about a time, for a tooltip. */
export const momentOf = (atMs: number): string => full.format(atMs);

const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);

/** A value that two times share when they are on one day here. */
export const dayOf = (atMs: number): number => midnight(atMs);

/** A day as people say it. */
export function dayName(atMs: number, nowMs: number): string {
  const days = Math.round((midnight(nowMs) - midnight(atMs)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days > 1 && days < 180 ? date.format(atMs) : dateAndYear.format(atMs);
}

/** `1 message`, `2 messages`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
