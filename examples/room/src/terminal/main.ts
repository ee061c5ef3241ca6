// The terminal client: npm run room:client -- [address] [name]
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { createClient, exponentialBackoff } from 'stmp';
import { describeError } from '../problems.js';
import { createRoomClient, type RoomClient } from '../room-client.js';
import { plainLine, runPlain } from './plain.js';

const DEFAULT_ADDRESS = 'tcp://127.0.0.1:5003';
/** Somebody sits and waits. */
const RECONNECT = exponentialBackoff({ maxMs: 10_000 });
const HELP = `Usage: npm run room:client -- [options] [address] [name]

  address     tcp://, tls://, ws://, wss://, kcp:// or kcps:// (${DEFAULT_ADDRESS})
  name        3 to 31 bytes
  --ca FILE   trust the certificates signed by this one
  --plain     lines only, no screen; so without saying when input or output is no terminal
  --help      this text

A WebSocket address needs the path: ws://127.0.0.1:8080/stmp
`;

interface Arguments {
  readonly address: string | undefined;
  readonly name: string | undefined;
  readonly ca: string | undefined;
  readonly plain: boolean;
  readonly help: boolean;
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ca: { type: 'string' }, plain: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const [first, second] = positionals;
  const { ca, plain = !process.stdin.isTTY || !process.stdout.isTTY, help = false } = values;
  // The name alone will do.
  if (second === undefined && first !== undefined && !first.includes(':')) {
    return { address: DEFAULT_ADDRESS, name: first, ca, plain, help };
  }
  return { address: first, name: second, ca, plain, help };
}

async function ask(question: string, fallback: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (;;) {
      const answer = (await asking.question(question)).trim() || fallback;
      if (answer !== '') return answer;
    }
  } finally {
    asking.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Connects and logs in, and asks for another name when the one that was asked for is refused. */
async function enter({ address, name, ca, plain }: Arguments): Promise<{ client: RoomClient; address: string }> {
  if (plain && name === undefined) throw new TypeError('without a terminal to ask, the name must be an argument');
  const url = address ?? (plain ? DEFAULT_ADDRESS : await ask(`Address (${DEFAULT_ADDRESS}): `, DEFAULT_ADDRESS));
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca, 'utf8') };
  for (;;) {
    const me = name ?? (await ask('Your name: ', ''));
    const client = createRoomClient(createClient(url, { tls, reconnect: RECONNECT }), { name: me });
    const stop = client.on((event) => {
      if (event.type !== 'link' || event.link.name !== 'retrying') return;
      const seconds = Math.ceil(event.link.delayMs / 1000);
      print(plainLine({ kind: 'info', text: `no connection to ${url}; next attempt in ${seconds} s` }));
    });
    try {
      await client.start();
      return { client, address: url };
    } catch (error) {
      if (name !== undefined || plain) throw error;
      print(describeError(error));
    } finally {
      stop();
    }
  }
}

async function main(): Promise<void> {
  const given = readArguments();
  if (given.help) {
    print(HELP);
    return;
  }
  const { client, address } = await enter(given);
  const leave = (): void => void client.logout();
  process.once('SIGINT', leave).once('SIGTERM', leave);
  if (given.plain) {
    print(plainLine({ kind: 'info', text: `connected to ${address} as ${client.name}` }));
    await runPlain(client, process.stdin, process.stdout);
  } else {
    // Pipes do without React.
    const { runScreen } = await import('./screen.js');
    await runScreen(client, address);
  }
  await client.logout();
  if (client.link.name === 'closed' && client.link.error !== undefined) throw client.link.error;
  print(plainLine({ kind: 'info', text: 'goodbye' }));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    print(plainLine({ kind: 'error', text: describeError(error) }));
    process.exit(1);
  },
);
