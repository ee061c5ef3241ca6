import { STATUS_CODES } from 'node:http';
import { Status } from '@stmp/contract';

/** What is read of the answer to an upgrade request. */
export interface UpgradeAnswer {
  readonly statusCode?: number | undefined;
  readonly headers: { readonly 'retry-after'?: string | undefined; readonly location?: string | undefined };
}

export interface RefusedUpgrade {
  /** For people. */
  readonly why: string;
  readonly status: Status;
  readonly retryAfterMs: number | undefined;
}

/** Statuses of HTTP in the words of STMP. */
const STATUSES: Readonly<Record<number, Status>> = {
  400: Status.BadRequest,
  401: Status.Unauthorized,
  403: Status.Forbidden,
  404: Status.NotFound,
  429: Status.TooManyRequests,
};

/** An answer that is no upgrade. */
export function refusedUpgrade({ statusCode = 0, headers }: UpgradeAnswer, nowMs: number): RefusedUpgrade {
  const name = STATUS_CODES[statusCode];
  const text = name === undefined ? `${statusCode}` : `${statusCode} ${name}`;
  const elsewhere = statusCode >= 300 && statusCode < 400 ? '; redirects are not followed' : '';
  return {
    why: `the server answered ${text} instead of an upgrade${elsewhere}`,
    status: STATUSES[statusCode] ?? (statusCode >= 500 ? Status.Unavailable : Status.Unknown),
    retryAfterMs: retryAfterMs(headers['retry-after'], nowMs),
  };
}

/** Seconds, or a date. */
function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1_000;
  const untilMs = Date.parse(value);
  return Number.isNaN(untilMs) ? undefined : Math.max(0, untilMs - nowMs);
}
