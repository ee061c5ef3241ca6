import {
  type Connection,
  connectLink,
  type Hooks,
  type PacketInfo,
  type PreparedEvent,
  type WireKey,
} from '@stmp/connection';
import { audience, createConnectionSet } from '@stmp/connection-set';
import { StmpError } from '@stmp/contract';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { counting, RoomEvents, room, settle } from './helpers.js';

describe('membership', () => {
  it('adds open connections once, and drops them when they close', async () => {
    const { enter } = room();
    const [a, b] = [await enter(), await enter()];
    const set = createConnectionSet([a.far, b.far, a.far]);
    expect(set.size).toBe(2);
    expect(set.add(a.far)).toBe(false);
    expect([...set]).toEqual([a.far, b.far]);
    expect([set.has(a.far), set.has(b.far)]).toEqual([true, true]);

    const left: Connection[] = [];
    let empty = 0;
    set.onLeave = (member) => left.push(member);
    set.onEmpty = () => empty++;
    void a.far.close();
    await settle();
    await a.client.closed;
    await settle();
    expect(left).toEqual([a.far]);
    expect([set.size, set.has(a.far), empty]).toEqual([1, false, 0]);
    expect(set.add(a.far)).toBe(false);

    await b.client.close();
    await settle();
    expect(left).toEqual([a.far, b.far]);
    expect([set.size, empty]).toEqual([0, 1]);
  });

  it('tells when it is empty, by deletion and clearing too, but not that somebody left', async () => {
    const { enter } = room();
    const [a, b] = [await enter(), await enter()];
    const set = createConnectionSet<Connection>();
    let empty = 0;
    set.onEmpty = () => empty++;
    let left = 0;
    set.onLeave = () => left++;
    set.clear();
    expect(set.delete(a.far)).toBe(false);
    expect(empty).toBe(0);
    set.add(a.far);
    expect(set.delete(a.far)).toBe(true);
    expect(empty).toBe(1);
    set.add(a.far);
    set.add(b.far);
    set.clear();
    expect([set.size, empty]).toEqual([0, 2]);
    // It no longer watches those that it has let go.
    void a.far.close();
    await settle();
    await a.client.closed;
    await settle();
    expect([empty, left]).toEqual([2, 0]);
  });

  it('does not tell that somebody left who was taken out at the end of the connection', async () => {
    const { enter } = room();
    const a = await enter();
    const set = createConnectionSet<Connection>();
    a.far.onClose(() => expect(set.delete(a.far)).toBe(true));
    set.add(a.far);
    let empty = 0;
    set.onEmpty = () => empty++;
    let left = 0;
    set.onLeave = () => left++;
    await a.client.close();
    await settle();
    expect([empty, left]).toEqual([1, 0]);
  });

  it('may be changed while it is told about', async () => {
    const { enter } = room();
    const members = [await enter(), await enter(), await enter()];
    const set = createConnectionSet(members.map(({ far }) => far));
    for (const member of set) set.delete(member);
    expect(set.size).toBe(0);
  });
});

