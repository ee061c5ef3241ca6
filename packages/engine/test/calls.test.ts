import { describe, expect, it } from 'vitest';
import { hex, messagePair, PLAIN_REPLY, readyClient, readyServer, streamClient, streamPair, toHex } from './harness.js';

describe('calls', () => {
  it('go out, are answered in any order, and give their tokens back', () => {
    const { client, server } = streamPair();
    const tokens = [{}, 'b', 3];
    const ids = tokens.map((token, i) => client.engine.call(token, 0x100 + i, [['n', `${i}`]], `p${i}`, 0, 0));
    expect(ids).toEqual([1, 2, 3]);
    expect(client.engine.pendingCalls).toBe(3);
    expect(server.feed(...client.take())).toEqual(
      ids.map((mid, i) => ({ event: 'Request', mid, action: 0x100 + i, header: [['n', `${i}`]], payload: `p${i}` })),
    );
    server.engine.respond(3, 0, undefined, 'three');
    server.engine.respond(1, 0x40, [['x', 'y']], 'one');
    server.engine.respond(2, 0, undefined, undefined);
    expect(client.feed(...server.take())).toEqual([
      { event: 'Response', mid: 3, status: 0, token: 3, payload: 'three' },
      { event: 'Response', mid: 1, status: 0x40, token: tokens[0], header: [['x', 'y']], payload: 'one' },
      { event: 'Response', mid: 2, status: 0, token: 'b' },
    ]);
    expect(client.engine.pendingCalls).toBe(0);
  });

  it('responses to nobody, or twice, and pongs are dropped', () => {
    const client = readyClient();
    expect(client.engine.call('x', 7, undefined, undefined, 0, 0)).toBe(1);
    const answers = hex('c0 0000 00 c0 ffff 00 c0 0200 00 90 c0 0100 00 c0 0100 00');
    expect(client.feed(answers)).toEqual([{ event: 'Response', mid: 1, status: 0, token: 'x' }]);
  });

  it('all ids can be pending; then there is none', () => {
    const client = readyClient();
    for (let i = 1; i <= 65_535; i++) {
      if (client.engine.call(i, 7, undefined, undefined, 0, 0) === 0) throw new Error(`no id for call ${i}`);
    }
    client.take();
    expect(client.engine.call('more', 7, undefined, undefined, 0, 0)).toBe(0);
    expect(client.take()).toEqual([]);
    expect(client.feed(hex('c0 3412 00'))).toHaveLength(1);
    expect(client.engine.call('more', 7, undefined, undefined, 0, 0)).toBe(0x1234);
    expect(client.engine.pendingCalls).toBe(65_535);
  });
});

describe('deadlines', () => {
  it('are told with the token, in order, once', () => {
    const client = readyClient();
    client.engine.call('slow', 7, undefined, undefined, 0, 500);
    client.engine.call('fast', 7, undefined, undefined, 100, 50);
    client.engine.call('never', 7, undefined, undefined, 100, 0);
    expect(client.engine.deadlineMs).toBe(150);
    expect(client.at(149)).toEqual([]);
    expect(client.at(150)).toEqual([{ event: 'Expired', mid: 2, token: 'fast' }]);
    expect(client.engine.deadlineMs).toBe(500);
    expect(client.at(1_000)).toEqual([{ event: 'Expired', mid: 1, token: 'slow' }]);
    expect(client.engine.pendingCalls).toBe(1);
    // The late answers are dropped and free the ids.
    expect(client.feed(hex('c0 0100 00 c0 0200 00'))).toEqual([]);
  });

  it('several at one tick come out earliest first', () => {
    const client = readyClient();
    for (const [token, ms] of [
      ['c', 300],
      ['a', 100],
      ['b', 200],
    ] as const) {
      client.engine.call(token, 7, undefined, undefined, 0, ms);
    }
    client.engine.tick(400);
    expect(client.poll().map(({ token }) => token)).toEqual(['a', 'b', 'c']);
  });

  it('an answer in time wins over a later tick', () => {
    const client = readyClient();
    client.engine.call('x', 7, undefined, undefined, 0, 100);
    client.now = 99;
    expect(client.feed(hex('c0 0100 00'))).toHaveLength(1);
    expect(client.at(200)).toEqual([]);
  });

  it('go on while closing', () => {
    const client = readyClient();
    client.engine.call('x', 7, undefined, undefined, 0, 100);
    client.engine.close(0, undefined, 0);
    expect(client.at(100)).toEqual([{ event: 'Expired', mid: 1, token: 'x' }]);
    expect(client.at(5_000)).toEqual([{ event: 'Closed' }]);
    expect(client.engine.takePending()).toEqual([]);
  });
});

