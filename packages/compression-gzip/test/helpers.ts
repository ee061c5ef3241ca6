import { constants, inflateRawSync } from 'node:zlib';
import type { Compression, Compressor, Decompressor } from '@stmp/contract';
import { seeded } from 'test-kit';
import { type GzipOptions, gzipCompression } from '../src/node.js';

export const ENGINES = ['zlib', 'pako'] as const;

export const gzip = (engine: 'zlib' | 'pako', options?: GzipOptions): Compression =>
  gzipCompression({ ...options, engine });

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (plain: Uint8Array): string => new TextDecoder().decode(plain);

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One write of these packets. */
export function write(compressor: Compressor, ...packets: Uint8Array[]): Uint8Array {
  for (const packet of packets) compressor.add(packet, 0, packet.length);
  return compressor.flush();
}

/** All that one chunk gives; fails on a piece that is empty or too long. */
export function read(decompressor: Decompressor, chunk: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  decompressor.push(chunk);
  for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) {
    if (piece.length === 0 || piece.length > 65_536) throw new Error(`a piece of ${piece.length} bytes`);
    pieces.push(piece);
  }
  return concat(pieces);
}

/** Bytes that compress to about a half. */
export function sample(length: number, seed: number): Uint8Array {
  const next = seeded(seed);
  return Uint8Array.from({ length }, () => Math.floor(next() * 16) + 97);
}

/** The plain bytes of each member, found without the code under test, and whether the last one goes on. */
export function membersOf(stream: Uint8Array): { readonly sizes: readonly number[]; readonly open: boolean } {
  const sizes: number[] = [];
  let open = false;
  for (let at = 0; at < stream.length; ) {
    if (stream[at] !== 0x1f || stream[at + 1] !== 0x8b || stream[at + 3] !== 0) throw new Error(`no member at ${at}`);
    at += 10;
    const { buffer, engine } = inflateRawSync(stream.subarray(at), {
      finishFlush: constants.Z_SYNC_FLUSH,
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    sizes.push(buffer.length);
    at += engine.bytesWritten;
    open = at === stream.length;
    at += 8;
  }
  return { sizes, open };
}
