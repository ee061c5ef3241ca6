// An interactive client: npm run quick-start:client -- tcp://127.0.0.1:5001
import { createInterface } from 'node:readline';
import { createClient, isStmpError } from 'stmp';
import { RoomEvents, RoomService } from './generated/quick_start.js';

const address = process.argv[2] ?? 'tcp://127.0.0.1:5001';
const HELP = 'join ROOM, exit ROOM, help, quit';
const client = createClient(address);
const rooms = client.service(RoomService);
const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });

/** Prints a line without breaking the one being typed. */
function print(line: string): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  console.log(line);
  if (process.stdout.isTTY) terminal.prompt(true);
}

client.on(RoomEvents, {
  join: ({ user }) => print(`* ${user} joined`),
  exit: ({ user }) => print(`* ${user} left`),
});
client.onState((state) => {
  if (state.name === 'waiting') print(`* no connection; next attempt in ${Math.ceil(state.delayMs / 1000)} s`);
  if (state.name === 'ready') print(`* connected to ${address}; ${HELP}`);
});

async function run(line: string): Promise<void> {
  const [command = '', name = ''] = line.trim().split(/\s+/);
  if (command === 'join') {
    const room = await rooms.join({ name });
    print(`${room.name}: ${room.users.join(', ')}`);
  } else if (command === 'exit') {
    await rooms.exit({ name });
    print(`left ${name}`);
  } else if (command === 'quit') {
    terminal.close();
  } else if (command !== '') print(HELP);
}

client.connect().catch((error: unknown) => {
  print(`* cannot connect: ${error instanceof Error ? error.message : String(error)}`);
  terminal.close();
});

// One line after the other, so that piped input works like typed input.
let queue = client.connect().catch(() => {});
terminal.on('line', (line) => {
  queue = queue
    .then(() => run(line))
    .catch((error: unknown) => print(isStmpError(error) ? `! ${error.message}` : String(error)));
});
terminal.on('close', () => {
  queue = queue.then(() => client.close());
});