describe('calls that were given up', () => {
  it('reserve their ids, over and over', () => {
    const client = readyClient();
    client.engine.call('given up', 7, undefined, undefined, 0, 0);
    client.engine.abandon(1);
    for (let i = 0; i < 70_000; i++) {
      const mid = client.engine.call(i, 7, undefined, undefined, 0, 0);
      if (mid === 1 || mid === 0) throw new Error(`call ${i} got id ${mid}`);
      client.engine.receive(Uint8Array.of(0xc0, mid, mid >> 8, 0), 0);
      client.engine.poll(client.inbound);
      if (client.inbound.token !== i) throw new Error(`call ${i} got another answer`);
      client.engine.takeOutput(1e9);
    }
    // Its own late answer settles nothing and frees the id.
    expect(client.feed(hex('c0 0100 00'))).toEqual([]);
    const ids = Array.from({ length: 65_535 }, (_, i) => client.engine.call(i, 7, undefined, undefined, 0, 0));
    expect(ids.includes(1)).toBe(true);
  });

  it('end the connection when they are more than 32,768', () => {
    for (const how of ['abandon', 'expire'] as const) {
      const client = readyClient();
      for (let i = 1; i <= 32_769; i++) client.engine.call(i, 7, undefined, undefined, 0, how === 'expire' ? 10 : 0);
      client.engine.call('pending', 7, undefined, undefined, 0, 0);
      client.take();
      if (how === 'abandon') {
        for (let mid = 1; mid <= 32_768; mid++) client.engine.abandon(mid);
        expect(client.poll()).toEqual([]);
        client.engine.abandon(32_769);
        expect(client.poll()).toEqual([{ event: 'Closed' }]);
      } else {
        const seen = client.at(10);
        expect(seen.filter(({ event }) => event === 'Expired')).toHaveLength(32_769);
        expect(seen.filter(({ event }) => event === 'Closed')).toHaveLength(1);
      }
      expect(client.engine.ending).toMatchObject({ origin: 'local', error: { code: 'no_free_id' } });
      expect(client.engine.takePending()).toEqual(['pending']);
      expect(toHex(client.take()[0]).slice(0, 4)).toBe('d802');
    }
  });

  it('the peer is told, when it understands', () => {
    for (const [pair, expected] of [
      [streamPair(), 'b8 02 02 0300'],
      [messagePair(), 'b8 02 0300'],
      [messagePair({ client: { text: true } }), toHex('N2\nP3')],
    ] as const) {
      const { client, server } = pair;
      for (let i = 0; i < 3; i++) client.engine.call(i, 0x100, undefined, undefined, 0, 0);
      server.feed(...client.take());
      server.seen.length = 0;
      client.engine.abandon(3);
      client.engine.abandon(3);
      client.engine.abandon(9);
      const units = client.take();
      expect(units.map(toHex)).toEqual([expected.replace(/ /g, '')]);
      expect(server.feed(...units)).toEqual([{ event: 'Cancel', mid: 3 }]);
      // The request that was given up may still be answered.
      server.engine.respond(3, 0, undefined, undefined);
      expect(client.feed(...server.take())).toEqual([]);
    }
  });

  it('ids above 255, both bytes', () => {
    for (const text of [false, true]) {
      const { client, server } = messagePair({ client: { text } });
      for (let i = 0; i < 0x1234; i++) client.engine.call(i, 0x100, undefined, undefined, 0, 0);
      client.take();
      client.engine.abandon(0x1234);
      const units = client.take();
      expect(units.map(toHex)).toEqual([text ? toHex('N2\nP1234') : 'b8023412']);
      expect(server.feed(...units)).toEqual([{ event: 'Cancel', mid: 0x1234 }]);
    }
  });

  it('an expiry tells the peer too', () => {
    const { client } = streamPair();
    client.engine.call('x', 0x100, undefined, undefined, 0, 10);
    client.take();
    client.at(10);
    expect(client.takeHex()).toBe('b802020100');
  });

  it('a peer that does not know cancel is not told', () => {
    const client = streamClient();
    client.feed(PLAIN_REPLY);
    client.take();
    client.engine.call('x', 7, undefined, undefined, 0, 10);
    client.take();
    client.at(10);
    expect(client.take()).toEqual([]);
  });
});

describe('control messages', () => {
  it('drain goes both ways', () => {
    for (const pair of [streamPair(), messagePair(), messagePair({ client: { text: true } })]) {
      for (const [from, to] of [
        [pair.client, pair.server],
        [pair.server, pair.client],
      ] as const) {
        expect(from.engine.askToDrain()).toBe(true);
        const units = from.take();
        expect(units.map(toHex)).toEqual([pair.client.engine.session!.text ? toHex('N1') : 'b001']);
        expect(to.feed(...units)).toEqual([{ event: 'Drain' }]);
        expect(to.engine.phase).toBe('ready');
      }
    }
  });

  it('others are ignored, broken ones too', () => {
    const { server } = streamPair();
    const controls = 'b000 b003 b0ff01 b002 b80200 b8020101 b80203010203 b801020100';
    expect(server.feed(hex(controls))).toEqual([{ event: 'Drain' }]);
    const { server: text } = messagePair({ client: { text: true } });
    expect(text.feed('N2', 'N2\nP', 'N2\nPxyz', 'N2\nP12345', 'N2\nPab\n', 'N0\nPa')).toEqual([
      { event: 'Cancel', mid: 0xab },
    ]);
  });

  it('are plain notifies from a peer that is not one of ours', () => {
    const server = readyServer();
    expect(server.feed(hex('b001 b802020100 b00a'))).toEqual([
      { event: 'Notify', action: 1 },
      { event: 'Notify', action: 2, payload: '\x01\0' },
      { event: 'Notify', action: 10 },
    ]);
  });

  it('requests and methods with such actions are none', () => {
    const { server } = streamPair();
    expect(server.feed(hex('a0010001 b20131'))).toEqual([
      { event: 'Request', mid: 1, action: 1 },
      { event: 'Notify', action: '1' },
    ]);
  });
});
