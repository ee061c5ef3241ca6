import { isStmpError } from '@stmp/contract';

/** True when a packet was not written because the peer takes none so large: its own choice, which nobody else is to feel. */
export function isTooLargeForPeer(error: unknown): boolean {
  return isStmpError(error) && error.code === 'too_large' && error.origin === 'peer';
}
