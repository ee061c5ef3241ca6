import { check, equal, hasCode } from '../assert.js';
import { concat, randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { activeResources, cannotTellWhatIsLeft, expectNothingLeft } from '../left-behind.js';
import { cannotCollect, collectGarbage, Watched } from '../let-go.js';
import { settles } from '../time.js';
import type { CompressionFixture } from './fixture.js';
import { add, inflate, somePackets, write } from './packets.js';

const STREAMS = 24;
/** A pool may keep some. */
const KEPT_STREAMS = 8;
const LARGE_BYTES = 1_048_576;
const TIMEOUT_MS = 5_000;

interface Memory {
  readonly process?: { memoryUsage?(): { readonly heapUsed: number; readonly external: number } };
}
const { process } = globalThis as Memory;
const usedBytes = (): number => {
  const { heapUsed = 0, external = 0 } = process?.memoryUsage?.() ?? {};
  return heapUsed + external;
};

/** What is held, and what `close` sets free. */
export function endCases({ compression }: CompressionFixture): Case[] {
  const noCollector = cannotCollect();
  const blind = process?.memoryUsage === undefined && 'this platform does not tell how much memory is used';

  /** Streams that have been used and closed, and are held by nobody but the watch. */
  const usedStreams = (): Watched => {
    const watched = new Watched();
    for (let i = 0; i < STREAMS; i++) {
      const compressor = compression.createCompressor();
      const decompressor = compression.createDecompressor();
      inflate(decompressor, write(compressor, ...somePackets(5, 500 + i)));
      compressor.close();
      decompressor.close();
      watched.add(compressor);
      watched.add(decompressor);
    }
    return watched;
  };
  const results = (): Watched => {
    const watched = new Watched();
    const compressor = compression.createCompressor();
    const decompressor = compression.createDecompressor();
    for (let i = 0; i < STREAMS; i++) {
      const compressed = write(compressor, randomBytes(3_000, 600 + i));
      watched.add(compressed);
      decompressor.push(compressed);
      for (let piece = decompressor.pull(); piece !== undefined; piece = decompressor.pull()) watched.add(piece);
    }
    compressor.close();
    decompressor.close();
    return watched;
  };
  /** The streams are held as by connections that have not gone yet; closed, they may hold little. */
  const holdLittle = async (what: string, makeClosed: () => unknown): Promise<void> => {
    collectGarbage();
    const before = usedBytes();
    const closed = Array.from({ length: STREAMS }, makeClosed);
    const most = (STREAMS / 2) * LARGE_BYTES;
    let held = 0;
    const isLittle = await settles(TIMEOUT_MS, () => {
      collectGarbage();
      held = usedBytes() - before;
      return held < most;
    });
    check(isLittle, `${closed.length} closed ${what}: expected fewer than ${most} bytes held, got ${held}`);
  };

  return [
    defineCase(
      'streams that were closed are let go',
      noCollector,
      () => usedStreams().expectLetGo(KEPT_STREAMS, TIMEOUT_MS, 'compressors and decompressors that were closed'),
      { alone: true },
    ),
    defineCase(
      'results are let go',
      noCollector,
      () => results().expectLetGo(KEPT_STREAMS, TIMEOUT_MS, 'results of flush and pull'),
      { alone: true },
    ),
    defineCase(
      'a compressor that was closed holds no packets',
      noCollector || blind,
      () => {
        const packet = randomBytes(LARGE_BYTES, 630);
        return holdLittle('compressors', () => {
          const compressor = compression.createCompressor();
          add(compressor, packet);
          compressor.close();
          return compressor;
        });
      },
      { alone: true },
    ),
    defineCase(
      'a decompressor that was closed holds no input',
      noCollector || blind,
      () => {
        const compressor = compression.createCompressor();
        const input = write(compressor, randomBytes(LARGE_BYTES, 631));
        compressor.close();
        return holdLittle('decompressors', () => {
          const decompressor = compression.createDecompressor();
          decompressor.push(input.slice());
          decompressor.pull();
          decompressor.close();
          return decompressor;
        });
      },
      { alone: true },
    ),
    defineCase(
      'streams that were closed leave nothing behind',
      cannotTellWhatIsLeft,
      async () => {
        usedStreams();
        const before = activeResources();
        usedStreams();
        await expectNothingLeft(before, STREAMS, TIMEOUT_MS, `after ${STREAMS} streams each way`);
      },
      { alone: true },
    ),
    defineCase('close frees streams in every state', false, async () => {
      const compressed = write(compression.createCompressor(), ...somePackets(5, 640));
      const half = compression.createDecompressor();
      half.push(compressed.subarray(0, compressed.length >> 1));
      half.pull();
      half.close();
      const unflushed = compression.createCompressor();
      add(unflushed, ...somePackets(3, 641));
      unflushed.close();
      const failed = compression.createDecompressor();
      try {
        inflate(failed, new Uint8Array(50).fill(0xff));
      } catch (error) {
        hasCode(error, ['compression_failed'], 'noise');
      }
      failed.close();
      // Those that come after are as good as new.
      const plain = somePackets(10, 642);
      const after = inflate(compression.createDecompressor(), write(compression.createCompressor(), ...plain));
      equal(after.length, concat(plain).length, 'bytes of streams made after');
    }),
    defineCase('a failed decompressor answers every pull with compression_failed', false, async () => {
      const decompressor = compression.createDecompressor();
      decompressor.push(new Uint8Array(50).fill(0xff));
      for (let i = 0; i < 3; i++) {
        let answer: unknown;
        try {
          answer = decompressor.pull();
        } catch (error) {
          hasCode(error, ['compression_failed'], `pull ${i}`);
          continue;
        }
        check(false, `pull ${i}: expected compression_failed, got ${answer === undefined ? 'undefined' : 'a piece'}`);
      }
      decompressor.close();
    }),
  ];
}
