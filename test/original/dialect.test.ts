// The dialect and the empty messages of the original, chosen per connection by the absence of `Stmp-Extensions`.
import { type Connection, connectLink, createServer } from '@stmp/connection';
import { createConnectionSet } from '@stmp/connection-set';
import { defineService, type Link, type MessageType, method, type PayloadCodec } from '@stmp/contract';
import { decodePacket, encodePacket, encodeServerHandshake, encodeTextPacket, type Packet } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { memoryPair } from '@stmp/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Choice, Color, EchoMessage, type EchoMessageInit, EchoService, OptionService } from '../generated/interop.js';
import { implementEcho } from '../table/service.js';
import {
  bytesOf,
  carried,
  enter,
  FRAMINGS,
  type Framing,
  hexOf,
  OURS,
  packetOf,
  settle,
  streamPackets,
} from './peer.js';

const Empty: MessageType<void, void> = { typeName: 'google.protobuf.Empty', fields: [] };
const action = (name: string) => ({ name, action: 0 });
const Told = defineService('interop.v1.ToldEvents', {
  told: { ...action('Told'), input: EchoMessage },
  rang: { ...action('Rang'), input: Empty },
  picked: { ...action('Picked'), input: Choice },
});

const codecs = [protobufCodec(), msgpackCodec(), jsonCodec()];
/** The same, each of one dialect: what they write is held against the vectors in their own packages. */
const standard = [protobufCodec(), msgpackCodec({ dialect: 'proto3' }), jsonCodec({ dialect: 'proto3' })];
const original = [protobufCodec(), msgpackCodec({ dialect: 'stmp-go' }), jsonCodec({ dialect: 'stmp-go' })];

const value = { bigNumber: 2n ** 60n, tagList: ['a'], color: Color.RED, ratio: 0.5 };
/** The empty message as the original needs it, in hex. */
const EMPTY: Readonly<Record<string, string>> = {
  'application/protobuf': '',
  'application/msgpack': '80',
  'application/json': '7b7d',
};

interface Kind {
  readonly codec: PayloadCodec;
  readonly framing: Framing;
  readonly isOurs: boolean;
}
const kinds: readonly Kind[] = FRAMINGS.flatMap((framing) =>
  carried(framing, codecs).flatMap((codec) => [true, false].map((isOurs) => ({ codec, framing, isOurs }))),
);
const nameOf = ({ codec, framing, isOurs }: Kind): string =>
  `${isOurs ? 'ours' : 'the original'}, ${codec.contentType}, ${framing}`;

function payloadFor(
  { codec, isOurs }: Kind,
  type: MessageType<EchoMessage, EchoMessageInit>,
  message: EchoMessageInit,
): Uint8Array | undefined {
  const writer = (isOurs ? standard : original).find(({ contentType }) => contentType === codec.contentType)!;
  return bytesOf(writer.message(type).encode(message));
}

const encoded = (packet: Packet, framing: Framing): Uint8Array | string =>
  framing === 'text' ? encodeTextPacket(packet) : encodePacket(packet, framing);

/** A notify with a payload of these bytes, in hex; with an empty one by hand, since our own writers make none. */
function notifyWith(kind: Kind, number: number, payload: string | undefined): string {
  const { framing } = kind;
  if (payload === undefined || payload !== '')
    return hexOf(
      encoded(
        { kind: 'notify', action: number, payload: payload === undefined ? undefined : Buffer.from(payload, 'hex') },
        framing,
      ),
    );
  const bytes = Buffer.from(
    encodePacket({ kind: 'notify', action: number }, framing === 'stream' ? 'stream' : 'message'),
  );
  bytes[0]! |= 0x08;
  return bytes.toString('hex') + (framing === 'stream' ? '00' : '');
}

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function serve(hooks: object = {}) {
  const server = createServer<unknown, unknown>({ codecs, hooks });
  implementEcho(server);
  server.implement(OptionService, { echo: (message) => message });
  // A peer by hand echoes no Close.
  open.push(async () => {
    for (const connection of server.connections) connection.abort();
    await server.close();
  });
  return server;
}

