import { wholeNumber } from '../options.js';
import { type ResolvedDeflate, resolveDeflate } from './deflate.js';
import { type HostCheck, resolveHosts } from './hosts.js';
import { type OriginCheck, resolveOrigins } from './origin.js';
import { isNeverFromQuery } from './overlay.js';
import type { WsListenerOptions, WsUpgraderOptions } from './server-options.js';

export interface ResolvedUpgraderOptions {
  readonly isAllowed: OriginCheck;
  readonly isOurHost: HostCheck;
  readonly queryHeaders: ReadonlySet<string>;
  readonly deflate: ResolvedDeflate;
  readonly highWaterBytes: number;
}

export function resolveWsUpgraderOptions(options: WsUpgraderOptions): ResolvedUpgraderOptions {
  const queryHeaders = new Set<string>();
  for (const name of options.queryHeaders ?? []) {
    const lower = name.toLowerCase();
    if (isNeverFromQuery(lower)) throw new TypeError(`queryHeaders: ${name} is never taken from the query`);
    queryHeaders.add(lower);
  }
  const isOurHost = resolveHosts(options.allowedHosts);
  return {
    isAllowed: resolveOrigins(options.allowedOrigins, isOurHost),
    isOurHost,
    queryHeaders,
    deflate: resolveDeflate(options.deflate),
    highWaterBytes: wholeNumber('highWaterBytes', options.highWaterBytes, 65_536, 1),
  };
}

export function resolveHandshakeTimeout(options: WsListenerOptions): number {
  return wholeNumber('handshakeTimeoutMs', options.handshakeTimeoutMs, 10_000, 0);
}
