import { compressionCases } from '@stmp/conformance';
import type { Compression, Compressor, Decompressor } from '@stmp/contract';
import { STORED_BOMB, storedCompression as sound, storedMembers } from '../stored-compression.js';
import { keepTimer, stopTimers } from './memory-links.js';
import type { Saboteur } from './saboteur.js';

const compression = (does: string, caughtBy: string, also: readonly string[], make: () => Compression): Saboteur => ({
  does,
  caughtBy,
  also,
  cases: () => compressionCases({ compression: make(), members: storedMembers, bomb: STORED_BOMB }),
});

const withCompressor = (change: (inner: Compressor) => Partial<Compressor>): Compression => ({
  ...sound,
  createCompressor(options) {
    const inner = sound.createCompressor(options);
    return { ...inner, ...change(inner) };
  },
});
const withDecompressor = (change: (inner: Decompressor) => Partial<Decompressor>): Compression => ({
  ...sound,
  createDecompressor() {
    const inner = sound.createDecompressor();
    return { ...inner, ...change(inner) };
  },
});

const kept: unknown[] = [];
const letGo = (): void => void kept.splice(0);

const RANGE = 'add reads its range alone, before it returns';
const OWNED = 'results belong to the caller';
const NOISE = 'input that is no stream is refused with compression_failed';

export const COMPRESSIONS: readonly Saboteur[] = [
  compression('has a name in capitals', 'the encoding is a lower-case name', [], () => ({
    ...sound,
    encoding: 'STORED',
  })),
  compression('does nothing when a compressor is closed', 'a compressor that was closed holds no packets', [], () =>
    withCompressor(() => ({ close() {} })),
  ),
  compression('does nothing when a decompressor is closed', 'a decompressor that was closed holds no input', [], () =>
    withDecompressor(() => ({ close() {} })),
  ),
  {
    ...compression('keeps every stream', 'streams that were closed are let go', [], () => ({
      ...sound,
      createDecompressor() {
        const made = sound.createDecompressor();
        kept.push(made);
        return made;
      },
    })),
    cleanUp: letGo,
  },
  {
    ...compression('keeps its results', 'results are let go', [], () =>
      withDecompressor((inner) => ({
        pull() {
          const piece = inner.pull();
          if (piece !== undefined && piece.length < 10_000) kept.push(piece);
          return piece;
        },
      })),
    ),
    cleanUp: letGo,
  },
  {
    ...compression('keeps a timer for each stream', 'streams that were closed leave nothing behind', [], () =>
      withCompressor(() => {
        keepTimer();
        return {};
      }),
    ),
    cleanUp: stopTimers,
  },
  compression(
    'forgets that it has failed',
    'a failed decompressor answers every pull with compression_failed',
    ['a decompressor that has failed stays failed and can be closed'],
    () =>
      withDecompressor((inner) => {
        let failures = 0;
        return {
          pull() {
            if (failures === 1) {
              failures = 0;
              return undefined;
            }
            try {
              return inner.pull();
            } catch (error) {
              failures++;
              throw error;
            }
          },
        };
      }),
  ),
  compression('reads beyond its range', RANGE, [], () =>
    withCompressor((inner) => ({ add: (bytes) => inner.add(bytes, 0, bytes.length) })),
  ),
  compression('writes something for nothing', 'flush without packets gives nothing', [], () =>
    withCompressor((inner) => ({
      flush() {
        const bytes = inner.flush();
        return bytes.length > 0 ? bytes : Uint8Array.of(1, 0, 0, 0, 0);
      },
    })),
  ),
  compression('wipes its input', 'input is left as it was', [OWNED], () =>
    withDecompressor((inner) => ({
      push(bytes) {
        inner.push(bytes.slice());
        if (bytes.length > 5_000 && bytes.length < 5_100) bytes.fill(0);
      },
    })),
  ),
  compression(
    'gives out a result again',
    OWNED,
    [
      'input that is cut waits for more',
      'members that follow each other are read as one stream, cut anywhere',
      'with memberBytes packets larger than a member come through',
    ],
    () => {
      const shared = new Uint8Array(70_000);
      return withCompressor((inner) => ({
        flush() {
          const bytes = inner.flush();
          if (bytes.length === 0 || bytes.length > 150) return bytes;
          shared.set(bytes);
          return shared.subarray(0, bytes.length);
        },
      }));
    },
  ),
  compression('fails with an error of its own on plain text', NOISE, [], () =>
    withDecompressor((inner) => {
      let isText = false;
      return {
        push(bytes) {
          isText = new TextDecoder().decode(bytes).startsWith('STMP');
          inner.push(bytes);
        },
        pull() {
          if (isText) throw new RangeError('broken');
          return inner.pull();
        },
      };
    }),
  ),
  compression(
    'gives out bombs in pieces of a megabyte',
    'a bomb is given out in pieces of at most 64 KiB, and only when pulled',
    ['a bomb comes out whole when it is pulled to its end', 'a large packet, alike and random, comes back'],
    () =>
      withDecompressor((inner) => ({
        pull() {
          const first = inner.pull();
          if (first?.length !== 65_536 || first.some((byte) => byte !== first[0])) return first;
          const pieces: Uint8Array[] = [first];
          for (let piece = inner.pull(); piece !== undefined; piece = inner.pull()) {
            pieces.push(piece);
            if (pieces.length === 16) break;
          }
          return new Uint8Array(Buffer.concat(pieces));
        },
      })),
  ),
  compression('rotates without being asked', 'without memberBytes there is one member', [], () => ({
    ...sound,
    createCompressor: (options) => sound.createCompressor({ memberBytes: 15_000, ...options }),
  })),
];
