/**
 * Header fields in the order and spelling of the wire. A name may stand several times; look-ups
 * disregard the case of names (`createHeaders` of `@stmp/packet` has them).
 */
export type Headers = readonly (readonly [name: string, value: string])[];

/** What a client says when a connection opens, where it travels outside the data. Source: STMP 1.0, section 5. */
export interface Hello {
  /** Handshake headers; `Stmp-Version` is among them when the hello travelled out of band. */
  readonly headers: Headers;
}
