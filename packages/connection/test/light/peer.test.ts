// The light client against a peer that says what a table tells it to.
import { createLightClient, type LightClient, type LightClientOptions } from '@stmp/connection';
import { type Dialer, type MessageLink, Status, StmpError } from '@stmp/contract';
import { decodePacket, encodePacket, encodeServerHandshake, type Packet } from '@stmp/packet';
import { jsonCodec } from '@stmp/payload-json';
import { memoryPair } from '@stmp/transport-memory';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, outcome, TestEvents, TestService, watch } from '../helpers.js';

const ACTION = TestService.methods.echo.action;
const OURS = [
  ['Content-Type', 'application/json'],
  ['Stmp-Extensions', 'drain,cancel'],
] as const;

interface Peer {
  readonly clock: FakeClock;
  readonly client: LightClient;
  /** The server's end of the last link. */
  far: MessageLink;
  /** What came over it. */
  readonly packets: Packet[];
  dials: number;
  closed: StmpError | 'orderly' | undefined;
  readonly errors: unknown[];
  say(...units: (Packet | Uint8Array | string)[]): Promise<void>;
}

const open: Peer[] = [];

function peer(
  options: Partial<LightClientOptions> = {},
  greeting = OURS as readonly (readonly [string, string])[],
): Peer {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const dialer: Dialer = {
    schemes: ['memory'],
    dial: async (_, { hello } = {}) => {
      const [near, far] = memoryPair({ kind: 'message', ...(hello && { hello }) });
      made.far = far;
      made.dials++;
      made.packets.length = 0;
      made.closed = undefined;
      far.start({
        onData: (unit) => void made.packets.push(decodePacket(unit as Uint8Array, 'message')),
        onDrain: () => {},
        onClose: (reason) => {
          made.closed = reason ?? 'orderly';
        },
      });
      if (greeting.length > 0) far.send(encodeServerHandshake({ status: 0, header: greeting, message: '' }));
      return near;
    },
  };
  const client = createLightClient('memory://here', {
    codec: jsonCodec(),
    dialer,
    clock,
    onError: (error) => void errors.push(error),
    ...options,
  });
  const made: Peer = {
    clock,
    client,
    far: undefined as never,
    packets: [],
    dials: 0,
    closed: undefined,
    errors,
    async say(...units) {
      for (const unit of units)
        made.far.send(typeof unit === 'object' && 'kind' in unit ? encodePacket(unit, 'message') : unit);
      await clock.advance(0);
    },
  };
  open.push(made);
  return made;
}

async function ready(
  options: Partial<LightClientOptions> = {},
  greeting = OURS as readonly (readonly [string, string])[],
) {
  const made = peer(options, greeting);
  const connected = made.client.connect();
  await made.clock.advance(0);
  await connected;
  return made;
}

afterEach(async () => {
  for (const { client, clock } of open.splice(0)) {
    await Promise.all([client.close(), clock.advance(60_000)]);
    expect(clock.armed, 'timers that are still armed').toBe(0);
  }
});

const kinds = ({ packets }: Peer): string[] => packets.map(({ kind }) => kind);

describe('keepalive', () => {
  it('pings after 30 s of silence, and goes after 90 s', async () => {
    const p = await ready();
    await p.clock.advance(29_999);
    expect(kinds(p)).toEqual([]);
    await p.clock.advance(1);
    expect(kinds(p)).toEqual(['ping']);
    await p.say({ kind: 'pong' });
    await p.clock.advance(89_999);
    expect([kinds(p), p.client.state.name]).toEqual([['ping', 'ping', 'ping'], 'ready']);
    await p.clock.advance(1);
    expect(p.client.state.name).toBe('waiting');
    expect(p.closed).toBeDefined();
    await p.clock.advance(1_000);
    expect([p.dials, p.client.state.name]).toEqual([2, 'ready']);
  });

  it('answers pings', async () => {
    const p = await ready();
    await p.say({ kind: 'ping' }, { kind: 'ping' });
    expect(kinds(p)).toEqual(['pong', 'pong']);
  });

  it('may be switched off', async () => {
    const p = await ready({ keepalive: { pingIntervalMs: 0, idleTimeoutMs: 0 } });
    expect(p.clock.armed).toBe(0);
    await p.clock.advance(10_000_000);
    expect([kinds(p), p.client.state.name]).toEqual([[], 'ready']);
  });

  it('is looked at when the page wakes up', async () => {
    let wake = (): void => {};
    let stopped = false;
    const p = await ready({
      onWake: (check) => {
        wake = check;
        return () => {
          stopped = true;
        };
      },
    });
    p.clock.ms += 90_000;
    wake();
    expect(p.client.state.name).toBe('waiting');
    p.clock.ms += 10_000;
    wake();
    expect(p.client.state.name).toBe('connecting');
    await p.client.close();
    expect(stopped).toBe(true);
  });
});