describe('a room with members of ours and of the original', () => {
  async function room() {
    const reported: unknown[] = [];
    const server = serve({ onError: (error: unknown) => void reported.push(error) });
    const members = [];
    for (const kind of kinds) {
      const peer = await enter(server, kind.codec.contentType, kind.framing, kind.isOurs ? OURS : []);
      members.push({ ...kind, ...peer, name: nameOf(kind) });
    }
    const set = createConnectionSet<Connection>(members.map(({ far }) => far));
    return { server, members, set, reported };
  }
  type Member = Awaited<ReturnType<typeof room>>['members'][number];

  const heard = async (members: readonly Member[]) => {
    const list: Record<string, string[]> = {};
    for (const member of members) list[member.name] = (await member.heard()).map(hexOf);
    return list;
  };
  const expected = (members: readonly Member[], wire: (member: Member) => string[]) =>
    Object.fromEntries(members.map((member) => [member.name, wire(member)]));

  it('gives each the bytes that it understands', async () => {
    const { members, set } = await room();
    const told = set.emit(Told).told(value);
    expect(told).toEqual({ sent: members.length, dropped: 0 });
    const bytes = (member: Member) => hexOf(payloadFor(member, EchoMessage, value)!);
    expect(await heard(members)).toEqual(
      expected(members, (member) => [notifyWith(member, Told.methods.told.action as number, bytes(member))]),
    );
    // The dialects differ, so that the table above means something.
    for (const contentType of ['application/msgpack', 'application/json']) {
      const [a, b] = [true, false].map((isOurs) =>
        bytes(members.find((member) => member.codec.contentType === contentType && member.isOurs === isOurs)!),
      );
      expect(a).not.toBe(b);
    }
  });

  it.each([
    ['an empty message', 'told', {}],
    ['a message of type Empty', 'rang', undefined],
  ] as const)('sends %s without payload to ours, and in full to the original', async (_, name, message) => {
    const { members, set } = await room();
    const action = Told.methods[name].action as number;
    const wire = (member: Member) => [
      notifyWith(member, action, member.isOurs ? undefined : EMPTY[member.codec.contentType]),
    ];
    (set.emit(Told)[name] as (message: unknown) => unknown)(message);
    expect(await heard(members)).toEqual(expected(members, wire));
    // The same for one connection at a time.
    for (const { far } of members) (far.emit(Told)[name] as (message: unknown) => unknown)(message);
    expect(await heard(members)).toEqual(expected(members, wire));
  });

  it('leaves out who has no words for an event, and tells of it once for each framing', async () => {
    const { server, members, set, reported } = await room();
    const silent = members.filter(({ codec, isOurs }) => !isOurs && codec.contentType === 'application/msgpack');
    expect(set.emit(Told).picked({ pick: { case: 'name', value: 'a' } })).toEqual({
      sent: members.length - silent.length,
      dropped: silent.length,
    });
    const error = expect.objectContaining({ code: 'unsupported' });
    expect(reported).toEqual([error, error]);
    expect(server.counters().eventsDropped).toBe(silent.length);
    for (const member of members)
      expect((await member.heard()).length, member.name).toBe(silent.includes(member) ? 0 : 1);
  });

  it('tells nobody what does not fit the event at all', async () => {
    const { members, set } = await room();
    for (const member of members) {
      expect(() =>
        createConnectionSet<Connection>([member.far])
          .emit(Told)
          .told({ text: 1 } as never),
      ).toThrow(expect.objectContaining({ code: 'payload_invalid' }));
    }
    expect(() => set.emit(Told).told({ text: 1 } as never)).toThrow();
    for (const member of members) expect(await member.heard()).toEqual([]);
  });
});

describe('a server', () => {
  it.each(kinds.map((kind) => [nameOf(kind), kind] as const))('answers %s', async (_, kind) => {
    const { framing, codec, isOurs } = kind;
    const peer = await enter(serve(), codec.contentType, framing, isOurs ? OURS : []);
    const { echo, nothing } = EchoService.methods;
    const ask = async (mid: number, action: number | bigint, payload?: Uint8Array) => {
      peer.send(encoded({ kind: 'request', mid, action, payload }, framing));
      const units = await peer.heard();
      expect(units).toHaveLength(1);
      const { payload: answer, status } = packetOf(units[0]!, framing);
      expect(status).toBe(0);
      return answer === undefined ? undefined : hexOf(answer);
    };
    const wanted = payloadFor(kind, EchoMessage, value)!;
    expect(await ask(1, echo.action, wanted)).toBe(hexOf(wanted));
    expect(await ask(2, echo.action)).toBe(isOurs ? undefined : EMPTY[codec.contentType]);
    expect(await ask(3, nothing.action)).toBeUndefined();
  });
});

