// One server on two transports, two clients, and a transcript of all that happens.
import { type Client, connect } from 'stmp';
import { RoomEvents, RoomService } from './generated/quick_start.js';
import { createRoomServer } from './room-server.js';

const say = (who: string, what: string): void => console.log(`${who.padEnd(6)} ${what}`);

/** Prints the events a client receives, and lets the others wait for them. */
function listen(name: string, client: Client): () => Promise<void> {
  const seen: (() => void)[] = [];
  const heard = (event: string, user: string): void => {
    say(name, `<- RoomEvents.${event} { user: '${user}' }`);
    seen.shift()?.();
  };
  client.on(RoomEvents, {
    join: ({ user }) => heard('Join', user),
    exit: ({ user }) => heard('Exit', user),
  });
  return () => new Promise((resolve) => seen.push(resolve));
}

async function join(name: string, client: Client): Promise<void> {
  say(name, "-> RoomService.Join { name: 'lobby' }");
  const room = await client.service(RoomService).join({ name: 'lobby' });
  say(name, `<- RoomModel { name: '${room.name}', users: [${room.users.map((user) => `'${user}'`).join(', ')}] }`);
}

async function exit(name: string, client: Client): Promise<void> {
  say(name, "-> RoomService.Exit { name: 'lobby' }");
  await client.service(RoomService).exit({ name: 'lobby' });
  say(name, '<- Empty {}');
}

const server = createRoomServer();
const tcp = await server.listen('tcp://127.0.0.1:0');
const ws = await server.listen('ws://127.0.0.1:0/quick_start');
say('server', `listens on ${tcp.address}`);
say('server', `listens on ${ws.address}`);

const alice = await connect(tcp.address);
const nextForAlice = listen('alice', alice);
say('alice', `connected over TCP, ${alice.connection?.contentType}`);
const bob = await connect(ws.address);
listen('bob', bob);
say('bob', `connected over WebSocket, ${bob.connection?.contentType}`);

await join('alice', alice);
const bobJoined = nextForAlice();
await join('bob', bob);
await bobJoined;
const bobLeft = nextForAlice();
await exit('bob', bob);
await bobLeft;
await exit('alice', alice);

await alice.close();
await bob.close();
await server.close();
say('server', 'closed');