describe('closing', () => {
  it('answers a Close with the same', async () => {
    const p = await ready();
    const payload = new TextEncoder().encode('bye');
    await p.say({ kind: 'close', status: 0x77, payload });
    expect(p.packets).toEqual([{ kind: 'close', status: 0x77, payload }]);
    expect(p.closed).toBe('orderly');
    expect(await p.client.closed).toMatchObject({ status: 0x77, message: 'bye', origin: 'peer' });
  });

  it('waits for the echo, and settles calls until then', async () => {
    const p = await ready();
    const call = watch(p.client.service(TestService).touch());
    const closed = watch(p.client.close());
    await p.clock.advance(4_999);
    expect(kinds(p)).toEqual(['request', 'close']);
    expect([closed.settled, call.settled]).toEqual([0, 0]);
    await p.say({ kind: 'response', mid: 1, status: 0 }, { kind: 'close', status: 0 });
    expect([closed.settled, call.value, call.error]).toEqual([1, undefined, undefined]);
    expect(p.closed).toBe('orderly');
  });

  it('cuts the link when the echo does not come', async () => {
    const p = await ready();
    const closed = watch(p.client.close());
    await p.clock.advance(4_999);
    expect(closed.settled).toBe(0);
    await p.clock.advance(1);
    expect(closed.settled).toBe(1);
    expect(p.closed).toBeInstanceOf(StmpError);
  });
});

describe('a peer that breaks the rules', () => {
  const broken: [string, Uint8Array | string][] = [
    ['an empty message', new Uint8Array(0)],
    ['an unknown kind', Uint8Array.of(0xe0)],
    ['RSV set', Uint8Array.of(0x81)],
    ['a cut request', Uint8Array.of(0xa0, 1)],
    ['bytes after a pong', Uint8Array.of(0x90, 0)],
    ['text in a binary session', 'I'],
  ];
  it.each(broken)('is told and left: %s', async (_, unit) => {
    const p = await ready();
    const call = watch(p.client.service(TestService).touch());
    await p.say(unit);
    expect(p.packets.at(-1)).toMatchObject({ kind: 'close', status: Status.ProtocolError });
    expect(call.error).toMatchObject({ code: 'connection_closed' });
    expect(p.client.state.name).toBe('closed');
  });

  it.each([
    ['a content type that was not offered', [['Content-Type', 'application/msgpack']]],
    ['no content type', [['Server', 'x']]],
    ['text packets', [...OURS, ['Packet-Format', 'text']]],
  ] as const)('in the handshake: %s', async (_, greeting) => {
    const p = peer({}, greeting as never);
    const connected = watch(p.client.connect());
    await p.clock.advance(0);
    expect(connected.error).toMatchObject({ code: 'handshake_failed', status: Status.BadRequest });
    expect(p.packets).toMatchObject([{ kind: 'close', status: Status.BadRequest }]);
  });

  it('by silence: the attempt ends, and another follows', async () => {
    const p = peer({ connectTimeoutMs: 1_000 }, []);
    const connected = watch(p.client.connect());
    await p.clock.advance(1_000);
    expect(p.client.state.name).toBe('waiting');
    await p.clock.advance(1_000);
    expect([p.dials, connected.settled]).toEqual([2, 0]);
  });

  it('with answers nobody asked for, or that cannot be read', async () => {
    const p = await ready();
    const call = watch(p.client.service(TestService).echo({ text: 'a' }));
    await p.say(
      { kind: 'response', mid: 0, status: 0 },
      { kind: 'response', mid: 9, status: 0 },
      { kind: 'response', mid: 1, status: 0, payload: new TextEncoder().encode('{') },
    );
    expect(call.error).toMatchObject({ code: 'payload_invalid' });
    expect(p.client.state.name).toBe('ready');
  });

  it('with an event that cannot be read', async () => {
    const p = await ready();
    const heard: unknown[] = [];
    p.client.on(TestEvents, { said: (event) => void heard.push(event) });
    const { action } = TestEvents.methods.said;
    const said = (payload: string): Packet => ({ kind: 'notify', action, payload: new TextEncoder().encode(payload) });
    await p.say(said('{'), said('{"text":"b"}'));
    expect(p.errors).toMatchObject([{ code: 'payload_invalid' }]);
    expect(heard).toEqual([{ text: 'b' }]);
  });
});

