import { fail } from './assert.js';
import { settles } from './time.js';

interface Tellers {
  readonly process?: { getActiveResourcesInfo?(): string[] };
}

const { process } = globalThis as Tellers;

/** Why what is left cannot be looked at, or false. */
export const cannotTellWhatIsLeft: string | false =
  process?.getActiveResourcesInfo === undefined && 'this platform does not tell what is left behind';

/** What keeps the process alive, by type. */
export type Resources = ReadonlyMap<string, number>;

export function activeResources(): Resources {
  const count = new Map<string, number>();
  for (const type of process?.getActiveResourcesInfo?.() ?? []) count.set(type, (count.get(type) ?? 0) + 1);
  return count;
}

const MEANINGS: readonly [type: RegExp, meaning: string][] = [
  [/^Timeout$/, 'a timer or an interval that nobody cleared'],
  [/^(TCPServerWrap|PipeServerWrap)$/, 'a server that nobody closed'],
  [/^(TCPSocketWrap|PipeWrap|TLSWrap|TCPWRAP|PIPEWRAP)$/, 'a socket that nobody destroyed'],
  [/Connect/, 'an attempt to connect that nobody stopped'],
  [/^UDP/, 'a UDP socket that nobody closed'],
  [/^MessagePort$/, 'a port that nobody closed'],
  [/^Process/, 'a child process that nobody ended'],
];

function describe(type: string, surplus: number): string {
  const meaning = MEANINGS.find(([pattern]) => pattern.test(type))?.[1];
  return `${surplus} × ${type}${meaning === undefined ? '' : ` (${meaning})`}`;
}

/**
 * Waits until there is of no type as much as `fewest` more than `before`; one more of something may be a thing that
 * is made once and kept.
 */
export async function expectNothingLeft(before: Resources, fewest: number, ms: number, what: string): Promise<void> {
  const surplus = (): [string, number][] =>
    [...activeResources()]
      .map(([type, count]): [string, number] => [type, count - (before.get(type) ?? 0)])
      .filter(([, count]) => count >= fewest);
  if (await settles(ms, () => surplus().length === 0)) return;
  const left = surplus().map(([type, count]) => describe(type, count));
  fail(`${what}: expected nothing to be left behind, got ${left.join(', ')}`);
}
