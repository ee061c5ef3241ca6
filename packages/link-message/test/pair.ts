import { type MessageEnd, type MessageLinkOptions, messageLink } from '@stmp/link-message';

export interface QueuePair {
  readonly a: MessageEnd;
  readonly b: MessageEnd;
  /** What has been posted by either end, where it is recorded. */
  readonly posted: (Uint8Array | string)[];
}

/** Two ends joined by queues; `carry` runs what takes a message to the other end, later or at once. */
export function queuePair(
  carry: (deliver: () => void) => void,
  aOptions: MessageLinkOptions = {},
  bOptions: MessageLinkOptions = aOptions,
  isRecorded = true,
): QueuePair {
  const posted: (Uint8Array | string)[] = [];
  const ends: { a?: MessageEnd; b?: MessageEnd } = {};
  const early: (() => void)[] = [];
  const path = (to: 'a' | 'b') => ({
    post(message: Uint8Array | string) {
      if (isRecorded) posted.push(message);
      // As a path does: the other end has a copy, and of the view alone.
      const copy = typeof message === 'string' ? message : message.slice();
      const deliver = (): void => ends[to]!.receive(copy);
      if (ends.b === undefined) early.push(deliver);
      else carry(deliver);
    },
    close() {},
  });
  ends.a = messageLink(path('b'), aOptions);
  ends.b = messageLink(path('a'), bOptions);
  for (const deliver of early) carry(deliver);
  return { a: ends.a, b: ends.b, posted };
}
