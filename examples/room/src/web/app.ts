import { type Client, createClient, exponentialBackoff, isStmpError, Status, wsDialer } from 'stmp';
import { type User, UserStatus } from '../generated/room.js';
import { describeError } from '../problems.js';
import { createRoomClient, type LinkState, type RoomClient, type RoomClientEvent } from '../room-client.js';
import { Banner } from './banner.js';
import { Composer } from './composer.js';
import { byId, setText } from './dom.js';
import { Drawer } from './drawer.js';
import { count, hueOf, initialsOf } from './format.js';
import { type Identity, keep, keepIdentity, kept, keptIdentity } from './keep.js';
import { Login } from './login.js';
import { MessageList } from './message-list.js';
import { NewRoom } from './new-room.js';
import { PacketReader } from './packet-reader.js';
import { PacketStrip } from './packet-strip.js';
import { tapDialer } from './packet-tap.js';
import { PeopleList, PRESENCE, RoomList } from './side-lists.js';
import { WIRES, type Wire, wireOf } from './wire.js';

/** Rooms without anybody come and go without an event, so the list is asked for now and then. */
const REFRESH_MS = 15_000;
/** Somebody looks at this page and waits, so it tries more often than a program would. */
const MAX_RETRY_MS = 5_000;

/** The page: one user at a time, from the door to the log out. */
export class App {
  readonly #strip = new PacketStrip();
  readonly #banner = new Banner(byId('banner'));
  readonly #login = new Login(
    (name) => void this.#enter({ name, token: '' }),
    () => void this.#logout(''),
  );
  readonly #rooms = new RoomList((room) => void this.#join(room));
  readonly #people = new PeopleList();
  readonly #newRoom = new NewRoom((name) => this.#create(name));
  readonly #drawer = new Drawer(
    () => void this.#refresh(),
    () => this.#user !== undefined && this.#placePackets(),
  );
  readonly #messages = new MessageList((unread) => this.#setTitle(unread));
  readonly #composer: Composer;
  readonly #wireSelect = byId<HTMLSelectElement>('wire');
  #wire: Wire = wireOf(kept('wire'));
  #user: RoomClient | undefined;
  #switching = false;

  constructor() {
    this.#composer = new Composer(
      this.#messages,
      (content) => this.#user?.send(content) ?? Promise.resolve(),
      () => this.#showBlank(),
    );
    for (const { id, label } of WIRES) this.#wireSelect.append(new Option(label, id, false, id === this.#wire.id));
    this.#wireSelect.addEventListener('change', () => void this.#switchWire());
    byId('logout').addEventListener('click', () => void this.#logout(`${this.#user?.name} has logged out.`));
    byId('leave').addEventListener('click', () => void this.#leave());
    byId('blank-new').addEventListener('click', () => {
      this.#drawer.open();
      this.#newRoom.open();
    });
    byId('blank-rooms').addEventListener('click', () => this.#drawer.open());
    byId('packets-toggle').addEventListener('click', () => this.#choosePackets(byId('packets').hidden !== false));
    byId('packets-close').addEventListener('click', () => this.#closePackets());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (!this.#drawer.close() && Drawer.isNarrow && !byId('packets').hidden) this.#closePackets();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.#refresh();
    });
    setInterval(() => {
      if (!document.hidden) void this.#refresh();
    }, REFRESH_MS);
  }

  /** Comes back as the user this tab was, if any, else asks for a name. */
  open(): void {
    const identity = keptIdentity();
    this.#login.open(identity?.name ?? kept('name') ?? '');
    if (identity !== undefined) void this.#enter(identity);
  }

  // --- from the door to the log out ------------------------------------------------------

  async #enter({ name, token }: Identity): Promise<void> {
    this.#login.busy('Connecting…');
    this.#strip.wire = this.#wire.label;
    const user = createRoomClient(this.#createClient(), { name, token });
    this.#user = user;
    user.on((event) => {
      if (user === this.#user) this.#happened(user, event);
    });
    try {
      await user.start();
    } catch (error) {
      if (user !== this.#user) return;
      this.#user = undefined;
      keepIdentity(undefined);
      this.#login.refused(error);
    }
  }

  /** One connection after the other, all with the packets that are chosen now. */
  #createClient(): Client {
    const { codec, packetFormat } = this.#wire;
    const reader = new PacketReader(codec, packetFormat === 'text');
    const dialer = tapDialer(wsDialer(), (traffic) => {
      const packet = reader.read(traffic, Date.now());
      if (packet !== undefined) this.#strip.add(packet);
    });
    const url = new URL('/stmp', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const reconnect = exponentialBackoff({ maxMs: MAX_RETRY_MS });
    return createClient(url.href, { codecs: [codec], packetFormat, dialers: [dialer], reconnect });
  }

  #inside(user: RoomClient): void {
    keep('name', user.name);
    const face = byId('me-avatar');
    face.textContent = initialsOf(user.name);
    face.className = `avatar ${hueOf(user.name)}`;
    setText(byId('me-name'), user.name);
    this.#login.close();
    byId('app').hidden = false;
    this.#placePackets();
    this.#showRoom(user);
  }

  #outside(user: RoomClient, status: string): void {
    this.#user = undefined;
    keepIdentity(undefined);
    this.#drawer.close();
    this.#newRoom.close();
    this.#banner.clear();
    // It shows the token, among other things.
    this.#strip.clear();
    this.#people.reset();
    this.#messages.reset([]);
    this.#composer.enter('');
    byId('app').hidden = true;
    document.title = 'Room';
    this.#login.open(user.name, status);
  }

  async #logout(status: string): Promise<void> {
    const user = this.#user;
    if (user === undefined) return;
    this.#outside(user, status);
    await user.logout();
  }

  async #switchWire(): Promise<void> {
    const before = this.#wire;
    this.#wire = wireOf(this.#wireSelect.value);
    keep('wire', this.#wire.id);
    this.#strip.wire = this.#wire.label;
    const user = this.#user;
    if (user === undefined || this.#switching || before === this.#wire) return;
    this.#switching = true;
    this.#wireSelect.disabled = true;
    try {
      await user.switchTo(this.#createClient());
      if (user === this.#user) this.#banner.say(`Packets are ${this.#wire.label} now`, 'good');
    } catch (error) {
      if (user === this.#user) this.#outside(user, `The connection is closed: ${describeError(error)}.`);
    } finally {
      this.#switching = false;
      this.#wireSelect.disabled = false;
      this.#wireSelect.focus();
    }
  }

  // --- what happens ------------------------------------------------------------------------

  #happened(user: RoomClient, event: RoomClientEvent): void {
    switch (event.type) {
      case 'link':
        this.#linkChanged(user, event.link);
        break;
      case 'token':
        keepIdentity({ name: user.name, token: event.token });
        break;
      case 'entered':
      case 'left':
        this.#showRoom(user);
        break;
      case 'message':
        this.#composer.heard(event.message);
        this.#messages.add(event.message);
        this.#showBlank();
        break;
      case 'restored':
        this.#restored(event.room, event.missed, event.lost);
        break;
      case 'user-enter':
        this.#note(`${event.user.name} came in`);
        break;
      case 'user-exit':
        this.#note(`${event.user.name} left`);
        break;
      case 'status':
        this.#statusChanged(user, event.user, event.before);
        break;
      case 'users':
      case 'rooms':
        this.#showSide(user);
        break;
    }
  }

  #linkChanged(user: RoomClient, link: LinkState): void {
    const isInside = !byId('app').hidden;
    switch (link.name) {
      case 'connecting':
        if (isInside) this.#banner.wait('Connecting…', link.attempt === 1);
        else this.#login.busy('Connecting…');
        break;
      case 'retrying': {
        const text = isInside ? 'Connection lost.' : 'The server cannot be reached.';
        if (isInside) this.#banner.countDown(text, link.delayMs);
        else this.#login.busy(`${text} Trying again.`, true);
        break;
      }
      case 'online':
        this.#banner.clear();
        if (!isInside) this.#inside(user);
        this.#composer.online();
        break;
      case 'closed':
        if (isInside && !this.#switching) this.#outside(user, whyClosed(link));
        break;
      case 'idle':
    }
    this.#showSide(user);
  }

  #restored(room: string, missed: number, lost: number): void {
    if (this.#switching) return;
    const old = lost > 0 ? `, ${lost} more are too old to be kept` : '';
    const text = room === '' ? 'Connected again' : `Restored with ${count(missed, 'missed message')}${old}`;
    this.#banner.say(text, 'good');
  }

  #statusChanged(user: RoomClient, other: User, before: UserStatus): void {
    this.#people.changed(other);
    if (user.room === '' || other.room !== user.room) return;
    if (other.status === UserStatus.CHATTING_OFFLINE) this.#note(`${other.name} lost the connection`);
    if (other.status === UserStatus.CHATTING && before === UserStatus.CHATTING_OFFLINE) {
      this.#note(`${other.name} is back`);
    }
  }

  #note(text: string): void {
    this.#messages.note(text);
    this.#showBlank();
  }

  // --- what users do ------------------------------------------------------------------------

  async #attempt(what: string, work: (user: RoomClient) => Promise<void>): Promise<void> {
    const user = this.#user;
    if (user === undefined) return;
    try {
      await work(user);
    } catch (error) {
      if (user === this.#user) this.#banner.say(`${what}: ${describeError(error)}`, 'bad');
    }
  }

  async #join(room: string): Promise<void> {
    if (room !== this.#user?.room) await this.#attempt(`Cannot enter ${room}`, (user) => user.join(room));
    if (room === this.#user?.room) this.#arrived();
    else void this.#refresh();
  }

  async #create(name: string): Promise<void> {
    const user = this.#user;
    if (user === undefined) return;
    await user.createRoom(name);
    await user.join(name);
    this.#arrived();
  }

  #arrived(): void {
    this.#drawer.close();
    this.#composer.focus();
  }

  async #leave(): Promise<void> {
    await this.#attempt('Cannot leave', (user) => user.leave());
  }

  async #refresh(): Promise<void> {
    if (this.#user?.link.name !== 'online') return;
    try {
      await this.#user.refresh();
    } catch {
      // The next time will do.
    }
  }

  // --- what is to be seen -------------------------------------------------------------------

  #showRoom(user: RoomClient): void {
    this.#messages.reset(user.messages);
    this.#composer.enter(user.room);
    byId('leave').hidden = user.room === '';
    this.#setTitle(0);
    this.#showSide(user);
    this.#showBlank();
  }

  #showSide(user: RoomClient): void {
    const online = user.link.name === 'online';
    this.#rooms.show(user.rooms, user.room);
    this.#people.show(user.users, user.room, user.name);
    setText(byId('room-title'), user.room === '' ? 'Welcome' : user.room);
    const here = user.roomUsers.filter(({ status }) => status === UserStatus.CHATTING).length;
    const away = user.roomUsers.length - here;
    const people = `${count(here, 'person', 'people')} here${away > 0 ? `, ${away} away` : ''}`;
    setText(byId('room-sub'), user.room === '' ? count(user.rooms.length, 'room') : people);
    const status = user.room === '' ? UserStatus.ONLINE : UserStatus.CHATTING;
    setText(byId('me-state'), online ? PRESENCE[status]!.words : 'Not connected');
    document.body.classList.toggle('offline', !online);
  }

  /** What stands where there are no messages. */
  #showBlank(): void {
    const room = this.#user?.room ?? '';
    const noRoom = room === '';
    const blank = byId('blank');
    blank.hidden = !noRoom && !this.#messages.isEmpty;
    blank.classList.toggle('quiet', !noRoom);
    setText(byId('blank-title'), noRoom ? 'Where to?' : `This is ${room}`);
    const text = noRoom
      ? 'Enter a room from the list, or make a new one.'
      : 'Nobody has said anything yet. Be the first.';
    setText(byId('blank-text'), text);
    byId('blank-actions').hidden = !noRoom;
  }

  #setTitle(unread: number): void {
    const room = this.#user?.room ?? '';
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${room === '' ? 'Room' : `${room} · Room`}`;
  }

  /** Where there is room for the packets they are a part of the page, until somebody closes them. */
  #placePackets(): void {
    this.#showPackets(!Drawer.isNarrow && innerWidth >= 1080 && kept('packets') !== 'off');
  }

  #showPackets(on: boolean): void {
    this.#strip.shown(on);
    byId('app').classList.toggle('with-packets', on);
    byId('packets-toggle').setAttribute('aria-expanded', String(on));
  }

  /** As somebody wants it; on a wide page, the next time too. */
  #choosePackets(on: boolean): void {
    this.#showPackets(on);
    if (!Drawer.isNarrow) keep('packets', on ? 'on' : 'off');
  }

  #closePackets(): void {
    this.#choosePackets(false);
    byId('packets-toggle').focus();
  }
}

function whyClosed({ error }: LinkState & { readonly name: 'closed' }): string {
  if (error === undefined) return '';
  if (isStmpError(error) && error.status === Status.Unauthorized) {
    return 'You came back somewhere else, so this page has logged out.';
  }
  return `The connection is closed: ${describeError(error)}.`;
}
