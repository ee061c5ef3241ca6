import type { Headers } from '@stmp/contract';
import { getHeader } from '@stmp/packet';

/** The header in which a refusal says how long to wait, in whole milliseconds. Source: STMP 1.0, section 3. */
const RETRY_AFTER_HEADER = 'Retry-After-Ms';

export function retryAfterHeader(retryAfterMs: number): readonly [string, string] {
  return [RETRY_AFTER_HEADER, String(Math.ceil(retryAfterMs))];
}

/** What a peer's headers say; undefined for none, and for what is no number. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = getHeader(headers, RETRY_AFTER_HEADER)?.trim();
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}
