import type { Dialer, Listener, Listening } from '@stmp/contract';

/** What `listenerCases` needs of the transport that it tests. */
export interface ListenerFixture {
  readonly kind: 'stream' | 'message';
  // biome-ignore lint/suspicious/noExplicitAny: whatever options a listener takes, the cases give none
  readonly listener: Listener<any>;
  readonly dialer: Dialer;
  /** An address to listen on, another one each time: `tcp://127.0.0.1:0` will do where port 0 takes a free port. */
  address(): string | Promise<string>;
  /** Breaks what the listener listens with, as a failing network would. Absent: the case is skipped. */
  breakDown?(listening: Listening): void | Promise<void>;
  /** Attempts to connect in a way that the listener must refuse. Absent: the case is skipped. */
  beRefused?(address: string): void | Promise<void>;
  /** False where a dial succeeds whether somebody listens or not, as over plain KCP. Default true. */
  readonly dialNeedsListener?: boolean | undefined;
  /** False where the end of one side does not reach the other. Default true. */
  readonly endTravels?: boolean | undefined;
  /** Time for each step of a case. Default 5_000. */
  readonly timeoutMs?: number | undefined;
}
