import { type Client, type ClientState, createClient, type EventsType } from 'stmp';
import type { Args } from '../args.js';
import { CONNECTION_OPTIONS, clientOptionsOf } from '../connecting.js';
import { toJson } from '../data.js';
import { parseCount } from '../duration.js';
import { usage } from '../exit-code.js';
import { FIRST_CALL_OPTION, makeFirstCalls, readFirstCalls } from '../first-calls.js';
import { type Io, print, say } from '../io.js';
import { findEvents, type Known, loadMethods, SCHEMA_OPTIONS } from '../services.js';
import type { Verb } from '../verb.js';

export const listenVerb: Verb = {
  name: 'listen',
  summary: 'prints each event as a line of JSON, and connects again when the connection is lost',
  usage: "URL [EVENT ...] --proto FILE [--call 'METHOD JSON'] [options]",
  details: `EVENT is Service.Method, where * stands for anything; without one, all events of the files. It ends with Ctrl-C, after
--count events, or when the server refuses it for good.`,
  options: {
    ...SCHEMA_OPTIONS,
    ...FIRST_CALL_OPTION,
    count: { short: 'n', value: 'N', text: 'end after so many events' },
    ...CONNECTION_OPTIONS,
  },
  examples: [
    `listen tcp://localhost:5001 'RoomEvents.*' --proto room.proto --call 'RoomService.Join {"name":"lobby"}'`,
    `listen ws://localhost:5002/ --proto room.proto --text -n 1 | jq .data`,
  ],
  run: runListen,
};

async function runListen(args: Args, io: Io): Promise<void> {
  const [url, ...patterns] = args.positionals;
  if (url === undefined) throw usage('listen needs a URL');
  if (args.all('proto').length === 0) throw usage('listen needs --proto, which says what events there are');
  const known = loadMethods(args, io);
  const events = findEvents(known, patterns.length > 0 ? patterns : ['*']);
  const calls = await readFirstCalls(args, known, io);
  const count = args.one('count');
  let left = count === undefined ? Number.POSITIVE_INFINITY : parseCount('count', count);

  const client = createClient(url, clientOptionsOf(args, url, io));
  hear(client, events, (line) => {
    if (left === 0) return;
    print(io, line);
    if (--left === 0) void client.close();
  });
  client.onSession(async (connection, { signal }) => {
    say(io, `connected to ${url}`, 'dim');
    await makeFirstCalls(connection, calls, signal, (line) => say(io, line, 'dim'));
  });
  client.onState((state) => tellWait(state, io));
  const stop = (): void => void client.close();
  io.signal.addEventListener('abort', stop);
  try {
    if (io.signal.aborted) return;
    await client.connect().catch(() => {});
    const { error, status } = await client.closed;
    if (left > 0 && !io.signal.aborted && error !== undefined && status !== 0) throw error;
  } finally {
    io.signal.removeEventListener('abort', stop);
    await client.close();
  }
}

function hear(client: Client, events: readonly Known[], each: (line: string) => void): void {
  for (const service of new Set(events.map(({ service }) => service))) {
    const own = events.filter((event) => event.service === service);
    const listeners = own.map(({ key, name, method }) => [
      key,
      (event: unknown) => each(`{"event":${JSON.stringify(name)},"data":${toJson(method.input, event)}}`),
    ]);
    client.on(service as EventsType, Object.fromEntries(listeners));
  }
}

function tellWait(state: ClientState, io: Io): void {
  if (state.name !== 'waiting') return;
  say(io, `${state.reason.message}; next attempt in ${(state.delayMs / 1_000).toFixed(1)} s`, 'dim');
}
