import {
  createPacketFields,
  DEFAULT_PACKET_LIMITS,
  decodeHeaderBlock,
  decodeHeaderBytes,
  decodePacket,
  decodeTextPacket,
  encodeClientHandshake,
  encodeClientHandshakeText,
  encodeHeaderBlock,
  encodePacket,
  encodeServerHandshake,
  encodeServerHandshakeText,
  encodeTextPacket,
  headerBlockBytes,
  MAX_PACKET_OVERHEAD,
  type Packet,
  readClientHandshake,
  readClientHandshakeText,
  readServerHandshake,
  readServerHandshakeText,
  readStreamPacket,
} from '@stmp/packet';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from './helpers.js';

const run = { seed: 20_240_917, numRuns: 400 };
const limits = { maxHandshakeBytes: 65_536 };

// Many of the characters that are escaped, beside any others.
const special = fc.constantFrom(':', ';', '%', '\n', '%3A', '%3a', '%25', '\ufeff', 'M:', '\nP', '\nH', '\r');
const words = fc.array(fc.oneof(special, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 6 });
const text = words.map((parts) => parts.join(''));
const headers = fc.array(fc.tuple(text, text), { maxLength: 5 });
const mid = fc.integer({ min: 0, max: 0xffff });
const status = fc.integer({ min: 0, max: 0xff });
const action = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.maxSafeNat(),
  fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) + 1n, max: 2n ** 64n - 1n }),
  // Every length of the number on the wire.
  fc.integer({ min: 0, max: 63 }).map((bits) => (bits < 53 ? 2 ** bits : 1n << BigInt(bits))),
  text,
);
const header = fc.option(headers.filter(isFilled), { nil: undefined });
const blob = fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined });
const utf8Blob = fc.option(text.filter(isFilled).map(utf8), { nil: undefined });

function isFilled(value: { readonly length: number }): boolean {
  return value.length > 0;
}

function packets(payload: fc.Arbitrary<Uint8Array | undefined>): fc.Arbitrary<Packet> {
  const kind = <K extends Packet['kind']>(name: K): fc.Arbitrary<K> => fc.constant(name);
  return fc
    .oneof(
      fc.record({ kind: kind('ping') }),
      fc.record({ kind: kind('pong') }),
      fc.record({ kind: kind('request'), mid, action, header, payload }),
      fc.record({ kind: kind('notify'), action, header, payload }),
      fc.record({ kind: kind('response'), mid, status, header, payload }),
      fc.record({ kind: kind('close'), status, payload }),
    )
    .map((packet) => Object.fromEntries(Object.entries(packet).filter(([, value]) => value !== undefined)) as never);
}

it('packets in bytes come back as they were', () => {
  fc.assert(
    fc.property(packets(blob), (packet) => {
      for (const framing of ['stream', 'message'] as const) {
        const bytes = encodePacket(packet, framing);
        expect(decodePacket(bytes, framing)).toEqual(packet);
        const method = typeof packet.action === 'string' ? utf8(packet.action).length : 0;
        const blocks = (packet.payload?.length ?? 0) + (headerBlockBytes(packet.header ?? [])?.length ?? 0) + method;
        expect(bytes.length - blocks).toBeLessThanOrEqual(MAX_PACKET_OVERHEAD);
      }
    }),
    run,
  );
});

it('packets in text come back as they were', () => {
  fc.assert(
    fc.property(packets(utf8Blob), (packet) => {
      expect(decodeTextPacket(encodeTextPacket(packet))).toEqual(packet);
    }),
    run,
  );
});

it('a stream of packets is read in any chunks', () => {
  fc.assert(
    fc.property(
      fc.array(packets(blob), { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (list, sizes) => {
        const parts = list.map((packet) => encodePacket(packet, 'stream'));
        const all = Uint8Array.from(parts.flatMap((part) => [...part]));
        const fields = createPacketFields();
        const found: Packet[] = [];
        let offset = 0;
        let arrived = 0;
        while (arrived < all.length) {
          arrived = Math.min(all.length, arrived + (sizes.next().value as number));
          for (;;) {
            const next = readStreamPacket(all, offset, arrived, DEFAULT_PACKET_LIMITS, fields);
            if (next === 0) break;
            expect(next).toBeGreaterThan(offset);
            found.push(decodePacket(all.slice(offset, next), 'stream'));
            offset = next;
          }
        }
        expect(found).toEqual(list);
      },
    ),
    { ...run, numRuns: 200 },
  );
});

it('headers come back as they were', () => {
  fc.assert(
    fc.property(headers, (list) => {
      expect(decodeHeaderBlock(encodeHeaderBlock(list))).toEqual(list);
      const bytes = headerBlockBytes(list) ?? new Uint8Array();
      expect(decodeHeaderBytes(bytes, 0, bytes.length)).toEqual(list);
      expect(encodeHeaderBlock(list)).not.toMatch(/\n/);
    }),
    run,
  );
});

it('handshakes come back as they were', () => {
  const nibble = fc.integer({ min: 0, max: 15 });
  fc.assert(
    fc.property(fc.record({ major: nibble, minor: nibble, header: headers, message: text }), (value) => {
      const bytes = encodeClientHandshake(value);
      expect(readClientHandshake(bytes, 0, bytes.length, limits)).toEqual({ value, next: bytes.length });
      expect(readClientHandshakeText(encodeClientHandshakeText(value), limits)).toEqual(value);
    }),
    run,
  );
  fc.assert(
    fc.property(fc.record({ status, header: headers, message: text }), (value) => {
      const bytes = encodeServerHandshake(value);
      expect(readServerHandshake(bytes, 0, bytes.length, limits)).toEqual({ value, next: bytes.length });
      expect(readServerHandshakeText(encodeServerHandshakeText(value), limits)).toEqual(value);
    }),
    run,
  );
});
