import { type Headers, StmpError } from '@stmp/contract';
import { encodeClientHandshake, encodeServerHandshake, encodeServerHandshakeText } from '@stmp/packet';
import { describe, expect, it } from 'vitest';
import { createMessageEngine } from '../src/index.js';
import {
  ALL_TYPES,
  bytesOf,
  type ClientSays,
  clientHandshake,
  Driver,
  FakeCompression,
  hex,
  JSON_TYPE,
  join,
  MSGPACK,
  messagePair,
  PLAIN_HELLO,
  PLAIN_REPLY,
  PROTOBUF,
  serverHandshake,
  settle,
  streamClient,
  streamPair,
  streamServer,
  textOf,
  toHex,
  watchAllocations,
} from './harness.js';

const reply = (header: Headers, status = 0, message = ''): Uint8Array =>
  encodeServerHandshake({ status, header, message });
const hello = (header: Headers, message = ''): Uint8Array =>
  encodeClientHandshake({ major: 1, minor: 0, header, message });
const JSON_ONLY: Headers = [['Content-Type', 'application/json']];

function messageClient(offer: Partial<ClientSays>): Driver {
  const handshake = clientHandshake({ content: [JSON_TYPE], outOfBand: true, ...offer });
  return new Driver(createMessageEngine({ handshake, nowMs: 0 }));
}

describe('the client on a byte stream', () => {
  it('says its hello at once, in one unit', () => {
    const client = streamClient({ content: [PROTOBUF, JSON_TYPE], headers: [['Token', 'a;b']], message: 'hi' });
    expect(client.engine.phase).toBe('handshaking');
    const units = client.take();
    expect(units).toHaveLength(1);
    const text = textOf(units[0] as Uint8Array);
    expect(text.slice(0, 5)).toBe('STMP\x10');
    expect(text.slice(6)).toBe('Accept:application/protobuf;Stmp-Extensions:drain,cancel;Token:a%3Bb\x02hi');
    expect(client.engine.outputBytes).toBe(0);
  });

  it('offers all types and one encoding when told to', () => {
    const fake = new FakeCompression();
    const client = streamClient({ content: ALL_TYPES, acceptAll: true, compressions: [fake] });
    const text = textOf(join(client.take()));
    expect(text).toContain('Accept:application/json,application/protobuf,application/msgpack;Accept-Encoding:fake;');
  });

  const cases: [name: string, reply: Uint8Array, phase: string, ending: object | undefined, output: string][] = [
    ['agrees', reply(JSON_ONLY), 'ready', undefined, ''],
    ['agrees whatever the case', reply([['content-TYPE', 'Application/JSON; charset=utf-8']]), 'ready', undefined, ''],
    [
      'ends with 20 on a type that was not offered',
      reply([['Content-Type', 'application/msgpack']]),
      'closed',
      { status: 0x20, origin: 'local', clean: false },
      'd020',
    ],
    ['ends with 20 without a type', reply([]), 'closed', { status: 0x20, origin: 'local', clean: false }, 'd020'],
    [
      'ends with 20 on an encoding that was not offered',
      reply([...JSON_ONLY, ['Content-Encoding', 'br']]),
      'closed',
      { status: 0x20, origin: 'local', clean: false },
      'd020',
    ],
    ['takes identity for no encoding', reply([...JSON_ONLY, ['Content-Encoding', 'identity']]), 'ready', undefined, ''],
    ['does not heed a packet format', reply([...JSON_ONLY, ['Packet-Format', 'text']]), 'ready', undefined, ''],
    [
      'is refused',
      reply([], 0x21, 'who are you'),
      'closed',
      { status: 0x21, origin: 'peer', message: 'who are you', clean: false },
      '',
    ],
    ['meets another protocol', bytesOf('HTTP/1.1 400 Bad Request'), 'closed', { status: 3, origin: 'local' }, ''],
    ['meets a block without colon', hex('53544d5000 01 61 00'), 'closed', { status: 3, origin: 'local' }, ''],
    ['meets lengths over the limit', hex('53544d5000 ffff7f'), 'closed', { status: 0x24, origin: 'local' }, ''],
  ];
  for (const [name, input, phase, ending, output] of cases) {
    it(name, () => {
      for (const chunks of [[input], [...input].map((byte) => Uint8Array.of(byte))]) {
        const client = streamClient();
        client.take();
        client.feed(...chunks);
        expect(client.engine.phase).toBe(phase);
        expect(client.seen).toEqual([{ event: phase === 'ready' ? 'Ready' : 'Closed' }]);
        if (ending !== undefined) expect(client.engine.ending).toMatchObject(ending);
        expect(client.takeHex()).toBe(output);
        expect(client.feed(hex('80'))).toEqual([]);
        expect(client.takeHex()).toBe(phase === 'ready' ? '90' : '');
      }
    });
  }

  it('gives codes that tell refusal, silence and nonsense apart', () => {
    const codes = [reply([], 0x21), bytesOf('HTTP'), reply([])].map((input) => {
      const client = streamClient();
      client.feed(input);
      return client.engine.ending!.error!.code;
    });
    const silent = streamClient();
    silent.at(10_000);
    expect([...codes, silent.engine.ending!.error!.code]).toEqual([
      'handshake_failed',
      'protocol_error',
      'handshake_failed',
      'handshake_timeout',
    ]);
  });

  it('reads packets that share a chunk with the reply', () => {
    const client = streamClient();
    client.take();
    expect(client.feed(join([PLAIN_REPLY, hex('b8 07 01 61 80 b8 07')]))).toEqual([
      { event: 'Ready' },
      { event: 'Notify', action: 7, payload: 'a' },
    ]);
    expect(client.takeHex()).toBe('90');
    expect(client.feed(hex('01 62'))).toEqual([{ event: 'Notify', action: 7, payload: 'b' }]);
  });
});

