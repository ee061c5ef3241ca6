import { type Clock, Status, SYSTEM_CLOCK, statusError } from 'stmp';
import { type Message, type Page, type Room, type User, UserStatus } from './generated/room.js';
import { checkContent, checkName, fieldError, pageOf, RateWindow } from './rules.js';

export const MAX_KEPT_MESSAGE_COUNT = 100;
/** A user whose connection was lost may come back within this. */
export const ABSENCE_MS = 60_000;
/** A room nobody is in vanishes after this. */
export const EMPTY_ROOM_MS = 600_000;

/** Anybody may make rooms, so there is an end to it. */
export const MAX_ROOM_COUNT = 10_000;

/** What others are to be told. Users are as they are after the change. */
export interface RoomsListener {
  statusUpdated(user: User): void;
  userEnter(room: string, user: User): void;
  userExit(room: string, user: User): void;
  newMessage(message: Message): void;
}

export interface RoomsOptions {
  /** For absences, empty rooms and rates. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Milliseconds since 1970, for the times of messages. Default `Date.now`. */
  readonly timeMs?: (() => number) | undefined;
  /** Makes tokens and the ids of rooms; must be hard to guess. Default `crypto.randomUUID`. */
  readonly newId?: (() => string) | undefined;
}

/** Somebody who has logged in. */
export interface Account {
  readonly name: string;
  /** Shown by a client that comes back. */
  readonly token: string;
  /** The name of the room the user is in; empty when in none. */
  readonly room: string;
}

/** The whole chat, without connections: users, rooms, messages, and the rules about them. Broken rules throw status errors. */
export interface Rooms {
  /** A token of somebody with this name brings that account back. */
  login(name: string, token: string): Account;
  /** The user's connection was lost. */
  lost(account: Account): void;
  /** The user said goodbye: the name is free. */
  logout(account: Account): void;
  userOf(account: Account): User;
  listUsers(page: Page | undefined): { total: number; users: User[] };
  createRoom(name: string): Room;
  listRooms(page: Page | undefined): { total: number; rooms: Room[] };
  join(account: Account, name: string, afterSeq: bigint, roomId: string): { room: Room; missed: bigint };
  exit(account: Account): void;
  send(account: Account, room: string, content: string): Message;
  /** Stops all timers. */
  close(): void;
}

export function createRooms(listener: RoomsListener, options: RoomsOptions = {}): Rooms {
  return new Chat(listener, options);
}

interface Member extends Account {
  place: Place | undefined;
  online: boolean;
  readonly rate: RateWindow;
  /** Runs out when the user has been absent too long. */
  timer: unknown;
}

/** A room. */
interface Place {
  readonly id: string;
  readonly name: string;
  readonly members: Set<Member>;
  /** The last ones, oldest first. */
  readonly messages: Message[];
  lastSeq: bigint;
  /** Runs out when nobody has been there for too long. */
  timer: unknown;
}

class Chat implements Rooms {
  readonly #listener: RoomsListener;
  readonly #clock: Clock;
  readonly #timeMs: () => number;
  readonly #newId: () => string;
  /** By name, in order of login. */
  readonly #members = new Map<string, Member>();
  /** By name, in order of creation. */
  readonly #places = new Map<string, Place>();

  constructor(listener: RoomsListener, options: RoomsOptions) {
    this.#listener = listener;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#timeMs = options.timeMs ?? Date.now;
    this.#newId = options.newId ?? (() => crypto.randomUUID());
  }

  // --- users -------------------------------------------------------------------------------

  login(value: string, token: string): Account {
    const name = checkName(value);
    const known = this.#members.get(name);
    if (known !== undefined && known.token !== token) throw fieldError('name', 'is taken');
    const member = known ?? this.#newMember(name);
    this.#stopTimer(member);
    if (!member.online) {
      member.online = true;
      this.#tellStatus(member);
    }
    return member;
  }

