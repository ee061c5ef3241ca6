import type { Client, StmpError } from 'stmp';
import type { User, UserStatus } from './generated/room.js';

/** A message as it is shown. */
export interface ChatMessage {
  /** Unlike that of any other message, also of an earlier room of the same name. */
  readonly key: string;
  readonly seq: number;
  readonly room: string;
  /** The name of the sender. */
  readonly user: string;
  readonly content: string;
  /** When the server got it, in milliseconds since 1970. */
  readonly atMs: number;
  /** Sent by this user. */
  readonly own: boolean;
  /** Said while this client had no connection. */
  readonly missed: boolean;
}

export interface RoomInfo {
  readonly name: string;
  /** How many are in it, with those whose connection was lost a short while ago. */
  readonly headCount: number;
}

/** Whether there is a connection, and what is done about it. */
export type LinkState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly attempt: number }
  /** Connected and logged in. */
  | { readonly name: 'online' }
  /** Attempt `attempt` failed; the next one begins in `delayMs` from the event on. */
  | { readonly name: 'retrying'; readonly attempt: number; readonly delayMs: number }
  /** For good. Without an error: by {@link RoomClient.logout} or {@link RoomClient.leaveQuietly}. */
  | { readonly name: 'closed'; readonly error: StmpError | undefined };

/** What happened, in order. The state of the client shows it already when the event comes. */
export type RoomClientEvent =
  | { readonly type: 'link'; readonly link: LinkState }
  /** A token to keep, for `RoomClientOptions.token` after a restart of this program. */
  | { readonly type: 'token'; readonly token: string }
  /** This user is in another room now; `client.messages` holds what was said there before. */
  | { readonly type: 'entered'; readonly room: string }
  | { readonly type: 'left'; readonly room: string }
  /** In order of `seq`, each once. Of the messages that come with `entered` there are no events. */
  | { readonly type: 'message'; readonly message: ChatMessage }
  /**
   * Connected again after a loss; comes after the `message` events of what was missed. `missed` counts these, `lost`
   * those that are too old to be kept by the server. `room` is empty when in none.
   */
  | { readonly type: 'restored'; readonly room: string; readonly missed: number; readonly lost: number }
  /** Another user entered or left this user's room. */
  | { readonly type: 'user-enter'; readonly user: User; readonly room: string }
  | { readonly type: 'user-exit'; readonly user: User; readonly room: string }
  /** The status or room of another user changed; `before` is `OFFLINE` for one not seen before. */
  | { readonly type: 'status'; readonly user: User; readonly before: UserStatus }
  /** `client.users` changed. */
  | { readonly type: 'users' }
  /** `client.rooms` changed: a room or a head count. */
  | { readonly type: 'rooms' };

export interface RoomClientOptions {
  readonly name: string;
  /** Of an earlier run, to come back as the same user, in the same room. Default none. */
  readonly token?: string | undefined;
  /** Messages kept in `messages`, at least 100. Default 500. */
  readonly maxMessageCount?: number | undefined;
}

/**
 * One user of the chat, for any surface. It logs in again and enters its room again whenever the connection comes back,
 * and fetches what was said meanwhile. All methods that ask the server reject with `not_connected` while there is no
 * connection, and with `status` where it refuses: see `fieldErrorOf`.
 */
export interface RoomClient {
  readonly name: string;
  /** Empty before the first login. */
  readonly token: string;
  readonly link: LinkState;
  /** The room this user is in; empty when in none. */
  readonly room: string;
  /** Of the present room, in order of `seq`. A new array after each change. */
  readonly messages: readonly ChatMessage[];
  /** Everybody who is not offline, by name; this user too. A new array after each change. */
  readonly users: readonly User[];
  /** Those of them who are in this user's room. */
  readonly roomUsers: readonly User[];
  /** Newest first. A new array after each change. */
  readonly rooms: readonly RoomInfo[];

  /** Calls `fn` for every event; the result removes it. */
  on(fn: (event: RoomClientEvent) => void): () => void;
  /**
   * Connects and logs in. Rejects when that is refused, as for a name that somebody has; network trouble is waited out.
   * A client that ended stays so: make another one.
   */
  start(): Promise<void>;
  /** Makes a room; `join` enters it. */
  createRoom(name: string): Promise<void>;
  /** Enters a room, and leaves the one before. */
  join(room: string): Promise<void>;
  leave(): Promise<void>;
  /** Says something in the present room. The `message` event comes first. */
  send(content: string): Promise<ChatMessage>;
  /** Asks for the lists of rooms and users. Rooms that nobody is in vanish without an event. */
  refresh(): Promise<void>;
  /**
   * Goes on over another STMP client, as with other payloads: logs in there with the token, enters the room, gives the
   * present client up. Nobody else notices.
   */
  switchTo(client: Client): Promise<void>;
  /** Ends the connection; the name is free at once. */
  logout(): Promise<void>;
  /** Ends the connection as if it were lost: the user stays for a while, and may come back with the token. */
  leaveQuietly(): Promise<void>;
}
