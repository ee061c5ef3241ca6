import { seeded } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { bytes, concat, ENGINES, gzip, membersOf, read, sample, write } from './helpers.js';

const lengthsOf = (stream: Uint8Array): readonly number[] => membersOf(stream).sizes;

for (const engine of ENGINES) {
  describe(`members by ${engine}`, () => {
    const table: [string, sizes: number[], members: number[]][] = [
      ['one while all fits', [10, 20, 30], [60]],
      ['one up to the very last byte', [50, 50], [100]],
      ['a new one before a packet that would cross', [50, 51], [50, 51]],
      ['counted from the beginning of each', [60, 60, 41, 1], [60, 60, 42]],
      ['one of its own for a larger packet', [10, 250, 40, 20], [10, 290, 20]],
      ['none empty before a larger packet', [250], [250]],
      ['the same one when a packet ends on the multiple', [100, 100, 99, 2], [299, 2]],
    ];
    for (const [name, sizes, expected] of table) {
      for (const perWrite of [1, sizes.length]) {
        it(`${name}, ${perWrite} packet(s) per write`, () => {
          const compressor = gzip(engine).createCompressor({ memberBytes: 100 });
          const packets = sizes.map((size) => sample(size, size));
          const writes: Uint8Array[] = [];
          for (let i = 0; i < packets.length; i += perWrite) {
            writes.push(write(compressor, ...packets.slice(i, i + perWrite)));
          }
          const stream = concat(writes);
          expect(lengthsOf(stream)).toEqual(expected);
          expect(read(gzip(engine).createDecompressor(), stream)).toEqual(concat(packets));
          // Never ended right after a packet: each write closes with the mark of a sync flush.
          for (const chunk of writes) expect([...chunk.subarray(-4)]).toEqual([0, 0, 0xff, 0xff]);
        });
      }
    }

    it('has no packet across a multiple of 32768', () => {
      const next = seeded(20);
      const compressor = gzip(engine, { level: 1 }).createCompressor({ memberBytes: 32_768 });
      const sizes = Array.from({ length: 300 }, () => Math.ceil(32_768 * next() ** 6));
      const packets = sizes.map((size, i) => sample(size, i));
      const stream = concat(packets.map((packet) => write(compressor, packet)));
      const members = [...lengthsOf(stream)];
      expect(members.length).toBeGreaterThan(30);
      for (const size of sizes) {
        expect(size).toBeLessThanOrEqual(members[0]!);
        members[0]! -= size;
        if (members[0] === 0) members.shift();
      }
      expect(members).toEqual([]);
      expect(Math.max(...lengthsOf(stream))).toBeLessThanOrEqual(32_768);
      expect(Buffer.compare(read(gzip(engine).createDecompressor(), stream), concat(packets))).toBe(0);
    });

    it('is one without an end unless asked for', () => {
      const compressor = gzip(engine, { level: 1 }).createCompressor();
      const packet = sample(40_000, 1);
      expect(lengthsOf(concat([write(compressor, packet), write(compressor, packet)]))).toEqual([80_000]);
    });

    it('refuses a length that is none', () => {
      for (const memberBytes of [0, -1, 1.5, Number.NaN]) {
        expect(() => gzip(engine).createCompressor({ memberBytes })).toThrow(RangeError);
      }
      expect(lengthsOf(write(gzip(engine).createCompressor({ memberBytes: undefined }), bytes('a')))).toEqual([1]);
    });
  });
}
