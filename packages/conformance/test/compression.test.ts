import { type Case, compressionCases } from '@stmp/conformance';
import type { Compression, Compressor, Decompressor } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import { failures, noticed } from './faults.js';
import { STORED_BOMB, storedCompression as sound, storedMembers } from './stored-compression.js';

const casesOf = (compression: Compression): Case[] =>
  compressionCases({ compression, members: storedMembers, bomb: STORED_BOMB });

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

const shared = new Uint8Array(70_000);

const faults: [what: string, compression: Compression, reason: RegExp][] = [
  ['has a name in upper case', { ...sound, encoding: 'GZIP' }, /encoding: got GZIP/],
  [
    'holds packets back',
    withCompressor((inner) => {
      let held: Uint8Array = new Uint8Array(0);
      return {
        flush() {
          const now = held;
          held = inner.flush();
          return now;
        },
      };
    }),
    /packet 0: length/,
  ],
  [
    'reads packets at the flush',
    withCompressor((inner) => {
      let waiting: [Uint8Array, number, number][] = [];
      return {
        add: (...packet) => waiting.push(packet),
        flush() {
          for (const packet of waiting) inner.add(...packet);
          waiting = [];
          return inner.flush();
        },
      };
    }),
    /packet: byte \d+ should be/,
  ],
  [
    'reads beyond its range',
    withCompressor((inner) => ({ add: (bytes) => inner.add(bytes, 0, bytes.length) })),
    /packet: length/,
  ],
  [
    'writes something for nothing',
    withCompressor((inner) => {
      const flush = () => {
        const bytes = inner.flush();
        return bytes.length > 0 ? bytes : Uint8Array.of(1, 0, 0, 0, 0);
      };
      return { flush };
    }),
    /bytes of a flush before the first packet/,
  ],
  [
    'gives out its buffer',
    withDecompressor((inner) => ({
      pull() {
        const piece = inner.pull();
        if (piece === undefined) return undefined;
        shared.set(piece);
        return shared.subarray(0, piece.length);
      },
    })),
    /looked at again|byte \d+ should be/,
  ],
  [
    'gives out everything at once',
    withDecompressor((inner) => ({
      pull() {
        const pieces: Uint8Array[] = [];
        for (let piece = inner.pull(); piece !== undefined; piece = inner.pull()) pieces.push(piece);
        return pieces.length === 0 ? undefined : new Uint8Array(Buffer.concat(pieces));
      },
    })),
    /pull gave \d+ bytes/,
  ],
  [
    'throws another error',
    withDecompressor((inner) => ({
      pull() {
        try {
          return inner.pull();
        } catch {
          throw new RangeError('broken');
        }
      },
    })),
    /expected compression_failed, got RangeError/,
  ],
  [
    'takes anything',
    withDecompressor((inner) => ({
      pull() {
        try {
          return inner.pull();
        } catch {
          return undefined;
        }
      },
    })),
    /no change was noticed|noise|accepted/,
  ],
  ['does not rotate', { ...sound, createCompressor: () => sound.createCompressor() }, /crosses, at/],
  [
    'ends a member right after a packet',
    withCompressor((inner) => ({ flush: () => new Uint8Array([...inner.flush(), 3]) })),
    /a member is open after write 0/,
  ],
  [
    'rotates without being asked',
    { ...sound, createCompressor: () => sound.createCompressor({ memberBytes: 15_000 }) },
    /members: expected 1/,
  ],
  [
    'mixes streams',
    (() => {
      const one = sound.createDecompressor();
      return { ...sound, createDecompressor: () => one };
    })(),
    /./,
  ],
];

describe('compressionCases', () => {
  it('passes a sound compression', async () => {
    expect(await failures(casesOf(sound))).toEqual(new Map());
  });

  it.each(faults)('notices one that %s', async (_, compression, reason) => {
    await noticed(casesOf(compression), reason);
  });

  it('skips the cases about members when the fixture cannot tell them', () => {
    const skips = compressionCases({ compression: sound }).map((c) => c.skip);
    expect(skips.filter((skip) => skip !== false)).toContain('the fixture cannot tell members');
  });
});
