import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytes, concat, ENGINES, gzip, read, text, write } from './helpers.js';

const hello = gzipSync(bytes('hello'));
const changed = (at: number, to: number): Uint8Array => {
  const copy = Uint8Array.from(hello);
  copy[at < 0 ? copy.length + at : at] = to;
  return copy;
};
const failed = expect.objectContaining({ code: 'compression_failed', origin: 'link', status: 0x03 });

const table: [string, Uint8Array][] = [
  ['no gzip at all', bytes('STMP\x10\0\0')],
  ['zlib and not gzip', Uint8Array.of(0x78, 0x9c, 3, 0, 0, 0, 0, 1)],
  ['another method', changed(2, 7)],
  ['flags of the future', changed(3, 0x20)],
  ['a checksum that is wrong', changed(-8, 1)],
  ['a length that is wrong', changed(-4, 6)],
  ['a block type that does not exist', changed(10, 0x07)],
  ['zeros after the end', concat([hello, Uint8Array.of(0)])],
  ['text after the end', concat([hello, bytes('abc')])],
  ['half a magic after the end', concat([hello, Uint8Array.of(0x1f, 0x8c)])],
  ['a distance past the beginning', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x03, 0x02, 0, 0)],
];

for (const engine of ENGINES) {
  describe(`broken streams, ${engine}`, () => {
    for (const [name, stream] of table) {
      it(`refuses ${name}, in one chunk and byte by byte`, () => {
        const whole = gzip(engine).createDecompressor();
        expect(() => read(whole, stream)).toThrow(failed);
        expect(() => whole.pull()).toThrow(failed);
        whole.close();
        const slow = gzip(engine).createDecompressor();
        expect(() => {
          for (const byte of stream) read(slow, Uint8Array.of(byte));
        }).toThrow(failed);
        slow.close();
      });
    }

    it('waits when the end is missing', () => {
      for (let length = 0; length < hello.length; length++) {
        const decompressor = gzip(engine).createDecompressor();
        const first = text(read(decompressor, hello.subarray(0, length)));
        expect(first + text(read(decompressor, hello.subarray(length)))).toBe('hello');
      }
    });

    it('wants a pull before the next push', () => {
      const decompressor = gzip(engine).createDecompressor();
      decompressor.push(hello);
      expect(() => decompressor.push(hello)).toThrow(expect.objectContaining({ code: 'bad_state' }));
      expect(text(decompressor.pull()!)).toBe('hello');
      expect(decompressor.pull()).toBeUndefined();
    });

    it('gives a bomb in pieces, and only when asked', () => {
      const plain = 40 << 20;
      const bomb = gzipSync(new Uint8Array(plain), { level: 9 });
      expect(bomb.length).toBeLessThan(50_000);
      const decompressor = gzip(engine).createDecompressor();
      decompressor.push(bomb);
      let total = 0;
      for (let i = 0; i < 3; i++) total += decompressor.pull()!.length;
      expect(total).toBe(3 * 65_536);
      decompressor.close();

      const other = gzip(engine).createDecompressor();
      expect(read(other, bomb.subarray(0, 2_000)).length).toBeLessThan(2_000 * 1_032 + 65_536);
    });

    it('gives a bomb of thousands of small packets in pieces too', () => {
      const compressor = gzip(engine, { level: 9 }).createCompressor();
      const packets = Array.from({ length: 5_000 }, () => bytes('z'.repeat(200)));
      const chunk = write(compressor, ...packets);
      expect(chunk.length).toBeLessThan(3_000);
      const decompressor = gzip(engine).createDecompressor();
      decompressor.push(chunk);
      expect(decompressor.pull()?.length).toBe(65_536);
    });

    it('gives exactly one full piece, then asks for more', () => {
      const decompressor = gzip(engine).createDecompressor();
      const compressor = gzip(engine).createCompressor();
      decompressor.push(write(compressor, new Uint8Array(65_536)));
      expect(decompressor.pull()?.length).toBe(65_536);
      expect(decompressor.pull()).toBeUndefined();
      expect(text(read(decompressor, write(compressor, bytes('next'))))).toBe('next');
    });
  });
}
