// Seeds, mutations and the check that the test and the long run share.
import { readFileSync } from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { seeded } from '../../../test/kit/random.mjs';

/** Where the long run saves what it found. */
export const CORPUS = new URL('./corpus/streams.txt', import.meta.url);

/** Plain bytes after which a run ends, as a limit of the connection would end it. */
const ENOUGH = 100_000;

export function seeds(gzipCompression) {
  const bytes = (text) => new TextEncoder().encode(text);
  const next = seeded(1);
  const noise = Uint8Array.from({ length: 300 }, () => next(256));
  const list = [];
  for (const engine of ['zlib', 'pako']) {
    for (const [level, memberBytes] of [
      [0, undefined],
      [1, 100],
      [6, undefined],
      [9, 40],
    ]) {
      const compressor = gzipCompression({ engine, level }).createCompressor({ memberBytes });
      const parts = [];
      for (let i = 0; i < 6; i++) {
        const packet = bytes(`{"id":${i},"text":"${'abcdefgh'.slice(0, i + 2).repeat(3)}"}`);
        compressor.add(packet, 0, packet.length);
        if (i % 2 === 1) parts.push(...compressor.flush());
      }
      list.push(Uint8Array.from(parts));
    }
  }
  list.push(gzipSync(new Uint8Array(70_000)), gzipSync(noise), gzipSync(bytes('')));
  const header = [0x1f, 0x8b, 8, 0b11101, 1, 2, 3, 4, 2, 3, 3, 0, 9, 9, 9, ...bytes('name\0'), ...bytes('note\0')];
  const body = [...deflateRawSync(bytes('hello hello')), ...gzipSync(bytes('hello hello')).subarray(-8)];
  list.push(Uint8Array.from([...header, ...body, ...header, ...body]));
  return list;
}

/** One to four changes to one of the seeds. */
export function mutate(next, pool) {
  let bytes = pool[next(pool.length)].slice();
  for (let left = 1 + next(4); left > 0; left--) {
    const at = next(bytes.length + 1);
    const length = 1 + next(8);
    switch (next(8)) {
      case 0:
      case 1:
        bytes[at] ^= 1 << next(8);
        break;
      case 2:
        bytes[at] = next(256);
        break;
      case 3:
        bytes[at] = [0, 0xff, 0x1f, 0x8b][next(4)];
        break;
      case 4:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length));
        break;
      case 5:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length)));
        break;
      case 6: {
        const other = pool[next(pool.length)];
        bytes = joined(bytes.subarray(0, at), other.subarray(next(other.length)));
        break;
      }
      default:
        bytes = bytes.slice(0, at);
    }
  }
  return bytes.length > 1_024 ? bytes.slice(0, 1_024) : bytes;
}

function joined(head, tail) {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/**
 * Feeds a stream in chunks of `step` bytes. Any throw but `compression_failed`, and any piece beyond the rules, is
 * thrown on. A failure is told as -1 and not by what came before it, which depends on the chunks.
 */
export function outcome(compression, bytes, step) {
  const decompressor = compression.createDecompressor();
  let length = 0;
  let hash = 0;
  try {
    for (let at = 0; at < bytes.length; at += step) {
      decompressor.push(bytes.subarray(at, at + step));
      for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) {
        if (piece.length === 0 || piece.length > 65_536) throw new Error(`a piece of ${piece.length} bytes`);
        length += piece.length;
        hash = (Math.imul(hash, 31) + piece[0] + piece[piece.length >> 1] + piece[piece.length - 1]) | 0;
        // No format of gzip expands more than this.
        if (length > 1_032 * bytes.length) throw new Error(`${length} bytes out of ${bytes.length}`);
        if (length > ENOUGH) return { length, hash };
      }
    }
  } catch (error) {
    if (error.code !== 'compression_failed') throw error;
    return { length: -1, hash: 0 };
  } finally {
    decompressor.close();
  }
  return { length, hash };
}

/** Both engines must say the same of the same chunks. */
export function compare(zlib, pako, bytes, step) {
  const one = outcome(zlib, bytes, step);
  const other = outcome(pako, bytes, step);
  if (one.length !== other.length || one.hash !== other.hash) {
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    throw new Error(`zlib ${JSON.stringify(one)}, pako ${JSON.stringify(other)}, step ${step}: ${hex}`);
  }
  return one;
}

/** Streams that reached new branches in a long run, one a line in base64. */
export function readCorpus() {
  const lines = readFileSync(CORPUS, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}
