import { statusError } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import type { Hooks, PacketInfo } from '../../src/index.js';
import { implementLife, LifeEvents, LifeService, outcome, settle, world } from './harness.js';
import { rawPeer } from './raw-peer.js';

describe('hooks', () => {
  const told = (name: string, packets: string[]) => (packet: PacketInfo) =>
    void packets.push(`${name} ${packet.kind} ${packet.name} ${packet.status}`);

  it('see connections, packets and errors', async () => {
    const seen: string[] = [];
    const hooks: Hooks = {
      onConnect: ({ side }) => void seen.push(`connect ${side}`),
      onClose: (_, end) => void seen.push(`close ${end.status}`),
      onPacketIn: told('in', seen),
      onPacketOut: told('out', seen),
      onError: (error, { name }) => void seen.push(`error ${name} ${(error as Error).message}`),
    };
    const w = world({ server: { hooks } });
    w.server.implement(LifeService, {
      echo: (input) => input,
      work: () => {
        throw new Error('broken');
      },
    });
    const connection = await w.ready();
    await w.client.service(LifeService).echo({ n: 1 });
    await outcome(w.client.service(LifeService).work({ n: 1 }));
    connection.emit(LifeEvents).tick({ n: 1 });
    await w.client.close();
    expect(seen).toEqual([
      'connect server',
      'in request test.LifeService.Echo 0',
      'out response test.LifeService.Echo 0',
      'in request test.LifeService.Work 0',
      'error test.LifeService.Work broken',
      'out response test.LifeService.Work 64',
      'out notify test.LifeEvents.Tick 0',
      'close 0',
    ]);
    await w.end();
  });

  it('see the same on the client, each end once', async () => {
    const seen: string[] = [];
    const hooks: Hooks = {
      onConnect: ({ side }) => void seen.push(`connect ${side}`),
      onClose: (_, end) => void seen.push(`close ${end.status}`),
      onPacketIn: told('in', seen),
      onPacketOut: told('out', seen),
    };
    const w = world({ client: { hooks, reconnect: { delayMs: () => 10, longestMs: 10 } } });
    implementLife(w.server);
    let fail = true;
    w.client.onSession(() => {
      if (fail) throw new Error('not yet');
    });
    void w.client.connect();
    await w.clock.advance(5);
    fail = false;
    await w.clock.advance(10);
    await w.client.service(LifeService).echo({ n: 1 });
    w.connections.at(-1)!.emit(LifeEvents).tick({ n: 1 });
    await settle();
    await w.client.close();
    expect(seen).toEqual([
      'connect client',
      'close 2',
      'connect client',
      'out request test.LifeService.Echo 0',
      'in notify undefined 0',
      'close 0',
    ]);
    await w.end();
  });

  it('that throw change nothing', async () => {
    const broken = (): never => {
      throw new Error('hook');
    };
    const w = world({
      server: {
        hooks: { onConnect: broken, onClose: broken, onPacketIn: broken, onPacketOut: broken, onError: broken },
      },
    });
    implementLife(w.server);
    await w.ready();
    expect(await w.client.service(LifeService).echo({ n: 1 })).toEqual({ n: 1 });
    await w.end();
    expect(w.server.counters().errors).toBeGreaterThanOrEqual(4);
  });

  it('cost nothing while they are not set: no record is made, no payload cut out', async () => {
    const w = world();
    implementLife(w.server);
    await w.ready();
    const service = w.client.service(LifeService);
    let cuts = 0;
    const { subarray } = Uint8Array.prototype;
    Uint8Array.prototype.subarray = function (...args) {
      cuts++;
      return subarray.apply(this, args);
    };
    const cutsOf = async (): Promise<number> => {
      cuts = 0;
      await Promise.all(Array.from({ length: 100 }, (_, n) => service.echo({ n })));
      return cuts;
    };
    try {
      const without = await cutsOf();
      (w.server as unknown as { shared: { options: { hooks: Hooks } } }).shared.options.hooks.onPacketIn = () => {};
      const withHook = await cutsOf();
      expect(withHook - without).toBe(100);
    } finally {
      Uint8Array.prototype.subarray = subarray;
    }
    await w.end();
  });

  it('leave user errors to the logger where there is no hook', async () => {
    const lines: [object, string | undefined][] = [];
    const logger = {
      info: () => {},
      warn: () => {},
      error: (record: object, message?: string) => void lines.push([record, message]),
    };
    const w = world({ server: { logger } });
    w.server.implement(LifeService, {
      echo: () => {
        throw new Error('broken');
      },
      work: (input) => input,
    });
    await w.ready();
    expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('status 40');
    expect(lines).toEqual([
      [expect.objectContaining({ name: 'test.LifeService.Echo' }), 'test.LifeService.Echo failed'],
    ]);
    await w.end();
  });
});

