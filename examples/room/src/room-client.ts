import { type Client, type ClientState, type Connection, isStmpError, Status, StmpError } from 'stmp';
import { ChatLog } from './chat-log.js';
import {
  type JoinRoomOutput,
  type Message,
  RoomEvents,
  RoomService,
  type User,
  UserEvents,
  UserService,
  UserStatus,
} from './generated/room.js';
import type {
  ChatMessage,
  LinkState,
  RoomClient,
  RoomClientEvent,
  RoomClientOptions,
  RoomInfo,
} from './room-client-types.js';
import { Roster } from './roster.js';

export type {
  ChatMessage,
  LinkState,
  RoomClient,
  RoomClientEvent,
  RoomClientOptions,
  RoomInfo,
} from './room-client-types.js';

const PAGE_COUNT = 100;
/** Longer lists of users and rooms are cut. */
const MAX_LISTED_COUNT = 1_000;
const DEFAULT_MAX_MESSAGE_COUNT = 500;

/** A user of the chat over this STMP client, which must be new: `start` connects it. */
export function createRoomClient(client: Client, options: RoomClientOptions): RoomClient {
  const { maxMessageCount = DEFAULT_MAX_MESSAGE_COUNT } = options;
  if (!(maxMessageCount >= 100)) throw new RangeError(`maxMessageCount must be at least 100, got ${maxMessageCount}`);
  return new ChatClient(client, options.name.trim(), options.token ?? '', maxMessageCount);
}

class ChatClient implements RoomClient {
  readonly name: string;
  token: string;
  link: LinkState = { name: 'idle' };
  room = '';
  readonly #maxMessageCount: number;
  readonly #roster = new Roster();
  readonly #listeners = new Set<(event: RoomClientEvent) => void>();
  #log: ChatLog | undefined = undefined;
  #client: Client;
  #detach: () => void;
  /** Why the server did not want this user. */
  #refusal: StmpError | undefined = undefined;
  /** What was fetched since the connection was lost; undefined before the first one. */
  #back: { missed: number; lost: number } | undefined = undefined;

  constructor(client: Client, name: string, token: string, maxMessageCount: number) {
    this.name = name;
    this.token = token;
    this.#maxMessageCount = maxMessageCount;
    this.#client = client;
    this.#detach = this.#attach(client);
  }

  get messages(): readonly ChatMessage[] {
    return this.#log?.messages ?? [];
  }

  get users(): readonly User[] {
    return this.#roster.users;
  }

  get roomUsers(): readonly User[] {
    return this.#roster.usersIn(this.room);
  }

  get rooms(): readonly RoomInfo[] {
    return this.#roster.rooms;
  }

  on(fn: (event: RoomClientEvent) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  // --- what users do ---------------------------------------------------------------------

  async start(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      throw this.#refusal ?? error;
    }
  }

  async createRoom(name: string): Promise<void> {
    const { room } = await this.#online().service(RoomService).createRoom({ name });
    if (room === undefined) return;
    this.#roster.addRoom(room.name);
    this.#emit({ type: 'rooms' });
  }

  async join(room: string): Promise<void> {
    const rooms = this.#online().service(RoomService);
    this.#entered(await this.#ask(rooms, room.trim()));
  }

  async leave(): Promise<void> {
    await this.#online().service(RoomService).exitRoom();
    const { room } = this;
    if (room === '') return;
    this.room = '';
    this.#log = undefined;
    this.#emit({ type: 'left', room });
  }

  async send(content: string): Promise<ChatMessage> {
    const log = this.#log;
    if (log === undefined) throw new StmpError('bad_state', 'enter a room first', { status: Status.Unauthorized });
    const { message } = await this.#online().service(RoomService).sendMessage({ room: this.room, content });
    if (message === undefined) throw new StmpError('payload_invalid', 'expected a message, got none');
    this.#heard(message);
    return log.show(message, false);
  }

  async refresh(): Promise<void> {
    await this.#load(this.#online());
  }

  async switchTo(client: Client): Promise<void> {
    const old = this.#client;
    const detach = this.#detach;
    this.#client = client;
    this.#detach = this.#attach(client);
    try {
      await this.start();
    } finally {
      // The server closed it when the new one logged in, unless it was not connected.
      detach();
      void old.close({ status: Status.NetworkError, message: 'going on elsewhere' });
    }
  }

  logout(): Promise<void> {
    return this.#client.close();
  }

  leaveQuietly(): Promise<void> {
    return this.#client.close({ status: Status.NetworkError, message: 'back soon' });
  }

  // --- connections -----------------------------------------------------------------------

