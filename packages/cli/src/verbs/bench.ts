import { type Client, type Clock, connect, isStmpError, type StmpError, SYSTEM_CLOCK } from 'stmp';
import type { Args } from '../args.js';
import { type Callable, callableOf } from '../calling.js';
import { CONNECTION_OPTIONS, clientOptionsOf } from '../connecting.js';
import { jsonTexts } from '../data.js';
import { parseCount } from '../duration.js';
import { CliError, ExitCode, usage } from '../exit-code.js';
import { failureOf, statusOf } from '../failure.js';
import { FIRST_CALL_OPTION, makeFirstCalls, readFirstCalls } from '../first-calls.js';
import { type Io, print } from '../io.js';
import { Latencies } from '../latencies.js';
import { loadMethods, SCHEMA_OPTIONS } from '../services.js';
import type { Verb } from '../verb.js';

export const benchVerb: Verb = {
  name: 'bench',
  summary: 'calls a method many times, and prints how long the answers took',
  usage: 'URL METHOD [JSON|@FILE|-] [options]',
  details: `Several values are sent in turn. Calls that fail are counted by what they failed with, and the first of them decides
the exit code.`,
  options: {
    ...SCHEMA_OPTIONS,
    connections: { short: 'c', value: 'N', text: 'how many connections (default: 10)' },
    calls: { short: 'n', value: 'N', text: 'how many calls in all (default: 10000)' },
    'in-flight': { value: 'N', text: 'calls that wait at once on each connection (default: 1)' },
    json: { text: 'print the result as a line of JSON' },
    ...FIRST_CALL_OPTION,
    ...CONNECTION_OPTIONS,
  },
  examples: [
    `bench tcp://localhost:5001 RoomService.Join @join.json --proto room.proto -c 100 -n 100000`,
    `bench ws://localhost:5002/ RoomService.Join '{"name":"lobby"}' --proto room.proto --json | jq .ms.p99`,
  ],
  run: runBench,
};

interface Load {
  readonly method: Callable;
  readonly inputs: readonly unknown[];
  readonly connections: number;
  readonly calls: number;
  readonly inFlight: number;
}

interface Result {
  readonly seconds: number;
  readonly latencies: Latencies;
  /** How many calls failed, by what they failed with. */
  readonly errors: Map<string, number>;
  readonly firstError: StmpError | undefined;
}

async function runBench(args: Args, io: Io): Promise<void> {
  const [url, name, data, ...more] = args.positionals;
  if (url === undefined || name === undefined || more.length > 0)
    throw usage('bench needs a URL, a method and one value');
  const known = args.all('proto').length > 0 ? loadMethods(args, io) : undefined;
  const method = callableOf(known, name);
  const firstCalls = await readFirstCalls(args, known, io);
  const inputs: unknown[] = [];
  for await (const text of jsonTexts(data, io)) inputs.push(method.read(text));
  if (inputs.length === 0) throw usage('there is no value to send');
  const number = (option: string, fallback: number): number => parseCount(option, args.one(option) ?? String(fallback));
  const load: Load = {
    method,
    inputs,
    connections: number('connections', 10),
    calls: number('calls', 10_000),
    inFlight: number('in-flight', 1),
  };
  const options = clientOptionsOf(args, url, io);
  const clients: Client[] = [];
  try {
    for (let i = 0; i < load.connections; i++) {
      const client = await connect(url, { ...options, signal: io.signal });
      clients.push(client);
      await makeFirstCalls(client, firstCalls, io.signal, () => {});
    }
    const result = await measure(clients, load, options.clock ?? SYSTEM_CLOCK, io);
    if (args.has('json')) print(io, JSON.stringify(report(result, load)));
    else io.out(reportForPeople(result, load));
    const { firstError, errors } = result;
    if (io.signal.aborted) throw new Error('interrupted');
    if (firstError !== undefined) {
      const failed = [...errors.values()].reduce((sum, count) => sum + count, 0);
      const { exitCode, message } = failureOf(firstError);
      throw new CliError(exitCode, `${failed} of ${load.calls} calls failed, the first with: ${message}`);
    }
    if (result.latencies.count < load.calls)
      throw new CliError(
        ExitCode.NoConnection,
        `the connections ended after ${result.latencies.count} of ${load.calls} calls`,
      );
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Every connection has `inFlight` callers; each makes the next call when its last one is done. */
async function measure(clients: readonly Client[], load: Load, clock: Clock, io: Io): Promise<Result> {
  const { method, inputs, calls, inFlight } = load;
  const latencies = new Latencies();
  const errors = new Map<string, number>();
  let firstError: StmpError | undefined;
  let begun = 0;
  let done = 0;
  const caller = async (client: Client): Promise<void> => {
    // A connection that was lost makes no more calls: each would fail at once.
    while (begun < calls && !io.signal.aborted && client.connection !== undefined) {
      const input = inputs[begun++ % inputs.length];
      const startMs = clock.nowMs();
      try {
        await method.call(client, input, { signal: io.signal });
        latencies.add(clock.nowMs() - startMs);
      } catch (error) {
        if (!isStmpError(error)) throw error;
        if (error.code === 'aborted') return;
        firstError ??= error;
        const what = error.code === 'status' ? statusOf(error.status ?? 0) : error.code;
        errors.set(what, (errors.get(what) ?? 0) + 1);
      }
      showProgress(++done, calls, io);
    }
  };
  const startMs = clock.nowMs();
  await Promise.all(clients.flatMap((client) => Array.from({ length: inFlight }, () => caller(client))));
  if (io.isTerminal) io.err('\r\x1b[K');
  return { seconds: (clock.nowMs() - startMs) / 1_000, latencies, errors, firstError };
}

const BAR = 40;

/** At every whole per cent. */
function showProgress(done: number, all: number, io: Io): void {
  if (!io.isTerminal || Math.floor((done * 100) / all) === Math.floor(((done - 1) * 100) / all)) return;
  const filled = Math.floor((done * BAR) / all);
  io.err(`\r[${'#'.repeat(filled)}${' '.repeat(BAR - filled)}] ${Math.floor((done * 100) / all)} %`);
}

const shown = (value: number): number => Math.round(value * 1_000) / 1_000;
const rate = ({ seconds, latencies }: Result): number => (seconds > 0 ? Math.round(latencies.count / seconds) : 0);

function report(result: Result, { connections, inFlight }: Load): object {
  const { latencies, errors, seconds } = result;
  return {
    answered: latencies.count,
    errors: Object.fromEntries(errors),
    connections,
    inFlight,
    seconds: shown(seconds),
    answersPerSecond: rate(result),
    ms: {
      mean: shown(latencies.meanMs),
      p50: shown(latencies.quantileMs(0.5)),
      p99: shown(latencies.quantileMs(0.99)),
      p999: shown(latencies.quantileMs(0.999)),
      most: shown(latencies.mostMs),
    },
  };
}

function reportForPeople(result: Result, { connections }: Load): string {
  const { latencies, errors, seconds } = result;
  const times = [
    ['p50', latencies.quantileMs(0.5)],
    ['p99', latencies.quantileMs(0.99)],
    ['p99.9', latencies.quantileMs(0.999)],
    ['most', latencies.mostMs],
  ] as const;
  const answered = `${latencies.count} answers over ${connections} connections in ${shown(seconds)} s: ${rate(result)} a second`;
  return [
    answered,
    ...times.map(([name, ms]) => `${name.padEnd(6)}${ms.toFixed(3).padStart(10)} ms`),
    ...[...errors].map(([what, count]) => `${count} failed: ${what}`),
    '',
  ].join('\n');
}
