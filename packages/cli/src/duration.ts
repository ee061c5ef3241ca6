import { usage } from './exit-code.js';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** What a timer takes. */
const MAX_MS = 2_147_483_647;

/** `500ms`, `5s`, `1.5m`, `1h` as milliseconds; above 0. */
export function parseDuration(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Math.ceil(Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS]);
  if (ms >= 1 && ms <= MAX_MS) return ms;
  throw usage(`--${option} must be a time such as 500ms, 5s or 2m, not ${text}`);
}

export function parseCount(option: string, text: string): number {
  const count = Number(text.replaceAll('_', ''));
  if (/^[\d_]+$/.test(text) && count >= 1 && count <= 1e9) return count;
  throw usage(`--${option} must be a whole number of at least 1, not ${text}`);
}
