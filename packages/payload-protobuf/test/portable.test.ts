import { protobufCodec } from '@stmp/payload-protobuf';
import protobuf from 'protobufjs/minimal.js';
import { expect, it } from 'vitest';
import { decodeHex, encodeHex, Nested } from '../../payload-schema/test/types.js';
import { VECTORS } from '../../payload-schema/test/vectors.js';

// As in a browser, where protobufjs finds no Buffer and takes its other writer.
(protobuf.util as { Buffer: unknown }).Buffer = null;
protobuf.configure();

it('writes the same bytes without Buffer', () => {
  expect(protobuf.Writer.create()).not.toBeInstanceOf(protobuf.BufferWriter);
  const codec = protobufCodec();
  for (const { type, value, vector } of VECTORS) {
    expect(encodeHex(codec, type, value)).toBe(vector['application/protobuf']);
    expect(decodeHex(codec, type, vector['application/protobuf'])).toEqual(value);
  }
  for (const label of ['h\u00e9\u{1f600}', '\u{1f600}'.repeat(100), 'x'.repeat(300)]) {
    expect(decodeHex(codec, Nested, encodeHex(codec, Nested, { label }))).toEqual({ label, depthLevel: 0 });
  }
  expect(encodeHex(codec, Nested, { label: '\udc00' })).toBe('0a03efbfbd');
});
