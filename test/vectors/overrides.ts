// Vectors that a rule of ours overrules. They record what the original does; `expected` is what we do.
// A new entry needs a rule; packages/packet/test/overrides.test.ts holds the list as it must be.

export type OverrideSection =
  | 'handshakes'
  | 'packets'
  | 'decodeOnly'
  | 'malformed'
  | 'streamPrefixes'
  | 'headers'
  | 'tcpHandshakes'
  | 'tcpExchanges'
  | 'wsHandshakes'
  | 'wsExchanges';

/** The server's answer to a handshake. */
export interface ExpectedHandshake {
  readonly status: number;
  /** `preferred`: the first that the server has. Absent after a failure. */
  readonly contentType?: string;
  /** Absent: the reply has no `Packet-Format`. */
  readonly packetFormat?: 'text' | 'binary';
}

/** The answer to the input of an exchange, in hex; an empty list for none. */
export interface ExpectedReply {
  readonly reply: readonly { readonly frame: 'stream' | 'text' | 'binary' | 'close'; readonly data: string }[];
}

export interface Override {
  readonly section: OverrideSection;
  readonly name: string;
  /** In our own words. */
  readonly rule: string;
  readonly expected: ExpectedHandshake | ExpectedReply;
}

const LISTS = 'Accept is read as HTTP does: lists, q-values, wildcards, several values of one name';
const CASE = 'names and values of handshake headers are read without regard to case';
const NOTIFY = 'only requests are answered, never a notify';
const METHODS = 'methods given by name are resolved';
const EMPTY = 'towards a peer without Stmp-Extensions an empty message has a payload';
const HIDDEN = "a handler's plain error is answered with the name of the status; its message stays here";
const STREAM_FORMAT = 'on byte streams Packet-Format is neither heeded nor answered';
const FORMAT_NAMES = 'either name asks for text packets, in any case, and the answer is in lower case';
const VERSION = 'the version is exactly 1.0; anything that is not a version at all is a protocol error';
const TEXT_MESSAGES = 'text packets are sent in text messages';

const JSON_OK: ExpectedHandshake = { status: 0x00, contentType: 'application/json' };
const NONE: ExpectedReply = { reply: [] };
const BYE = { frame: 'close', data: '03e84f4b' } as const;

function text(packet: string, ...more: ExpectedReply['reply']): ExpectedReply {
  let data = '';
  for (const byte of new TextEncoder().encode(packet)) data += byte.toString(16).padStart(2, '0');
  return { reply: [{ frame: 'text', data }, ...more] };
}

export const OVERRIDES: readonly Override[] = [
  {
    section: 'tcpHandshakes',
    name: 'list without parameters: only the last entry can match',
    rule: LISTS,
    expected: JSON_OK,
  },
  {
    section: 'tcpHandshakes',
    name: 'list: first wins when entries have parameters',
    rule: LISTS,
    expected: { status: 0x00, contentType: 'application/protobuf' },
  },
  {
    section: 'tcpHandshakes',
    name: 'only the first value of a repeated Accept counts',
    rule: LISTS,
    expected: JSON_OK,
  },
  { section: 'tcpHandshakes', name: 'key case matters', rule: CASE, expected: JSON_OK },
  { section: 'tcpHandshakes', name: 'value case matters', rule: CASE, expected: JSON_OK },
  {
    section: 'tcpHandshakes',
    name: 'wildcard is not understood',
    rule: LISTS,
    expected: { status: 0x00, contentType: 'preferred' },
  },
  { section: 'tcpHandshakes', name: 'Packet-Format is echoed on tcp', rule: STREAM_FORMAT, expected: JSON_OK },
  {
    section: 'tcpExchanges',
    name: 'string method',
    rule: METHODS,
    expected: { reply: [{ frame: 'stream', data: 'c80600000c7b2274657874223a2278227d' }] },
  },
  { section: 'tcpExchanges', name: 'notify', rule: NOTIFY, expected: NONE },
  { section: 'tcpExchanges', name: 'notify, unknown action', rule: NOTIFY, expected: NONE },
  {
    section: 'tcpExchanges',
    name: 'method that fails with a plain error',
    rule: HIDDEN,
    // Response 8, status 40, InternalServerError.
    expected: { reply: [{ frame: 'stream', data: 'c808004013496e7465726e616c5365727665724572726f72' }] },
  },
  {
    section: 'tcpExchanges',
    name: 'empty protobuf request',
    rule: EMPTY,
    expected: { reply: [{ frame: 'stream', data: 'c801000000' }] },
  },
  {
    section: 'tcpExchanges',
    name: 'empty protobuf request to an option action',
    rule: EMPTY,
    expected: { reply: [{ frame: 'stream', data: 'c801000000' }] },
  },
  {
    section: 'wsHandshakes',
    name: 'Accept-Packet-Format=text is ignored',
    rule: FORMAT_NAMES,
    expected: { ...JSON_OK, packetFormat: 'text' },
  },
  {
    section: 'wsHandshakes',
    name: 'Packet-Format=TEXT is echoed, packets stay binary',
    rule: FORMAT_NAMES,
    expected: { ...JSON_OK, packetFormat: 'text' },
  },
  { section: 'wsHandshakes', name: 'query keys are case sensitive', rule: CASE, expected: JSON_OK },
  { section: 'wsHandshakes', name: 'lower-case accept only', rule: CASE, expected: JSON_OK },
  { section: 'wsHandshakes', name: 'version 1-0', rule: VERSION, expected: { status: 0x03 } },
  { section: 'wsExchanges', name: 'binary notify', rule: NOTIFY, expected: NONE },
  {
    section: 'wsExchanges',
    name: 'text echo, text frame',
    rule: TEXT_MESSAGES,
    expected: text('S1:0\nP{"text":"x"}'),
  },
  {
    section: 'wsExchanges',
    name: 'text echo, binary frame',
    rule: TEXT_MESSAGES,
    expected: text('S1:0\nP{"text":"x"}'),
  },
  {
    section: 'wsExchanges',
    name: 'text echo, header',
    rule: TEXT_MESSAGES,
    expected: text('S1:0\nHEcho-K:v;Echo-K:w\nP{"text":"x"}'),
  },
  { section: 'wsExchanges', name: 'text notify', rule: NOTIFY, expected: NONE },
  { section: 'wsExchanges', name: 'text close', rule: TEXT_MESSAGES, expected: text('C0\nPbye', BYE) },
  // The text of a Close is for people and not compared.
  { section: 'wsExchanges', name: 'text close without P', rule: TEXT_MESSAGES, expected: text('C3', BYE) },
  { section: 'wsExchanges', name: 'text unknown kind', rule: TEXT_MESSAGES, expected: text('C3', BYE) },
  {
    section: 'wsExchanges',
    name: 'text method',
    rule: METHODS,
    expected: text('S1:0\nP{"text":"x"}'),
  },
];

/** Our answer where a rule overrules the vector. */
export function overrideOf(section: OverrideSection, name: string): Override | undefined {
  return OVERRIDES.find((entry) => entry.section === section && entry.name === name);
}
