import type { Kcp } from './kcp.js';
import { type KcpOptions, resolveKcpOptions } from './options.js';
import { Session } from './session.js';

/**
 * Begins a conversation; both ends must know its `conv`.
 *
 * @throws TypeError, RangeError for wrong options.
 */
export function createKcp(options: KcpOptions): Kcp {
  return new Session(resolveKcpOptions(options));
}
