import { type User, UserStatus } from '../generated/room.js';
import type { RoomInfo } from '../room-client-types.js';
import { byId, icon, make } from './dom.js';
import { count, hueOf, initialsOf } from './format.js';

const HEAD = 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5';
/** So many who are gone stay in sight. */
const MAX_GONE = 5;

/** How a status looks and what it is called. */
export const PRESENCE: Readonly<Record<number, { readonly look: string; readonly words: string }>> = {
  [UserStatus.OFFLINE]: { look: 'gone', words: 'Offline' },
  [UserStatus.ONLINE]: { look: 'online', words: 'Online' },
  [UserStatus.CHATTING]: { look: 'chatting', words: 'Chatting' },
  [UserStatus.CHATTING_OFFLINE]: { look: 'away', words: 'Connection lost' },
};

export function avatar(name: string): HTMLElement {
  const box = make('span', `avatar ${hueOf(name)}`, initialsOf(name));
  box.setAttribute('aria-hidden', 'true');
  return box;
}

/** Replaces a list's content, but leaves the focus where it was. */
function replaceRows(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && list.contains(focused) ? focused.dataset.key : undefined;
  list.replaceChildren(...rows);
  if (key === undefined) return;
  for (const row of list.querySelectorAll<HTMLElement>('[data-key]')) if (row.dataset.key === key) row.focus();
}

/** The rooms, as buttons that enter them. */
export class RoomList {
  readonly #list = byId<HTMLUListElement>('rooms');
  readonly #onEnter: (room: string) => void;
  #shown = '';

  constructor(onEnter: (room: string) => void) {
    this.#onEnter = onEnter;
  }

  show(rooms: readonly RoomInfo[], current: string): void {
    byId('rooms-empty').hidden = rooms.length > 0;
    const state = JSON.stringify([rooms, current]);
    if (state === this.#shown) return;
    this.#shown = state;
    replaceRows(
      this.#list,
      rooms.map((room) => this.#row(room, room.name === current)),
    );
  }

  #row({ name, headCount }: RoomInfo, current: boolean): HTMLElement {
    const hash = make('span', 'hash', '#');
    hash.setAttribute('aria-hidden', 'true');
    const heads = make('span', 'heads');
    const number = make('span', '', String(headCount));
    number.setAttribute('aria-hidden', 'true');
    heads.append(icon(HEAD), number, make('span', 'sr', `, ${count(headCount, 'person', 'people')}`));
    const button = make('button', '', hash, make('span', 'name', name), heads);
    button.type = 'button';
    button.title = name;
    button.dataset.key = name;
    if (current) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => this.#onEnter(name));
    return make('li', '', button);
  }
}

/** Who is where. Those who went while this page was open stay in sight for a while. */
export class PeopleList {
  readonly #box = byId('people');
  #gone: readonly User[] = [];
  #shown = '';

  /** Somebody's status changed. */
  changed(user: User): void {
    const others = this.#gone.filter(({ name }) => name !== user.name);
    this.#gone = user.status === UserStatus.OFFLINE ? [user, ...others].slice(0, MAX_GONE) : others;
  }

  reset(): void {
    this.#gone = [];
  }

  show(users: readonly User[], room: string, me: string): void {
    const gone = this.#gone.filter((user) => !users.some(({ name }) => name === user.name));
    const state = JSON.stringify([users, gone, room, me]);
    if (state === this.#shown) return;
    this.#shown = state;
    const here = users.filter((user) => room !== '' && user.room === room);
    const elsewhere = users.filter((user) => room === '' || user.room !== room);
    const groups: HTMLElement[] = [];
    const add = (title: string, people: readonly User[]): void => {
      if (people.length === 0) return;
      const list = make('ul', '', ...people.map((user) => person(user, me, room)));
      list.setAttribute('aria-label', title);
      groups.push(make('p', 'group-title', `${title} · ${people.length}`), list);
    };
    add('In this room', here);
    add(room === '' ? 'Here' : 'Elsewhere', elsewhere);
    add('Gone', gone);
    this.#box.replaceChildren(...groups);
  }
}

function person(user: User, me: string, room: string): HTMLElement {
  const { look, words } = PRESENCE[user.status] ?? PRESENCE[UserStatus.ONLINE]!;
  const dot = make('span', `dot ${look}`);
  const face = make('span', 'avatar-box', avatar(user.name), dot);
  const where = user.room !== '' && user.room !== room ? ` in ${user.room}` : '';
  const name = make('span', 'person-name', user.name === me ? `${user.name} (you)` : user.name);
  return make(
    'li',
    `person ${look}`,
    face,
    make('span', 'person-text', name, make('span', 'person-note', `${words}${where}`)),
  );
}