  #newMember(name: string): Member {
    const member: Member = {
      name,
      token: this.#newId(),
      place: undefined,
      get room() {
        return this.place?.name ?? '';
      },
      online: false,
      rate: new RateWindow(),
      timer: undefined,
    };
    this.#members.set(name, member);
    return member;
  }

  lost(account: Account): void {
    const member = account as Member;
    if (!member.online) return;
    member.online = false;
    this.#tellStatus(member);
    // The name is kept as long as the place.
    member.timer = this.#clock.setTimer(() => this.#remove(member), ABSENCE_MS);
  }

  logout(account: Account): void {
    this.#remove(account as Member);
  }

  #remove(member: Member): void {
    if (this.#members.get(member.name) !== member) return;
    const wasSeen = statusOf(member) !== UserStatus.OFFLINE;
    this.#stopTimer(member);
    this.#members.delete(member.name);
    member.online = false;
    this.#leave(member);
    if (wasSeen) this.#tellStatus(member);
  }

  userOf(account: Account): User {
    return userOf(account as Member);
  }

  listUsers(page: Page | undefined): { total: number; users: User[] } {
    const all = [...this.#members.values()].filter((member) => statusOf(member) !== UserStatus.OFFLINE);
    return { total: all.length, users: pageOf(all, page).map(userOf) };
  }

  // --- rooms -------------------------------------------------------------------------------

  createRoom(value: string): Room {
    const name = checkName(value);
    if (this.#places.has(name)) throw fieldError('name', 'is taken');
    if (this.#places.size >= MAX_ROOM_COUNT) throw statusError(Status.TooManyRequests, 'too many rooms');
    const place: Place = { id: this.#newId(), name, members: new Set(), messages: [], lastSeq: 0n, timer: undefined };
    this.#places.set(name, place);
    this.#awaitGuests(place);
    return roomOf(place, []);
  }

  listRooms(page: Page | undefined): { total: number; rooms: Room[] } {
    const all = [...this.#places.values()];
    return { total: all.length, rooms: pageOf(all, page).map((place) => roomOf(place, [])) };
  }

  join(account: Account, name: string, afterSeq: bigint, roomId: string): { room: Room; missed: bigint } {
    const member = account as Member;
    const place = this.#placeOf(name.trim());
    if (member.place !== place) {
      this.#leave(member);
      this.#stopTimer(place);
      place.members.add(member);
      member.place = place;
      this.#listener.userEnter(place.name, userOf(member));
      this.#tellStatus(member);
    }
    const after = roomId === '' || roomId === place.id ? afterSeq : 0n;
    const room = roomOf(
      place,
      place.messages.filter(({ seq }) => seq > after),
    );
    const firstKept = place.messages[0]?.seq ?? 1n;
    return { room, missed: firstKept - 1n > after ? firstKept - 1n - after : 0n };
  }

  exit(account: Account): void {
    const member = account as Member;
    if (this.#leave(member)) this.#tellStatus(member);
  }

  send(account: Account, room: string, value: string): Message {
    const member = account as Member;
    const place = this.#placeOf(room);
    if (member.place !== place) throw statusError(Status.Unauthorized, 'enter the room first');
    const content = checkContent(value);
    if (!member.rate.take(this.#clock.nowMs())) {
      throw statusError(Status.TooManyRequests, 'too many messages, wait a moment');
    }
    const ms = this.#timeMs();
    const message: Message = {
      seq: ++place.lastSeq,
      room: place.name,
      user: member.name,
      content,
      createdAt: { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.floor(ms % 1_000) * 1_000_000 },
    };
    place.messages.push(message);
    if (place.messages.length > MAX_KEPT_MESSAGE_COUNT) place.messages.shift();
    this.#listener.newMessage(message);
    return message;
  }

  #placeOf(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw statusError(Status.NotFound, 'there is no such room');
    return place;
  }

  /** @returns false when the user was in no room. */
  #leave(member: Member): boolean {
    const { place } = member;
    if (place === undefined) return false;
    place.members.delete(member);
    member.place = undefined;
    if (place.members.size === 0) this.#awaitGuests(place);
    this.#listener.userExit(place.name, userOf(member));
    return true;
  }

  #awaitGuests(place: Place): void {
    place.timer = this.#clock.setTimer(() => this.#places.delete(place.name), EMPTY_ROOM_MS);
  }

  #tellStatus(member: Member): void {
    this.#listener.statusUpdated(userOf(member));
  }

  #stopTimer(of: { timer: unknown }): void {
    if (of.timer !== undefined) this.#clock.clearTimer(of.timer);
    of.timer = undefined;
  }

  close(): void {
    for (const member of this.#members.values()) this.#stopTimer(member);
    for (const place of this.#places.values()) this.#stopTimer(place);
  }
}

function statusOf({ online, place }: Member): UserStatus {
  if (online) return place === undefined ? UserStatus.ONLINE : UserStatus.CHATTING;
  return place === undefined ? UserStatus.OFFLINE : UserStatus.CHATTING_OFFLINE;
}

function userOf(member: Member): User {
  return { name: member.name, room: member.room, status: statusOf(member) };
}

function roomOf({ id, name, members }: Place, lastMessages: Message[]): Room {
  return { id, name, users: [...members].map(userOf), lastMessages };
}
