import { type Client, isStmpError, type ServiceClient, Status, statusName } from 'stmp';
import { describe, expect, it } from 'vitest';
import {
  RoomEvents,
  RoomService,
  type RoomServiceMethods,
  UserEvents,
  UserService,
  type UserServiceMethods,
  UserStatus,
} from '../src/generated/room.js';
import { fieldErrorOf } from '../src/problems.js';
import { world } from './support/setup.js';
import { until } from './support/until.js';

interface Guest {
  readonly client: Client;
  readonly users: ServiceClient<UserServiceMethods>;
  readonly rooms: ServiceClient<RoomServiceMethods>;
  /** Events, as `+lobby ann 2`, `-lobby ann 1`, `=ann 2`, `lobby 1 ann hi`. */
  readonly heard: string[];
}

async function guest(client: Client): Promise<Guest> {
  const heard: string[] = [];
  client.on(UserEvents, { statusUpdated: ({ user }) => heard.push(`=${user?.name} ${user?.status}`) });
  client.on(RoomEvents, {
    userEnter: ({ room, user }) => heard.push(`+${room} ${user?.name} ${user?.status}`),
    userExit: ({ room, user }) => heard.push(`-${room} ${user?.name} ${user?.status}`),
    newMessage: ({ message: m }) => heard.push(`${m?.room} ${m?.seq} ${m?.user} ${m?.content}`),
  });
  await client.connect();
  return { client, heard, users: client.service(UserService), rooms: client.service(RoomService) };
}

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'Ok';
  } catch (error) {
    if (!isStmpError(error)) throw error;
    const field = fieldErrorOf(error);
    return `${statusName(error.status ?? 0)}${field === undefined ? '' : ` ${field.field}`}`;
  }
}

