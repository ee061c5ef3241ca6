import type { Engine } from '@stmp/engine';
import type { Shared } from '../shared.js';
import type { WireKey } from '../wire/wire.js';
import type { CallContext, CallHost } from './call-context.js';

/** What answering needs of its connection. */
export interface AnsweringHost extends CallHost {
  readonly engine: Engine;
  readonly shared: Shared;
  readonly wireKey: WireKey;
  /** False when too much waits for a slow reader; the connection ends then. */
  mayQueue(): boolean;
  /** Output is waiting to be flushed. */
  wrote(): void;
  /** True when rates allow one more call. */
  mayCall(): boolean;
  /** True when one more answer may be worked on: not too much waits for a slow reader. */
  hasOutputRoom(): boolean;
  /** True when reading may stop, so that what comes next waits in the link. */
  readonly mayStopReading: boolean;
  /** True when nothing comes any more than what was read. */
  readonly inputEnded: boolean;
  /** How many of our calls wait for answers of the peer, and events for room. */
  readonly waitsForPeer: number;
  /** The inbox is full, or has room again: whether to read on is to be judged. */
  judgeReading(): void;
  /** Nothing waits in the inbox any more. */
  inboxEmptied(): void;
  /** More has come than may wait. */
  inboxOverflowed(context: CallContext): void;
}
