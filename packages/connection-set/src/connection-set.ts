import { type Connection, type EmitOptions, type PreparedEvent, prepareEvent } from '@stmp/connection';
import type { AnyMethod, EventsType, Headers, InputInitOf, MethodTable } from '@stmp/contract';

/** What became of an event: how many members it was sent to or queued for, and how many did not get it: kept from it by a slow-reader policy, or by a content type or dialect that has no words for it. */
export interface Delivery {
  readonly sent: number;
  readonly dropped: number;
}

export interface BroadcastOptions extends Omit<EmitOptions, 'policy'> {
  /** As for one connection; `wait` is not for sets, since one slow member would hold up all. */
  readonly policy?: Exclude<EmitOptions['policy'], 'wait'>;
}

type EventInput<X> = undefined extends InputInitOf<X> ? [event?: InputInitOf<X>] : [event: InputInitOf<X>];

/** A function for each event: `room.emit(RoomEvents).join({ user })`. It returns at once. */
export type Broadcaster<M extends MethodTable<M>> = {
  readonly [K in keyof M]: (...args: EventInput<M[K]>) => Delivery;
};

/** Some connections, to be told something. The event is encoded once for each way in which members receive, not once for each member. */
export interface Audience<C extends Connection = Connection> extends Iterable<C> {
  /**
   * @throws StmpError `payload_invalid` when the event does not fit its type, `too_large` when a packet of it is above a
   * limit; nobody has received it then. The text names content type and field.
   */
  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: BroadcastOptions): Broadcaster<M>;
  /** The same without these. A view: later changes of the set show. */
  except(...members: readonly Connection[]): Audience<C>;
  /** Those for whom `test` holds at the time of each emit. A view. */
  filter(test: (member: C) => boolean): Audience<C>;
}

/** A group of connections that drops closed ones by itself. */
export interface ConnectionSet<C extends Connection = Connection> extends Audience<C> {
  readonly size: number;
  /** Adds an open connection. @returns false when it is a member already, or has closed. */
  add(member: C): boolean;
  /** @returns false when it was no member. */
  delete(member: C): boolean;
  has(member: Connection): boolean;
  clear(): void;
  /** Called when the last member has gone, by `delete` or because its connection closed. Replaces the one before. */
  onEmpty: (() => void) | undefined;
  /** Called when a member has gone because its connection closed. */
  onLeave: ((member: C) => void) | undefined;
}

/** A set, with these members to begin with. */
export function createConnectionSet<C extends Connection = Connection>(members: Iterable<C> = []): ConnectionSet<C> {
  const set = new MemberSet<C>();
  for (const member of members) set.add(member);
  return set;
}

/** Any connections as an audience: a list, a `Set`, or `server.connections` for all. */
export function audience<C extends Connection>(members: Iterable<C>): Audience<C> {
  return new View(members, () => true);
}

function broadcast(members: Iterable<Connection>, event: PreparedEvent, options: EmitOptions | undefined): Delivery {
  let sent = 0;
  let dropped = 0;
  const open: Connection[] = [];
  let checked: unknown;
  // All are told, or nobody is: whether it can be encoded is seen before the first one gets it.
  for (const member of members) {
    if (!member.isOpen) continue;
    if (member.wireKey !== checked) member.checkPrepared(event);
    checked = member.wireKey;
    open.push(member);
  }
  for (const member of open) {
    if (member.sendPrepared(event, options)) sent++;
    else dropped++;
  }
  return { sent, dropped };
}

function broadcasters<M extends MethodTable<M>>(
  members: Iterable<Connection>,
  type: EventsType<M>,
  options: BroadcastOptions | undefined,
): Broadcaster<M> {
  if ((options as EmitOptions | undefined)?.policy === 'wait') throw new TypeError('policy: "wait" is not for sets');
  const headers: Headers | undefined = options?.headers;
  const functions: Record<string, (value: unknown) => Delivery> = {};
  for (const [key, method] of Object.entries<AnyMethod>(type.methods)) {
    functions[key] = (value) => broadcast(members, prepareEvent(method, value, headers, type.typeName), options);
  }
  return functions as unknown as Broadcaster<M>;
}

class View<C extends Connection> implements Audience<C> {
  readonly #members: Iterable<C>;
  readonly #test: (member: C) => boolean;

  constructor(members: Iterable<C>, test: (member: C) => boolean) {
    this.#members = members;
    this.#test = test;
  }

  *[Symbol.iterator](): Iterator<C> {
    for (const member of this.#members) if (this.#test(member)) yield member;
  }

  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: BroadcastOptions): Broadcaster<M> {
    return broadcasters(this, type, options);
  }

  except(...members: readonly Connection[]): Audience<C> {
    return new View(this, without(members));
  }

  filter(test: (member: C) => boolean): Audience<C> {
    return new View(this, test);
  }
}

function without(members: readonly Connection[]): (member: Connection) => boolean {
  const [only] = members;
  if (members.length === 1) return (member) => member !== only;
  const left = new Set(members);
  return (member) => !left.has(member);
}

class MemberSet<C extends Connection> implements ConnectionSet<C> {
  onEmpty: (() => void) | undefined = undefined;
  onLeave: ((member: C) => void) | undefined = undefined;
  /** Members, and how to stop watching each. */
  readonly #members = new Map<C, () => void>();

  get size(): number {
    return this.#members.size;
  }

  add(member: C): boolean {
    if (!member.isOpen || this.#members.has(member)) return false;
    const stop = member.onClose(() => {
      if (!this.#members.delete(member)) return;
      this.onLeave?.(member);
      if (this.#members.size === 0) this.onEmpty?.();
    });
    this.#members.set(member, stop);
    return true;
  }

  delete(member: C): boolean {
    const stop = this.#members.get(member);
    if (stop === undefined) return false;
    stop();
    this.#members.delete(member);
    if (this.#members.size === 0) this.onEmpty?.();
    return true;
  }

  has(member: Connection): boolean {
    return this.#members.has(member as C);
  }

  clear(): void {
    for (const stop of this.#members.values()) stop();
    const had = this.#members.size > 0;
    this.#members.clear();
    if (had) this.onEmpty?.();
  }

  [Symbol.iterator](): Iterator<C> {
    return this.#members.keys();
  }

  emit<M extends MethodTable<M>>(type: EventsType<M>, options?: BroadcastOptions): Broadcaster<M> {
    return broadcasters(this, type, options);
  }

  except(...members: readonly Connection[]): Audience<C> {
    return new View(this, without(members));
  }

  filter(test: (member: C) => boolean): Audience<C> {
    return new View(this, test);
  }
}
