/**
 * Why a session ended, as the `code` of its error: `KCP_DEAD_LINK` (a segment was sent too often without an
 * answer), `KCP_IDLE` (nothing arrived for too long), `KCP_FRAGMENTS` (the peer contradicts itself),
 * `KCP_REPLACED` (its address began another conversation, or one too many), `KCP_REFUSED` (nobody listens there), `KCP_CLOSED` (the socket below was closed).
 */
export type KcpErrorCode =
  | 'KCP_DEAD_LINK'
  | 'KCP_IDLE'
  | 'KCP_FRAGMENTS'
  | 'KCP_REPLACED'
  | 'KCP_REFUSED'
  | 'KCP_CLOSED';

export function kcpError(code: KcpErrorCode, message: string, cause?: unknown): Error & { code: KcpErrorCode } {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}
