import { createGzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isShapeKnown, isZlibUsable } from '../src/node/zlib-trial.js';

type Internals = { _handle: Record<string, unknown>; _writeState: unknown; _processChunk: unknown };

const changed = (change: (internals: Internals) => unknown) => (): unknown => {
  const gzip = createGzip({ chunkSize: 64 }) as unknown as Internals;
  change(gzip);
  return gzip;
};

describe('the trial of zlib', () => {
  it('passes here', () => {
    expect(isShapeKnown()).toBe(true);
    expect(isZlibUsable()).toBe(true);
  });

  const table: [string, () => unknown][] = [
    ['nothing', () => undefined],
    ['no stream at all', () => ({})],
    ['no handle', changed((gzip) => Reflect.set(gzip, '_handle', undefined))],
    ['another state', changed((gzip) => Reflect.set(gzip, '_writeState', [0, 0]))],
    ['a longer state', changed((gzip) => Reflect.set(gzip, '_writeState', new Uint32Array(3)))],
    ['no reset', changed((gzip) => Reflect.set(gzip._handle, 'reset', undefined))],
    ['no writeSync', changed((gzip) => Reflect.set(gzip._handle, 'writeSync', undefined))],
    ['no use of writeSync', changed((gzip) => Reflect.set(gzip, '_processChunk', () => new Uint8Array(0)))],
    [
      'other arguments',
      changed((gzip) => {
        gzip._processChunk = (bytes: Uint8Array) => (gzip._handle.writeSync as (...args: unknown[]) => void)(bytes);
      }),
    ],
    [
      'a state that does not change',
      changed((gzip) => {
        gzip._handle.writeSync = () => {};
      }),
    ],
  ];
  for (const [name, create] of table) {
    it(`fails, without a throw, on ${name}`, () => {
      expect(isShapeKnown(create)).toBe(false);
    });
  }
});
