import { jsonCodec } from '@stmp/payload-json';
import { afterEach, describe, expect, it } from 'vitest';
import { Blob, EchoMessage, Everything } from '../../payload-schema/test/types.js';
import { fromBase64, portableFromBase64, portableToBase64, toBase64 } from '../src/base64.js';

const bytesOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 151 + (i >> 8)) & 255);
const Buffer_ = globalThis.Buffer;
type Native = { toBase64?: unknown };
const native = Object.getOwnPropertyDescriptor(Uint8Array.prototype, 'toBase64');

afterEach(() => {
  globalThis.Buffer = Buffer_;
  if (native === undefined) delete (Uint8Array.prototype as Native).toBase64;
  else Object.defineProperty(Uint8Array.prototype, 'toBase64', native);
});

/** Takes away what the platform has. */
function bare(): void {
  delete (Uint8Array.prototype as Native).toBase64;
  delete (globalThis as { Buffer?: unknown }).Buffer;
}

describe('base64', () => {
  it('is the same of every size, with and without the platform', () => {
    for (const size of [...Array.from({ length: 100 }, (_, i) => i), 1000, 1001, 1002, 9000]) {
      const bytes = bytesOf(size);
      const text = Buffer_.from(bytes).toString('base64');
      for (const spelling of [text, text.replace(/=+$/, ''), text.replaceAll('+', '-').replaceAll('/', '_')]) {
        expect(fromBase64(spelling)).toEqual(bytes);
        expect(portableFromBase64(spelling)).toEqual(bytes);
      }
      expect([toBase64(bytes), portableToBase64(bytes)]).toEqual([text, text]);
      bare();
      expect([toBase64(bytes), fromBase64(text)]).toEqual([text, bytes]);
      globalThis.Buffer = Buffer_;
    }
  });

  it('takes what the engine has', () => {
    bare();
    Object.defineProperty(Uint8Array.prototype, 'toBase64', { value: () => 'the engine', configurable: true });
    expect(toBase64(bytesOf(50))).toBe('the engine');
  });

  it.each([4, 100])('refuses what is none, in a text of %i digits', (size) => {
    const text = portableToBase64(bytesOf((size / 4) * 3));
    for (const bad of ['*', '=', ' ', '\n', '\u0441', '\u00e9', '.', '\u{1f600}']) {
      for (const wrong of [bad + text.slice(bad.length), text.slice(0, 2) + bad + text.slice(2 + bad.length)]) {
        expect(() => fromBase64(wrong), wrong).toThrow();
        expect(() => fromBase64(`${wrong}AA`), wrong).toThrow();
      }
    }
    for (const wrong of [`${text}A`, `${text}A=`, `${text}AA=`, `${text}AAA==`, `${text}====`, `${text}=`]) {
      expect(() => fromBase64(wrong), wrong).toThrow();
    }
  });

  it('does not keep memory of the platform', () => {
    const codec = jsonCodec().message<{ data: Uint8Array }, unknown>(Blob as never);
    const text = codec.encodeText!({ data: bytesOf(100) })!;
    const { data } = codec.decodeText!(text, 0, text.length);
    expect([data.constructor, data.buffer.byteLength]).toEqual([Uint8Array, 100]);
  });
});

describe('floats', () => {
  it('are written in their shortest form', () => {
    const codec = jsonCodec().message<{ thin: number }, unknown>(EchoMessage as never);
    const cases: [given: number, digits: string][] = [
      [0.1, '0.1'],
      [Math.fround(0.1), '0.1'],
      [Math.fround(16777217), '16777216'],
      [Math.fround(3.4028234663852886e38), '3.4028235e+38'],
      [2 ** -149, '1e-45'],
      [2 ** -126, '1.1754944e-38'],
      [1 / 3, '0.33333334'],
      [-1e20, '-100000000000000000000'],
      [1.5, '1.5'],
      [-0, '-0'],
      [8388609.5, '8388610'],
    ];
    for (const [given, digits] of cases) {
      const text = codec.encodeText!({ thin: given })!;
      expect(text).toBe(`{"thin":${digits}}`);
      expect(codec.decodeText!(text, 0, text.length).thin).toBe(Math.fround(given));
    }
    expect(codec.encodeText!({ ratio: 0.1 + 0.2 })).toBe('{"ratio":0.30000000000000004}');
    expect(jsonCodec().message(Everything).encodeText!({ lFloat: [0.1, Math.fround(0.7)] })).toBe(
      '{"lFloat":[0.1,0.7]}',
    );
  });

  it('are the same float again, whatever they are', () => {
    const codec = jsonCodec().message<{ thin: number }, unknown>(EchoMessage as never);
    const view = new DataView(new ArrayBuffer(4));
    for (let i = 0, bits = 1; i < 5000; i++, bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) {
      view.setUint32(0, bits);
      const float = view.getFloat32(0);
      if (!Number.isFinite(float) || float === 0) continue;
      const text = codec.encodeText!({ thin: float })!;
      expect(codec.decodeText!(text, 0, text.length).thin).toBe(float);
      // No digits that say no more.
      const digits = /[\d.]+/
        .exec(text)![0]
        .replace(/\.|^0\.0*/g, '')
        .replace(/0+$/, '');
      expect(digits.length).toBeLessThanOrEqual(9);
    }
  });
});
