import { describe, expect, it } from 'vitest';
import { bytes, concat, ENGINES, gzip, read, sample, text, write } from './helpers.js';

const SYNC_MARK = [0, 0, 0xff, 0xff];
const SIZES = [1, 2, 31, 32, 33, 500, 65_535, 65_536, 65_537, 140_000];

for (const writer of ENGINES) {
  describe(`written by ${writer}`, () => {
    for (const reader of ENGINES) {
      it(`is read by ${reader}, each write by itself`, () => {
        for (const level of [0, 1, 6, 9]) {
          const compressor = gzip(writer, { level }).createCompressor();
          const decompressor = gzip(reader).createDecompressor();
          for (let i = 0; i < 40; i++) {
            const packets = Array.from({ length: (i % 3) + 1 }, (_, k) =>
              bytes(`{"id":${i},"part":${k},"level":${level}}`),
            );
            const chunk = write(compressor, ...packets);
            expect([...chunk.subarray(-4)]).toEqual(SYNC_MARK);
            expect(text(read(decompressor, chunk))).toBe(text(concat(packets)));
          }
          compressor.close();
          decompressor.close();
        }
      });

      it(`is read by ${reader} at any size of packet`, () => {
        const compressor = gzip(writer, { windowBits: 9, memLevel: 1, level: 1 }).createCompressor();
        const decompressor = gzip(reader).createDecompressor();
        for (const size of SIZES) {
          const packet = sample(size, size);
          expect(Buffer.compare(read(decompressor, write(compressor, packet)), packet)).toBe(0);
        }
        const many = SIZES.map((size) => sample(size, size + 1));
        expect(Buffer.compare(read(decompressor, write(compressor, ...many)), concat(many))).toBe(0);
      });

      it(`is read by ${reader} when cut at every byte, members and all`, () => {
        const compressor = gzip(writer).createCompressor({ memberBytes: 32 });
        const packets = ['one packet', 'two packets', 'a third one', 'a fourth one', 'five'].map(bytes);
        const stream = concat(packets.map((packet) => write(compressor, packet)));
        const plain = text(concat(packets));
        for (let cut = 0; cut <= stream.length; cut++) {
          const decompressor = gzip(reader).createDecompressor();
          const parts = [stream.subarray(0, cut), stream.subarray(cut)];
          expect(parts.map((part) => text(read(decompressor, part))).join('')).toBe(plain);
        }
        const decompressor = gzip(reader).createDecompressor();
        const single = Array.from(stream, (_, i) => text(read(decompressor, stream.subarray(i, i + 1))));
        expect(single.join('')).toBe(plain);
      });
    }

    it('takes a part of an array, and is done with it when the call returns', () => {
      const compressor = gzip(writer).createCompressor();
      const array = bytes('__hello__');
      compressor.add(array, 2, 7);
      array.fill(0);
      expect(text(read(gzip(writer).createDecompressor(), compressor.flush()))).toBe('hello');
    });

    it('writes nothing when nothing was added', () => {
      const compressor = gzip(writer).createCompressor();
      expect(compressor.flush().length).toBe(0);
      compressor.add(bytes('abc'), 1, 1);
      expect(compressor.flush().length).toBe(0);
      expect(write(compressor, bytes('a')).length).toBeGreaterThan(0);
      expect(compressor.flush().length).toBe(0);
    });

    it('hands over results that stay as they are', () => {
      const compressor = gzip(writer).createCompressor();
      const first = write(compressor, bytes('first'));
      const copy = first.slice();
      write(compressor, bytes('second'));
      write(gzip(writer).createCompressor(), bytes('another connection'));
      expect(first).toEqual(copy);
      expect(first.byteLength).toBe(first.buffer.byteLength);
    });

    it('keeps connections apart that write in turns', () => {
      const compressors = Array.from({ length: 4 }, () => gzip(writer).createCompressor({ memberBytes: 64 }));
      const sent = compressors.map(() => '');
      const chunks = compressors.map((): Uint8Array[] => []);
      for (let i = 0; i < 400; i++) {
        const k = (i * 7 + (i >> 3)) % 4;
        const packet = `<${k}:${i}>`.repeat((i % 5) + 1);
        compressors[k]!.add(bytes(packet), 0, packet.length);
        sent[k] += packet;
        if (i % 11 === 0) chunks[i % 4]!.push(compressors[i % 4]!.flush());
        if (i === 200) {
          // One that ends in the middle of a write harms nobody.
          const passing = gzip(writer).createCompressor();
          passing.add(bytes('gone'), 0, 4);
          passing.close();
        }
      }
      for (const [k, compressor] of compressors.entries()) {
        chunks[k]!.push(compressor.flush());
        expect(text(read(gzip(writer).createDecompressor(), concat(chunks[k]!)))).toBe(sent[k]);
      }
    });

    it('ends the use of a closed one', () => {
      const compressor = gzip(writer).createCompressor();
      const decompressor = gzip(writer).createDecompressor();
      read(decompressor, write(compressor, bytes('a')));
      for (const side of [compressor, decompressor]) {
        side.close();
        side.close();
      }
      const closed = expect.objectContaining({ code: 'bad_state' });
      expect(() => compressor.add(bytes('b'), 0, 1)).toThrow(closed);
      expect(() => compressor.flush()).toThrow(closed);
      expect(() => decompressor.push(bytes('b'))).toThrow(closed);
      expect(() => decompressor.pull()).toThrow(closed);
    });
  });
}

it('is smaller on the second packet than on the first', () => {
  for (const engine of ENGINES) {
    const compressor = gzip(engine).createCompressor();
    const packet = bytes('{"user":"somebody","text":"what was said before","room":17}');
    const first = write(compressor, packet).length;
    expect(write(compressor, packet).length).toBeLessThan(first / 4);
  }
});
