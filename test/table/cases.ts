// The same service over any connection: what must hold whatever the transport, the payload and the format. No test
// runner and nothing of Node.js in here: the cases run in a browser, too, against a server with `implementTable`.
import type { Client, ClientOptions } from '@stmp/connection';
import { EchoEvents, type EchoMessage, EchoService } from '../generated/interop.js';
import { failure, Inbox, same } from './check.js';
import { BackService, ControlService, endNote, implementBack, Note } from './service.js';

export interface TableFixture {
  readonly contentType: string;
  readonly text: boolean;
  readonly secure: boolean;
  /** The content encoding, such as `gzip`. */
  readonly encoding: string | undefined;
  /** An idle client of the server, which the case connects and closes. */
  createClient(options: Partial<ClientOptions>): Client;
}

export interface TableCase {
  readonly name: string;
  run(fixture: TableFixture): Promise<void>;
}

let number = 0;

interface Opened {
  readonly client: Client;
  readonly name: string;
  /** Events of the server; the first comes at once. */
  readonly events: Inbox<Uint8Array>;
}

async function open(fixture: TableFixture, options: Partial<ClientOptions> = {}): Promise<Opened> {
  const name = `${fixture.contentType} ${++number}`;
  const client = fixture.createClient({
    reconnect: false,
    ...options,
    headers: [['Name', name], ...((options.headers as [string, string][] | undefined) ?? [])],
  });
  await client.connect();
  const events = new Inbox<Uint8Array>();
  client.on(EchoEvents, { pushed: ({ data }) => events.put(data) });
  implementBack(client);
  return { client, name, events };
}

/** A case with a client of its own. */
function withClient(name: string, run: (opened: Opened, fixture: TableFixture) => Promise<void>): TableCase {
  return {
    name,
    async run(fixture) {
      const opened = await open(fixture);
      try {
        await run(opened, fixture);
      } finally {
        await opened.client.close();
      }
    },
  };
}

/** Asks the server, over another connection, what it has seen of the named one. */
async function heard(fixture: TableFixture, name: string, count: number): Promise<string[]> {
  // Its own silence must not end it while it waits for what happens to another.
  const { client } = await open(fixture, { keepalive: { pingIntervalMs: 300 } });
  try {
    const { notes } = await client.service(ControlService).heard({ text: name, number: count });
    return notes;
  } finally {
    await client.close();
  }
}

const full: EchoMessage = {
  text: 'Grüße, 世界 🌍 "\\\n\u0000',
  bigNumber: -9223372036854775808n,
  rawData: Uint8Array.of(0, 1, 127, 128, 255),
  tagList: ['a', '', 'c'],
  nestedItem: { label: 'in', depthLevel: -1 },
  color: 2,
  numbers: [0, -1, 2147483647, -2147483648],
  counts: { a: 1n, '': -9223372036854775808n, ['__proto__']: 9223372036854775807n },
  ratio: -1.5e300,
  flag: true,
  unsignedBig: 18446744073709551615n,
  children: [
    { label: '', depthLevel: 0 },
    { label: 'x', depthLevel: 7 },
  ],
  small: -2147483648,
  thin: 0.5,
};
// The computed key above makes an own property; this one guards against a copy that loses it.
if (Object.keys(full.counts).length !== 3) throw new Error('counts must have an own __proto__');

const zero: EchoMessage = {
  text: '',
  bigNumber: 0n,
  rawData: new Uint8Array(0),
  tagList: [],
  nestedItem: undefined,
  color: 0,
  numbers: [],
  counts: {},
  ratio: 0,
  flag: false,
  unsignedBig: 0n,
  children: [],
  small: 0,
  thin: 0,
};

