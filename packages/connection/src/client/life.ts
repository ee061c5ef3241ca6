import type { ConnectionEnd } from '../types.js';

/** From `connect()` to the end. */
export interface Life {
  readonly closed: Promise<ConnectionEnd>;
  readonly resolve: (end: ConnectionEnd) => void;
}

export function newLife(): Life {
  let resolve!: (end: ConnectionEnd) => void;
  const closed = new Promise<ConnectionEnd>((done) => {
    resolve = done;
  });
  return { closed, resolve };
}
