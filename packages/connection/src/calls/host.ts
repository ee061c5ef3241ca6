import type { StmpError } from '@stmp/contract';
import type { Engine } from '@stmp/engine';
import type { Clock } from '../clock.js';
import type { SlowReader } from '../pipe/slow-reader.js';
import type { Shared } from '../shared.js';
import type { Connection } from '../types.js';

/** Events that wait for room, by their policy. */
export interface WaitingEvents {
  /** The last of them. */
  last: Promise<boolean> | undefined;
  count: number;
}

/** What sending calls and events needs of its connection. */
export interface SendingHost extends Connection {
  readonly engine: Engine;
  readonly shared: Shared;
  readonly clock: Clock;
  /** The time of all calls that are made before the next flush; below 0: not read yet. */
  callsMs: number;
  /** Made when the first event has to wait. */
  waitingEvents: WaitingEvents | undefined;
  /** The link takes no more for the moment. */
  readonly linkFull: boolean;
  /** True when the link takes what is written now; what one turn writes is not left to grow without end. */
  linkHasRoom(): boolean;
  slowReader(): SlowReader;
  /** Output is waiting to be flushed. */
  wrote(): void;
  /** Something of ours has begun to wait for the peer: whether to read on is judged anew. */
  waitsForMore(): void;
  /** A call has a deadline, which may be the next. */
  expects(atMs: number): void;
  /** A call was given up. */
  gaveUp(): void;
  /** Bytes have come or left. */
  countBytes(): void;
  /** Ends it for a reason that the peer is told. */
  fail(error: StmpError): void;
}