export const TABLE_CASES: readonly TableCase[] = [
  withClient('an event comes after the answer that it follows', async ({ client, events }) => {
    await events.count(1);
    const later = async <T>(value: Promise<T>, layers: number): Promise<T> =>
      layers === 0 ? await value : await later(value, layers - 1);
    const order: number[] = [];
    client.on(EchoEvents, { pushed: ({ data }) => void order.push(data[0]!) });
    const calls = [10, 20, 30].map(async (number) => {
      const answer = await later(client.service(ControlService).answerThenTell({ number }), 20);
      order.push(answer.number);
    });
    await Promise.all(calls);
    await events.count(4);
    for (const number of [10, 20, 30])
      same(order.indexOf(number) < order.indexOf(number + 1), true, `${number} before ${number + 1} in ${order}`);
    same(order.length, 6, 'answers and events');
  }),

  withClient('a burst of one turn reaches an idle reader', async ({ client, events }) => {
    let came = (await events.count(1)).length;
    for (const [count, size] of [
      [1_100, 1_000],
      [12, 100_000],
      [3, 600_000],
    ] as const) {
      await client.service(EchoService).push({ count, size: BigInt(size) });
      const all = await events.count(came + count);
      for (let i = 0; i < count; i++) same([all[came + i]![0], all[came + i]!.length], [i & 0xff, size], `event ${i}`);
      came += count;
    }
  }),

  withClient('no event is lost while a call waits and listeners are slow', async ({ client, name }) => {
    const hangs = client.service(ControlService).hang({ text: name });
    hangs.catch(() => {});
    const seen: number[] = [];
    let done = (): void => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    client.on(EchoEvents, {
      pushed: async ({ data }) => {
        if (data.length !== 2) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (seen.push(data[0]!) === 3_000) done();
      },
    });
    await client.service(EchoService).push({ count: 3_000, size: 2n });
    await all;
    same(seen.length, 3_000, 'events');
    same(client.counters().overloaded, 0, 'overloaded');
  }),

  withClient('handshake', async ({ client, events }, fixture) => {
    const { connection } = client;
    const { contentType, text, secure, encoding } = fixture;
    same(
      [connection?.contentType, connection?.text, connection?.secure, connection?.encoding],
      [contentType, text, secure, encoding],
      'contentType, text, secure, encoding',
    );
    same(client.state, { name: 'ready' }, 'state');
    same((await events.count(1))[0], Uint8Array.of(255), 'event sent at once');
  }),

  withClient('request', async ({ client, name }, fixture) => {
    const service = client.service(EchoService);
    const message = fixture.contentType === 'application/msgpack' ? withoutProto(full) : full;
    same(await service.echo(message), message, 'full');
    same(await service.echo({}), zero, 'empty');
    same(
      await service.pick({ pick: { case: 'number', value: -1n } }),
      { pick: { case: 'number', value: -1n } },
      'oneof',
    );
    same(await service.pick({}), { pick: undefined }, 'no oneof');
    same(await service.nothing(), undefined, 'void');
    const { remote, headers } = await service.headers();
    same(headers, {}, 'headers');
    if (!/^(\S+:\d+|memory)/.test(remote)) throw new Error(`remote address ${remote} of ${name}`);
  }),

  withClient('many requests at once', async ({ client }) => {
    const service = client.service(EchoService);
    const calls = Array.from({ length: 300 }, (_, i) => service.echo({ text: 'x'.repeat(i), small: i }));
    const answers = await Promise.all(calls);
    same(
      answers.map(({ small, text }) => [small, text.length]),
      answers.map((_, i) => [i, i]),
      'answers',
    );
    same(client.connection?.pendingCalls, 0, 'pending');
  }),

  withClient('large payloads', async ({ client }) => {
    const service = client.service(EchoService);
    const data = new Uint8Array(200_000).map((_, i) => (i * 31) & 0xff);
    const [sunk, big] = await Promise.all([service.sink({ data }), service.big({ size: 200_000n })]);
    same(sunk.size, 200_000n, 'size sunk');
    same(big.data.length, 200_000, 'size of the answer');
    same(
      big.data.every((byte, i) => byte === (i & 0xff)),
      true,
      'bytes of the answer',
    );
  }),

  withClient('notify', async ({ client, name }, fixture) => {
    same(client.notify(EchoService).echo({ text: 'one' }), true, 'sent');
    client.notify(EchoService).echo({ text: 'two' });
    client.notify(ControlService).missing();
    same(await heard(fixture, name, 2), ['notify one', 'notify two'], 'heard');
    same(client.connection?.pendingCalls, 0, 'pending');
    same(await client.service(EchoService).nothing(), undefined, 'still there');
  }),

  withClient('event from the server', async ({ client, events }) => {
    await client.service(EchoService).push({ count: 50, size: 300n });
    const items = await events.count(51);
    same(
      items.map((data) => data[0]),
      [255, ...Array.from({ length: 50 }, (_, i) => i)],
      'order',
    );
    same(
      items.slice(1).every((data) => data.length === 300 && data[299] === (299 & 0xff)),
      true,
      'bytes',
    );
  }),

  withClient('event from the client', async ({ client, name }, fixture) => {
    client.emit(EchoEvents).pushed({ data: Uint8Array.of(1, 2) });
    client.emit(EchoEvents, { headers: [['K', 'v']] }).pushed({ data: Uint8Array.of(3) });
    client.emit(EchoEvents).pushed({});
    same(await heard(fixture, name, 3), ['event 1 2', 'event 3 v', 'event '], 'heard');
  }),

  withClient('error with status', async ({ client }) => {
    const service = client.service(EchoService);
    const told = async (call: Promise<unknown>) => {
      const { code, origin, status, message } = await failure(call);
      return [code, origin, status, message];
    };
    same(await told(service.fail({ status: 0x77, message: 'not ünlike' })), ['status', 'peer', 0x77, 'not ünlike']);
    same(await told(service.fail({ status: 0x22 })), ['status', 'peer', 0x22, 'NotFound']);
    same(await told(service.fail({ status: 0xf1 })), ['status', 'peer', 0xf1, 'Unknown (0xF1)']);
    same(await told(client.service(ControlService).plainFailure({})), ['status', 'peer', 0x40, 'InternalServerError']);
    same(await told(client.service(BackService).ask({})), ['status', 'peer', 0x22, 'NotFound'], 'not implemented');
    same(await service.nothing(), undefined, 'still there');
  }),

  withClient('error with details', async ({ client }) => {
    const note: Note = { text: 'a;b:c%\n"ü', number: -5 };
    for (const sent of [note, { text: '', number: 0 }]) {
      const error = await failure(client.service(ControlService).refuse(sent));
      same([error.status, error.message], [0x20, 'see the details'], 'status');
      same((error.details as { as(type: unknown): unknown }).as(Note), sent, 'details');
    }
    same((await failure(client.service(EchoService).fail({ status: 0x77 }))).details, undefined, 'no details');
  }),

  withClient('headers both ways', async ({ client }) => {
    const service = client.service(EchoService);
    const odd = 'a;b:c%\n%3A ü';
    let back: unknown;
    await service.echo(
      { text: 'x' },
      {
        headers: [
          ['K', 'v'],
          ['A;B:', odd],
          ['K', ''],
        ],
        onHeaders: (headers) => {
          back = headers.filter(([name]) => name.startsWith('Echo-'));
        },
      },
    );
    same(
      back,
      [
        ['Echo-K', 'v'],
        ['Echo-K', ''],
        ['Echo-A;B:', odd],
      ].sort(byOrderOf(back)),
      'response headers',
    );
    const { headers } = await service.headers(undefined, { headers: [['One', odd]] });
    same(headers, { One: odd }, 'request headers');
  }),

  withClient('server calls client', async ({ client }) => {
    const control = client.service(ControlService);
    same(await control.askBack({ text: 'ask', number: 1 }), { text: 'ask!', number: 2 });
    same(await control.failBack({ text: 'no' }), { text: `status ${0x99} peer no`, number: 0 });
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => control.askBack({ number: i })));
    same(
      all.map((note) => note.number),
      all.map((_, i) => i + 1),
      'at once',
    );
  }),

  withClient('abort', async ({ client, name }, fixture) => {
    const control = client.service(ControlService);
    const controller = new AbortController();
    const call = control.hang({ text: 'x' }, { signal: controller.signal });
    same(await heard(fixture, name, 1), ['hangs'], 'before');
    controller.abort();
    same((await failure(call)).code, 'aborted', 'code');
    // The server is told, and what it answers then is dropped.
    same(await heard(fixture, name, 2), ['hangs', 'given up'], 'after');
    same((await failure(control.hang({}, { signal: controller.signal }))).code, 'aborted', 'code');
    same((await client.service(EchoService).echo({ text: 'next' })).text, 'next', 'next call');
    same(client.connection?.pendingCalls, 0, 'pending');
  }),

  withClient('timeout', async ({ client, name }, fixture) => {
    const before = Date.now();
    const { code, status, origin } = await failure(client.service(ControlService).hang({}, { timeoutMs: 30 }));
    same([code, status, origin], ['call_timeout', 0x23, 'local']);
    // Clocks count in whole milliseconds here and there.
    if (Date.now() - before < 29) throw new Error('too early');
    same(await heard(fixture, name, 2), ['hangs', 'given up'], 'heard');
    same((await client.service(EchoService).echo({ text: 'next' })).text, 'next', 'next call');
  }),

  withClient('close by the client', async ({ client, name }, fixture) => {
    const pending = failure(client.service(ControlService).hang({}));
    await heard(fixture, name, 1);
    const { connection } = client;
    await client.close({ status: 0x55, message: 'büe' });
    const { code, origin } = await pending;
    same([code, origin], ['connection_closed', 'local'], 'pending call');
    same(endNote(await connection!.closed), 'end 85 büe local', 'end');
    same(client.state.name, 'closed', 'state');
    const notes = await heard(fixture, name, 3);
    same(notes.sort(), ['end 85 büe peer', 'given up', 'hangs'], 'heard');
    same((await failure(client.service(EchoService).nothing())).code, 'not_connected', 'late call');
  }),

  withClient('close by the server', async ({ client, name }, fixture) => {
    const pending = failure(client.service(ControlService).hang({}));
    await heard(fixture, name, 1);
    const { connection } = client;
    const asked = failure(client.service(ControlService).closeMe({ text: 'out', number: 0x66 }));
    const { code, status, origin, message } = await pending;
    same([code, status, origin, message], ['connection_closed', 0x66, 'peer', 'out'], 'pending call');
    same((await asked).code, 'connection_closed', 'the call that asked');
    same(endNote(await connection!.closed), 'end 102 out peer', 'end');
    same(endNote(await client.closed), 'end 102 out peer', 'client');
    const notes = await heard(fixture, name, 3);
    same(notes.sort(), ['end 102 out local', 'given up', 'hangs'], 'heard');
  }),

  withClient('kill by the client', async ({ client, name }, fixture) => {
    const pending = failure(client.service(ControlService).hang({}));
    await heard(fixture, name, 1);
    const { connection } = client;
    connection!.abort();
    const { code, status } = await pending;
    same([code, status], ['connection_closed', 0x02], 'pending call');
    same((await connection!.closed).status, 0x02, 'end');
    await client.closed;
    const notes = await heard(fixture, name, 3);
    same(notes.sort().map(withoutReason), ['end 2 link', 'given up', 'hangs'], 'heard');
  }),

  withClient('kill by the server', async ({ client, name }, fixture) => {
    const pending = failure(client.service(ControlService).hang({}));
    await heard(fixture, name, 1);
    const { connection } = client;
    const asked = failure(client.service(ControlService).killMe({}));
    const { code, status, origin } = await pending;
    same([code, status, origin], ['connection_closed', 0x02, 'link'], 'pending call');
    same((await asked).code, 'connection_closed', 'the call that asked');
    same(withoutReason(endNote(await connection!.closed)), 'end 2 link', 'end');
    same((await client.closed).status, 0x02, 'client');
    const notes = await heard(fixture, name, 3);
    same(notes.sort().map(withoutReason), ['end 2 local', 'given up', 'hangs'], 'heard');
  }),
];

/** Why a path broke is told in the words of its transport. */
function withoutReason(note: string): string {
  return note.replace(/^(end \d+) .* (\w+)$/, '$1 $2');
}

/** MessagePack may refuse this key. Source: STMP 1.0, section 10. */
function withoutProto(message: EchoMessage): EchoMessage {
  return { ...message, counts: Object.fromEntries(Object.entries(message.counts).filter(([k]) => k !== '__proto__')) };
}

/** Values of one name stand together or as they were written. */
function byOrderOf(given: unknown): (a: string[], b: string[]) => number {
  const order = (given as readonly (readonly [string, string])[]).map((field) => field.join());
  return (a, b) => order.indexOf(a.join()) - order.indexOf(b.join());
}
