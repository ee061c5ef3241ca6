import type { Compressor, Decompressor } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { check, fail } from '../assert.js';
import { concat, createRandom, randomBytes } from '../bytes.js';

/** The most that one `pull` may give. */
export const MAX_PIECE_BYTES = 65_536;

/** Packets as a busy connection writes them: many small ones, some alike, some large, some that do not compress. */
export function somePackets(count: number, seed: number): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const length = i % 17 === 0 ? random(6_000) : random(200);
    const payload = i % 3 === 0 ? randomBytes(length, seed + i) : new Uint8Array(length).fill(65 + (i % 26));
    return encodePacket({ kind: 'request', mid: 1 + (i % 65_535), action: 0x1201, payload }, 'stream');
  });
}

/** A packet of `bytes` bytes in all. */
export function packetOf(bytes: number, seed: number): Uint8Array {
  for (let overhead = 4; overhead < 20; overhead++) {
    const payload = randomBytes(bytes - overhead, seed);
    const packet = encodePacket({ kind: 'notify', action: 0x1301, payload }, 'stream');
    if (packet.length === bytes) return packet;
  }
  return fail(`no packet has ${bytes} bytes`);
}

export function add(compressor: Compressor, ...packets: readonly Uint8Array[]): void {
  for (const packet of packets) compressor.add(packet, 0, packet.length);
}

/** One write: the packets, compressed and flushed. */
export function write(compressor: Compressor, ...packets: readonly Uint8Array[]): Uint8Array {
  add(compressor, ...packets);
  return compressor.flush();
}

/** Everything that can be had from `input` now, in pieces of the allowed size. */
export function inflate(decompressor: Decompressor, input: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  if (input.length > 0) decompressor.push(input);
  for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) {
    check(piece.length > 0, 'pull gave an empty piece');
    check(piece.length <= MAX_PIECE_BYTES, `pull gave ${piece.length} bytes, at most ${MAX_PIECE_BYTES} are allowed`);
    pieces.push(piece);
  }
  return concat(pieces);
}
