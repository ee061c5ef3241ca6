import { type Room, type User, UserStatus } from './generated/room.js';
import type { RoomInfo } from './room-client-types.js';

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** Who is where, as far as this client was told. */
export class Roster {
  #users = new Map<string, User>();
  #roomNames: readonly string[] = [];
  #sortedUsers: readonly User[] | undefined = undefined;
  #rooms: readonly RoomInfo[] | undefined = undefined;

  get users(): readonly User[] {
    this.#sortedUsers ??= [...this.#users.values()].sort(byName);
    return this.#sortedUsers;
  }

  /** In the order of the server's list. */
  get rooms(): readonly RoomInfo[] {
    this.#rooms ??= this.#roomNames.map((name) => ({ name, headCount: this.usersIn(name).length }));
    return this.#rooms;
  }

  usersIn(room: string): readonly User[] {
    return room === '' ? [] : this.users.filter((user) => user.room === room);
  }

  /** @returns what was known of the user before. */
  update(user: User): User | undefined {
    const before = this.#users.get(user.name);
    if (user.status === UserStatus.OFFLINE) this.#users.delete(user.name);
    else this.#users.set(user.name, user);
    if (user.room !== '' && !this.#roomNames.includes(user.room)) this.#roomNames = [user.room, ...this.#roomNames];
    this.#changed();
    return before;
  }

  addRoom(name: string): void {
    if (!this.#roomNames.includes(name)) this.#roomNames = [name, ...this.#roomNames];
    this.#changed();
  }

  /** A page of the list of users; the first one replaces what was known. */
  takeUsers(users: readonly User[], first: boolean): void {
    this.#users = new Map([...(first ? [] : this.#users), ...users.map((user) => [user.name, user] as const)]);
    this.#changed();
  }

  /** A page of the list of rooms; the first one replaces what was known. */
  takeRooms(rooms: readonly Room[], first: boolean): void {
    this.#roomNames = [...new Set([...(first ? [] : this.#roomNames), ...rooms.map(({ name }) => name)])];
    this.#changed();
  }

  #changed(): void {
    this.#sortedUsers = undefined;
    this.#rooms = undefined;
  }
}
