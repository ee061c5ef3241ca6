import { isStmpError } from '@stmp/contract';
import { check, equal, fail, hasCode, show } from '../assert.js';
import { concat, createRandom } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import type { CompressionFixture } from './fixture.js';
import { inflate, MAX_PIECE_BYTES, somePackets, write } from './packets.js';

const BOMB_BYTES = 16_777_216 + 12_345;

/** Input that is broken or made to hurt. */
export function hostileCases(fixture: CompressionFixture): Case[] {
  const { compression } = fixture;
  const sample = (seed: number): Uint8Array => {
    const compressor = compression.createCompressor();
    // Small ones: in the long stored blocks of large random packets a change would only change the result.
    const packets = somePackets(40, seed).filter((packet) => packet.length < 300);
    return concat(packets.map((packet) => write(compressor, packet)));
  };
  const inflateOrRefuse = (bytes: Uint8Array, what: string): boolean => {
    const decompressor = compression.createDecompressor();
    try {
      inflate(decompressor, bytes);
      return true;
    } catch (error) {
      if (!isStmpError(error)) fail(`${what}: expected compression_failed, got ${show(error)}`);
      hasCode(error, ['compression_failed'], what);
      return false;
    } finally {
      decompressor.close();
    }
  };
  return [
    defineCase('a bomb is given out in pieces of at most 64 KiB, and only when pulled', false, async () => {
      const bomb = fixture.bomb ?? write(compression.createCompressor(), new Uint8Array(BOMB_BYTES));
      const decompressor = compression.createDecompressor();
      decompressor.push(bomb);
      for (let i = 0; i < 5; i++) {
        const piece = decompressor.pull();
        check(piece !== undefined && piece.length > 0, 'pull must give a piece');
        check(piece.length <= MAX_PIECE_BYTES, `pull gave ${piece.length} bytes`);
        check(
          piece.buffer.byteLength <= 4 * MAX_PIECE_BYTES,
          `a piece of ${piece.length} bytes holds ${piece.buffer.byteLength} bytes of memory`,
        );
      }
      // What was not pulled was not inflated, and is not owed.
      decompressor.close();
    }),
    defineCase('a bomb comes out whole when it is pulled to its end', false, async () => {
      const bomb = fixture.bomb ?? write(compression.createCompressor(), new Uint8Array(BOMB_BYTES));
      const decompressor = compression.createDecompressor();
      decompressor.push(bomb);
      let total = 0;
      for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) {
        check(piece.length > 0 && piece.length <= MAX_PIECE_BYTES, `pull gave ${piece.length} bytes`);
        total += piece.length;
      }
      if (fixture.bomb === undefined) equal(total, BOMB_BYTES, 'bytes in all');
      else check(total > 16_777_216, `expected more than 16777216 bytes, got ${total}`);
      decompressor.close();
    }),
    defineCase('many small packets in few bytes come out in pieces, too', false, async () => {
      const compressor = compression.createCompressor();
      const ping = Uint8Array.of(0x80);
      for (let i = 0; i < 200_000; i++) compressor.add(ping, 0, 1);
      equal(inflate(compression.createDecompressor(), compressor.flush()).length, 200_000, 'bytes');
    }),
    defineCase('input that is no stream is refused with compression_failed', false, async () => {
      for (const seed of [81, 82, 83]) {
        const random = createRandom(seed);
        const noise = Uint8Array.from({ length: 500 }, () => random(256));
        equal(inflateOrRefuse(noise, 'noise'), false, 'accepted');
      }
      equal(inflateOrRefuse(new TextEncoder().encode('STMP is not compressed'), 'plain text'), false, 'accepted');
    }),
    defineCase(
      'changed input ends in compression_failed or in other bytes, never in another error',
      false,
      async () => {
        const compressed = sample(84);
        const random = createRandom(85);
        let refused = 0;
        for (let i = 0; i < 400; i++) {
          const changed = compressed.slice();
          for (let n = random(3); n >= 0; n--) changed[random(changed.length)] = random(256);
          if (!inflateOrRefuse(changed, `change ${i}`)) refused++;
        }
        check(refused > 0, 'no change was noticed');
      },
    ),
    defineCase('input that is cut waits for more', false, async () => {
      const compressed = sample(86);
      for (let end = 0; end < compressed.length; end += 1 + (end >> 5)) {
        equal(inflateOrRefuse(compressed.subarray(0, end), `cut at ${end}`), true, `accepted when cut at ${end}`);
      }
    }),
    defineCase('a decompressor that has failed stays failed and can be closed', false, async () => {
      const decompressor = compression.createDecompressor();
      const compressed = sample(87);
      const broken = compressed.slice();
      broken.fill(0xff, 0, 12);
      let failures = 0;
      for (const input of [broken, compressed]) {
        try {
          inflate(decompressor, input);
        } catch (error) {
          hasCode(error, ['compression_failed'], 'input after a failure');
          failures++;
        }
      }
      equal(failures, 2, 'failures');
      decompressor.close();
    }),
  ];
}