const NASTY = 'a\r\n\x1b[2Jb\x7f\x9b\u2028\u202ec';
const NICE = 'a\\x0d\\x0a\\x1b[2Jb\\x7f\\x9b\\u2028\\u202ec';

describe('text of peers', () => {
  it('comes to hooks and listeners as one printable line', async () => {
    const actions: unknown[] = [];
    const ends: string[] = [];
    const hooks: Hooks = {
      onPacketIn: ({ action }) => void actions.push(action),
      onClose: (_, { message }) => void ends.push(message),
    };
    const w = world({ server: { hooks } });
    const [mine, theirs] = memoryPair();
    const far = w.server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    far.onClose(({ message }) => void ends.push(message));
    const call = outcome(far.service(LifeService).echo({ n: 1 }));
    const message = (promise: Promise<unknown>): Promise<string> => promise.then(String, (e: Error) => e.message);
    const text = message(far.service(LifeService).echo({ n: 1 }));
    peer.send(encodePacket({ kind: 'request', mid: 1, action: NASTY }, 'stream'));
    peer.send(encodePacket({ kind: 'close', status: 3, payload: new TextEncoder().encode(NASTY) }, 'stream'));
    await settle();
    expect(actions).toEqual([NICE]);
    expect(ends).toEqual([NICE, NICE]);
    expect((await far.closed).message).toBe(NICE);
    expect(await call).toBe('connection_closed 03');
    expect(await text).toBe(NICE);
    await w.end();
  });

  it('comes to logs as one printable line', async () => {
    const texts: string[] = [];
    const log = (record: object, message?: string): void => void texts.push(JSON.stringify([record, message]));
    const logger = { info: log, warn: log, error: log };
    for (const accessLog of [undefined, { logger, headers: ['User-Agent'] }]) {
      const w = world({ server: { logger, accessLog, authenticate: () => Promise.reject(statusError(0x21, NASTY)) } });
      w.server.acceptor.onRefuse?.({ reason: NASTY, message: NASTY, headers: [['user-agent', NASTY]] });
      const [mine, theirs] = memoryPair();
      w.server.serve(theirs);
      rawPeer(mine, 'client', [
        ['Accept', 'application/json'],
        ['User-Agent', NASTY],
      ]);
      await settle();
      await w.end();
    }
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      expect(text).toContain(JSON.stringify(NICE).slice(1, -1));
      expect(text).not.toMatch(/[\x7f-\x9f\u2028\u202e]|\\r|\\n|\\u001b/);
    }
  });
});

