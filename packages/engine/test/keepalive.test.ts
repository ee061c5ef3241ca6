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
    it(`${name}: a ping after 25 s, the end after 45 s`, () => {
      const driver = make();
      expect(timeline(driver, 200_000)).toEqual(['25000 80', 'Closed']);
      expect(driver.engine.ending).toMatchObject({
        status: 2,
        origin: 'link',
        clean: false,
        error: { code: 'link_failed' },
      });
    });
  }

  it('any byte proves life', () => {
    expect(timeline(readyClient(), 105_000, [10_000, 34_000, 58_000, 79_000])).toEqual(['104000 80']);
    const client = readyClient({ packetTimeoutMs: 0 });
    client.at(40_000);
    client.feed(hex('b8'));
    expect(client.at(84_999)).toEqual([]);
    expect(client.at(85_000)).toEqual([{ event: 'Closed' }]);
  });

  it('answers keep a connection alive', () => {
    const heard = [25_005, 50_010, 75_015];
    expect(timeline(readyClient(), 99_000, heard)).toEqual(['25000 80', '50005 80', '75010 80']);
  });

  const table: [name: string, options: EngineOptions, until: number, lines: string[]][] = [
    ['pings only', { keepalive: { idleTimeoutMs: 0 } }, 99_000, ['25000 80', '50000 80', '75000 80']],
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
    client.engine.tick(24_999);
    expect(client.take()).toEqual([]);
    client.engine.tick(25_000);
    client.engine.tick(25_000);
    client.engine.tick(25_001);
    expect(client.takeHex()).toBe('80');
    // When it is stale, then.
    expect(client.engine.deadlineMs).toBe(35_000);
  });

  it('a late tick counts from when it came', () => {
    const client = readyClient();
    client.engine.tick(30_000);
    expect(client.takeHex()).toBe('80');
    client.engine.tick(35_000);
    expect(client.engine.deadlineMs).toBe(45_000);
  });

  it('is not judged during a handshake or after a Close', () => {
    const options = { handshakeTimeoutMs: 0, closeTimeoutMs: 1e9 };
    const client = readyClient(options);
    client.engine.close(0, undefined, 0);
    client.take();
    expect(timeline(client, 500_000)).toEqual([]);
  });
});

/** Ticks whenever the engine wants to, and says what came of it. */
function life(driver: Driver, until: number): string[] {
  const lines: string[] = [];
  let stale = driver.engine.stale;
  while (driver.now < until && driver.engine.phase === 'ready') {
    driver.at(Math.min(driver.engine.deadlineMs, until));
    if (driver.engine.stale !== stale) lines.push(`${driver.now} ${driver.engine.stale ? 'stale' : 'heard'}`);
    stale = driver.engine.stale;
    if (toHex(join(driver.take())) === '80') lines.push(`${driver.now} ping`);
    if (driver.engine.ending !== undefined) lines.push(`${driver.now} dead`);
  }
  return lines;
}

