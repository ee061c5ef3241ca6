import { createPacketFields, type PacketFields } from '@stmp/packet';

const NO_BYTES = new Uint8Array(0);

/** What `Engine.poll` found. */
export const EngineEvent = {
  /** Nothing more: feed the engine. */
  None: 0,
  /** Server: a client has introduced itself; see `Engine.session`, then call `Engine.answerHello`. */
  Hello: 1,
  /** Both have agreed; see `Engine.session`. */
  Ready: 2,
  Request: 3,
  Notify: 4,
  Response: 5,
  /** A call's deadline passed; `token` is the call. Its id stays reserved. */
  Expired: 6,
  /** The peer asks us to move to another connection (extension `drain`). */
  Drain: 7,
  /** The peer gave up its request `mid` (extension `cancel`). */
  Cancel: 8,
  /** The end, told once; see `Engine.ending`. Take the last output, then close the link. */
  Closed: 9,
  /** Much was read that is nobody's concern, and more waits: others may have their turn before the next poll. */
  Busy: 10,
} as const;
export type EngineEvent = (typeof EngineEvent)[keyof typeof EngineEvent];

/** Filled by `Engine.poll`; reused, and valid until the next poll of any engine it is given to. */
export interface Inbound extends PacketFields {
  /** For responses and expiries: what `call()` was given. */
  token: unknown;
  /** The chunk that holds header block and payload; the offsets index into it. */
  bytes: Uint8Array;
  /** In text format the whole packet; all offsets then index into it. */
  text: string | undefined;
}

export function createInbound(): Inbound {
  return { ...createPacketFields(), token: undefined, bytes: NO_BYTES, text: undefined };
}
