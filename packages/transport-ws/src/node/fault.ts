import { StmpError } from '@stmp/contract';
import { unitTooLarge } from '../close-reason.js';

/** What an error event of `ws` means to a link's handler. */
export function faultOf(error: Error & { code?: string }, maxUnitBytes: number): StmpError {
  const code = error.code ?? '';
  if (/^WS_ERR_UNSUPPORTED_(?:DATA_PAYLOAD|MESSAGE)_LENGTH$/.test(code)) return unitTooLarge(maxUnitBytes);
  if (code.startsWith('WS_ERR_') || code.startsWith('Z_')) {
    return new StmpError('protocol_error', 'the peer broke the rules of WebSocket', { origin: 'peer', cause: error });
  }
  return new StmpError('link_failed', 'the connection broke', { origin: 'link', cause: error });
}
