/** Vectors of the original that a rule of ours overrules, with our own answer. */
export interface Override {
  /** What STMP 1.0 has us do instead. */
  readonly rule: string;
  /** Handshakes: status and headers of the reply; `text` for the text form. */
  readonly status?: number;
  readonly header?: readonly (readonly [string, string])[];
  readonly text?: boolean;
  /** Exchanges: the reply in hex, message by message. */
  readonly reply?: readonly string[];
}

const lists = 'Accept is read as HTTP does: lists, q-values, wildcards, any case, several values';
const names = 'names are read without regard to case';
const format = 'either name asks for text, in any case; on byte streams it is neither heeded nor answered';
const version = 'the version is exactly 1.0';
const notify = 'requests alone are answered';
const methods = 'string actions are resolved by name';

const JSON_ANSWER = [['Content-Type', 'application/json']] as const;
const TEXT_ANSWER = [...JSON_ANSWER, ['Packet-Format', 'text']] as const;

export const HANDSHAKE_OVERRIDES: Readonly<Record<string, Override>> = {
  'tcp: list without parameters: only the last entry can match': { rule: lists, status: 0, header: JSON_ANSWER },
  'tcp: list: first wins when entries have parameters': {
    rule: lists,
    status: 0,
    header: [['Content-Type', 'application/protobuf']],
  },
  'tcp: only the first value of a repeated Accept counts': { rule: lists, status: 0, header: JSON_ANSWER },
  'tcp: key case matters': { rule: lists, status: 0, header: JSON_ANSWER },
  'tcp: value case matters': { rule: lists, status: 0, header: JSON_ANSWER },
  'tcp: wildcard is not understood': { rule: lists, status: 0, header: JSON_ANSWER },
  'tcp: Packet-Format is echoed on tcp': { rule: format, status: 0, header: JSON_ANSWER },
  'ws: Accept-Packet-Format=text is ignored': { rule: format, status: 0, header: TEXT_ANSWER, text: true },
  'ws: Packet-Format=TEXT is echoed, packets stay binary': { rule: format, status: 0, header: TEXT_ANSWER, text: true },
  'ws: query keys are case sensitive': { rule: names, status: 0, header: JSON_ANSWER },
  'ws: lower-case accept only': { rule: names, status: 0, header: JSON_ANSWER },
  'ws: version 1-0': { rule: version, status: 3, header: [] },
};

export const EXCHANGE_OVERRIDES: Readonly<Record<string, Override>> = {
  'tcp: string method': { rule: methods, reply: ['c80600000c7b2274657874223a2278227d'] },
  'tcp: notify': { rule: notify, reply: [] },
  'tcp: notify, unknown action': { rule: notify, reply: [] },
  'ws: binary notify': { rule: notify, reply: [] },
  'ws: text notify': { rule: notify, reply: [] },
  'ws: text method': { rule: methods, reply: ['53313a300a507b2274657874223a2278227d'] },
};

/** What an engine alone cannot answer: HTTP, WebSocket control frames, and handlers and codecs with a behaviour of their own. */
export const NOT_HERE: readonly string[] = [
  'ws: other path',
  'ws: other origin',
  'ws: websocket ping',
  'tcp: method that fails, status only',
  'tcp: method that fails, unknown status, no text',
  'tcp: method that fails with a plain error',
  'tcp: protobuf bad wire type',
  'tcp: msgpack partial map',
];