describe('a client towards a server of the original', () => {
  async function meet(codec: PayloadCodec, framing: Framing, extra: typeof OURS) {
    const [near, other] = memoryPair({
      kind: framing === 'stream' ? 'stream' : 'message',
    } as { kind: 'stream' }) as [Link, Link];
    const units: (Uint8Array | string)[] = [];
    let greeted = false;
    other.start({
      onData(unit: Uint8Array & string) {
        if (greeted) units.push(unit);
        else {
          greeted = true;
          const header = [['Content-Type', codec.contentType] as const, ...extra];
          other.send(encodeServerHandshake({ status: 0, header, message: '' }) as Uint8Array & string);
        }
      },
      onDrain() {},
      onClose() {},
    });
    const client = await connectLink(near, { codecs: [codec] });
    open.push(async () => {
      other.abort(undefined as never);
      await client.close();
    });
    const heard = async (): Promise<Packet[]> => {
      await settle();
      await settle();
      const all = units.splice(0) as Uint8Array[];
      return framing === 'stream'
        ? streamPackets(Buffer.concat(all))
        : all.map((unit) => decodePacket(unit, 'message'));
    };
    return { client, other, heard };
  }

  for (const kind of kinds.filter(({ framing }) => framing !== 'text')) {
    const { codec, framing, isOurs } = kind;
    it(`${nameOf(kind)}: requests and notifies`, async () => {
      const { client, other, heard } = await meet(codec, framing, isOurs ? OURS : []);
      const wanted = hexOf(payloadFor(kind, EchoMessage, value)!);
      const answer = client.service(EchoService).echo(value);
      const [request] = await heard();
      expect(hexOf(request!.payload!)).toBe(wanted);
      other.send(
        encodePacket(
          { kind: 'response', mid: request!.mid, status: 0, payload: request!.payload },
          framing as 'stream',
        ) as Uint8Array & string,
      );
      expect(await answer).toMatchObject(value);

      client.notify(EchoService).echo(value);
      client.notify(EchoService).echo({});
      client.notify(EchoService).nothing();
      const empty = isOurs ? undefined : EMPTY[codec.contentType];
      expect((await heard()).map(({ payload }) => payload && hexOf(payload))).toEqual([wanted, empty, empty]);
      // A request stays what it was: the original's servers take an empty one without payload.
      const asked = client.service(EchoService).echo({});
      asked.catch(() => {});
      expect((await heard())[0]!.payload).toBeUndefined();
    });
  }
});

it('a dialect that is forced stays, whoever the peer is', async () => {
  const server = createServer<unknown, unknown>({ codecs: [jsonCodec({ dialect: 'proto3' })] });
  open.push(() => server.close());
  const peer = await enter(server, 'application/json', 'stream', []);
  peer.far.emit(Told).told({ bigNumber: 1n, color: Color.RED });
  const [unit] = await peer.heard();
  expect(Buffer.from(packetOf(unit!, 'stream').payload!).toString()).toBe('{"bigNumber":"1","color":"RED"}');
  // Empty messages are no matter of the dialect.
  peer.far.emit(Told).told({});
  const [empty] = await peer.heard();
  expect(Buffer.from(packetOf(empty!, 'stream').payload!).toString()).toBe('{}');
  peer.far.abort();
});

it('methods without message types have an empty form too', async () => {
  const Bells = defineService('interop.v1.BellEvents', { rang: method() });
  const server = serve();
  for (const [accept, payload] of Object.entries(EMPTY).filter(([type]) => type !== 'application/protobuf')) {
    const peer = await enter(server, accept, 'stream', []);
    peer.far.emit(Bells).rang();
    expect(hexOf(packetOf((await peer.heard())[0]!, 'stream').payload!)).toBe(payload);
  }
});
