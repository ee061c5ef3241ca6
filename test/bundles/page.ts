import { ENTRIES } from './entries.js';

const kB = (bytes: number): string => (bytes / 1000).toFixed(1);

/** The table of sizes as it stands in the page. */
export function sizeTable(sizes: Readonly<Record<string, number>>): string {
  const rows = Object.entries(ENTRIES).map(
    ([name, { targetBytes }]) => `| ${name} | ${kB(sizes[name] ?? 0)} | ${kB(targetBytes)} |`,
  );
  return ['| client | kB | target |', '|---|---|---|', ...rows].join('\n');
}

/** The table of what each part of each client adds. */
export function partTable(parts: Readonly<Record<string, readonly { label: string; bytes: number }[]>>): string {
  const names = Object.keys(parts);
  const labels = [...new Set(Object.values(parts).flatMap((list) => list.map(({ label }) => label)))];
  const bytesOf = (name: string, label: string): number | undefined =>
    parts[name]!.find((part) => part.label === label)?.bytes;
  const most = (label: string): number => Math.max(...names.map((name) => bytesOf(name, label) ?? 0));
  const rows = labels
    .sort((a, b) => most(b) - most(a))
    .map((label) => `| ${label} | ${names.map((name) => bytesOf(name, label) ?? '').join(' | ')} |`);
  return [`| part | ${names.join(' | ')} |`, `|---|${'---|'.repeat(names.length)}`, ...rows].join('\n');
}

/** The text between `<!-- name -->` and `<!-- end -->`, or the page with another text there. */
export function section(page: string, name: string, text?: string): string {
  const start = page.indexOf(`<!-- ${name} -->`) + name.length + 9;
  const end = page.indexOf('<!-- end -->', start);
  return text === undefined
    ? page.slice(start, end).trim()
    : `${page.slice(0, start)}\n\n${text}\n\n${page.slice(end)}`;
}
