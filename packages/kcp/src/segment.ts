/** Bytes of a segment's header. */
export const HEADER_BYTES = 24;

export const PUSH = 0x51;
export const ACK = 0x52;
export const WINDOW_ASK = 0x53;
export const WINDOW_TELL = 0x54;

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Serial arithmetic: how far `a` is after `b` on the 32-bit circle; negative when before. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

/**
 * The conversation id of a datagram that may open a session: it begins with data, number 0, from a sender that
 * has heard nothing yet, and every segment in it fits. Anything else gives undefined; costs no memory.
 *
 * @param maxFragmentsCount Refuses a first message of more fragments than this.
 */
export function openingConv(datagram: Uint8Array, maxFragmentsCount: number): number | undefined {
  if (datagram.length <= HEADER_BYTES) return undefined;
  const conv = readU32(datagram, 0);
  const first = datagram[4] === PUSH && readU32(datagram, 12) === 0 && readU32(datagram, 20) > 0;
  if (!first || (datagram[5] as number) >= maxFragmentsCount) return undefined;
  let at = 0;
  while (at < datagram.length) {
    if (datagram.length - at < HEADER_BYTES || readU32(datagram, at) !== conv) return undefined;
    const command = datagram[at + 4] as number;
    if (command < PUSH || command > WINDOW_TELL || readU32(datagram, at + 16) !== 0) return undefined;
    const length = readU32(datagram, at + 20);
    if (length > datagram.length - at - HEADER_BYTES) return undefined;
    at += HEADER_BYTES + length;
  }
  return conv;
}
