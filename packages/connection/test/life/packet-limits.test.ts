import { encodePacket, encodeTextPacket, type Packet } from '@stmp/packet';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { connectLink, createServer, prepareEvent } from '../../src/index.js';
import {
  FakeClock,
  implementLife,
  JSON_CODEC,
  LifeEvents,
  LifeService,
  outcome,
  settle,
  testServer,
  world,
} from './harness.js';
import { rawPeer } from './raw-peer.js';

const ECHO = LifeService.methods.echo.action;
const WORK = LifeService.methods.work.action;
const TICK = LifeEvents.methods.tick.action;
const body = (size: number): Uint8Array => new TextEncoder().encode(JSON.stringify({ n: 1, text: 'x'.repeat(size) }));
const MiB = 1_048_576;

describe('the limit that is told', () => {
  it.each<
    [name: string, server: object, client: object, told: [server: string | undefined, client: string | undefined]]
  >([
    ['by default: the server takes 4 MiB', {}, {}, ['4194304', undefined]],
    ['is that of the option', { maxPacketBytes: 500 }, { maxPacketBytes: 700 }, ['500', '700']],
    [
      'is the largest of all',
      { methodMaxPacketBytes: { 'test.LifeService.Echo': 9 * MiB } },
      {},
      ['9437184', undefined],
    ],
    ['is left out where it is the usual one', { maxPacketBytes: 16 * MiB }, {}, [undefined, undefined]],
  ])('%s', async (_name, server, client, told) => {
    const w = world({ server, client });
    const connection = await w.ready();
    const of = (headers: readonly (readonly [string, string])[] | undefined): string | undefined =>
      headers?.find(([name]) => name === 'Stmp-Max-Packet')?.[1];
    expect([of(w.client.connection?.headers), of(connection.headers)]).toEqual(told);
    await w.end();
  });

  it('is not told to peers that are not ours, byte for byte', async () => {
    const server = testServer(new FakeClock());
    const [mine, theirs] = memoryPair();
    server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    expect(peer.handshake?.header).toEqual([['Content-Type', 'application/json']]);
    void server.close();
  });

  it('fails the one call, here, and the connection stays', async () => {
    for (const server of [{ maxPacketBytes: 1_000 }, { methodMaxPacketBytes: { 'test.LifeService.Work': 5 * MiB } }]) {
      const w = world({ server });
      implementLife(w.server);
      await w.ready();
      const size = 'maxPacketBytes' in server ? 1_000 : 5 * MiB;
      expect(await outcome(w.client.service(LifeService).echo({ n: 1, text: 'x'.repeat(size) }))).toBe('too_large 24');
      expect(await outcome(w.client.service(LifeService).echo({ n: 1 }))).toBe('ok');
      await w.end();
    }
  });

  it('of the client fails the one answer, with no error of the server', async () => {
    const w = world({ client: { maxPacketBytes: 1_000 } });
    w.server.implement(LifeService, { echo: ({ n }) => ({ n, text: 'x'.repeat(n) }), work: (input) => input });
    await w.ready();
    expect(await outcome(w.client.service(LifeService).echo({ n: 2_000 }))).toBe('status 24');
    expect(await outcome(w.client.service(LifeService).echo({ n: 500 }))).toBe('ok');
    expect(w.server.counters().errors).toBe(0);
    await w.end();
  });

  it('of one member does not stop a broadcast', async () => {
    const w = world({ client: { maxPacketBytes: 100 } });
    const small = await w.ready();
    const [mine, theirs] = memoryPair();
    const large = w.server.serve(theirs);
    const peer = rawPeer(mine, 'client');
    await settle();
    const value = { n: 1, text: 'x'.repeat(500) };
    const event = prepareEvent(LifeEvents.methods.tick, value);
    expect([small, large].map((member) => member.sendPrepared(event))).toEqual([false, true]);
    expect([small, large].map((member) => member.emit(LifeEvents).tick(value))).toEqual([false, true]);
    expect(await small.emit(LifeEvents, { policy: 'wait' }).tick(value)).toBe(false);
    await settle();
    expect(peer.packets).toHaveLength(2);
    expect([small.isOpen, w.server.counters().eventsDropped]).toEqual([true, 3]);
    await w.end();
  });

  it.each(['0', '-1', '1e3', 'x', '', '99999999999999999999'])('is heeded when it is a number: %s', async (value) => {
    const server = testServer(new FakeClock());
    server.implement(LifeService, { echo: (input) => input, work: (input) => input });
    const [mine, theirs] = memoryPair();
    const far = server.serve(theirs);
    const peer = rawPeer(mine, 'client', [
      ['Accept', 'application/json'],
      ['Stmp-Max-Packet', value],
    ]);
    await settle();
    far.emit(LifeEvents).tick({ n: 1 });
    await settle();
    expect(peer.packets).toHaveLength(1);
    void server.close();
  });
});

