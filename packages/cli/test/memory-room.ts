// A room server in memory, with a clock of its own, for tests without sockets.
import { type ClientOptions, createServer, memoryTransport, type Server, Status, statusError } from 'stmp';
import { FakeClock } from 'test-kit';
import { RoomEvents, RoomService } from '../../../examples/quick-start/src/generated/quick_start.js';

export const ADDRESS = 'memory://room';

export interface MemoryRoom {
  readonly server: Server;
  readonly clock: FakeClock;
  readonly clientOptions: ClientOptions;
  /** How often anybody connected. */
  readonly connections: number;
  /** How often anybody joined. */
  readonly joins: number;
  close(): Promise<void>;
}

/**
 * Whoever joins hears of it. The room `closed` does not exist, `rude` answers with escape sequences, `slow` never answers, and `away` ends the connection after
 * it was entered; nobody without the header `Token: x` gets in when `isPrivate`.
 */
export async function memoryRoom(isPrivate = false): Promise<MemoryRoom> {
  const clock = new FakeClock();
  const { dialer, listener } = memoryTransport();
  let connections = 0;
  let joins = 0;
  const server = createServer({
    listeners: [listener],
    clock,
    authenticate: ({ headers }) => {
      if (isPrivate && headers.get('Token') !== 'x') throw statusError(Status.Unauthorized, 'show a token');
      return { identity: undefined };
    },
  });
  server.onConnection(() => void connections++);
  server.implement(RoomService, {
    join({ name }, { connection, signal }) {
      joins++;
      if (name === 'closed') throw statusError(Status.NotFound, 'no such room');
      if (name === 'rude') throw statusError(Status.Conflict, 'a\x1b]0;b\x07\x9bc');
      if (name === 'slow') return new Promise((resolve) => signal.addEventListener('abort', () => resolve({})));
      connection.emit(RoomEvents).join({ user: `user ${connections}` });
      if (name === 'away') queueMicrotask(() => void connection.close({ status: Status.ServerShutdown }));
      return { name, users: ['ann'] };
    },
    exit() {},
  });
  await server.listen(ADDRESS);
  return {
    server,
    clock,
    clientOptions: { dialers: [dialer], clock },
    get connections() {
      return connections;
    },
    get joins() {
      return joins;
    },
    close: () => server.close(),
  };
}