describe('the server on a byte stream', () => {
  it('shows the hello, holds what follows, and answers', () => {
    const server = streamServer();
    const input = join([
      hello(
        [
          ['Accept', 'application/msgpack'],
          ['Token', 'x'],
        ],
        'please',
      ),
      hex('b007'),
    ]);
    expect(server.feed(input, hex('80'))).toEqual([{ event: 'Hello' }]);
    expect(server.engine.phase).toBe('authenticating');
    expect(server.engine.hasInput).toBe(true);
    expect(server.engine.session).toMatchObject({
      contentType: 'application/msgpack',
      text: false,
      extensions: [],
      peerIsOurs: false,
      peerMessage: 'please',
    });
    expect(server.engine.session!.peerHeaders).toContainEqual(['Token', 'x']);
    expect(server.take()).toEqual([]);
    server.engine.answerHello({ headers: [['Session', '1']], message: 'welcome' }, 5);
    expect(server.poll()).toEqual([{ event: 'Ready' }, { event: 'Notify', action: 7 }]);
    const [first, second, ...rest] = server.take();
    expect(textOf(first as Uint8Array)).toBe('STMP\0\x2aContent-Type:application/msgpack;Session:1\x07welcome');
    expect([toHex(second), rest]).toEqual(['90', []]);
    server.engine.answerHello({ status: 0x21 }, 6);
    expect(server.poll()).toEqual([]);
    expect(server.engine.phase).toBe('ready');
  });

  it('refuses, with text and headers, and says nothing of what was agreed', () => {
    const server = streamServer();
    server.feed(PLAIN_HELLO);
    server.engine.answerHello({ status: 0x21, headers: [['Retry-After', '5']], message: 'go away' }, 0);
    expect(server.poll()).toEqual([{ event: 'Closed' }]);
    expect(textOf(join(server.take()))).toBe('STMP\x21\x0dRetry-After:5\x07go away');
    expect(server.engine.ending).toEqual({
      status: 0x21,
      message: 'go away',
      origin: 'local',
      clean: true,
      error: undefined,
    });
  });

  it('gives a refusal without text the name of its status', () => {
    const server = streamServer();
    server.feed(PLAIN_HELLO);
    server.engine.answerHello({ status: 0x25 }, 0);
    expect(textOf(join(server.take()))).toBe('STMP\x25\0\x0fTooManyRequests');
  });

  it('checks the answer before it takes effect', () => {
    const server = streamServer();
    server.feed(PLAIN_HELLO);
    expect(() => server.engine.answerHello({ status: 256 }, 0)).toThrow(RangeError);
    expect(() => server.engine.answerHello({ headers: [['a', 1 as never]] }, 0)).toThrow(TypeError);
    server.engine.answerHello({}, 0);
    expect(server.poll()).toEqual([{ event: 'Ready' }]);
  });

  it('limits the handshake by its own limit', () => {
    const limits = { maxHandshakeBytes: 40 };
    const small = streamServer({}, limits);
    expect(small.feed(PLAIN_HELLO)).toEqual([{ event: 'Hello' }]);
    const server = streamServer({}, limits);
    expect(server.feed(hex('53544d5010 29'))).toEqual([{ event: 'Closed' }]);
    expect(toHex(join(server.take())).slice(0, 10)).toBe('53544d5024');
  });

  it('holds a bounded amount while it authenticates', () => {
    for (const [bytes, phase] of [
      [100, 'authenticating'],
      [101, 'closed'],
    ] as const) {
      const server = streamServer({}, { maxHandshakeBytes: 100 });
      server.feed(PLAIN_HELLO);
      for (let i = 0; i < bytes; i++) server.feed(hex('90'));
      expect(server.engine.phase).toBe(phase);
      if (phase === 'authenticating') continue;
      expect(toHex(join(server.take())).slice(0, 10)).toBe('53544d5024');
      server.engine.answerHello({}, 0);
      expect(server.poll()).toEqual([]);
      expect([server.engine.ending!.error!.code, server.engine.hasInput]).toEqual(['too_large', false]);
    }
  });

  it('ends silently when input ends, at any byte', () => {
    for (let length = 0; length < PLAIN_HELLO.length; length++) {
      const server = streamServer();
      server.feed(PLAIN_HELLO.slice(0, length));
      expect(server.end()).toEqual([{ event: 'Closed' }]);
      expect(server.engine.ending).toMatchObject({ status: 2, origin: 'link', clean: false });
    }
    const server = streamServer();
    server.feed(PLAIN_HELLO);
    expect(server.end()).toEqual([{ event: 'Closed' }]);
    server.engine.answerHello({}, 0);
    expect([server.engine.phase, server.take()]).toEqual(['closed', []]);
  });
});

