// Calls without generated code: by name or by number, with plain values or with payloads that are encoded already.
import { actionOf, defineService, method, statusError } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { msgpackCodec } from '@stmp/payload-msgpack';
import { protobufCodec } from '@stmp/payload-protobuf';
import { type MemoryPairOptions, memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { connectLink, createClient, createServer, type PacketInfo } from '../src/index.js';
import { type Joined, type JoinOptions, join, outcome, settle, TestService, watch } from './helpers.js';
import { JSON_CODEC, testDialer } from './life/harness.js';
import { rawPeer } from './life/raw-peer.js';

const NAME = 'test.v1.TestService.Echo';
const ACTION = TestService.methods.echo.action;
const Numbered = defineService('test.v1.Numbered', {
  echo: method<unknown, unknown>({ action: 0x1101 }),
  wide: method<unknown, unknown>({ action: 0xfedc_ba98_7654_3210n }),
});

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const FRAMINGS = {
  stream: { kind: 'stream' },
  message: { kind: 'message' },
  text: { kind: 'message' },
} as const;

function implement({ server, client }: Pick<Joined, 'server' | 'client'>): void {
  for (const side of [server, client]) {
    side.implement(TestService, {
      echo: ({ text }) => ({ text: text.toUpperCase() }),
      touch: () => {},
      fail: ({ text }) => {
        throw statusError(0x77, text ?? 'no');
      },
    });
    side.implement(Numbered, { echo: (value) => value, wide: (value) => value });
  }
}

async function meet(options: JoinOptions = {}) {
  const joined = await join(options);
  implement(joined);
  return joined;
}

describe.each(Object.entries(FRAMINGS))('%s framing', (framing, link) => {
  const packetFormat = framing === 'text' ? 'text' : 'binary';
  const open = () => meet({ link: link as MemoryPairOptions, client: { packetFormat } });

  it.each([
    ['a name', NAME],
    ['a name with small letters', 'test.v1.testService.echo'],
    ['a number', ACTION],
  ])('by %s, from every side', async (_, action) => {
    const { client, near, far } = await open();
    expect(near.text).toBe(framing === 'text');
    for (const caller of [client, near, far]) {
      expect(await caller.call(action, { text: 'a' })).toEqual({ text: 'A' });
      const given = utf8('{"text":"\u00e4"}');
      expect(await caller.callRaw(action, given)).toEqual(utf8('{"text":"\u00c4"}'));
      expect(await caller.callRaw(action, '{"text":"\u00e4"}')).toEqual(utf8('{"text":"\u00c4"}'));
    }
  });

  it('any number that an action may be', async () => {
    const { near } = await open();
    for (const action of [0x1101, 0x1101n, 0xfedc_ba98_7654_3210n]) {
      expect(await near.call(action, ['a'])).toEqual(['a']);
      expect(await near.callRaw(action, '["a"]')).toEqual(utf8('["a"]'));
    }
  });

  it('without payload, both ways', async () => {
    const { near } = await open();
    expect(await near.call('test.v1.TestService.Touch')).toBeUndefined();
    for (const none of [undefined, '', new Uint8Array(0)])
      expect(await near.callRaw('test.v1.TestService.Touch', none)).toEqual(new Uint8Array(0));
  });

  it('a failure is that of any call', async () => {
    const { near } = await open();
    for (const name of ['test.v1.TestService.Fail', TestService.methods.fail.action])
      for (const call of [near.call(name, { text: 'sad' }), near.callRaw(name, '{"text":"sad"}')])
        await expect(call).rejects.toMatchObject({ code: 'status', status: 0x77, message: 'sad', origin: 'peer' });
    for (const action of ['test.v1.TestService.None', 0x4444])
      for (const call of [near.call(action), near.callRaw(action)])
        await expect(call).rejects.toMatchObject({ code: 'status', status: 0x22 });
    await expect(near.callRaw(NAME, '{"text')).rejects.toMatchObject({ code: 'status', status: 0x20 });
  });
});

it('the result of callRaw is bytes of its own, whatever the link hands over', async () => {
  const { near } = await meet();
  const one = await near.callRaw(0x1101, '"abc"');
  expect(Object.getPrototypeOf(one)).toBe(Uint8Array.prototype);
  expect(one.buffer.byteLength).toBe(one.length);
});

it('payloads are those of the content type', async () => {
  for (const codec of [msgpackCodec(), protobufCodec()]) {
    const { near } = await join({ server: { codecs: [codec] }, client: { codecs: [codec] } });
    if (codec.contentType === 'application/protobuf')
      await expect(near.call(NAME, {})).rejects.toMatchObject({ code: 'unsupported' });
    else await expect(near.call(NAME, new Map())).rejects.toMatchObject({ code: 'payload_invalid' });
    // Payloads that are encoded already are nobody's business on the way: here it fails for want of a method.
    await expect(near.callRaw(NAME, Uint8Array.of(0xc1))).rejects.toMatchObject({ status: 0x22 });
  }
});

it('options, hooks and deadlines are those of any call', async () => {
  const packets: PacketInfo[] = [];
  const { near, clock, server } = await join({
    client: {
      methodTimeoutsMs: { [NAME]: 500 },
      hooks: { onPacketOut: (packet: PacketInfo) => void packets.push(packet) },
    },
  });
  const seen: (string | undefined)[] = [];
  server.implement(TestService, {
    echo: (_, { headers }) => {
      seen.push(headers.get('k'));
      return new Promise(() => {});
    },
    touch: () => {},
    fail: () => {},
  });
  const signal = new AbortController();
  const named = watch(near.callRaw(NAME, '{}', { headers: [['k', 'v']] }));
  const numbered = watch(near.call(ACTION, {}, { timeoutMs: 700 }));
  const aborted = watch(near.call(ACTION, {}, { signal: signal.signal }));
  await clock.advance(0);
  expect(seen).toEqual(['v', undefined, undefined]);
  signal.abort();
  await clock.advance(499);
  expect([named.settled, numbered.settled]).toEqual([0, 0]);
  expect(aborted.error).toMatchObject({ code: 'aborted' });
  await clock.advance(10);
  expect(named.error).toMatchObject({ code: 'call_timeout', message: expect.stringContaining(NAME) });
  await clock.advance(200);
  const label = `action 0x${ACTION.toString(16).toUpperCase()}`;
  expect(numbered.error).toMatchObject({ code: 'call_timeout', message: expect.stringContaining(label) });
  expect(packets.map(({ kind, action, name }) => ({ kind, action, name }))).toEqual([
    { kind: 'request', action: NAME, name: NAME },
    { kind: 'request', action: ACTION, name: undefined },
    { kind: 'request', action: ACTION, name: undefined },
  ]);
});

it('what is no action is refused before anything is sent', async () => {
  const { client, near, server } = await meet();
  const wrong = ['', 'Echo', '.Echo', 'a..b', 'test.v1.TestService.', '0x1101', 0, 0xff, -1, 1.5, NaN, 2n ** 64n, -1n];
  for (const action of [...wrong, undefined, null, {}] as never[]) {
    for (const caller of [client, near])
      for (const call of [caller.call(action), caller.callRaw(action)])
        await expect(call, String(action)).rejects.toThrow(/^action must be/);
  }
  for (const payload of [null, 1, {}, [1]] as never[])
    await expect(near.callRaw(NAME, payload)).rejects.toThrow(/^payload must be bytes or text/);
  expect(server.counters().callsIn).toBe(0);
});

describe('a server of the original', () => {
  async function original() {
    const [a, b] = memoryPair();
    const peer = rawPeer(b, 'server');
    const client = await connectLink(a, { codecs: [jsonCodec()] });
    return { peer, client };
  }

  it('is sent the number that follows from a name, since it resolves none', async () => {
    const { peer, client } = await original();
    const calls = [
      client.callRaw('test.v1.testService.echo', '{"text":"a"}'),
      client.call(NAME, { text: 'a' }),
      client.connection!.call('NoPackage.say', 1),
    ];
    await settle();
    expect(peer.packets).toMatchObject([
      { kind: 'request', action: actionOf('test.v1.TestService', 'Echo'), text: '{"text":"a"}' },
      { kind: 'request', action: actionOf('test.v1.TestService', 'Echo'), text: '{"text":"a"}' },
      { kind: 'request', action: actionOf('NoPackage', 'Say'), text: '1' },
    ]);
    for (const { mid } of peer.packets)
      peer.send(encodePacket({ kind: 'response', mid, status: 0, payload: utf8('7') }, 'stream'));
    expect(await Promise.all(calls)).toEqual([utf8('7'), 7, 7]);
    client.connection!.abort();
  });
});

describe('without a connection', () => {
  it('a call fails at once, or waits for one that is asked by name or number as it can', async () => {
    const server = createServer<unknown, unknown>({ codecs: [JSON_CODEC] });
    const dialer = testDialer(server);
    const client = createClient('test:', { codecs: [JSON_CODEC], dialers: [dialer] });
    implement({ server, client });
    expect(await outcome(client.call(NAME, {}))).toBe('not_connected');
    expect(await outcome(client.callRaw(NAME))).toBe('not_connected');
    await expect(client.callRaw('Echo', '', { whenOffline: 'wait' })).rejects.toThrow(/^action must be/);
    const wait = { whenOffline: 'wait' } as const;
    const calls = [client.call(NAME, { text: 'a' }, wait), client.callRaw(0x1101, '"a"', wait)];
    await client.connect();
    expect(await Promise.all(calls)).toEqual([{ text: 'A' }, utf8('"a"')]);
    await client.close();
    await server.close();
  });
});
