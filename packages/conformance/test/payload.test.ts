import { payloadCases } from '@stmp/conformance';
import { type MessageCodec, type MessageType, type PayloadCodec, StmpError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { describe, expect, it } from 'vitest';
import { failures, noticed } from './faults.js';

const sound = jsonCodec();

type Codec = MessageCodec<unknown, unknown>;

const broken = (change: (inner: Codec, type: MessageType | undefined) => Partial<Codec>): PayloadCodec => ({
  ...sound,
  message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
    const inner = sound.message(type);
    return { ...inner, ...change(inner as Codec, type as MessageType | undefined) } as MessageCodec<T, I>;
  },
});

/** Changes what every decode gives. */
const decoded = (change: (value: Record<string, unknown>, bytes: Uint8Array) => unknown): PayloadCodec =>
  broken((inner) => ({
    decode(bytes, start, end) {
      const value = inner.decode(bytes, start, end);
      return typeof value === 'object' && value !== null ? change(value as Record<string, unknown>, bytes) : value;
    },
  }));

const faults: [what: string, codec: PayloadCodec, reason: RegExp][] = [
  ['has a wrong content type', { ...sound, contentType: 'Application/JSON' }, /contentType: got/],
  [
    'ignores its range',
    broken((inner) => ({ decode: (bytes) => inner.decode(bytes, 0, bytes.length) })),
    /payload|expected/,
  ],
  [
    'loses 64-bit integers',
    decoded((value) => {
      for (const name of Object.keys(value)) {
        if (typeof value[name] === 'bigint') value[name] = BigInt(Number(value[name]));
      }
      return value;
    }),
    /anInt64: expected \d+n|aUint64/,
  ],
  [
    'leaves out fields that are at their default',
    decoded((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== 0))),
    /expected 0, got undefined|own fields/,
  ],
  [
    'gives views of the input',
    decoded((value, bytes) => {
      if (value.aBytes instanceof Uint8Array) value.aBytes = bytes.subarray(0, value.aBytes.length);
      return value;
    }),
    /aBytes/,
  ],
  [
    'gives Buffers',
    decoded((value) => {
      if (value.aBytes instanceof Uint8Array) value.aBytes = Buffer.from(value.aBytes);
      return value;
    }),
    /must be a plain Uint8Array/,
  ],
  [
    'throws a SyntaxError',
    broken((inner) => ({
      decode(bytes, start, end) {
        try {
          return inner.decode(bytes, start, end);
        } catch {
          throw new SyntaxError('broken');
        }
      },
    })),
    /expected a value or payload_invalid, got SyntaxError/,
  ],
  [
    'shares its defaults',
    (() => {
      const cache = new Map<unknown, unknown>();
      return broken((inner, type) => ({
        decode(bytes, start, end) {
          if (start < end) return inner.decode(bytes, start, end);
          if (!cache.has(type)) cache.set(type, inner.decode(bytes, start, end));
          return cache.get(type);
        },
      }));
    })(),
    /the second/,
  ],
  [
    'sends empty payloads',
    broken((inner) => ({ encode: (value) => inner.encode(value) ?? new Uint8Array(0) })),
    /encode must return undefined for nothing/,
  ],
  [
    'encodes into one buffer',
    (() => {
      const slab = new Uint8Array(200_000);
      return broken((inner) => ({
        encode(value) {
          const payload = inner.encode(value);
          if (typeof payload !== 'string') return payload;
          const { written } = new TextEncoder().encodeInto(payload, slab);
          return slab.subarray(0, written);
        },
      }));
    })(),
    /the first/,
  ],
  [
    'writes beyond its length',
    broken((inner) => ({
      encode(value) {
        const payload = inner.encode(value);
        if (typeof payload !== 'string') return payload;
        const bytes = new TextEncoder().encode(`${payload} `);
        return { len: bytes.length - 1, finishInto: (into: Uint8Array, at: number) => into.set(bytes, at) };
      },
    })),
    /beyond its len bytes/,
  ],
  [
    'takes values that do not fit',
    broken((inner) => ({
      encode(value) {
        try {
          return inner.encode(value);
        } catch {
          return undefined;
        }
      },
    })),
    /expected an error payload_invalid/,
  ],
  [
    'does not name the field',
    broken((inner) => ({
      encode(value) {
        try {
          return inner.encode(value);
        } catch {
          throw new StmpError('payload_invalid', 'no');
        }
      },
    })),
    /the message must name/,
  ],
  [
    'overflows the stack',
    broken((inner) => ({
      encode(value) {
        const dive = (node: unknown): number => (node ? 1 + dive((node as { child?: unknown }).child) : 0);
        dive(value);
        return inner.encode(value);
      },
    })),
    /expected a value or payload_invalid, got RangeError/,
  ],
  [
    'lets a key set the prototype',
    decoded((value) => {
      for (const name of Object.keys(value)) {
        if (typeof value[name] === 'object' && value[name] !== null && Object.hasOwn(value[name], '__proto__')) {
          value[name] = Object.assign({}, value[name]);
        }
      }
      return value;
    }),
    /__proto__|a key became the prototype/,
  ],
  [
    'reads the whole text packet',
    broken((inner) => ({ decodeText: (text: string) => inner.decodeText?.(text, 0, text.length) })),
    /payload|JSON|expected/,
  ],
];

describe('payloadCases', () => {
  it('passes a sound codec', async () => {
    expect(await failures(payloadCases({ codec: sound }))).toEqual(new Map());
  });

  it.each(faults)('notices one that %s', async (_, codec, reason) => {
    await noticed(payloadCases({ codec }), reason);
  });

  it('skips the text cases of a codec that is not text', () => {
    const skips = payloadCases({ codec: { ...sound, text: false } }).map((c) => c.skip);
    expect(skips.filter((skip) => skip !== false)).toEqual(Array(3).fill('the codec is not marked text'));
  });
});