describe('emitting', () => {
  it('encodes once for each codec, format and framing', async () => {
    const json = counting(jsonCodec());
    const msgpack = counting(msgpackCodec());
    const { server, enter } = room({ codecs: [json, msgpack] });
    const members = [
      await enter(),
      await enter(),
      await enter(msgpackCodec()),
      await enter(msgpackCodec()),
      await enter(jsonCodec(), { kind: 'message' }),
      await enter(jsonCodec(), { kind: 'message' }),
      await enter(jsonCodec(), { kind: 'message' }, true),
      await enter(jsonCodec(), { kind: 'message' }, true),
    ];
    expect(members.map(({ far }) => far.text)).toEqual([false, false, false, false, false, false, true, true]);
    const set = createConnectionSet(members.map(({ far }) => far));
    expect(set.emit(RoomEvents).said({ text: 'ü' })).toEqual({ sent: 8, dropped: 0 });
    await settle();
    expect(members.map(({ heard }) => heard)).toEqual(members.map(() => ['ü']));
    // JSON over streams, messages and text; MessagePack over streams.
    expect([json.count, msgpack.count]).toEqual([3, 1]);
    expect(server.counters()).toMatchObject({ eventsOut: 8, eventsDropped: 0 });
  });

  it('hands the same packet to all that share one form', async () => {
    const { enter } = room();
    const members = [await enter(), await enter(), await enter()];
    const packets: (Uint8Array | string)[] = [];
    const keys: WireKey[] = [];
    const watched = members.map(
      ({ far }) =>
        new Proxy(far, {
          get(target, name) {
            if (name === 'sendPrepared')
              return (event: PreparedEvent) => {
                keys.push(far.wireKey);
                packets.push(event.packetFor(far.wireKey));
                expect(event.name).toBe('test.v1.RoomEvents.Said');
                return target.sendPrepared(event);
              };
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
    );
    audience(watched).emit(RoomEvents).said({ text: 'x' });
    expect(packets).toHaveLength(3);
    expect(packets[1]).toBe(packets[0]);
    expect(packets[2]).toBe(packets[0]);
    expect(new Set(keys).size).toBe(1);
  });

  it('reaches all, some, or one, with headers', async () => {
    const { server, enter } = room();
    const [a, b, c] = [await enter(), await enter(), await enter()];
    const set = createConnectionSet([a.far, b.far, c.far]);
    const heard = async () => {
      await settle();
      return [a, b, c].map((member) => member.heard.splice(0));
    };
    expect(set.except(a.far).emit(RoomEvents).said({ text: '1' })).toEqual({ sent: 2, dropped: 0 });
    expect(await heard()).toEqual([[], ['1'], ['1']]);
    set.except(a.far, c.far).emit(RoomEvents).said({ text: '2' });
    expect(await heard()).toEqual([[], ['2'], []]);
    set.except().emit(RoomEvents).emptied();
    expect(await heard()).toEqual([['emptied'], ['emptied'], ['emptied']]);
    set
      .filter((member) => member !== b.far)
      .except(c.far)
      .emit(RoomEvents, { headers: [['K', 'v']] })
      .said({ text: '3' });
    expect(await heard()).toEqual([['3 v'], [], []]);
    audience([b.far]).emit(RoomEvents).said({ text: '4' });
    audience(new Set([c.far]))
      .emit(RoomEvents)
      .said({ text: '5' });
    expect(await heard()).toEqual([[], ['4'], ['5']]);
    expect(audience(server.connections).emit(RoomEvents).said({ text: '6' })).toEqual({ sent: 3, dropped: 0 });
    expect(await heard()).toEqual([['6'], ['6'], ['6']]);
    expect(audience([]).emit(RoomEvents).said({ text: '7' })).toEqual({ sent: 0, dropped: 0 });
  });

  it('looks at a view anew for each event', async () => {
    const { enter } = room();
    const [a, b] = [await enter(), await enter()];
    const set = createConnectionSet([a.far]);
    let open = true;
    const others = set.except(a.far);
    const some = set.filter(() => open);
    const { said } = others.emit(RoomEvents);
    set.add(b.far);
    expect(said({ text: '1' })).toEqual({ sent: 1, dropped: 0 });
    expect([...some]).toEqual([a.far, b.far]);
    open = false;
    expect(some.emit(RoomEvents).said({ text: '2' })).toEqual({ sent: 0, dropped: 0 });
    await settle();
    expect([a.heard, b.heard]).toEqual([[], ['1']]);
  });

  it('passes over those that are closing', async () => {
    const { enter } = room();
    const [a, b] = [await enter(), await enter()];
    const set = createConnectionSet([a.far, b.far]);
    void a.far.close();
    expect(set.size).toBe(2);
    expect(set.emit(RoomEvents).said({ text: 'x' })).toEqual({ sent: 1, dropped: 0 });
    await settle();
    expect([a.heard, b.heard]).toEqual([[], ['x']]);
  });

  it('reaches nobody when the event does not fit', async () => {
    const { enter } = room();
    const [a, b] = [await enter(), await enter()];
    const set = createConnectionSet([a.far, b.far]);
    expect(() => set.emit(RoomEvents).said({ text: 1n as never })).toThrow(
      expect.objectContaining({ code: 'payload_invalid' }),
    );
    await settle();
    expect([a.heard, b.heard]).toEqual([[], []]);
  });

  it('reaches nobody when it cannot be encoded for the last, and says in which content type and where', async () => {
    const picky = jsonCodec();
    const refusing: typeof picky = {
      ...picky,
      message: (type) => ({
        ...picky.message(type),
        encode() {
          throw new StmpError('payload_invalid', 'at.nanos: expected nanos from 0 to 999999999');
        },
      }),
    };
    const { server, enter } = room({ codecs: [msgpackCodec(), refusing] });
    const members = [await enter(msgpackCodec()), await enter(msgpackCodec()), await enter()];
    expect(() => audience(server.connections).emit(RoomEvents).said({ text: 'x' })).toThrow(
      expect.objectContaining({
        code: 'payload_invalid',
        message:
          'test.v1.RoomEvents.Said cannot be sent as application/json: at.nanos: expected nanos from 0 to 999999999',
      }),
    );
    await settle();
    expect(members.map(({ heard }) => heard)).toEqual([[], [], []]);
    expect(server.counters()).toMatchObject({ eventsOut: 0, eventsDropped: 0 });
  });

  it('reaches all but the one that takes no packet of that size', async () => {
    const { server, enter } = room();
    const [a, b] = [await enter(), await enter()];
    const [near, other] = memoryPair();
    const small = server.serve(other);
    const client = await connectLink(near, { codecs: [jsonCodec()], maxPacketBytes: 100 });
    await settle();
    const set = createConnectionSet([small, a.far, b.far]);
    const text = 'x'.repeat(200);
    expect(set.emit(RoomEvents).said({ text })).toEqual({ sent: 2, dropped: 1 });
    await settle();
    expect([a.heard, b.heard, small.isOpen]).toEqual([[text], [text], true]);
    await client.close();
  });

  it('reaches nobody when it is too large for the last', async () => {
    const { server, enter } = room({ codecs: [msgpackCodec(), jsonCodec()], maxPacketBytes: 1_020 });
    const members = [await enter(msgpackCodec()), await enter()];
    const text = '"'.repeat(900);
    expect(() => audience(server.connections).emit(RoomEvents).said({ text })).toThrow(
      expect.objectContaining({ code: 'too_large' }),
    );
    await settle();
    expect(members.map(({ heard }) => heard)).toEqual([[], []]);
    expect(members.map(({ far }) => far.isOpen)).toEqual([true, true]);
  });

  it('is nothing to wait for', async () => {
    const set = createConnectionSet();
    expect(() => set.emit(RoomEvents, { policy: 'wait' as never })).toThrow('policy');
  });
});

describe('slow readers', () => {
  /** A member whose client has stopped to read while an event was under way, so that the next ones wait at the server. */
  async function slow(options: Parameters<typeof room>[0] = {}) {
    const { enter } = room({ maxQueuedBytes: 300, ...options });
    const stalled = await enter(jsonCodec(), { highWaterBytes: 1 });
    const quick = await enter();
    const set = createConnectionSet([stalled.far, quick.far]);
    stalled.link.pause();
    set.emit(RoomEvents).said({ text: 'fill' });
    await settle();
    expect([stalled.heard, quick.heard]).toEqual([[], ['fill']]);
    return { stalled, quick, set };
  }
  const text = 'x'.repeat(100);

  it.each([
    { policy: 'drop-newest', heard: ['fill', '1', '2'], dropped: [0, 0, 1, 1] },
    { policy: 'drop-oldest', heard: ['fill', '3', '4'], dropped: [0, 0, 0, 0] },
    { policy: 'latest-by-key', heard: ['fill', '4'], dropped: [0, 0, 0, 0] },
  ] as const)('$policy, as given for the event', async ({ policy, heard, dropped }) => {
    const { stalled, quick, set } = await slow();
    const deliveries = ['1', '2', '3', '4'].map((n) =>
      set.emit(RoomEvents, { policy, headers: [['K', n]] }).said({ text }),
    );
    expect(deliveries).toEqual(dropped.map((count) => ({ sent: 2 - count, dropped: count })));
    stalled.link.resume();
    await settle();
    const short = (lines: string[]) => lines.map((line) => line.replace(`${text} `, ''));
    expect(short(stalled.heard)).toEqual(heard);
    expect(short(quick.heard)).toEqual(['fill', '1', '2', '3', '4']);
  });

  it('the policy of the method, by its full name', async () => {
    const { stalled, set } = await slow({ methodPolicies: { 'test.v1.RoomEvents.Said': 'drop-newest' } });
    const deliveries = ['1', '2', '3'].map((n) => set.emit(RoomEvents, { headers: [['K', n]] }).said({ text }));
    expect(deliveries.at(-1)).toEqual({ sent: 1, dropped: 1 });
    expect(stalled.far.isOpen).toBe(true);
    stalled.link.resume();
    await settle();
    expect(stalled.heard).toHaveLength(3);
  });

  it('the default ends the connection, which leaves the set while it is walked', async () => {
    const { stalled, quick, set } = await slow();
    const left: Connection[] = [];
    set.onLeave = (member) => left.push(member);
    const deliveries = ['1', '2', '3', '4'].map(() => set.emit(RoomEvents).said({ text }));
    expect(deliveries.map(({ sent, dropped }) => [sent, dropped])).toEqual([
      [2, 0],
      [2, 0],
      [1, 1],
      [1, 0],
    ]);
    expect(left).toEqual([stalled.far]);
    expect([...set]).toEqual([quick.far]);
    stalled.link.resume();
    expect((await stalled.client.closed).status).toBe(0x25);
    await settle();
    expect(quick.heard).toHaveLength(5);
  });
});

it('tells the hook what goes out', async () => {
  const seen: PacketInfo[] = [];
  const hooks: Hooks = { onPacketOut: (packet) => void seen.push(packet) };
  const { enter } = room({ hooks });
  const a = await enter();
  createConnectionSet([a.far]).emit(RoomEvents).said({ text: 'x' });
  expect(seen).toMatchObject([{ connection: a.far, kind: 'notify', mid: 0, name: 'test.v1.RoomEvents.Said' }]);
});
