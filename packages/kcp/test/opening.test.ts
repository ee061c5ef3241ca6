import { openingConv, resolveKcpOptions } from '@stmp/kcp';
import { describe, expect, it } from 'vitest';
import { CONV, wire } from './wire.js';

describe('openingConv', () => {
  it.each<[string, Uint8Array, number | undefined]>([
    ['first data', wire({ cmd: 'push', body: 'x' }), CONV],
    [
      'first data, then more and padding',
      wire({ cmd: 'push', body: 'x' }, { cmd: 'push', sn: 1, body: 'y' }, { cmd: 'tell' }),
      CONV,
    ],
    ['the first of 32 fragments', wire({ cmd: 'push', frg: 31, body: 'x' }), CONV],
    ['the first of 33 fragments', wire({ cmd: 'push', frg: 32, body: 'x' }), undefined],
    ['no data', wire({ cmd: 'push' }), undefined],
    ['a later segment', wire({ cmd: 'push', sn: 1, body: 'x' }), undefined],
    ['a sender that has heard something', wire({ cmd: 'push', una: 1, body: 'x' }), undefined],
    ['an acknowledgement', wire({ cmd: 'ack', body: 'x' }), undefined],
    ['a segment that does not fit', wire({ cmd: 'push', body: 'xyz' }).subarray(0, 26), undefined],
    ['a rest', new Uint8Array([...wire({ cmd: 'push', body: 'x' }), 0]), undefined],
    ['two conversations', wire({ cmd: 'push', body: 'x' }, { cmd: 'push', conv: 1, sn: 1, body: 'x' }), undefined],
    ['nothing', new Uint8Array(0), undefined],
    ['24 bytes', wire({ cmd: 'push' }), undefined],
  ])('%s', (_name, datagram, expected) => {
    expect(openingConv(datagram, 32)).toBe(expected);
  });
});

describe('options', () => {
  const output = (): void => {};
  it('default to those of kcp-go', () => {
    expect(resolveKcpOptions({ conv: 1, output })).toEqual({
      conv: 1,
      output,
      nodelay: false,
      intervalMs: 100,
      resend: 0,
      congestionWindow: true,
      mtuBytes: 1400,
      sendWindow: 32,
      receiveWindow: 32,
      mode: 'message',
      deadLink: 20,
      minRtoMs: 100,
      limitUntilProven: false,
      greeting: new Uint8Array(0),
      openingBytes: 0,
      clockOffset: 0,
      firstSent: 0,
      firstReceived: 0,
    });
    expect(resolveKcpOptions({ conv: 1, output, nodelay: true }).minRtoMs).toBe(30);
  });

  it.each<[object, RegExp]>([
    [{ conv: -1 }, /conv must be an integer from 0 to 4294967295, not -1/],
    [{ conv: 2 ** 32 }, /conv/],
    [{ conv: undefined }, /conv must be a number, not undefined/],
    [{ output: 1 }, /output must be a function, not number/],
    [{ intervalMs: 0 }, /intervalMs must be an integer from 1 to 5000, not 0/],
    [{ intervalMs: 1.5 }, /intervalMs/],
    [{ mtuBytes: 49 }, /mtuBytes/],
    [{ mtuBytes: 65508 }, /mtuBytes/],
    [{ sendWindow: 0 }, /sendWindow/],
    [{ receiveWindow: 31 }, /receiveWindow/],
    [{ deadLink: Number.NaN }, /deadLink/],
    [{ mode: 'datagram' }, /mode must be 'message' or 'stream', not datagram/],
    [{ nodelay: 1 }, /nodelay must be a boolean, not 1/],
    [{ openingBytes: 1401 }, /openingBytes/],
    [{ greeting: 'STMP' }, /greeting must be a Uint8Array, not string/],
    [{ greeting: new Uint8Array(1377) }, /greeting must have at most 1376 bytes, not 1377/],
  ])('refuse %o', (wrong, message) => {
    expect(() => resolveKcpOptions({ conv: 1, output, ...wrong })).toThrow(message);
  });
});
