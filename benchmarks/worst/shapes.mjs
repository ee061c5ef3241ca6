// Payloads that are as expensive as the limits of a server let them be: 4 MiB, and the budget of the codecs.
export const MAX_BYTES = 4_194_304;
const UNITS = 100_000;

const numbered = (count, type, options) => Array.from({ length: count }, (_, i) => [i + 1, `f${i}`, type, options]);
const Maps = { typeName: 'worst.Maps', fields: numbered(3, 'string', { key: 'string' }) };
const Wide = { typeName: 'worst.Wide', fields: numbered(32, 'int32') };
const WideLists = { typeName: 'worst.WideLists', fields: numbered(32, 'int32', { repeated: true }) };
const Empty = { typeName: 'worst.Empty', fields: [] };
export const All = {
  typeName: 'worst.All',
  fields: [
    [1, 'messages', () => Empty, { repeated: true }],
    [2, 'strings', 'string', { repeated: true }],
    [3, 'entries', 'string', { key: 'string' }],
    [4, 'ints', 'int32', { repeated: true }],
    [5, 'longs', 'int64', { repeated: true }],
    [6, 'doubles', 'double', { repeated: true }],
    [7, 'text', 'string'],
    [8, 'data', 'bytes'],
    [9, 'child', () => All],
    [10, 'children', () => All, { repeated: true }],
    [11, 'maps', () => Maps, { repeated: true }],
    [12, 'wide', () => Wide, { repeated: true }],
    [13, 'wide_lists', () => WideLists, { repeated: true }],
  ],
};

const list = (count, item) => Array.from({ length: count }, (_, i) => item(i));
/** Counts to try, the largest first: codecs that parse before they look at the type count the list's parts as well. */
const counts = (perUnit, overhead) =>
  [perUnit * UNITS - 64, Math.floor((perUnit * UNITS) / 2) - 64].map((n) => n - overhead);

/** By name: the value for a count. The first count is taken that fits and is not refused. */
export const SHAPES = {
  'empty messages': { counts: counts(1, 0), make: (n) => ({ messages: list(n, () => ({})) }) },
  'empty strings': { counts: counts(1, 0), make: (n) => ({ strings: list(n, () => '') }) },
  'strings of 30': { counts: counts(1, 0), make: (n) => ({ strings: list(n, (i) => String(i).padStart(30, 'x')) }) },
  'map entries': {
    counts: counts(1, 0),
    make: (n) => ({ entries: Object.fromEntries(list(n, (i) => [i.toString(36), ''])) }),
  },
  'small integers': { counts: counts(16, 0), make: (n) => ({ ints: list(n, (i) => i & 7) }) },
  '64-bit integers': {
    counts: [...counts(16, 0), 180_000],
    make: (n) => ({ longs: list(n, (i) => -BigInt(i) - 2n ** 62n) }),
  },
  'small 64-bit integers': { counts: counts(8, 0), make: (n) => ({ longs: list(n, (i) => BigInt(i & 7)) }) },
  doubles: { counts: [...counts(16, 0), 500_000, 200_000], make: (n) => ({ doubles: list(n, (i) => i / 7) }) },
  'one long string': { counts: [MAX_BYTES - 64], make: (n) => ({ text: 'x'.repeat(n) }) },
  'one long string of signs': {
    counts: [MAX_BYTES / 3 - 64, MAX_BYTES / 8],
    make: (n) => ({ text: '\u2028'.repeat(n) }),
  },
  bytes: { counts: [MAX_BYTES - 64, (MAX_BYTES / 4) * 3 - 64], make: (n) => ({ data: new Uint8Array(n).fill(255) }) },
  'messages of three maps': { counts: counts(1, 0), make: (n) => ({ maps: list(n, () => ({})) }) },
  'messages of many fields': { counts: counts(1 / 4.2, 0), make: (n) => ({ children: list(n, () => ({})) }) },
  'messages of 32 numbers': { counts: counts(1 / 5.9, 0), make: (n) => ({ wide: list(n, () => ({})) }) },
  'messages of 32 lists': { counts: counts(1 / 11.9, 0), make: (n) => ({ wideLists: list(n, () => ({})) }) },
  'nested messages': { counts: [90, 60, 30], make: (n) => list(n, () => 0).reduce((child) => ({ child }), {}) },
};

const text = (value) => new TextEncoder().encode(value);
const fill = (unit) => {
  const bytes = new Uint8Array(MAX_BYTES - (MAX_BYTES % unit.length) - 64 * unit.length);
  for (let at = 0; at < bytes.length; at += unit.length) bytes.set(unit, at);
  return bytes;
};
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Bytes that no encoder of ours would write. Most are refused: what counts is how soon. */
export const RAW = {
  protobuf: {
    'refused: empty messages to the limit': () => fill([0x0a, 0x00]),
    'refused: small integers to the limit': () => fill([0x20, 0x01]),
    'unknown fields to the limit': () => fill([0xf8, 0x07, 0x01]),
  },
  msgpack: {
    'refused: empty maps to the limit': () =>
      joined([0x81, 0xa8], text('messages'), [0xdd, 0x00, 0x3f, 0, 0], fill([0x80])),
    'refused: nils to the limit': () => joined([0x81, 0xa4], text('ints'), [0xdd, 0x00, 0x3f, 0, 0], fill([0xc0])),
  },
  json: {
    'refused: empty objects to the limit': () => joined(text('{"messages":['), fill(text('{},')), text('{}]}')),
    'refused: small integers to the limit': () => joined(text('{"ints":['), fill(text('1,')), text('1]}')),
    'refused: lists in lists': () => fill(text('[')),
    'one number of 4 MB': () => joined(text('{"longs":['), fill(text('9')), text(']}')),
    'escapes to the limit': () => joined(text('{"text":"'), fill(text('\\u0041')), text('"}')),
    'white space to the limit': () => joined(text('{'), fill(text(' ')), text('}')),
    'small 64-bit integers as numbers': () =>
      joined(text('{"longs":['), fill(text('1,')).subarray(0, 2 * 799_900), text('1]}')),
    'integers of 16 digits': () =>
      joined(text('{"longs":['), fill(text('-9007199254740993,')).subarray(0, 1_800_000), text('1]}')),
  },
};