describe.each(['memory', 'tcp'] as const)('the server over %s', (transport) => {
  it('wants a login first', async () => {
    const { client } = await world(transport);
    const { users, rooms } = await guest(client());
    const calls: readonly (() => Promise<unknown>)[] = [
      () => users.listUser({}),
      () => rooms.createRoom({ name: 'lobby' }),
      () => rooms.listRoom({}),
      () => rooms.joinRoom({ name: 'lobby' }),
      () => rooms.exitRoom(),
      () => rooms.sendMessage({ room: 'lobby', content: 'x' }),
    ];
    for (const call of calls) expect(await outcome(call())).toBe('Unauthorized');
    await users.login({ name: 'ann' });
    expect(await Promise.all(calls.map((call) => outcome(call())))).toEqual([
      'Ok',
      'Ok',
      'Ok',
      'Ok',
      'Ok',
      'Unauthorized',
    ]);
  });

  it('answers broken rules with the field in the details', async () => {
    const { client } = await world(transport);
    const { users, rooms } = await guest(client());
    expect(await outcome(users.login({ name: 'an' }))).toBe('BadRequest name');
    await users.login({ name: ' ann ' });
    expect(await outcome(users.login({ name: 'ann' }))).toBe('BadRequest');
    expect(await outcome(rooms.createRoom({ name: 'x' }))).toBe('BadRequest name');
    expect(await outcome(rooms.createRoom({ name: 'lobby' }))).toBe('Ok');
    expect(await outcome(rooms.createRoom({ name: 'lobby' }))).toBe('BadRequest name');
    expect(await outcome(rooms.joinRoom({ name: 'nowhere' }))).toBe('NotFound');
    expect(await outcome(rooms.listRoom({ page: { limit: 101 } }))).toBe('BadRequest limit');
    expect(await outcome(users.listUser({ page: { limit: 101 } }))).toBe('BadRequest limit');
    await rooms.joinRoom({ name: 'lobby' });
    expect(await outcome(rooms.sendMessage({ room: 'lobby', content: ' ' }))).toBe('BadRequest content');
    expect(await outcome(rooms.sendMessage({ room: 'nowhere', content: 'x' }))).toBe('NotFound');
    const sent = [1, 2, 3, 4, 5, 6].map((i) => outcome(rooms.sendMessage({ room: 'lobby', content: `${i}` })));
    expect(await Promise.all(sent)).toEqual(['Ok', 'Ok', 'Ok', 'Ok', 'Ok', 'TooManyRequests']);
    const list = await rooms.listRoom({ page: { limit: 0 } });
    expect([list.total, list.rooms]).toEqual([1, []]);
  });

  it('tells everybody who is where, and those in a room what is said', async () => {
    const { client } = await world(transport);
    const ann = await guest(client());
    const bob = await guest(client());
    const eve = await guest(client());
    for (const [one, name] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ] as const)
      await one.users.login({ name });
    await ann.rooms.createRoom({ name: 'lobby' });
    await ann.rooms.joinRoom({ name: 'lobby' });
    const { room } = await bob.rooms.joinRoom({ name: 'lobby' });
    expect(room?.users.map(({ name }) => name)).toEqual(['ann', 'bob']);
    const { message } = await ann.rooms.sendMessage({ room: 'lobby', content: ' hi ' });
    expect(message).toMatchObject({ seq: 1n, user: 'ann', content: 'hi' });
    await bob.rooms.exitRoom();
    await ann.rooms.sendMessage({ room: 'lobby', content: 'bye' });
    await until(() => ann.heard.length >= 8 && bob.heard.length >= 4);
    expect(ann.heard).toEqual([
      '=bob 1',
      '=ann 2',
      '+lobby bob 2',
      '=bob 2',
      'lobby 1 ann hi',
      '-lobby bob 1',
      '=bob 1',
      'lobby 2 ann bye',
    ]);
    expect(bob.heard).toEqual(['=ann 2', '=bob 2', 'lobby 1 ann hi', '=bob 1']);
    // Without a login one is told nothing.
    expect(eve.heard).toEqual([]);
  });

  it('keeps the place of who was lost, for a minute', async () => {
    const { client, clock, server } = await world(transport);
    const ann = await guest(client());
    const bob = await guest(client());
    const { token } = await ann.users.login({ name: 'ann' });
    await bob.users.login({ name: 'bob' });
    await ann.rooms.createRoom({ name: 'lobby' });
    for (const { rooms } of [ann, bob]) await rooms.joinRoom({ name: 'lobby' });
    bob.heard.length = 0;
    const lost = async ({ client: one }: Guest): Promise<void> => {
      const before = server.stmp.connections.size;
      one.connection?.abort();
      await one.close();
      await until(() => server.stmp.connections.size < before);
    };
    await lost(ann);
    await bob.users.listUser({});
    expect(bob.heard).toEqual([`=ann ${UserStatus.CHATTING_OFFLINE}`]);
    await bob.rooms.sendMessage({ room: 'lobby', content: 'where are you?' });
    clock.advanceSync(59_999);

    const again = await guest(client());
    const login = await again.users.login({ name: 'ann', token });
    expect(login).toEqual({ user: { name: 'ann', room: 'lobby', status: UserStatus.CHATTING }, token });
    // Messages come from the login on, before the client has asked for what it missed.
    await bob.rooms.sendMessage({ room: 'lobby', content: 'ah' });
    const { room, missed } = await again.rooms.joinRoom({ name: 'lobby', afterSeq: 0n });
    expect(room?.lastMessages.map(({ content }) => content)).toEqual(['where are you?', 'ah']);
    expect([missed, again.heard]).toEqual([0n, ['lobby 2 bob ah']]);
    bob.heard.length = 0;

    await lost(again);
    clock.advanceSync(60_000);
    await bob.users.listUser({});
    expect(bob.heard).toEqual(['=ann 3', '-lobby ann 0', '=ann 0']);
    const late = await guest(client());
    expect((await late.users.login({ name: 'ann', token })).token).not.toBe(token);
  });

  it('lets go at once of who says goodbye', async () => {
    const { client } = await world(transport);
    const ann = await guest(client());
    const bob = await guest(client());
    await ann.users.login({ name: 'ann' });
    await bob.users.login({ name: 'bob' });
    await ann.rooms.createRoom({ name: 'lobby' });
    for (const { rooms } of [ann, bob]) await rooms.joinRoom({ name: 'lobby' });
    bob.heard.length = 0;
    await ann.client.close();
    await until(
      () => bob.heard.length === 2,
      () => bob.heard,
    );
    expect(bob.heard).toEqual(['-lobby ann 0', '=ann 0']);
  });

  it('gives the place to a newer connection of the same user, unnoticed by others', async () => {
    const { client } = await world(transport);
    const ann = await guest(client());
    const bob = await guest(client());
    const { token } = await ann.users.login({ name: 'ann' });
    await bob.users.login({ name: 'bob' });
    await ann.rooms.createRoom({ name: 'lobby' });
    for (const { rooms } of [ann, bob]) await rooms.joinRoom({ name: 'lobby' });
    bob.heard.length = 0;
    const newer = await guest(client());
    await newer.users.login({ name: 'ann', token });
    const { status, message } = await ann.client.closed;
    expect([status, message]).toEqual([Status.Unauthorized, 'you came back on another connection']);
    await bob.rooms.sendMessage({ room: 'lobby', content: 'hi' });
    await until(() => newer.heard.length > 0);
    expect([newer.heard, bob.heard]).toEqual([['lobby 1 bob hi'], ['lobby 1 bob hi']]);
    expect(await outcome(newer.rooms.sendMessage({ room: 'lobby', content: 'hello' }))).toBe('Ok');
  });
});
