import { check, equal, sameBytes } from '../assert.js';
import { concat, randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import type { CompressionFixture } from './fixture.js';
import { add, inflate, packetOf, somePackets, write } from './packets.js';

/** What is compressed comes back, write by write. */
export function streamCases({ compression }: CompressionFixture): Case[] {
  const roundTrip = (packets: readonly Uint8Array[], cut: (compressed: Uint8Array) => Uint8Array[]): void => {
    const compressor = compression.createCompressor();
    const decompressor = compression.createDecompressor();
    const writes: Uint8Array[] = [];
    for (let i = 0; i < packets.length; i += 5) writes.push(write(compressor, ...packets.slice(i, i + 5)));
    const plain = cut(concat(writes)).map((piece) => inflate(decompressor, piece));
    sameBytes(concat(plain), concat(packets), 'decompressed');
    compressor.close();
    decompressor.close();
  };
  const inPieces = (size: number) => (bytes: Uint8Array) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));

  return [
    defineCase('the encoding is a lower-case name', false, async () => {
      check(/^[a-z0-9-]+$/.test(compression.encoding), `encoding: got ${compression.encoding}`);
    }),
    defineCase('after every flush all packets added before it can be read', false, async () => {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      somePackets(150, 51).forEach((packet, i) => {
        sameBytes(inflate(decompressor, write(compressor, packet)), packet, `packet ${i}`);
      });
    }),
    defineCase('several packets may share a write', false, async () => {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      for (let i = 0; i < 10; i++) {
        const packets = somePackets(20, 52 + i);
        sameBytes(inflate(decompressor, write(compressor, ...packets)), concat(packets), `write ${i}`);
      }
    }),
    ...[1, 2, 3, 7, 100, 4096, 1 << 30].map((size) =>
      defineCase(`compressed bytes may arrive in pieces of ${size}`, false, async () => {
        roundTrip(somePackets(100, 53), inPieces(size));
      }),
    ),
    defineCase('a large packet, alike and random, comes back', false, async () => {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      for (const packet of [randomBytes(1_000_000, 54), new Uint8Array(3_000_000).fill(7), packetOf(65_536, 55)]) {
        sameBytes(inflate(decompressor, write(compressor, packet)), packet, `packet of ${packet.length}`);
      }
    }),
    defineCase('alike packets become smaller', false, async () => {
      const packet = new Uint8Array(2000).fill(65);
      const compressed = write(compression.createCompressor(), packet, packet, packet);
      check(compressed.length < 3000, `expected fewer than 3000 bytes of 6000, got ${compressed.length}`);
    }),
    defineCase('flush without packets gives nothing', false, async () => {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      equal(compressor.flush().length, 0, 'bytes of a flush before the first packet');
      const packet = packetOf(500, 56);
      sameBytes(inflate(decompressor, write(compressor, packet)), packet, 'packet');
      equal(compressor.flush().length, 0, 'bytes of a second flush');
      sameBytes(inflate(decompressor, write(compressor, packet)), packet, 'packet after it');
    }),
    defineCase('add reads its range alone, before it returns', false, async () => {
      const compressor = compression.createCompressor();
      const packet = packetOf(3000, 57);
      const slab = concat([randomBytes(100, 58), packet, randomBytes(50, 59)]);
      compressor.add(slab, 100, 3100);
      slab.fill(0);
      sameBytes(inflate(compression.createDecompressor(), compressor.flush()), packet, 'packet');
    }),
    defineCase('results belong to the caller', false, async () => {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      const packets = somePackets(30, 60);
      const writes = packets.map((packet) => write(compressor, packet));
      const copies = writes.map((bytes) => bytes.slice());
      compressor.close();
      sameBytes(concat(writes), concat(copies), 'writes looked at again');
      const plain = writes.map((bytes) => inflate(decompressor, bytes));
      decompressor.close();
      sameBytes(concat(plain), concat(packets), 'pieces looked at again');
    }),
    defineCase('input is left as it was', false, async () => {
      const compressed = write(compression.createCompressor(), packetOf(5000, 61));
      const copy = compressed.slice();
      inflate(compression.createDecompressor(), compressed);
      sameBytes(compressed, copy, 'compressed bytes');
    }),
    defineCase('many streams at once and one after the other do not mix', false, async () => {
      for (let round = 0; round < 3; round++) {
        const pairs = Array.from({ length: 8 }, (_, i) => ({
          compressor: compression.createCompressor(),
          decompressor: compression.createDecompressor(),
          packets: somePackets(20, 70 + i + 10 * round),
        }));
        for (let i = 0; i < 20; i++) {
          for (const { compressor, decompressor, packets } of pairs) {
            const packet = packets[i] as Uint8Array;
            add(compressor, packet);
            sameBytes(inflate(decompressor, compressor.flush()), packet, `packet ${i}`);
          }
        }
        for (const { compressor, decompressor } of pairs) {
          compressor.close();
          decompressor.close();
        }
      }
    }),
    defineCase('streams that were never used can be closed', false, async () => {
      compression.createCompressor().close();
      const decompressor = compression.createDecompressor();
      equal(decompressor.pull(), undefined, 'pull before any push');
      decompressor.close();
    }),
  ];
}
