import { type Client, type Clock, connect, isStmpError, SYSTEM_CLOCK } from 'stmp';
import type { Args } from '../args.js';
import { CONNECTION_OPTIONS, clientOptionsOf } from '../connecting.js';
import { parseCount, parseDuration } from '../duration.js';
import { usage } from '../exit-code.js';
import { type Io, print, say } from '../io.js';
import type { Verb } from '../verb.js';

/** No service has it, so that every server answers NotFound at once, the original too. */
const NOBODY = 'stmp.cli.PingService.Ping';

export const pingVerb: Verb = {
  name: 'ping',
  summary: 'measures how long an answer takes, and prints each time as a line of JSON',
  usage: 'URL [options]',
  details: `Each ping is a request that no service answers, so it takes the way of any call: the server says NotFound.`,
  options: {
    count: { short: 'n', value: 'N', text: 'how many pings (default: 4)' },
    interval: { short: 'i', value: 'TIME', text: 'from ping to ping (default: 1s)' },
    ...CONNECTION_OPTIONS,
  },
  examples: ['ping tcp://localhost:5001', `ping wss://example.com/rpc -n 1 --timeout 2s -H 'Token: x'`],
  run: runPing,
};

async function runPing(args: Args, io: Io): Promise<void> {
  const [url, ...more] = args.positionals;
  if (url === undefined || more.length > 0) throw usage('ping needs one URL');
  const count = parseCount('count', args.one('count') ?? '4');
  const intervalMs = parseDuration('interval', args.one('interval') ?? '1s');
  const options = clientOptionsOf(args, url, io);
  const clock = options.clock ?? SYSTEM_CLOCK;
  const startMs = clock.nowMs();
  const client = await connect(url, { ...options, signal: io.signal });
  say(io, `connected to ${client.connection?.remoteAddress} in ${shown(clock.nowMs() - startMs)} ms`, 'dim');
  const times: number[] = [];
  try {
    for (let i = 1; i <= count && !io.signal.aborted; i++) {
      if (i > 1) await pause(intervalMs, clock, io.signal);
      if (io.signal.aborted) break;
      const ms = await timeOf(client, clock, io.signal);
      times.push(ms);
      print(io, `{"ping":${i},"ms":${shown(ms)}}`);
    }
  } finally {
    await client.close();
  }
  if (times.length === 0) return;
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  say(io, `least ${shown(Math.min(...times))} ms, mean ${shown(mean)} ms, most ${shown(Math.max(...times))} ms`, 'dim');
}

async function timeOf(client: Client, clock: Clock, signal: AbortSignal): Promise<number> {
  const startMs = clock.nowMs();
  try {
    await client.callRaw(NOBODY, undefined, { signal });
  } catch (error) {
    // Any status is an answer.
    if (!isStmpError(error) || error.code !== 'status') throw error;
  }
  return clock.nowMs() - startMs;
}

const shown = (ms: number): number => Math.round(ms * 1_000) / 1_000;

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clock.clearTimer(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(done, ms);
    signal.addEventListener('abort', done);
  });
}
