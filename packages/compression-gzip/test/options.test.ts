import { describe, expect, it } from 'vitest';
import { gzipCompression as portable } from '../src/index.js';
import { DEFAULT_GZIP_LEVEL, type GzipOptions, gzipCompression } from '../src/node.js';
import { resolveGzipOptions } from '../src/options.js';
import { bytes, read, text, write } from './helpers.js';

describe('options', () => {
  it('have defaults', () => {
    expect(resolveGzipOptions()).toEqual({
      level: DEFAULT_GZIP_LEVEL,
      windowBits: 15,
      memLevel: 8,
      readWindowBits: 15,
      engine: 'auto',
    });
  });

  const refused: [keyof GzipOptions, unknown[]][] = [
    ['level', [-1, 10, 1.5, Number.NaN, '6']],
    ['windowBits', [8, 16, 9.5]],
    ['memLevel', [0, 10]],
    ['readWindowBits', [8, 16]],
  ];
  for (const [name, values] of refused) {
    it(`refuse a wrong ${name}, by name and value`, () => {
      for (const value of values) {
        const options = { [name]: value } as GzipOptions;
        for (const make of [gzipCompression, portable]) {
          expect(() => make(options)).toThrow(RangeError);
          expect(() => make(options)).toThrow(`${name} must be an integer from`);
          expect(() => make(options)).toThrow(`got ${String(value)}`);
        }
      }
    });
  }

  it('refuse an engine that nobody knows', () => {
    expect(() => gzipCompression({ engine: 'brotli' } as unknown as GzipOptions)).toThrow(TypeError);
  });

  it('take every end of every range', () => {
    for (const engine of ['zlib', 'pako'] as const) {
      for (const [level, windowBits, memLevel] of [
        [0, 9, 1],
        [9, 15, 9],
        [1, 9, 9],
        [9, 15, 1],
      ] as const) {
        const gzip = gzipCompression({ engine, level, windowBits, memLevel, readWindowBits: windowBits });
        const decompressor = gzip.createDecompressor();
        const packet = bytes('abcabcabd'.repeat(1_000));
        expect(text(read(decompressor, write(gzip.createCompressor(), packet)))).toBe(text(packet));
      }
    }
  });
});

describe('engines', () => {
  it('are zlib in Node.js and pako elsewhere', () => {
    expect(gzipCompression().engine).toBe('zlib');
    expect(gzipCompression({ engine: 'pako' }).engine).toBe('pako');
    expect(portable().engine).toBe('pako');
    expect(() => portable({ engine: 'zlib' })).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('go by the name gzip', () => {
    expect(gzipCompression().encoding).toBe('gzip');
    expect(portable().encoding).toBe('gzip');
  });
});