describe('the wire', () => {
  it('knows events by their names too', async () => {
    const p = await ready();
    const heard: unknown[] = [];
    p.client.on(TestEvents, { said: (event) => void heard.push(event) });
    const payload = new TextEncoder().encode('{"text":"by name"}');
    await p.say({ kind: 'notify', action: 'test.v1.TestEvents.Said', payload });
    expect(heard).toEqual([{ text: 'by name' }]);
  });

  it('has no cancel packets without the extension', async () => {
    for (const [greeting, expected] of [
      [OURS, ['request', 'notify']],
      [OURS.slice(0, 1), ['request']],
    ] as const) {
      const p = await ready({}, greeting);
      const call = p.client.service(TestService).touch(undefined, { timeoutMs: 10 });
      await Promise.all([outcome(call), p.clock.advance(10)]);
      expect(kinds(p)).toEqual(expected);
      if (expected.length > 1) expect(p.packets[1]).toMatchObject({ action: 2, payload: Uint8Array.of(1, 0) });
    }
  });

  it('reserves an id until its late answer comes, and leaves out those in use', async () => {
    const p = await ready();
    const touch = (timeoutMs: number): Promise<unknown> =>
      outcome(p.client.service(TestService).touch(undefined, { timeoutMs }));
    const first = touch(10);
    await Promise.all([first, p.clock.advance(10)]);
    const many = Array.from({ length: 65_534 }, () => touch(0));
    expect(await touch(0)).toBe('no_free_id');
    await p.clock.advance(0);
    const used = new Set(p.packets.flatMap(({ kind, mid }) => (kind === 'request' ? [mid] : [])));
    expect([used.size, used.has(0)]).toEqual([65_535, false]);
    await p.say({ kind: 'response', mid: 1, status: 0 });
    const last = watch(touch(0));
    await p.clock.advance(0);
    expect(p.packets.at(-1)).toMatchObject({ kind: 'request', mid: 1, action: TestService.methods.touch.action });
    await p.say({ kind: 'response', mid: 1, status: 0 });
    expect(last.settled).toBe(1);
    p.far.abort(new StmpError('link_failed', 'gone'));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['connection_closed']));
  });

  it('leaves a server that answers nothing any more', async () => {
    const p = await ready();
    const calls = Array.from({ length: 32_769 }, () =>
      outcome(p.client.service(TestService).touch(undefined, { timeoutMs: 10 })),
    );
    await Promise.all([...calls, p.clock.advance(10)]);
    expect(p.packets.at(-1)).toMatchObject({ kind: 'close', status: Status.NetworkError });
    expect(p.client.state.name).toBe('waiting');
  });

  it('has limits', async () => {
    const p = await ready({ maxPacketBytes: 40, maxQueuedBytes: 100 });
    expect(await outcome(p.client.service(TestService).echo({ text: 'x'.repeat(40) }))).toBe('too_large');
    const calls = Array.from({ length: 8 }, () => watch(p.client.service(TestService).echo({ text: 'x'.repeat(20) })));
    const event = p.client.emit(TestEvents).said({ text: 'x' });
    await p.clock.advance(0);
    expect(calls.filter(({ error }) => (error as StmpError | undefined)?.code === 'too_many_calls')).not.toEqual([]);
    expect(event).toBe(false);
    expect(p.client.emit(TestEvents).said({ text: 'x' })).toBe(true);
    await p.say({ kind: 'request', mid: 1, action: ACTION, payload: new Uint8Array(41) });
    expect(p.packets.at(-1)).toMatchObject({ kind: 'close', status: Status.ProtocolError });
  });

  it('refuses byte streams, and wrong options', async () => {
    const dialer: Dialer = { schemes: ['memory'], dial: async () => memoryPair({ kind: 'stream' })[0] };
    const client = createLightClient('memory://x', { codec: jsonCodec(), dialer });
    expect(await outcome(client.connect())).toBe('unsupported');
    expect(() => createLightClient('memory://x', { codec: jsonCodec(), dialer, callTimeoutMs: -1 })).toThrow(
      /callTimeoutMs must be a number/,
    );
    expect(() =>
      createLightClient('memory://x', { codec: jsonCodec(), dialer, keepalive: { pingIntervalMs: Number.NaN } }),
    ).toThrow(/keepalive.pingIntervalMs/);
  });
});
