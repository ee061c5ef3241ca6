import { StmpError } from '@stmp/contract';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  hex,
  join,
  messagePair,
  PLAIN_HELLO,
  readyClient,
  readyServer,
  streamClient,
  streamPair,
  streamServer,
  toHex,
} from './harness.js';

const reset = new StmpError('link_failed', 'reset by peer', { origin: 'link' });

describe('our Close', () => {
  it('goes out behind all that is queued, and its echo ends the connection', () => {
    const { client, server } = streamPair();
    client.engine.notify(0x100, undefined, 'last words');
    client.engine.close(0x77, 'bye', 0);
    expect(client.engine.phase).toBe('closing');
    client.engine.notify(0x100, undefined, 'too late');
    client.engine.respond(1, 0, undefined, undefined);
    client.engine.writeEncoded(hex('b007'));
    expect(client.engine.call('x', 0x100, undefined, undefined, 0, 0)).toBe(0);
    expect(client.engine.askToDrain()).toBe(false);
    const units = client.take();
    expect(toHex(join(units))).toBe(`b880020a${toHex('last words')}d87703${toHex('bye')}`);
    expect(server.feed(...units)).toEqual([
      { event: 'Notify', action: 0x100, payload: 'last words' },
      { event: 'Closed' },
    ]);
    expect(server.engine.ending).toEqual({
      status: 0x77,
      message: 'bye',
      origin: 'peer',
      clean: true,
      error: undefined,
    });
    const echo = server.take();
    expect(toHex(join(echo))).toBe(`d87703${toHex('bye')}`);
    expect(client.feed(...echo)).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toEqual({
      status: 0x77,
      message: 'bye',
      origin: 'local',
      clean: true,
      error: undefined,
    });
    expect(client.take()).toEqual([]);
  });

  it('responses still settle while we wait for the echo; requests are not taken any more', () => {
    const client = readyClient();
    client.engine.call('x', 7, undefined, undefined, 0, 0);
    client.engine.close(0, undefined, 0);
    expect(client.feed(hex('a0010007 b007 c0010000 d000'))).toEqual([
      { event: 'Response', mid: 1, status: 0, token: 'x' },
      { event: 'Closed' },
    ]);
  });

  it('a second close, with another status, changes nothing', () => {
    const client = readyClient();
    client.engine.close(0, undefined, 0);
    client.engine.close(0x41, 'again', 1_000);
    expect(client.takeHex()).toBe('d000');
    expect(client.engine.deadlineMs).toBe(5_000);
    client.feed(hex('d000'));
    client.engine.close(0x41, 'again', 1_000);
    expect(client.poll()).toEqual([]);
    expect(client.engine.ending!.status).toBe(0);
  });

  const ends: [name: string, end: (client: ReturnType<typeof readyClient>) => void, clean: boolean][] = [
    ['the echo', (client) => client.feed(hex('d000')), true],
    ['another Close, which crossed ours', (client) => client.feed(hex('d841026869')), true],
    ['the end of input', (client) => client.end(), true],
    [
      'a reset',
      (client) => {
        client.engine.receiveError(reset);
        client.poll();
      },
      true,
    ],
    ['silence', (client) => client.at(5_000), false],
    ['nonsense', (client) => client.feed(hex('ff')), false],
  ];
  for (const [name, end, clean] of ends) {
    it(`is followed by ${name}`, () => {
      const client = readyClient();
      client.engine.close(0, undefined, 0);
      client.take();
      end(client);
      expect(client.seen).toEqual([{ event: 'Closed' }]);
      expect(client.engine.ending).toMatchObject({ origin: 'local', clean });
      if (name !== 'nonsense') expect(client.engine.ending!.status).toBe(0);
      // Nothing follows a Close.
      expect(client.take()).toEqual([]);
      expect([client.engine.deadlineMs, client.engine.phase]).toEqual([Infinity, 'closed']);
    });
  }

  it('is bounded in time', () => {
    const client = readyClient({ closeTimeoutMs: 123 });
    client.now = 1_000;
    client.engine.close(0, undefined, 1_000);
    expect(client.engine.deadlineMs).toBe(1_123);
    expect(client.at(1_122)).toEqual([]);
    expect(client.at(1_123)).toEqual([{ event: 'Closed' }]);
  });

  it('that has not left is replaced by the reason of a failure', () => {
    const server = readyServer();
    server.engine.notify(7, undefined, 'queued');
    server.engine.close(0, undefined, 0);
    server.engine.fail(new StmpError('too_large', 'the queue is too long', { status: 0x25 }));
    expect(toHex(join(server.take()))).toBe(`d8250f${toHex('TooManyRequests')}`);
  });
});

describe('Closes that cross', () => {
  it('end both sides cleanly', () => {
    const { client, server } = streamPair();
    client.engine.close(0, 'client', 0);
    server.engine.close(0x41, 'server', 0);
    const fromClient = client.take();
    const fromServer = server.take();
    expect(client.feed(...fromServer)).toEqual([{ event: 'Closed' }]);
    expect(server.feed(...fromClient)).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toMatchObject({ status: 0, message: 'client', clean: true });
    expect(server.engine.ending).toMatchObject({ status: 0x41, message: 'server', clean: true });
    expect([client.take(), server.take()]).toEqual([[], []]);
  });

  it('ours still leaves when theirs comes first', () => {
    const client = readyClient();
    client.engine.close(0, 'me', 0);
    client.feed(hex('d041'));
    expect(client.takeHex()).toBe(`d80002${toHex('me')}`);
  });
});

