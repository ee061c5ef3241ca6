import { describe, expect, it } from 'vitest';
import { type EngineOptions, resolveEngineOptions, UPSTREAM_KEEPALIVE } from '../src/index.js';
import { type Driver, hex, join, messagePair, readyClient, readyServer, streamPair, toHex } from './harness.js';

/** Every moment at which the engine said something, and what. */
function timeline(driver: Driver, until: number, heard: readonly number[] = []): string[] {
  const lines: string[] = [];
  const note = (): void => {
    const out = toHex(join(driver.take()));
    if (out !== '') lines.push(`${driver.now} ${out}`);
  };
  const moments = [...heard];
  while (driver.now < until) {
    const next = Math.min(driver.engine.deadlineMs, moments[0] ?? Infinity, until);
    driver.at(next);
    note();
    if (moments[0] === next) {
      moments.shift();
      driver.feed(hex('90'));
      note();
    }
  }
  for (const { event } of driver.seen.splice(0)) lines.push(`${event}`);
  return lines;
}

describe('silence', () => {
  for (const [name, make] of [
    ['client', readyClient],
    ['server', readyServer],
  ] as const) {
    it(`${name}: a ping after 30 s, the end after 90 s`, () => {
      const driver = make();
      expect(timeline(driver, 200_000)).toEqual(['30000 80', '60000 80', 'Closed']);
      expect(driver.engine.ending).toMatchObject({
        status: 2,
        origin: 'link',
        clean: false,
        error: { code: 'link_failed' },
      });
    });
  }

  it('any byte proves life', () => {
    expect(timeline(readyClient(), 120_000, [10_000, 35_000, 64_000])).toEqual(['94000 80']);
    const client = readyClient();
    client.at(80_000);
    client.feed(hex('b8'));
    expect(client.at(169_999)).toEqual([]);
    expect(client.at(170_000)).toEqual([{ event: 'Closed' }]);
  });

  it('answers keep a connection alive', () => {
    const heard = [30_005, 60_010, 90_015];
    expect(timeline(readyClient(), 119_000, heard)).toEqual(['30000 80', '60005 80', '90010 80']);
  });

  const table: [name: string, options: EngineOptions, until: number, lines: string[]][] = [
    ['pings only', { keepalive: { idleTimeoutMs: 0 } }, 100_000, ['30000 80', '60000 80', '90000 80']],
    ['judges only', { keepalive: { pingIntervalMs: 0 } }, 100_000, ['Closed']],
    ['neither', { keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } }, 1e9, []],
    ['client of the original', { keepalive: UPSTREAM_KEEPALIVE.client }, 200_000, ['60000 80', 'Closed']],
    ['server of the original', { keepalive: UPSTREAM_KEEPALIVE.server }, 4_000_000, ['1800000 80', 'Closed']],
    ['both at once', { keepalive: { pingIntervalMs: 50, idleTimeoutMs: 50 } }, 60, ['Closed']],
  ];
  for (const [name, options, until, lines] of table) {
    it(name, () => expect(timeline(readyServer(options), until)).toEqual(lines));
  }

  it('does not tick before its time, nor twice', () => {
    const client = readyClient();
    client.engine.tick(29_999);
    expect(client.take()).toEqual([]);
    client.engine.tick(30_000);
    client.engine.tick(30_000);
    client.engine.tick(30_001);
    expect(client.takeHex()).toBe('80');
    expect(client.engine.deadlineMs).toBe(60_000);
  });

  it('a late tick counts from when it came', () => {
    const client = readyClient();
    client.engine.tick(45_000);
    expect(client.takeHex()).toBe('80');
    expect(client.engine.deadlineMs).toBe(75_000);
  });

  it('is not judged during a handshake or after a Close', () => {
    const options = { handshakeTimeoutMs: 0, closeTimeoutMs: 1e9 };
    const client = readyClient(options);
    client.engine.close(0, undefined, 0);
    client.take();
    expect(timeline(client, 500_000)).toEqual([]);
  });
});