describe('time', () => {
  it('ends a client whose server is silent', () => {
    const client = streamClient({}, { handshakeTimeoutMs: 300 });
    client.take();
    expect(client.engine.deadlineMs).toBe(300);
    expect(client.at(299)).toEqual([]);
    expect(client.at(300)).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toMatchObject({ status: 2, error: { code: 'handshake_timeout' } });
    expect([client.take(), client.engine.deadlineMs]).toEqual([[], Number.POSITIVE_INFINITY]);
  });

  it('ends a server whose client sends a byte now and then', () => {
    const server = streamServer();
    for (let at = 0; at < 9; at++) {
      server.now = at * 1000;
      server.feed(PLAIN_HELLO.slice(at, at + 1));
    }
    expect(server.at(9_999)).toEqual([]);
    expect(server.at(10_000)).toEqual([{ event: 'Closed' }]);
    expect(toHex(join(server.take())).slice(0, 10)).toBe('53544d5002');
  });

  it('counts authentication in', () => {
    const server = streamServer();
    server.now = 4_000;
    server.feed(PLAIN_HELLO);
    expect(server.engine.deadlineMs).toBe(10_000);
    expect(server.at(10_000)).toEqual([{ event: 'Closed' }]);
    expect(toHex(join(server.take())).slice(0, 10)).toBe('53544d5002');
  });

  it('waits for ever when told to', () => {
    const server = streamServer({}, { handshakeTimeoutMs: 0 });
    expect(server.engine.deadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(server.at(1e9)).toEqual([]);
  });

  it('takes a long handshake byte by byte without going over it again and again', () => {
    const long = hello([
      ['Accept', 'application/json'],
      ['Filler', 'x'.repeat(60_000)],
    ]);
    const server = streamServer();
    const bytes = [...long].map((byte) => Uint8Array.of(byte));
    watchAllocations((made) => {
      server.feed(...bytes);
      // Put together anew each time they were 60,000 arrays, 1.8 GB.
      expect(made.length).toBeLessThan(20);
      expect(made.reduce((sum, size) => sum + size, 0)).toBeLessThan(4 * long.length);
    });
    expect(server.seen).toEqual([{ event: 'Hello' }]);
  });
});

describe('headers and messages', () => {
  it('travel both ways', () => {
    const client = streamClient({ headers: [['User', 'ä:;%\n']], message: 'let me in' });
    const server = streamServer();
    server.feed(...client.take());
    expect(server.engine.session!.peerHeaders).toContainEqual(['User', 'ä:;%\n']);
    expect(server.engine.session!.peerMessage).toBe('let me in');
    server.engine.answerHello(
      {
        headers: [
          ['Motd', 'a'],
          ['Motd', 'b'],
        ],
        message: 'hello',
      },
      0,
    );
    client.feed(...server.take());
    expect(client.engine.session!.peerHeaders.filter(([name]) => name === 'Motd').map(([, value]) => value)).toEqual([
      'a',
      'b',
    ]);
    expect(client.engine.session!.peerMessage).toBe('hello');
  });
});

describe('extensions', () => {
  const accepted = (value: string | undefined): string => {
    const server = streamServer();
    server.feed(
      hello([['Accept', 'application/json'], ...(value === undefined ? [] : [['stmp-extensions', value] as const])]),
    );
    server.engine.answerHello({}, 0);
    expect(server.engine.session!.peerIsOurs).toBe(value !== undefined);
    expect(server.engine.peerIsOurs).toBe(value !== undefined);
    return textOf(join(server.take())).slice(6, -1);
  };
  it('are accepted as far as they are known', () => {
    expect(accepted(undefined)).toBe('Content-Type:application/json');
    expect(accepted('drain,cancel')).toBe('Content-Type:application/json;Stmp-Extensions:drain,cancel');
    expect(accepted(' Cancel , shout')).toBe('Content-Type:application/json;Stmp-Extensions:cancel');
    expect(accepted('shout')).toBe('Content-Type:application/json');
  });

  it('a client keeps to what it offered itself', () => {
    const client = streamClient();
    client.feed(reply([...JSON_ONLY, ['Stmp-Extensions', 'shout,cancel']]));
    expect(client.engine.session).toMatchObject({ peerIsOurs: true, extensions: ['cancel'] });
  });

  it('change not one byte without acceptance', () => {
    const script = (client: Driver): string => {
      client.take();
      client.engine.call('a', 7, undefined, 'x', 0, 100);
      client.engine.call('b', 7, undefined, 'x', 0, 0);
      client.engine.abandon(2);
      expect(client.engine.askToDrain()).toBe(false);
      client.at(200);
      client.engine.close(0, undefined, 200);
      return toHex(join(client.take()));
    };
    const client = streamClient();
    client.feed(PLAIN_REPLY);
    expect(script(client)).toBe('a80100070178a80200070178d000');
  });
});

describe('messages', () => {
  it('begins with the hello out of band, and the server speaks first', () => {
    const { client, server } = messagePair();
    expect([client.engine.phase, server.engine.phase]).toEqual(['ready', 'ready']);
    expect(client.engine.session).toMatchObject({ text: false, contentType: 'application/json', peerIsOurs: true });
  });

  it('agrees on text, by either name', () => {
    const { client, server } = messagePair({ client: { content: ALL_TYPES, text: true } });
    expect(client.engine.session).toMatchObject({ text: true, packetFormat: 'text' });
    expect(server.engine.session).toMatchObject({ text: true, packetFormat: 'text', contentType: 'application/json' });
  });

  it('never announces a compression', () => {
    const { server } = messagePair({
      client: { headers: [['Accept-Encoding', 'fake']] },
      server: { compressions: [new FakeCompression()] },
    });
    expect(server.engine.session!.compression).toBeUndefined();
  });

  it('works in band too, where the link has no hello', () => {
    const client = new Driver(
      createMessageEngine({ handshake: clientHandshake({ content: [JSON_TYPE], text: true }), nowMs: 0 }),
    );
    const server = new Driver(createMessageEngine({ handshake: serverHandshake({ content: ALL_TYPES }), nowMs: 0 }));
    settle({ client, server });
    expect([client.engine.phase, server.engine.phase, client.engine.session!.text]).toEqual(['ready', 'ready', true]);
  });

  const cases: [name: string, offer: Partial<ClientSays>, unit: Uint8Array | string, status: number][] = [
    ['binary', {}, reply(JSON_ONLY), 0],
    [
      'text',
      { text: true },
      encodeServerHandshakeText({ status: 0, header: [...JSON_ONLY, ['Packet-Format', 'text']], message: '' }),
      0,
    ],
    ['text asked for, binary given', { text: true }, reply(JSON_ONLY), 0],
    ['refused in text', { text: true }, 'STMP21\nMno', 0x21],
    ['an encoding is not heeded', {}, reply([...JSON_ONLY, ['Content-Encoding', 'gzip']]), 0],
    [
      'text for a codec that has none',
      { content: [PROTOBUF] },
      reply([
        ['Content-Type', 'application/protobuf'],
        ['Packet-Format', 'text'],
      ]),
      0x20,
    ],
    ['cut short', {}, reply(JSON_ONLY).slice(0, -1), 3],
    ['too long', {}, join([reply(JSON_ONLY), hex('80')]), 3],
    ['empty', {}, new Uint8Array(0), 3],
    ['empty text', {}, '', 3],
    ['something else', {}, 'HTTP/1.1', 3],
  ];
  for (const [name, offer, unit, status] of cases) {
    it(`reads a reply: ${name}`, () => {
      const client = messageClient(offer);
      client.feed(unit);
      expect(client.engine.phase).toBe(status === 0 ? 'ready' : 'closed');
      expect(client.engine.ending?.status ?? 0).toBe(status);
    });
  }

  const refusals: [name: string, hello: Headers, status: number][] = [
    ['no version', [['Accept', '*/*']], 3],
    [
      'version 2',
      [
        ['Accept', '*/*'],
        ['Stmp-Version', '2.0'],
      ],
      0x20,
    ],
    [
      'version A.B',
      [
        ['Accept', '*/*'],
        ['Stmp-Version', 'A.B'],
      ],
      0x20,
    ],
    [
      'version 1.1',
      [
        ['Accept', '*/*'],
        ['Stmp-Version', '1.1'],
      ],
      0x20,
    ],
    [
      'version with blanks',
      [
        ['Accept', '*/*'],
        ['Stmp-Version', ' 1.0'],
      ],
      3,
    ],
    ['no accept', [['Stmp-Version', '1.0']], 0x20],
    [
      'text without a codec for it',
      [
        ['Accept', 'application/protobuf'],
        ['Stmp-Version', '1.0'],
        ['Packet-Format', 'text'],
      ],
      0x20,
    ],
  ];
  for (const [name, headers, status] of refusals) {
    it(`refuses a hello at once, in binary: ${name}`, () => {
      const server = new Driver(
        createMessageEngine({ handshake: serverHandshake({ content: ALL_TYPES, hello: headers }), nowMs: 0 }),
      );
      expect(server.poll()).toEqual([{ event: 'Closed' }]);
      const [unit] = server.take();
      expect(toHex(unit).slice(0, 10)).toBe(`53544d50${status.toString(16).padStart(2, '0')}`);
    });
  }

  it('refuses in the form that was agreed', () => {
    const server = new Driver(
      createMessageEngine({
        handshake: serverHandshake({
          content: ALL_TYPES,
          hello: [
            ['Accept', 'application/json'],
            ['Stmp-Version', '1.0'],
            ['packet-format', 'TEXT'],
          ],
        }),
        nowMs: 0,
      }),
    );
    server.poll();
    server.engine.answerHello({ status: 0x21, message: 'no' }, 0);
    expect(server.take()).toEqual(['STMP21\nMno']);
  });
});

describe('commands at the wrong time', () => {
  it('do nothing before ready', () => {
    const client = streamClient();
    client.take();
    expect(client.engine.call('x', 1, undefined, undefined, 0, 0)).toBe(0);
    expect(client.engine.notify(1, undefined, undefined)).toBe(0);
    client.engine.respond(1, 0, undefined, undefined);
    client.engine.writeEncoded(hex('b007'));
    expect(client.take()).toEqual([]);
    client.engine.answerHello({}, 0);
    client.feed(PLAIN_REPLY);
    expect(client.take()).toEqual([]);
    expect(client.engine.pendingCalls).toBe(0);
  });

  it('a codec list without text cannot offer text', () => {
    expect(() => messagePair({ client: { content: [PROTOBUF, MSGPACK], text: true } })).toThrow(TypeError);
  });

  it('tells a broken link from an end', () => {
    const { client } = streamPair();
    const error = new StmpError('link_failed', 'reset', { origin: 'link' });
    client.engine.receiveError(error);
    expect(client.poll()).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toEqual({ status: 2, message: 'reset', origin: 'link', clean: false, error });
  });
});