describe('the access log', () => {
  function logged(options: object = {}, accessLog: object = {}) {
    const records: [level: string, record: Record<string, unknown>, message: string | undefined][] = [];
    const at = (level: string) => (record: object, message?: string) =>
      void records.push([level, record as Record<string, unknown>, message]);
    const logger = { info: at('info'), warn: at('warn'), error: at('error') };
    return { w: world({ server: { accessLog: { logger, ...accessLog }, ...options } }), records };
  }

  it('has one record for each handshake, with chosen headers, secrets masked', async () => {
    const { w, records } = logged(
      {},
      {
        headers: ['User-Agent', 'Authorization', 'X-Api-Key', 'Session-Token', 'Room', 'Cookie', 'Absent'],
        masked: ['room'],
      },
    );
    const [mine, theirs] = memoryPair();
    Object.defineProperty(theirs, 'peer', {
      value: {
        address: '10.0.0.1',
        port: 99,
        http: {
          method: 'GET',
          url: '/?Token=abc',
          headers: [
            ['cookie', 'id=secret1'],
            ['user-agent', 'test/1'],
          ],
        },
      },
    });
    w.server.serve(theirs);
    rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      ['Authorization', 'Bearer secret2'],
      ['X-Api-Key', 'secret3'],
      ['Session-Token', 'secret4'],
      ['Room', 'secret5'],
      ['Other', 'secret6'],
    ]);
    await settle();
    expect(records).toEqual([
      [
        'info',
        {
          event: 'handshake',
          remoteAddress: '10.0.0.1:99',
          status: 0,
          durationMs: 0,
          contentType: 'application/json',
          encoding: undefined,
          format: 'binary',
          extensions: [],
          headers: {
            'User-Agent': 'test/1',
            Authorization: '***',
            'X-Api-Key': '***',
            'Session-Token': '***',
            Room: '***',
            Cookie: '***',
          },
        },
        'connection accepted',
      ],
    ]);
    expect(JSON.stringify(records)).not.toContain('secret');
    await w.end();
    expect(records).toHaveLength(1);
  });

  it('has refusals and broken handshakes too', async () => {
    const { w, records } = logged({ maxConnections: 2, handshakeTimeoutMs: 500 });
    const connect = (header: readonly (readonly [string, string])[]) => {
      const [mine, theirs] = memoryPair();
      w.server.serve(theirs);
      return rawPeer(mine, 'client', header);
    };
    connect([['Accept', 'text/plain']]);
    await settle();
    connect([['Accept', 'application/json']]);
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    mine.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    await settle();
    connect([['Accept', 'application/json']]);
    await w.clock.advance(500);
    w.server.acceptor.onRefuse!({ reason: 'origin', message: 'origin is not allowed', remoteAddress: '10.0.0.3' });
    expect(
      records.map(([level, { event, status, durationMs, reason }]) => [level, event, status ?? reason, durationMs]),
    ).toEqual([
      ['warn', 'handshake', 0x20, 0],
      ['info', 'handshake', 0, 0],
      ['warn', 'handshake', 0x25, 0],
      ['warn', 'handshake', 0x02, 500],
      ['warn', 'refused', 'origin', undefined],
    ]);
    expect(w.server.counters().connectionsRefused).toBe(4);
    await w.end();
  });

  it.each([
    ['Jwt', true],
    ['X-Auth', true],
    ['X-Auth-Request-User', true],
    ['Session', true],
    ['session_id', true],
    ['Proxy-Authorization', true],
    ['Set-Cookie', true],
    ['Api-Key', true],
    ['X-Csrf-Token', true],
    ['Passwd', true],
    ['Signature', true],
    ['connect.sid', true],
    ['User-Agent', false],
    ['Origin', false],
    ['Room', false],
  ])('masks %s: %s', async (name, masked) => {
    const { w, records } = logged({}, { headers: [name] });
    const [mine, theirs] = memoryPair();
    w.server.serve(theirs);
    rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      [name, 'value'],
    ]);
    await settle();
    expect(records[0]?.[1].headers).toEqual({ [name]: masked ? '***' : 'value' });
    await w.end();
  });
});

describe('counters', () => {
  it('are a plain snapshot', async () => {
    const w = world();
    const work = implementLife(w.server);
    w.server.on(LifeEvents, { tick: () => {} });
    const connection = await w.ready();
    const service = w.client.service(LifeService);
    await service.echo({ n: 1 });
    const failing = outcome(service.work({ n: 2 }));
    await settle();
    work[0]!.fail(new Error('no'));
    expect(await failing).toBe('status 40');
    w.client.emit(LifeEvents).tick({ n: 3 });
    connection.emit(LifeEvents).tick({ n: 4 });
    await settle();
    const before = w.server.counters();
    expect(before).toEqual({
      connectionsOpened: 1,
      connectionsOpen: 1,
      connectionsRefused: 0,
      callsIn: 2,
      callsOut: 0,
      notifiesIn: 1,
      eventsOut: 1,
      eventsDropped: 0,
      callsFailed: 1,
      overloaded: 0,
      errors: 1,
    });
    expect(w.client.counters()).toMatchObject({ connectionsOpened: 1, callsOut: 2, notifiesIn: 1, eventsOut: 1 });
    await w.end();
    expect(before.connectionsOpen).toBe(1);
    expect(w.server.counters().connectionsOpen).toBe(0);
    expect(w.client.counters().connectionsOpen).toBe(0);
    expect(JSON.parse(JSON.stringify(before))).toEqual(before);
  });
});
