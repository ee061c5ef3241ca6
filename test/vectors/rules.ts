// What we do where the original contradicts itself, breaks, or leaves it open: each rule with the place in docs/protocol.md
// that says it and the tests that show it. rules.test.ts holds all three against each other, so none changes in silence.

export interface Rule {
  /** In our own words. */
  readonly rule: string;
  /** Section of docs/protocol.md, and words that stand there. */
  readonly section: number;
  readonly says: string;
  /** Subjects of the table in section 11 that are this rule's. */
  readonly differs?: readonly string[];
  /** Test file, then names of tests in it as they are written there. */
  readonly shown: readonly (readonly [file: string, ...names: string[]])[];
}

const ENGINE = 'packages/engine/test';
const CONNECTION = 'packages/connection/test';

export const RULES: readonly Rule[] = [
  {
    rule: 'Accept and Accept-Encoding are read as HTTP does; without Accept the answer is 20; one value is sent unless told otherwise',
    section: 1,
    says: 'Lists are read as HTTP does',
    differs: ['`Accept`, `Accept-Encoding`'],
    shown: [
      [
        `${ENGINE}/negotiation.test.ts`,
        'Accept',
        'Accept-Encoding',
        'of equals takes what the client names first, then what the server prefers',
      ],
      [
        `${ENGINE}/handshake.test.ts`,
        'says its hello at once, in one unit',
        'offers all types and one encoding when told to',
      ],
    ],
  },
  {
    rule: 'names of headers are compared without regard to case, in handshakes, queries and packets',
    section: 1,
    says: 'Names are compared without regard to case (ours',
    differs: ['names of headers'],
    shown: [
      ['packages/packet/test/headers.test.ts', 'looks names up without regard to case'],
      ['packages/transport-ws/test/overlay.test.ts', 'own names in any case'],
    ],
  },
  {
    rule: 'the version is exactly 1.0; the message of a handshake is shown to the authentication hook',
    section: 1,
    says: 'the version is 1.0 | 20',
    shown: [
      [
        'test/vectors/overrides.ts',
        'the version is exactly 1.0; anything that is not a version at all is a protocol error',
      ],
      [`${CONNECTION}/life/authentication.test.ts`, 'sees headers, message, peer, and who it is'],
    ],
  },
  {
    rule: 'a client does not wait for a handshake for ever, and takes nothing that it did not offer',
    section: 1,
    says: 'ends with 20 when the reply names a type or an encoding that it did not offer',
    differs: ["client's wait for a handshake"],
    shown: [
      [
        `${ENGINE}/handshake.test.ts`,
        'ends a client whose server is silent',
        'ends with 20 on a type that was not offered',
        'ends with 20 on an encoding that was not offered',
      ],
    ],
  },
  {
    rule: 'what goes beyond 1.0 is offered and accepted in Stmp-Extensions; without that no byte differs',
    section: 1,
    says: 'Without acceptance no byte of any packet differs from 1.0',
    shown: [
      [
        `${ENGINE}/handshake.test.ts`,
        'are accepted as far as they are known',
        'change not one byte without acceptance',
      ],
      [
        `${ENGINE}/calls.test.ts`,
        'drain goes both ways',
        'a peer that does not know cancel is not told',
        'are plain notifies from a peer that is not one of ours',
      ],
    ],
  },
  {
    rule: 'servers take 4 MiB, and each side says what it takes in Stmp-Max-Packet, to peers that sent Stmp-Extensions',
    section: 2,
    says: 'Ours take 4 MiB on servers and say so',
    shown: [
      [
        `${CONNECTION}/life/packet-limits.test.ts`,
        'is not told to peers that are not ours, byte for byte',
        'fails the one call, here, and the connection stays',
      ],
    ],
  },
  {
    rule: 'handshakes and header blocks are at most 64 KiB by default',
    section: 2,
    says: 'handshakes and header blocks 65,536 by default',
    differs: ['limits of handshakes and headers'],
    shown: [
      [`${ENGINE}/handshake.test.ts`, 'limits the handshake by its own limit'],
      ['packages/packet/test/limits.test.ts', 'counts header block and message together'],
    ],
  },
  {
    rule: 'each length is judged by itself, as soon as it is there',
    section: 2,
    says: 'A length is judged by itself as soon as it is read',
    differs: ['sums of lengths'],
    shown: [['packages/packet/test/limits.test.ts', 'refuses a length as soon as it is there, before its bytes']],
  },
  {
    rule: 'towards the original an empty message has a payload, unless its method returns Empty',
    section: 2,
    says: 'There the empty message of an event, a notify or a response is written out',
    differs: ['empty messages in events and answers'],
    shown: [
      [
        'test/original/dialect.test.ts',
        'an empty message',
        'answers %s',
        'methods without message types have an empty form too',
      ],
    ],
  },
  {
    rule: 'an id is 1 to 65535 and used by no second call while its answer may still come',
    section: 2,
    says: 'nor after it was given up, until the late answer arrives',
    differs: ['ids of calls that were given up'],
    shown: [
      [
        `${ENGINE}/call-table.test.ts`,
        'run from 1 to 65535 and then there is none',
        'are not used again while pending or given up',
      ],
      [
        `${ENGINE}/calls.test.ts`,
        'end the connection when they are more than 32,768',
        'responses to nobody, or twice, and pongs are dropped',
      ],
    ],
  },
  {
    rule: 'only requests are answered; a listener alone is enough for a notify',
    section: 2,
    says: 'We answer requests only',
    differs: ['answer to a notify'],
    shown: [[`${CONNECTION}/router.test.ts`, 'reach handlers and listeners, and are never answered']],
  },
  {
    rule: 'names as actions are resolved when read; numbers are sent, to the original always',
    section: 9,
    says: 'Readers resolve names as well as numbers',
    differs: ['names as actions'],
    shown: [
      [`${CONNECTION}/router.test.ts`, 'by name find their method'],
      [`${CONNECTION}/untyped-calls.test.ts`, 'is sent the number that follows from a name, since it resolves none'],
    ],
  },
  {
    rule: 'names in text packets are escaped, and unescaped when read',
    section: 2,
    says: 'escaped like a header',
    differs: ['escaped names in text packets'],
    shown: [['packages/packet/test/text.test.ts', 'unescape methods']],
  },
  {
    rule: "the text of a handler's plain error stays here",
    section: 3,
    says: 'its text is hidden (ours)',
    differs: ["texts of handlers' errors"],
    shown: [
      [
        `${CONNECTION}/router.test.ts`,
        'show their text when asked to',
        'hides its own failures, also those after the handler',
      ],
    ],
  },
  {
    rule: '27, 28 and 42 have names, and 42 says when to come back',
    section: 3,
    says: '`Retry-After-Ms`',
    shown: [
      ['packages/contract/test/errors.test.ts', 'names every status'],
      [`${CONNECTION}/life/reasons.test.ts`, 'a caller sees retryAfterMs of an answer'],
    ],
  },
  {
    rule: 'pings after 25 s, the end after 45 s; 5 s and 20 s while calls wait for one of ours',
    section: 4,
    says: '25 s of silence and give up after 45 s; after 5 s and 20 s while calls wait for a peer of ours',
    differs: ['keepalive'],
    shown: [
      [
        `${ENGINE}/keepalive.test.ts`,
        'a silent peer',
        'any byte proves life',
        'are answered before all else, at packet borders',
      ],
      [`${CONNECTION}/life/silence.test.ts`, 'with a call that waits, is stale after 10 s and left after 20 s'],
    ],
  },
  {
    rule: 'one table says which statuses are final and which are tried again',
    section: 4,
    says: 'Applications may change the table',
    differs: ['reconnecting'],
    shown: [
      [
        `${CONNECTION}/life/reasons.test.ts`,
        'are sorted by one table',
        'Unauthorized asks a headers function once more, and no list',
      ],
    ],
  },
  {
    rule: 'the query overlays names of the handshake and those that the application lists, and never those of proxies and logins',
    section: 5,
    says: 'are never taken from it (ours)',
    differs: ['query of a WebSocket address'],
    shown: [
      ['packages/transport-ws/test/overlay.test.ts', 'the query wins for own names'],
      ['packages/transport-ws/test/server.sockets.test.ts', 'cannot put on the headers of a proxy'],
    ],
  },
  {
    rule: 'either name asks for text packets; what was agreed is what is read, and it is sent in TEXT messages',
    section: 5,
    says: 'They travel in TEXT messages',
    differs: ['text packets'],
    shown: [
      [`${ENGINE}/negotiation.test.ts`, 'packet format'],
      [`${ENGINE}/handshake.test.ts`, 'agrees on text, by either name', 'does not heed a packet format'],
      [`${ENGINE}/text-in-binary.test.ts`, 'keep payload bytes that are not UTF-8'],
    ],
  },
  {
    rule: 'no compression is agreed on over WebSocket',
    section: 5,
    says: '`Content-Encoding` does not exist here',
    shown: [[`${ENGINE}/handshake.test.ts`, 'never announces a compression']],
  },
  {
    rule: 'a plain GET on a WebSocket address is answered 426',
    section: 5,
    says: 'a plain GET 426',
    differs: ['plain GET on a WebSocket address'],
    shown: [['packages/transport-ws/test/server.sockets.test.ts', 'answers what is not for it in plain HTTP']],
  },
  {
    rule: 'towards the original no packet crosses a multiple of 32,768 bytes within a gzip member',
    section: 6,
    says: 'a packet that would cross begins a new member in the same write',
    shown: [
      ['packages/compression-gzip/test/members.test.ts', 'has no packet across a multiple of 32768'],
      [`${ENGINE}/compression.test.ts`, 'bounds members only for peers that are not ours, one add per packet'],
    ],
  },
  {
    rule: 'towards the original a turn is cut at packet borders into writes that its path keeps whole, one after the other',
    section: 7,
    says: 'each packet, goes out in one write',
    shown: [
      [
        `${ENGINE}/output.test.ts`,
        'are one per turn towards a peer of ours',
        'are cut at packet borders towards a peer that is not',
      ],
      [
        'packages/link-duplex/test/duplex-link.sockets.test.ts',
        'hands over one unit after the callback of the one before, never two at once',
      ],
    ],
  },
  {
    rule: 'over plain TCP at most 64 KiB are left unread at the original, and what is larger is told',
    section: 7,
    says: 'ours leave at most 65,536 bytes unread (ours)',
    differs: ['bytes unread at the other end of plain TCP'],
    shown: [
      [
        'test/original/unread.test.ts',
        'events reach a client of the original whole',
        'calls reach a server of the original whole',
        'is told to the logger, once for each connection',
      ],
    ],
  },
  {
    rule: 'one write is one KCP message of at most 32 fragments, acknowledged at once, and all of them are one byte stream',
    section: 8,
    says: 'Acknowledge right after input',
    shown: [
      [
        'packages/kcp/test/kcp.test.ts',
        'is acknowledged at once, with the timestamp of the peer',
        'gives whole messages, or pieces as they come',
      ],
      ['packages/transport-kcp/test/transport.sockets.test.ts', 'sends one unit as one message'],
    ],
  },
  {
    rule: 'nothing is sent over KCP after the echoed Close; dead links and idle sessions end by limits of our own',
    section: 8,
    says: 'after the echoed Close nothing is sent any more',
    shown: [
      [
        'packages/transport-kcp/test/transport.sockets.test.ts',
        'is silent after the last answer of the peer: no acknowledgement, no goodbye',
      ],
      ['packages/kcp/test/kcp.test.ts', 'for ever is a dead link after %i transmissions'],
      ['packages/kcp/test/node.sockets.test.ts', 'notices that nobody answers, and that nothing arrives'],
    ],
  },
  {
    rule: 'a KCP address is proven before anything that came from it is acted on, with no more bytes than came',
    section: 8,
    says: 'until it comes nothing that arrived is acknowledged or acted on',
    shown: [
      [
        'packages/kcp/test/kcp.test.ts',
        'gets no more bytes than it sent, IP and UDP included',
        'reads the greeting and what follows as one message',
      ],
    ],
  },
  {
    rule: 'one of the two numbers alone, a number twice, and numbers up to FF are refused by the generator',
    section: 9,
    says: 'are errors of our generator',
    shown: [
      [
        'packages/protoc-gen-stmp/test/errors.test.ts',
        'a service id without a method id',
        'a method id without a service id',
        'a reserved id',
        'two methods with one id',
        'a reserved id by hash',
      ],
    ],
  },
  {
    rule: 'the dialect of JSON and MessagePack follows from the absence of Stmp-Extensions, unless it is forced',
    section: 10,
    says: 'Which dialect is written is chosen for each connection (ours)',
    differs: ['JSON and MessagePack'],
    shown: [
      [
        'test/original/dialect.test.ts',
        'gives each the bytes that it understands',
        'a dialect that is forced stays, whoever the peer is',
      ],
    ],
  },
  {
    rule: 'both dialects are read without loss; no oneof is written to the original over MessagePack',
    section: 10,
    says: 'Reading takes both, without loss of digits',
    shown: [
      ['packages/payload-json/test/codec.test.ts', 'takes a oneof of its own, and flat', 'survives __proto__ as a key'],
      [
        'packages/payload-msgpack/test/codec.test.ts',
        'takes a oneof as the object that the original makes of it',
        'never sends the original a oneof',
      ],
    ],
  },
];
