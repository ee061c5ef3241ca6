import { once } from 'node:events';
import {
  constants,
  createDeflateRaw,
  createGunzip,
  createGzip,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  type Zlib,
} from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytes, concat, ENGINES, gzip, read, sample, text, write } from './helpers.js';

const packets = Array.from({ length: 60 }, (_, i) => bytes(`{"id":${i},"text":"${'packet '.repeat(i % 7)}"}`));

/** What one write and one sync flush give. */
async function flushed(stream: ReturnType<typeof createGzip>, packet: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const collect = (part: Uint8Array): number => parts.push(part);
  stream.on('data', collect);
  stream.write(packet);
  await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
  stream.off('data', collect);
  return concat(parts);
}

/** The header that Go's compress/gzip writes: no name, no time, unknown system. */
const GO_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

function goMember(plain: Uint8Array): Uint8Array {
  const zlibTrailer = gzipSync(plain).subarray(-8);
  return concat([GO_HEADER, deflateRawSync(plain), zlibTrailer]);
}

for (const engine of ENGINES) {
  describe(`${engine} and the streams of others`, () => {
    it('is read by gunzip of node:zlib', () => {
      const compressor = gzip(engine).createCompressor({ memberBytes: 500 });
      const stream = concat(packets.map((packet) => write(compressor, packet)));
      const plain = gunzipSync(stream, { finishFlush: constants.Z_SYNC_FLUSH });
      expect(text(plain)).toBe(text(concat(packets)));
    });

    it('is read by createGunzip packet by packet', async () => {
      const compressor = gzip(engine).createCompressor({ memberBytes: 200 });
      const gunzip = createGunzip();
      for (const packet of packets) {
        gunzip.write(write(compressor, packet));
        const parts: Uint8Array[] = [];
        while (concat(parts).length < packet.length) parts.push((await once(gunzip, 'data'))[0] as Uint8Array);
        expect(text(concat(parts))).toBe(text(packet));
      }
      gunzip.close();
    });

    it('reads createGzip, flushed after each packet', async () => {
      const stream = createGzip();
      const decompressor = gzip(engine).createDecompressor();
      for (const packet of packets) {
        expect(text(read(decompressor, await flushed(stream, packet)))).toBe(text(packet));
      }
      stream.close();
    });

    it('reads gzip with every field of the header', () => {
      const [body, trailer] = [deflateRawSync(bytes('hello')), gzipSync(bytes('hello')).subarray(-8)];
      const header = [0x1f, 0x8b, 8, 0b11101, 1, 2, 3, 4, 2, 3, 3, 0, 9, 9, 9, ...bytes('name\0'), ...bytes('note\0')];
      const stream = concat([Uint8Array.from(header), body, trailer]);
      for (let cut = 0; cut < stream.length; cut++) {
        const decompressor = gzip(engine).createDecompressor();
        const parts = [stream.subarray(0, cut), stream.subarray(cut)];
        expect(parts.map((part) => text(read(decompressor, part))).join('')).toBe('hello');
      }
    });

    it("reads Go's stream, flushed after each packet", async () => {
      const deflate = createDeflateRaw() as unknown as Zlib & ReturnType<typeof createGzip>;
      const decompressor = gzip(engine).createDecompressor();
      expect(read(decompressor, GO_HEADER).length).toBe(0);
      for (const packet of packets) {
        expect(text(read(decompressor, await flushed(deflate, packet)))).toBe(text(packet));
      }
      deflate.close();
    });

    it("reads Go's members one after the other, at any border, empty ones too", () => {
      const parts = ['first', '', 'second', '', '', 'third'].map(bytes);
      const stream = concat(parts.map(goMember));
      for (let size = 1; size <= stream.length; size++) {
        const decompressor = gzip(engine).createDecompressor();
        let plain = '';
        for (let at = 0; at < stream.length; at += size) {
          plain += text(read(decompressor, stream.subarray(at, at + size)));
        }
        expect(plain).toBe('firstsecondthird');
      }
    });

    it('reads what looks back over the whole window', () => {
      const noise = sample(32_000, 3);
      const decompressor = gzip(engine).createDecompressor();
      const plain = concat([noise, noise, noise]);
      expect(Buffer.compare(read(decompressor, gzipSync(plain, { level: 9 })), plain)).toBe(0);
      const small = gzip(engine, { readWindowBits: 10 }).createDecompressor();
      expect(() => read(small, gzipSync(concat([sample(70_000, 1), noise, noise])))).toThrow(
        expect.objectContaining({ code: 'compression_failed' }),
      );
    });
  });
}
