import {
  type Connection,
  type ConnectionSet,
  type Context,
  createConnectionSet,
  createServer,
  type Server,
  type ServerOptions,
  Status,
  statusError,
} from 'stmp';
import { RoomEvents, RoomService, UserEvents, UserService } from './generated/room.js';
import { type Account, createRooms, type RoomsOptions } from './rooms.js';

/** What the server keeps for each connection. */
export interface Seat {
  account: Account | undefined;
}

export interface RoomServerOptions extends RoomsOptions {
  /** Of the STMP server. */
  readonly stmp?: Omit<ServerOptions<undefined, Seat>, 'state'> | undefined;
}

export interface RoomServer {
  readonly stmp: Server<undefined, Seat>;
  /** Stops the timers of the chat, which has ended with this. */
  close(): void;
}

type Guest = Connection<undefined, Seat>;

/** The chat as a service: who sits at which connection, and who is told what. */
export function createRoomServer(options: RoomServerOptions = {}): RoomServer {
  const stmp = createServer<undefined, Seat>({ ...options.stmp, state: () => ({ account: undefined }) });
  /** Where each user can be reached. */
  const guests = new Map<Account, Guest>();
  const everybody = createConnectionSet<Guest>();
  const audiences = new Map<string, ConnectionSet<Guest>>();

  /** Those in a room; an event to nobody costs nothing. */
  const audienceOf = (room: string): ConnectionSet<Guest> => {
    let audience = audiences.get(room);
    if (audience === undefined) {
      audience = createConnectionSet<Guest>();
      audience.onEmpty = () => audiences.delete(room);
      audiences.set(room, audience);
    }
    return audience;
  };

  const rooms = createRooms(
    {
      statusUpdated: (user) => everybody.emit(UserEvents).statusUpdated({ user }),
      userEnter: (room, user) => audiences.get(room)?.emit(RoomEvents).userEnter({ room, user }),
      userExit: (room, user) =>
        audiences
          .get(room)
          ?.filter(({ state }) => state.account?.name !== user.name)
          .emit(RoomEvents)
          .userExit({ room, user }),
      newMessage: (message) => audiences.get(message.room)?.emit(RoomEvents).newMessage({ message }),
    },
    options,
  );

  const accountOf = ({ connection }: Context<undefined, Seat>): Account => {
    const { account } = connection.state;
    if (account === undefined) throw statusError(Status.Unauthorized, 'log in first');
    return account;
  };

  /** Gives the user's place to another connection; the one before may be dead without knowing it. */
  const seat = (account: Account, connection: Guest): void => {
    const before = guests.get(account);
    if (before === connection) return;
    if (before !== undefined) {
      before.state.account = undefined;
      everybody.delete(before);
      audiences.get(account.room)?.delete(before);
      void before.close({ status: Status.Unauthorized, message: 'you came back on another connection' });
    }
    connection.state.account = account;
    guests.set(account, connection);
    everybody.add(connection);
    if (account.room !== '') audienceOf(account.room).add(connection);
  };

  stmp.onConnection((connection) => {
    connection.onClose(({ status, origin }) => {
      const { account } = connection.state;
      if (account === undefined) return;
      guests.delete(account);
      if (status === Status.Ok && origin === 'peer') rooms.logout(account);
      else rooms.lost(account);
    });
  });

  stmp.implement(UserService, {
    listUser: ({ page }, context) => {
      accountOf(context);
      return rooms.listUsers(page);
    },
    login: ({ name, token }, { connection }) => {
      if (connection.state.account !== undefined) throw statusError(Status.BadRequest, 'logged in already');
      const account = rooms.login(name, token);
      seat(account, connection);
      return { user: rooms.userOf(account), token: account.token };
    },
  });

  stmp.implement(RoomService, {
    createRoom: ({ name }, context) => {
      accountOf(context);
      return { room: rooms.createRoom(name) };
    },
    listRoom: ({ page }, context) => {
      accountOf(context);
      return rooms.listRooms(page);
    },
    joinRoom: ({ name, afterSeq, roomId }, context) => {
      const account = accountOf(context);
      const before = account.room;
      const joined = rooms.join(account, name, afterSeq, roomId);
      if (account.room !== before) audiences.get(before)?.delete(context.connection);
      audienceOf(account.room).add(context.connection);
      return joined;
    },
    exitRoom: (_, context) => {
      const account = accountOf(context);
      const { room } = account;
      rooms.exit(account);
      audiences.get(room)?.delete(context.connection);
    },
    sendMessage: ({ room, content }, context) => ({ message: rooms.send(accountOf(context), room, content) }),
  });

  return { stmp, close: () => rooms.close() };
}
