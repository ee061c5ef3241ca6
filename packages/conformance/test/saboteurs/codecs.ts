import { payloadCases } from '@stmp/conformance';
import { type MessageCodec, type MessageType, type PayloadCodec, StmpError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import type { Saboteur } from './saboteur.js';

type Codec = MessageCodec<unknown, unknown>;

const json = jsonCodec();

const broken = (
  change: (inner: Codec, type: MessageType | undefined) => Partial<Codec>,
  sound: PayloadCodec = json,
): PayloadCodec => ({
  ...sound,
  message<T, I>(type: MessageType<T, I> | undefined): MessageCodec<T, I> {
    const inner = sound.message(type);
    return { ...inner, ...change(inner as Codec, type as MessageType | undefined) } as MessageCodec<T, I>;
  },
});

/** Changes what every decode gives. */
const decoded = (change: (value: Record<string, unknown>) => unknown): PayloadCodec =>
  broken((inner) => ({
    decode(bytes, start, end) {
      const value = inner.decode(bytes, start, end);
      return typeof value === 'object' && value !== null ? change(value as Record<string, unknown>) : value;
    },
  }));

const codec = (does: string, caughtBy: string, also: readonly string[], make: () => PayloadCodec): Saboteur => ({
  does,
  caughtBy,
  also,
  cases: () => payloadCases({ codec: make() }),
});

const ALONE = 'encode leaves its input alone, and one result does not touch the other';
const AS_IT_WAS = 'encode leaves its input as it was';
const SECRETS = 'errors tell no values of a payload';
const BEHIND = 'bytes behind a message are refused';
const WITHOUT = 'values without a type come back, or are refused as unsupported';

export const CODECS: readonly Saboteur[] = [
  codec('writes its content type in capitals', 'the content type is a lower-case media type', [], () => ({
    ...json,
    contentType: 'Application/JSON',
    towardsOriginal: { ...json, contentType: 'Application/JSON' },
  })),
  codec('overwrites what it decodes', 'decode leaves its input as it was', [], () =>
    broken((inner) => ({
      decode(bytes, start, end) {
        const value = inner.decode(bytes, start, end);
        bytes.fill(0, start, end);
        return value;
      },
    })),
  ),
  codec('takes a byte behind the message', BEHIND, [SECRETS], () =>
    broken((inner) => ({
      decode: (bytes, start, end) => inner.decode(bytes, start, bytes[end - 1] === 7 ? end - 1 : end),
    })),
  ),
  codec('takes text behind the message', 'text behind a message is refused', [], () =>
    broken((inner) => ({
      decodeText: (text, start, end) => inner.decodeText?.(text, start, text.endsWith('}7', end) ? end - 1 : end),
    })),
  ),
  codec('tells the wrong value in its error', SECRETS, [], () =>
    broken((inner) => ({
      encode(value) {
        try {
          return inner.encode(value);
        } catch (error) {
          const [first] = Object.values(value as object);
          const told = typeof first === 'string' ? first : typeof first;
          throw new StmpError('payload_invalid', `${(error as Error).message}: ${told}`);
        }
      },
    })),
  ),
  codec('shows the broken payload as cause', SECRETS, [], () =>
    broken((inner) => ({
      decode(bytes, start, end) {
        try {
          return inner.decode(bytes, start, end);
        } catch {
          const cause = new SyntaxError(new TextDecoder().decode(bytes.subarray(start, end)));
          throw new StmpError('payload_invalid', 'broken', { cause });
        }
      },
    })),
  ),
  codec('sends a typed empty message as bytes', 'a message with nothing set is sent without a payload', [], () =>
    broken((inner, type) => ({
      encode: (value) => inner.encode(value) ?? (type === undefined || value === undefined ? undefined : '{}'),
    })),
  ),
  codec('marks what it has encoded', AS_IT_WAS, [ALONE], () =>
    broken((inner) => ({
      encode(value) {
        const payload = inner.encode(value);
        if (typeof value === 'object' && value !== null) Object.assign(value, { encoded: true });
        return payload;
      },
    })),
  ),
  codec('says that the empty message is a list', 'emptyMessage is the empty message of every type', [], () => ({
    ...json,
    emptyMessage: '[]',
  })),
  codec(
    'has another content type towards the original',
    'towardsOriginal writes the same content type, and reads what it writes',
    [],
    () => ({
      ...json,
      towardsOriginal: msgpackCodec(),
    }),
  ),
  codec('gives Buffers', 'bytes are a Uint8Array of their own, not a view and no Buffer', [], () =>
    decoded((value) => {
      if (value.aBytes instanceof Uint8Array) value.aBytes = Buffer.from(value.aBytes);
      return value;
    }),
  ),
  codec(
    'gives views of its input',
    'what was decoded owns its memory',
    ['bytes are a Uint8Array of their own, not a view and no Buffer', 'decode leaves its input as it was'],
    () =>
      broken((inner) => ({
        decode(bytes, start, end) {
          const value = inner.decode(bytes, start, end) as { aBytes?: Uint8Array } | undefined;
          if (value?.aBytes?.length !== 5 || end - start < 5) return value;
          // Where a format has bytes as they are, it would point to them.
          bytes.set(value.aBytes, start);
          value.aBytes = bytes.subarray(start, start + 5);
          return value;
        },
      })),
  ),
  codec(
    'shares its defaults',
    'two decoded messages share nothing that can change',
    ['emptyMessage is the empty message of every type', 'text comes back from the middle of a text packet'],
    () => {
      const cache = new Map<unknown, unknown>();
      return broken((inner, type) => ({
        decode(bytes, start, end) {
          if (start < end) return inner.decode(bytes, start, end);
          if (!cache.has(type)) cache.set(type, inner.decode(bytes, start, end));
          return cache.get(type);
        },
      }));
    },
  ),
  codec('encodes into one buffer', ALONE, [], () => {
    const slab = new Uint8Array(200_000);
    return broken((inner) => ({
      encode(value) {
        const payload = inner.encode(value);
        if (typeof payload !== 'string') return payload;
        const { written } = new TextEncoder().encodeInto(payload, slab);
        return slab.subarray(0, written);
      },
    }));
  }),
  codec('loses 64-bit integers in lists', 'lists of 64-bit integers come back', [], () =>
    decoded((value) => {
      if (Array.isArray(value.bigNumbers) && value.bigNumbers.length === 2)
        value.bigNumbers[1] = BigInt(Number(value.bigNumbers[1]));
      return value;
    }),
  ),
  codec('lets a key set the prototype', 'a map key __proto__ is a key like others, or is refused', [], () =>
    decoded((value) => {
      if (typeof value.map === 'object' && value.map !== null) value.map = Object.assign({}, value.map);
      return value;
    }),
  ),
  codec('takes a whole number for a message', 'a message that is none is refused with payload_invalid', [], () =>
    broken((inner) => ({ encode: (value) => (value === 5 ? undefined : inner.encode(value)) })),
  ),
  codec('overflows the stack', 'deep nesting ends in payload_invalid, never in a stack overflow', [], () =>
    broken((inner) => ({
      encode(value) {
        const dive = (node: unknown): number => (node ? 1 + dive((node as { child?: unknown }).child) : 0);
        dive(value);
        return inner.encode(value);
      },
    })),
  ),
  codec(
    'reads the whole text packet',
    'text comes back from the middle of a text packet',
    ['text that is cut anywhere gives a value or payload_invalid'],
    () => broken((inner) => ({ decodeText: (text: string) => inner.decodeText?.(text, 0, text.length) })),
  ),
  codec('gives bytes for undefined without a type', WITHOUT, [], () =>
    broken((inner, type) => ({
      encode: (value) => (type === undefined && value === undefined ? 'null' : inner.encode(value)),
    })),
  ),
];