  #attach(client: Client): () => void {
    const removers = [
      client.onSession((connection) => this.#session(client, connection)),
      client.onState((state) => {
        if (client === this.#client) this.#linkChanged(state);
      }),
      client.on(UserEvents, { statusUpdated: ({ user }) => this.#statusUpdated(user) }),
      client.on(RoomEvents, {
        userEnter: ({ user, room }) => this.#moved('user-enter', user, room),
        userExit: ({ user, room }) => this.#moved('user-exit', user, room),
        newMessage: ({ message }) => this.#heard(message),
      }),
    ];
    return () => {
      for (const remove of removers) remove();
    };
  }

  #linkChanged(state: ClientState): void {
    switch (state.name) {
      case 'connecting':
        this.#setLink({ name: 'connecting', attempt: state.attempt });
        break;
      case 'ready':
        // A draining connection was online all the while.
        if (this.link.name === 'online') break;
        this.#setLink({ name: 'online' });
        if (this.#back !== undefined) this.#emit({ type: 'restored', room: this.room, ...this.#back });
        this.#back = { missed: 0, lost: 0 };
        break;
      case 'waiting':
        this.#setLink({ name: 'retrying', attempt: state.attempt, delayMs: state.delayMs });
        break;
      case 'closed':
        this.#setLink({ name: 'closed', error: this.#refusal ?? state.reason.error });
        break;
      default:
      // The first steps of a connection change nothing, and a draining one works on.
    }
  }

  #setLink(link: LinkState): void {
    this.link = link;
    this.#emit({ type: 'link', link });
  }

  /** Runs on every new connection: logs in, enters the room again, learns who is where. */
  async #session(client: Client, connection: Connection): Promise<void> {
    const { user, token } = await this.#login(client, connection);
    if (token !== this.token) {
      this.token = token;
      this.#emit({ type: 'token', token });
    }
    const room = this.room || (user?.room ?? '');
    if (room !== '') this.#entered(await this.#askAgain(connection, room));
    await this.#load(connection);
  }

  async #login(client: Client, connection: Connection): Promise<{ user: User | undefined; token: string }> {
    try {
      return await connection.service(UserService).login({ name: this.name, token: this.token });
    } catch (error) {
      if (isStmpError(error) && error.code === 'status') {
        // To ask again would not help.
        this.#refusal = error;
        void client.close();
      }
      throw error;
    }
  }

  #online(): Client {
    if (this.link.name !== 'online') throw new StmpError('not_connected', 'there is no connection at the moment');
    return this.#client;
  }

  // --- rooms -------------------------------------------------------------------------------

  #ask(rooms: ReturnType<typeof roomsOf>, name: string): Promise<JoinRoomOutput> {
    const log = name === this.room ? this.#log : undefined;
    return rooms.joinRoom({ name, afterSeq: log?.lastSeq, roomId: log?.roomId });
  }

  /** After a restart of the server nobody has made the room yet. */
  async #askAgain(connection: Connection, name: string): Promise<JoinRoomOutput> {
    const rooms = roomsOf(connection);
    try {
      return await this.#ask(rooms, name);
    } catch (error) {
      if (!hasStatus(error, Status.NotFound)) throw error;
    }
    try {
      await rooms.createRoom({ name });
    } catch (error) {
      // Somebody else was quicker.
      if (!hasStatus(error, Status.BadRequest)) throw error;
    }
    return this.#ask(rooms, name);
  }

  #entered({ room, missed }: JoinRoomOutput): void {
    if (room === undefined) return;
    const before = room.name === this.room ? this.#log : undefined;
    const log = before?.roomId === room.id ? before : new ChatLog(room.id, this.name, this.#maxMessageCount);
    const fresh = log.catchUp(room, before !== undefined);
    if (before !== undefined && before !== log) log.continue(before);
    this.#log = log;
    this.room = room.name;
    for (const user of room.users) this.#roster.update(user);
    if (before === undefined) {
      this.#emit({ type: 'entered', room: room.name });
    } else {
      for (const message of fresh) this.#emit({ type: 'message', message });
      if (this.link.name !== 'online' && this.#back !== undefined) {
        this.#back.missed += fresh.length;
        this.#back.lost += Number(missed);
      }
    }
    this.#listsChanged();
  }

  async #load(at: Pick<Connection, 'service'>): Promise<void> {
    // Each page is taken when it comes: the events that follow it say what has changed since.
    await wholeList(async (page) => {
      const { total, users } = await at.service(UserService).listUser({ page });
      this.#roster.takeUsers(users, page.offset === 0);
      return { total, count: users.length };
    });
    await wholeList(async (page) => {
      const { total, rooms } = await roomsOf(at).listRoom({ page });
      this.#roster.takeRooms(rooms, page.offset === 0);
      return { total, count: rooms.length };
    });
    this.#listsChanged();
  }

  // --- events --------------------------------------------------------------------------------

  #statusUpdated(user: User | undefined): void {
    if (user === undefined) return;
    const before = this.#roster.update(user);
    const changed = before?.status !== user.status || before.room !== user.room;
    if (changed && user.name !== this.name) {
      this.#emit({ type: 'status', user, before: before?.status ?? UserStatus.OFFLINE });
    }
    this.#listsChanged();
  }

  #moved(type: 'user-enter' | 'user-exit', user: User | undefined, room: string): void {
    if (user !== undefined && room === this.room && user.name !== this.name) this.#emit({ type, user, room });
  }

  #heard(message: Message | undefined): void {
    if (message === undefined || this.#log === undefined || message.room !== this.room) return;
    const heard = this.#log.add(message);
    if (heard === 'gap') void this.#closeGap();
    else if (heard !== 'old') this.#emit({ type: 'message', message: heard });
  }

  /** Not expected, since connections keep order; but to ask costs little, and a hole would stay. */
  async #closeGap(): Promise<void> {
    try {
      await this.join(this.room);
    } catch {
      // The connection is gone: the next session asks again.
    }
  }

  #listsChanged(): void {
    this.#emit({ type: 'users' });
    this.#emit({ type: 'rooms' });
  }

  #emit(event: RoomClientEvent): void {
    for (const fn of [...this.#listeners]) fn(event);
  }
}

const roomsOf = (at: Pick<Connection, 'service'>) => at.service(RoomService);

const hasStatus = (error: unknown, status: number): boolean =>
  isStmpError(error) && error.code === 'status' && error.status === status;

async function wholeList(
  ask: (page: { limit: number; offset: number }) => Promise<{ total: number; count: number }>,
): Promise<void> {
  for (let offset = 0; ; ) {
    const { total, count } = await ask({ limit: PAGE_COUNT, offset });
    offset += count;
    if (count === 0 || offset >= Math.min(total, MAX_LISTED_COUNT)) return;
  }
}
