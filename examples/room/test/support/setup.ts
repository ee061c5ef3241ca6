import { type Client, createClient, type Dialer, type Hooks, memoryTransport, StmpError } from 'stmp';
import { FakeClock } from 'test-kit';
import { onTestFinished } from 'vitest';
import { createRoomClient, type RoomClient, type RoomClientEvent } from '../../src/room-client.js';
import { createRoomServer, type RoomServer } from '../../src/server.js';

export interface World {
  readonly server: RoomServer;
  /** Of the chat; connections have the real one. */
  readonly clock: FakeClock;
  /** Runs once, when the answer to this method leaves: what follows from it travels right behind that answer. */
  whenAnswered(method: string, fn: () => Promise<unknown>): void;
  /** A bare STMP client, not connected yet. */
  client(): Client;
  /** A user, not started yet. */
  user(name: string, token?: string): TestUser;
  /** The server goes, and another one takes its place. */
  restart(): Promise<void>;
}

export interface TestUser {
  readonly room: RoomClient;
  readonly stmp: Client;
  /** Breaks the connection; the client dials again at once. */
  cut(): void;
  /** False: it dials in vain, over memory. */
  networkIsUp: boolean;
  /** What the user was shown, as short words. */
  readonly seen: string[];
}

/** A server and any number of users in one process. */
export async function world(transport: 'memory' | 'tcp' = 'memory'): Promise<World> {
  const clock = new FakeClock(1_000);
  const memory = memoryTransport();
  const whenAnswered = new Map<string, () => Promise<unknown>>();
  const hooks: Hooks = {
    onPacketOut({ kind, name }) {
      const method = name?.split('.').at(-1) ?? '';
      const fn = kind === 'response' ? whenAnswered.get(method) : undefined;
      whenAnswered.delete(fn === undefined ? '' : method);
      void fn?.();
    },
  };
  const open = async (at: string): Promise<RoomServer> => {
    const stmp = transport === 'memory' ? { listeners: [memory.listener], hooks } : { hooks };
    const opened = createRoomServer({ clock, stmp });
    const { address } = await opened.stmp.listen(at);
    url = address;
    return opened;
  };
  let url = transport === 'memory' ? 'memory://room' : 'tcp://127.0.0.1:0';
  let server = await open(url);
  const clients: Client[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.stmp.close();
    server.close();
  });
  const client = (isUp = (): boolean => true): Client => {
    const dialer: Dialer = {
      schemes: memory.dialer.schemes,
      dial: async (address, options) => {
        if (!isUp()) throw new StmpError('dial_failed', 'the network is down', { origin: 'link' });
        return memory.dialer.dial(address, options);
      },
    };
    const stmp = createClient(url, {
      reconnect: () => 5,
      ...(transport === 'memory' ? { dialers: [dialer] } : {}),
    });
    clients.push(stmp);
    return stmp;
  };
  return {
    get server() {
      return server;
    },
    clock,
    client: () => client(),
    whenAnswered: (method, fn) => void whenAnswered.set(method, fn),
    user(name, token) {
      const stmp = client(() => user.networkIsUp);
      const room = createRoomClient(stmp, { name, token });
      const seen: string[] = [];
      room.on((event) => seen.push(...shown(event)));
      const user: TestUser = { room, stmp, seen, networkIsUp: true, cut: () => stmp.connection?.abort() };
      return user;
    },
    async restart() {
      await server.stmp.close();
      server.close();
      server = await open(url);
    },
  };
}

function shown(event: RoomClientEvent): string[] {
  switch (event.type) {
    case 'link':
      return [event.link.name];
    case 'message':
      return [`${event.message.seq} ${event.message.content}${event.message.missed ? ' missed' : ''}`];
    case 'restored':
      return [`restored ${event.missed} ${event.lost}`];
    case 'entered':
    case 'left':
      return [`${event.type} ${event.room}`];
    case 'user-enter':
    case 'user-exit':
      return [`${event.type} ${event.user.name}`];
    case 'status':
      return [`${event.user.name} ${event.before}>${event.user.status}`];
    default:
      return [];
  }
}
