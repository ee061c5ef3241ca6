import type { Link } from '@stmp/contract';
import type { ResolvedEngineOptions } from '@stmp/engine';

/** Head, message id, status, and the widest numbers before action, headers and payload. */
const MOST_FRAMING_BYTES = 40;

/** The options with the largest packet that the link can send, where it says so. */
export function sendable(link: Link, options: ResolvedEngineOptions): ResolvedEngineOptions {
  if (link.kind === 'stream' || link.maxSendBytes === undefined) return options;
  const most = Math.max(1, link.maxSendBytes - MOST_FRAMING_BYTES);
  return { ...options, maxSendBytes: Math.min(most, options.maxSendBytes ?? most) };
}