describe('a limit of a method', () => {
  const options = { maxPacketBytes: 300, methodMaxPacketBytes: { 'test.LifeService.Echo': 100_000 } };
  type Form = 'stream' | 'message' | 'text' | 'text in bytes';

  async function joined(form: Form) {
    const dropped: unknown[] = [];
    const server = testServer(new FakeClock(), {
      ...options,
      hooks: { onEventDropped: ({ reason, name }) => void dropped.push([name, reason]) },
    });
    const heard: unknown[] = [];
    server.implement(LifeService, { echo: ({ n }) => ({ n }), work: ({ n }) => ({ n }) });
    server.on(LifeEvents, { tick: ({ n }) => void heard.push(n) });
    const text = form.startsWith('text');
    const hello = {
      headers: [
        ['Accept', 'application/json'],
        ['Stmp-Version', '1.0'],
      ] as [string, string][],
    };
    if (text) hello.headers.push(['Packet-Format', 'text']);
    const [mine, theirs] = form === 'stream' ? memoryPair() : memoryPair({ kind: 'message', hello });
    server.serve(theirs);
    const answers: string[] = [];
    const raw = form === 'stream' ? rawPeer(mine as never, 'client') : undefined;
    if (raw === undefined)
      mine.start({
        onData: (unit: unknown) =>
          void answers.push(
            typeof unit === 'string' ? unit.split('\n')[0]! : [...(unit as Uint8Array).subarray(0, 4)].join(),
          ),
        onDrain: () => {},
        onClose: () => void answers.push('closed'),
      } as never);
    await settle();
    answers.length = 0;
    const write = (packet: Packet): Uint8Array | string => {
      if (!text) return encodePacket(packet, form as 'stream' | 'message');
      const packed = encodeTextPacket(packet);
      return form === 'text' ? packed : new TextEncoder().encode(packed);
    };
    const seen = (): string[] =>
      raw === undefined ? answers : raw.packets.map(({ mid, status }) => `${mid}:${status.toString(16)}`);
    return { server, dropped, heard, write, seen, mine };
  }

  const EXPECTED: Record<Form, string[]> = {
    stream: ['1:0', '2:24', '3:24', '4:0', '5:22'],
    message: ['200,1,0,0', '200,2,0,36', '200,3,0,36', '200,4,0,0', '200,5,0,34'],
    text: ['S1:0', 'S2:24', 'S3:24', 'S4:0', 'S5:22'],
    'text in bytes': ['S1:0', 'S2:24', 'S3:24', 'S4:0', 'S5:22'],
  };

  it.each(Object.keys(EXPECTED) as Form[])('refuses others when the action is read, and reads on: %s', async (form) => {
    const { server, dropped, heard, write, seen, mine } = await joined(form);
    const units = [
      write({ kind: 'request', mid: 1, action: ECHO, payload: body(50_000) }),
      write({ kind: 'request', mid: 2, action: WORK, payload: body(50_000) }),
      write({ kind: 'request', mid: 3, action: 'test.LifeService.Work', payload: body(300) }),
      write({ kind: 'notify', action: TICK, payload: body(400) }),
      write({ kind: 'request', mid: 4, action: WORK, payload: body(10) }),
      write({ kind: 'notify', action: TICK, payload: body(10) }),
      write({ kind: 'request', mid: 5, action: 0x9999, payload: body(10) }),
    ];
    for (const unit of units) mine.send(unit as never);
    await settle();
    expect(seen()).toEqual(EXPECTED[form]);
    expect(heard).toEqual([1]);
    expect(dropped).toEqual([['test.LifeEvents.Tick', 'size']]);
    expect(server.connections.size).toBe(1);
    void server.close();
  });

  it('holds at every split, and keeps nothing of what it refuses', async () => {
    const { write } = await joined('stream');
    const refused = write({ kind: 'request', mid: 2, action: WORK, payload: body(400) }) as Uint8Array;
    const next = write({ kind: 'request', mid: 3, action: WORK, payload: body(10) }) as Uint8Array;
    const all = Uint8Array.from([...refused, ...next]);
    for (let cut = 1; cut < all.length; cut++) {
      const one = await joined('stream');
      one.mine.send(all.subarray(0, cut) as never);
      await settle();
      // The answer does not wait for the bytes.
      if (cut > 20 && cut < refused.length) expect(one.seen()).toEqual(['2:24']);
      one.mine.send(all.subarray(cut) as never);
      await settle();
      expect(one.seen(), `cut at ${cut}`).toEqual(['2:24', '3:0']);
      void one.server.close();
    }
  });

  it('above all of them the connection ends', async () => {
    const { server, write, seen, mine } = await joined('stream');
    mine.send(write({ kind: 'request', mid: 1, action: ECHO, payload: body(100_001) }) as never);
    await settle();
    expect(seen()).toEqual(['0:24']);
    expect(server.connections.size).toBe(0);
    void server.close();
  });

  it.each([0, -1, Number.NaN])('%s is refused where it is given', (bytes) => {
    const create = () => createServer({ codecs: [JSON_CODEC], methodMaxPacketBytes: { 'a.B.C': bytes } });
    expect(create).toThrow(/methodMaxPacketBytes\.a\.B\.C.*/);
  });
});

it('clients take 16 MiB by default', async () => {
  const [mine, theirs] = memoryPair();
  const server = testServer(new FakeClock());
  server.serve(theirs);
  const client = await connectLink(mine, { codecs: [JSON_CODEC] });
  const large = 'x'.repeat(15 * MiB);
  let heard = 0;
  client.on(LifeEvents, {
    tick: ({ text }) => {
      heard = text!.length;
    },
  });
  for (const one of server.connections) one.emit(LifeEvents).tick({ n: 1, text: large });
  for (let i = 0; i < 100 && heard === 0; i++) await settle();
  expect(heard).toBe(15 * MiB);
  await client.close();
  void server.close();
});