describe('a silent peer', () => {
  const call = (driver: Driver, atMs: number, timeoutMs = 0): number => {
    driver.at(atMs);
    const mid = driver.engine.call('call', 0x100, undefined, undefined, atMs, timeoutMs);
    driver.take();
    return mid;
  };
  const IDLE = ['25000 ping', '35000 stale', '45000 dead'];
  const HURRIED = ['5000 ping', '10000 stale', '10000 ping', '15000 ping', '20000 dead'];
  for (const [side, make] of [
    ['client', readyClient],
    ['server', readyServer],
  ] as const) {
    it(`${side}: idle, ours or the original`, () => {
      expect(life(make(undefined, true), 60_000)).toEqual(IDLE);
      expect(life(make(undefined, false), 60_000)).toEqual(IDLE);
    });

    it(`${side}: with a call waiting, ours is hurried and the original is not`, () => {
      for (const [ours, lines] of [
        [true, HURRIED],
        [false, IDLE],
      ] as const) {
        const driver = make(undefined, ours);
        call(driver, 0);
        expect(life(driver, 60_000)).toEqual(lines);
      }
    });
  }

  it('is judged from the call on, not from the silence before', () => {
    const driver = readyClient(undefined, true);
    call(driver, 24_000);
    expect(life(driver, 60_000)).toEqual([
      '25000 ping',
      '30000 ping',
      '34000 stale',
      '35000 ping',
      '40000 ping',
      '44000 dead',
    ]);
  });

  it('is not hurried any more when the last call was answered, or given up', () => {
    const driver = readyClient(undefined, true);
    const mid = call(driver, 1_000);
    call(driver, 2_000, 1_000);
    driver.at(4_000);
    driver.take();
    driver.feed(hex(`c0${mid.toString(16).padStart(2, '0')}0000`));
    driver.seen.length = 0;
    expect(life(driver, 60_000)).toEqual(['29000 ping', '39000 stale', '49000 dead']);
  });

  it('is stale until it is heard, and the time to the pong is measured', () => {
    const driver = readyClient(undefined, true);
    expect(driver.engine.roundTripMs).toBeUndefined();
    expect(life(driver, 40_000)).toEqual(['25000 ping', '35000 stale']);
    expect(driver.engine.lastHeardAtMs).toBe(0);
    driver.feed(hex('90'));
    expect(driver.engine).toMatchObject({ stale: false, roundTripMs: 15_000, lastHeardAtMs: 40_000 });
    driver.at(65_000);
    driver.take();
    driver.at(65_012);
    driver.feed(hex('9090'));
    expect(driver.engine.roundTripMs).toBe(12);
  });

  it('is not stale while input is paused, and one of ours is pinged as if it waited', () => {
    const driver = readyClient(undefined, true);
    driver.engine.setPaused(true, 0);
    const lines = life(driver, 60_000);
    expect(lines).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60].map((s) => `${s}000 ping`));
  });

  const times: [name: string, keepalive: EngineOptions['keepalive'], waits: boolean, lines: string[]][] = [
    [
      'own times hold whatever waits',
      { pingIntervalMs: 100, idleTimeoutMs: 300 },
      true,
      ['100 ping', '200 stale', '200 ping', '300 dead'],
    ],
    [
      'own times for waiting',
      {
        pingIntervalMs: 1_000,
        idleTimeoutMs: 3_000,
        waiting: { pingIntervalMs: 100, staleMs: 120, idleTimeoutMs: 190 },
      },
      true,
      ['100 ping', '120 stale', '190 dead'],
    ],
    [
      'own times for waiting alone',
      { waiting: { idleTimeoutMs: 6_000 } },
      true,
      ['5000 ping', '5500 stale', '6000 dead'],
    ],
    ['never stale', { pingIntervalMs: 1_000, staleMs: 0, idleTimeoutMs: 1_500 }, false, ['1000 ping', '1500 dead']],
    [
      'never dead',
      { pingIntervalMs: 20_000, idleTimeoutMs: 0 },
      false,
      ['20000 ping', '40000 stale', '40000 ping', '60000 ping'],
    ],
  ];
  for (const [name, keepalive, waits, lines] of times) {
    it(name, () => {
      const driver = readyClient({ keepalive }, true);
      if (waits) call(driver, 0);
      expect(life(driver, 60_000)).toEqual(lines);
    });
  }
});

describe('while paused', () => {
  it('pings unasked and does not judge', () => {
    const client = readyClient();
    client.at(20_000);
    client.engine.setPaused(true, 20_000);
    expect(timeline(client, 150_000)).toEqual([45, 70, 95, 120, 145].map((s) => `${s}000 80`));
    // What one read already held may still arrive, and changes nothing.
    client.feed(hex('80'));
    expect(timeline(client, 171_000)).toEqual(['170000 9080']);
    client.engine.setPaused(false, 171_000);
    expect(timeline(client, 300_000)).toEqual(['196000 80', 'Closed']);
  });

  it('saying it again does not put the next ping off', () => {
    const client = readyClient();
    for (let at = 0; at < 25_000; at += 1_000) client.engine.setPaused(true, at);
    expect(client.engine.deadlineMs).toBe(25_000);
    client.engine.setPaused(false, 10_000);
    for (let at = 10_000; at < 25_000; at += 1_000) client.engine.setPaused(false, at);
    expect(client.engine.deadlineMs).toBe(35_000);
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
      packetTimeoutMs: 30_000,
      idle: { pingIntervalMs: 25_000, staleMs: 35_000, idleTimeoutMs: 45_000 },
      waiting: { pingIntervalMs: 5_000, staleMs: 10_000, idleTimeoutMs: 20_000 },
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
    [{ keepalive: { staleMs: -1 } }, /keepalive.staleMs/],
    [{ keepalive: { waiting: { staleMs: Number.NaN } } }, /keepalive.waiting.staleMs/],
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
