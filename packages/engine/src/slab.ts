const SLAB_BYTES = 65_536;
/** Packets above this get an array of their own, so that a slab is not thrown away half used. */
const OWN_ARRAY_BYTES = 16_384;

/**
 * Memory for outgoing packets, shared by all engines of the process and only ever written forwards: what was
 * handed to a link is never touched again. A new slab is made when the old one is full.
 */
export const shared: { slab: Uint8Array; at: number } = { slab: new Uint8Array(0), at: 0 };

/** Makes room for `bytes` in the shared slab, where {@link shared}.at then points. @returns false for sizes that want an array of their own. */
export function reserve(bytes: number): boolean {
  if (bytes > OWN_ARRAY_BYTES) return false;
  if (shared.at + bytes > shared.slab.length) {
    shared.slab = new Uint8Array(SLAB_BYTES);
    shared.at = 0;
  }
  return true;
}
