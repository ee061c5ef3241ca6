import { StmpError } from '@stmp/contract';

/**
 * What a WebSocket close code means to a link's handler; undefined: an orderly end.
 * 1005 is a close frame without code, 1006 no close frame at all.
 */
export function closeReason(code: number, cause?: unknown): StmpError | undefined {
  if (code === 1000 || code === 1001 || code === 1005) return undefined;
  if (code === 1009) return new StmpError('too_large', 'the peer refused a message for its size', { origin: 'peer' });
  return new StmpError('link_failed', `closed with WebSocket code ${code}`, { origin: 'link', cause });
}

export function linkClosed(): StmpError {
  return new StmpError('link_closed', 'the link is closing or closed');
}

export function startedTwice(): StmpError {
  return new StmpError('bad_state', 'start was called twice');
}

export function unitTooLarge(maxUnitBytes: number): StmpError {
  return new StmpError('too_large', `a message of more than ${maxUnitBytes} bytes came (maxUnitBytes)`, {
    origin: 'peer',
  });
}
