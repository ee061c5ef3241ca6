/**
 * Status codes of STMP 1.0. A response or Close packet carries one byte; handlers may use any
 * value that is not listed here for meanings of their own.
 */
export const Status = {
  Ok: 0x00,
  Unknown: 0x01,
  /** The connection was lost, or ended without a reason. */
  NetworkError: 0x02,
  /** The peer broke the rules of the wire. */
  ProtocolError: 0x03,
  BadRequest: 0x20,
  Unauthorized: 0x21,
  /** No such action, or no such thing. */
  NotFound: 0x22,
  /** Local only: the caller's own deadline passed. */
  RequestTimeout: 0x23,
  RequestEntityTooLarge: 0x24,
  TooManyRequests: 0x25,
  /** The caller is known, and may not do this. */
  Forbidden: 0x27,
  /** The present state of the thing does not allow it, such as a name that is taken. */
  Conflict: 0x28,
  /** A handler failed with a plain error, whose text stays hidden from the peer. */
  InternalServerError: 0x40,
  /** The server's own shutdown; clients reconnect. */
  ServerShutdown: 0x41,
  /** Not now: try again later, after `retryAfterMs` where the error has it. */
  Unavailable: 0x42,
} as const;

/** A status byte, 0 to 255; the named ones are in the object of the same name. */
export type Status = number;

const NAMES = new Map<number, string>(Object.entries(Status).map(([name, code]) => [code, name]));

/** The name of a status, or `Unknown (0x77)` for one without a name: the text an error has when it brought none. */
export function statusName(status: Status): string {
  return NAMES.get(status) ?? `Unknown (0x${status.toString(16).toUpperCase().padStart(2, '0')})`;
}
