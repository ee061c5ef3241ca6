import type { StmpError } from '@stmp/contract';
import type { Handshake } from './handshake.js';
import type { Inbound } from './inbound.js';
import type { Session } from './types.js';

/** What {@link Input.readPacket} returns when much was read and no packet is whole yet, though more waits. */
export const READ_BUSY = -0x1_0000;

/** The packet that was begun and is not whole. */
export interface Unfinished {
  /** Bytes of it that have come. */
  readonly length: number;
  /** Since when it is waited for; below 0: to be set. */
  sinceMs: number;
}

/** What has come from the peer and was not read yet. Units are kept by reference until they are used up. */
export interface Input {
  /** Bytes taken since the start, as they are after decompression. */
  readonly bytesIn: number;
  /** Bytes that are kept, with the room for an unfinished packet. */
  readonly bytes: number;
  readonly unfinished: Unfinished | undefined;
  /** True when something waits. */
  readonly hasMore: boolean;
  /** Why reading stopped, where it was no packet that broke the rules. */
  readonly fault: StmpError | undefined;
  store(unit: Uint8Array | string): void;
  /**
   * Reads the peer's handshake, if it is all there.
   * @throws what {@link Handshake} throws.
   */
  readHandshake(handshake: Handshake): Session | undefined;
  /** From here on units have the form that both sides agreed on. */
  agreed(session: Session): void;
  /** Reads one packet: > 0 done, 0 more is needed, {@link READ_BUSY}, else < 0 minus the status to end with. */
  readPacket(into: Inbound): number;
  drop(): void;
}
