import { Status, StmpError } from '@stmp/contract';

/** What a compression threw, as an error that ends the connection. */
export function compressionError(cause: unknown): StmpError {
  return cause instanceof StmpError
    ? cause
    : new StmpError('compression_failed', 'compression failed', { status: Status.ProtocolError, cause });
}