describe("the peer's Close", () => {
  const echoes: [name: string, close: string, echo: string, message: string][] = [
    ['without text', 'd000', 'd000', 'Ok'],
    ['with text', 'd80003627965', 'd80003627965', 'bye'],
    ['with a status of its own', 'd8f10178', 'd8f10178', 'x'],
    ['without a name', 'd077', 'd077', 'Unknown (0x77)'],
    ['with bytes that are no text', 'd80302fffe', 'd80302fffe', '\ufffd\ufffd'],
    ['an empty payload is echoed without flag', 'd80000', 'd000', 'Ok'],
  ];
  for (const [name, close, echo, message] of echoes) {
    it(name, () => {
      const server = readyServer();
      server.engine.notify(7, undefined, 'q');
      expect(server.feed(hex(close), hex('b007'))).toEqual([{ event: 'Closed' }]);
      expect(toHex(join(server.take()))).toBe(`b8070171${echo}`);
      expect(server.engine.ending).toMatchObject({ message, origin: 'peer', clean: true });
    });
  }

  it('is echoed in text as it came', () => {
    const { server } = messagePair({ client: { text: true } });
    expect(server.feed('C0\nPbye\nbye')).toEqual([{ event: 'Closed' }]);
    expect(server.take()).toEqual(['C0\nPbye\nbye']);
  });

  it('is heard behind the end of input', () => {
    const server = readyServer();
    server.engine.receive(hex('d000'), 0);
    server.engine.receiveEnd(0);
    expect(server.poll()).toEqual([{ event: 'Closed' }]);
    expect(server.engine.ending).toMatchObject({ status: 0, origin: 'peer', clean: true });
  });

  it('leaves the pending calls to whoever asks, each once', () => {
    const client = readyClient();
    for (const token of ['a', 'b', 'c', 'd']) client.engine.call(token, 7, undefined, undefined, 0, 100);
    client.feed(hex('c0010000'));
    client.engine.abandon(2);
    client.feed(hex('d000'));
    expect([client.engine.deadlineMs, client.engine.pendingCalls]).toEqual([Infinity, 2]);
    expect(client.engine.takePending()).toEqual(['c', 'd']);
    expect(client.engine.takePending()).toEqual([]);
    expect([client.at(1_000), client.engine.pendingCalls]).toEqual([[], 0]);
  });
});

describe('ends without a Close', () => {
  it('the end of input is a lost connection', () => {
    const client = readyClient();
    client.engine.call('x', 7, undefined, undefined, 0, 0);
    expect(client.end()).toEqual([{ event: 'Closed' }]);
    expect(client.engine.ending).toEqual({
      status: 2,
      message: 'connection closed',
      origin: 'link',
      clean: false,
      error: undefined,
    });
    expect(client.engine.takePending()).toEqual(['x']);
  });

  it('a broken link drops what is queued', () => {
    const client = readyClient();
    client.engine.notify(7, undefined, 'queued');
    client.engine.receiveError(reset);
    expect([client.take(), client.engine.outputBytes]).toEqual([[], 0]);
    client.engine.receiveError(reset);
    expect(client.poll()).toEqual([{ event: 'Closed' }]);
    expect(client.poll()).toEqual([]);
  });

  it('a failure says why first, once, and drops the queue', () => {
    const error = new StmpError('too_large', 'secret details', { status: 0x25 });
    for (const { server } of [streamPair(), messagePair(), messagePair({ client: { text: true } })]) {
      for (let i = 0; i < 5; i++) server.engine.notify(0x100, undefined, 'queued');
      server.engine.fail(error);
      server.engine.fail(error);
      expect(server.poll()).toEqual([{ event: 'Closed' }]);
      const units = server.take();
      expect(units).toHaveLength(1);
      expect(toHex(units[0])).toContain(toHex('TooManyRequests'));
      expect(toHex(units[0])).not.toContain(toHex('secret'));
      expect(server.engine.ending).toEqual({
        status: 0x25,
        message: 'secret details',
        origin: 'local',
        clean: false,
        error,
      });
    }
  });

  it('a failure without status is a protocol error', () => {
    const server = readyServer();
    server.engine.fail(new StmpError('protocol_error', 'x'));
    expect(toHex(join(server.take())).slice(0, 4)).toBe('d803');
  });
});

describe('closing during the handshake', () => {
  it('a client goes silently', () => {
    const client = streamClient();
    client.engine.close(0, undefined, 0);
    expect(client.poll()).toEqual([{ event: 'Closed' }]);
    expect([client.take(), client.engine.ending]).toEqual([
      [],
      { status: 0, message: 'Ok', origin: 'local', clean: false, error: undefined },
    ]);
  });

  it('a server answers with the status', () => {
    for (const [input, status, reply] of [
      [PLAIN_HELLO.slice(0, 7), 0x41, '53544d50410003627965'],
      [PLAIN_HELLO, 0x41, '53544d50410003627965'],
      [PLAIN_HELLO, 0, '53544d50410003627965'],
      [PLAIN_HELLO, 0x25, '53544d50250003627965'],
    ] as const) {
      const server = streamServer();
      server.feed(input);
      server.seen.length = 0;
      server.engine.close(status, 'bye', 0);
      expect(server.poll()).toEqual([{ event: 'Closed' }]);
      expect(server.takeHex()).toBe(reply);
      expect(server.engine.ending!.status).toBe(status || 0x41);
    }
  });

  it('a Close instead of a handshake is nonsense', () => {
    const server = streamServer();
    expect(server.feed(hex('d000'))).toEqual([{ event: 'Closed' }]);
    expect(toHex(join(server.take())).slice(0, 10)).toBe('53544d5003');
    expect(streamClient().feed(bytesOf('\xd0'))).toEqual([{ event: 'Closed' }]);
  });
});