describe('while paused', () => {
  it('pings unasked and does not judge', () => {
    const client = readyClient();
    client.at(20_000);
    client.engine.setPaused(true, 20_000);
    expect(timeline(client, 150_000)).toEqual(['50000 80', '80000 80', '110000 80', '140000 80']);
    // What one read already held may still arrive, and changes nothing.
    client.feed(hex('80'));
    expect(timeline(client, 171_000)).toEqual(['170000 9080']);
    client.engine.setPaused(false, 171_000);
    expect(timeline(client, 300_000)).toEqual(['201000 80', '231000 80', 'Closed']);
  });

  it('saying it again does not put the next ping off', () => {
    const client = readyClient();
    for (let at = 0; at < 30_000; at += 1_000) client.engine.setPaused(true, at);
    expect(client.engine.deadlineMs).toBe(30_000);
    client.engine.setPaused(false, 10_000);
    for (let at = 10_000; at < 30_000; at += 1_000) client.engine.setPaused(false, at);
    expect(client.engine.deadlineMs).toBe(40_000);
  });
});

describe('pings of the peer', () => {
  it('are answered before all else, at packet borders', () => {
    const { client, server } = streamPair();
    server.engine.notify(0x100, undefined, 'a');
    server.feed(hex('80'));
    server.engine.notify(0x100, undefined, 'b');
    expect(server.takeHex()).toBe('90b880020161b880020162');
    expect(client.engine.phase).toBe('ready');
  });

  it('share a write with pings of ours, pongs first', () => {
    const server = readyServer({ keepalive: { pingIntervalMs: 100, idleTimeoutMs: 0 } });
    server.feed(hex('8080'));
    server.engine.tick(100);
    server.poll();
    expect(server.engine.outputBytes).toBe(3);
    expect(server.takeHex()).toBe('909080');
    expect(server.engine.outputBytes).toBe(0);
  });

  it('are answered 16 times at most until the answers are taken', () => {
    const server = readyServer();
    server.feed(hex('80'.repeat(1000)));
    expect(server.takeHex()).toBe('90'.repeat(16));
    server.feed(hex('80'));
    expect(server.takeHex()).toBe('90');
  });

  it('come as messages of their own where there are messages', () => {
    for (const text of [false, true]) {
      const { server } = messagePair({ client: { text } });
      server.engine.notify(0x100, undefined, undefined);
      server.feed(...(text ? ['I', 'I'] : [hex('80'), hex('80')]));
      expect(server.take().map(toHex)).toEqual(text ? ['4f', '4f', '4e313030'] : ['90', '90', 'b08002']);
    }
  });

  it('are not answered behind a Close', () => {
    const server = readyServer();
    server.engine.close(0, undefined, 0);
    server.feed(hex('80'));
    expect(server.takeHex()).toBe('d000');
    server.feed(hex('80'));
    expect(server.take()).toEqual([]);
  });
});

describe('options', () => {
  it('have defaults', () => {
    expect(resolveEngineOptions()).toEqual({
      handshakeTimeoutMs: 10_000,
      closeTimeoutMs: 5_000,
      pingIntervalMs: 30_000,
      idleTimeoutMs: 90_000,
      maxPacketBytes: 16_777_216,
      maxHeaderBytes: 65_536,
      maxHandshakeBytes: 65_536,
    });
  });
  const wrong: [options: object, message: RegExp][] = [
    [{ handshakeTimeoutMs: -1 }, /handshakeTimeoutMs must be a number from 0 .*got -1/],
    [{ closeTimeoutMs: Number.NaN }, /closeTimeoutMs/],
    [{ keepalive: { pingIntervalMs: Infinity } }, /keepalive.pingIntervalMs/],
    [{ keepalive: { idleTimeoutMs: '9' } }, /keepalive.idleTimeoutMs/],
    [{ maxPacketBytes: 0 }, /maxPacketBytes must be a number from 1/],
    [{ maxHeaderBytes: 2 ** 31 }, /maxHeaderBytes/],
    [{ maxHandshakeBytes: 0 }, /maxHandshakeBytes/],
  ];
  for (const [options, message] of wrong) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => resolveEngineOptions(options)).toThrow(message);
      expect(() => resolveEngineOptions(options)).toThrow(RangeError);
    });
  }
});
