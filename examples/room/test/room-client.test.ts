import { isStmpError, Status } from 'stmp';
import { describe, expect, it } from 'vitest';
import { describeError, fieldErrorOf } from '../src/problems.js';
import { type TestUser, type World, world } from './support/setup.js';
import { until } from './support/until.js';

async function chat(...names: readonly string[]): Promise<{ world: World; users: TestUser[] }> {
  const made = await world();
  const users = names.map((name) => made.user(name));
  for (const { room } of users) await room.start();
  return { world: made, users };
}

/** A room with these users in it, and nothing seen so far. */
async function lobby(...names: readonly string[]): Promise<{ world: World; users: TestUser[] }> {
  const made = await chat(...names);
  await made.users[0]!.room.createRoom('lobby');
  for (const { room } of made.users) await room.join('lobby');
  await Promise.all(made.users.map(({ room }) => room.refresh()));
  for (const { seen } of made.users) seen.length = 0;
  return made;
}

const contents = ({ room }: TestUser): string[] => room.messages.map(({ seq, content }) => `${seq} ${content}`);

describe('a room client', () => {
  it('shows rooms, head counts, users and messages', async () => {
    const { users } = await lobby('ann', 'bob', 'eve');
    const [ann, bob, eve] = users as [TestUser, TestUser, TestUser];
    await eve.room.leave();
    await eve.room.createRoom('games');
    await ann.room.send('hi');
    await bob.room.send('hello');
    await eve.room.refresh();
    await until(() => ann.room.messages.length === 2);
    expect(eve.room.rooms).toEqual([
      { name: 'games', headCount: 0 },
      { name: 'lobby', headCount: 2 },
    ]);
    expect(ann.room.users.map(({ name, room }) => `${name} ${room}`)).toEqual(['ann lobby', 'bob lobby', 'eve ']);
    expect(ann.room.roomUsers.map(({ name }) => name)).toEqual(['ann', 'bob']);
    expect(ann.room.messages.map(({ seq, user, content, own }) => ({ seq, user, content, own }))).toEqual([
      { seq: 1, user: 'ann', content: 'hi', own: true },
      { seq: 2, user: 'bob', content: 'hello', own: false },
    ]);
    expect(ann.seen).toEqual(['user-exit eve', 'eve 2>1', '1 hi', '2 hello']);
    expect(eve.seen).toEqual(['left lobby']);
    expect([eve.room.messages, eve.room.roomUsers]).toEqual([[], []]);
    expect(Math.abs(Date.now() - ann.room.messages[0]!.atMs)).toBeLessThan(5_000);
  });

  it('rejects start with the field that is wrong, and stays closed', async () => {
    const { world } = await chat('ann');
    const other = world.user('ann');
    const error = await other.room.start().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect([fieldErrorOf(error)?.field, describeError(error)]).toEqual(['name', 'name is taken']);
    expect(other.room.link).toEqual({ name: 'closed', error });
    await expect(other.room.refresh()).rejects.toMatchObject({ code: 'not_connected' });
  });

  it('passes on what the server refuses', async () => {
    const { users } = await lobby('ann');
    const { room } = users[0]!;
    await expect(room.createRoom('lobby')).rejects.toMatchObject({ status: Status.BadRequest });
    await expect(room.join('nowhere')).rejects.toMatchObject({ status: Status.NotFound });
    expect([room.room, room.link.name]).toEqual(['lobby', 'online']);
    await expect(room.send('x'.repeat(141))).rejects.toSatisfy(
      (error) => describeError(error) === 'content must have 1 to 140 bytes, got 141',
    );
    await room.leave();
    await expect(room.send('x')).rejects.toSatisfy((error) => isStmpError(error) && error.code === 'bad_state');
  });

  it('comes back into its room, with what it missed in order and nothing twice', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    await bob.room.send('before');
    await until(() => ann.room.messages.length === 1);
    ann.cut();
    await bob.room.send('while away');
    await until(() => ann.room.link.name === 'online' && ann.seen.some((word) => word.startsWith('restored')));
    await bob.room.send('after');
    await until(
      () => ann.room.messages.length === 3,
      () => ann.seen,
    );
    expect(contents(ann)).toEqual(['1 before', '2 while away', '3 after']);
    expect(ann.seen).toEqual([
      '1 before',
      'retrying',
      'connecting',
      '2 while away missed',
      'online',
      'restored 1 0',
      '3 after',
    ]);
    expect(bob.seen.filter((word) => word.startsWith('ann'))).toEqual(['ann 2>3', 'ann 3>2']);
    expect(world.server.stmp.connections.size).toBe(2);
  });

  it('misses nothing through many cuts at any time', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    for (let i = 1; i <= 60; i++) {
      // The rate is measured by the clock of the chat.
      world.clock.advanceSync(1_000);
      await bob.room.send(`m${i}`);
      if (i % 3 === 0) ann.cut();
      if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve, i % 5));
    }
    await until(
      () => ann.room.messages.length === 60,
      () => ann.room.messages.length,
    );
    expect(contents(ann)).toEqual(Array.from({ length: 60 }, (_, i) => `${i + 1} m${i + 1}`));
    const events = ann.seen.filter((word) => / m\d/.test(word)).map((word) => word.replace(' missed', ''));
    expect(events).toEqual(contents(ann));
  });

  it('knows how many messages are lost for good', async () => {
    const { world, users } = await lobby('ann', 'bob', 'eve', 'joe');
    const [ann, ...others] = users as [TestUser, ...TestUser[]];
    await others[0]!.room.send('first');
    await until(() => ann.room.messages.length === 1);
    ann.networkIsUp = false;
    ann.cut();
    for (let i = 2; i <= 121; i++) {
      await others[i % 3]!.room.send(`m${i}`);
      if (i % 12 === 0) world.clock.advanceSync(3_000);
    }
    ann.networkIsUp = true;
    await until(() => ann.room.messages.length > 1);
    await until(() => ann.room.link.name === 'online');
    expect(ann.seen.at(-1)).toBe('restored 100 20');
    expect(contents(ann)).toEqual(['1 first', ...Array.from({ length: 100 }, (_, i) => `${i + 22} m${i + 22}`)]);
  });

  it('finds its room and the messages after a restart of its own program', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    await ann.room.send('before');
    await ann.room.leaveQuietly();
    await bob.room.send('meanwhile');
    const again = world.user('ann', ann.room.token);
    await again.room.start();
    expect([again.room.room, contents(again)]).toEqual(['lobby', ['1 before', '2 meanwhile']]);
    expect(again.seen).toEqual(['connecting', 'entered lobby', 'online']);
    expect(again.room.token).toBe(ann.room.token);
  });

  it('enters its room on a server that was restarted, with what was shown before', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    await ann.room.send('old 1');
    await ann.room.send('old 2');
    await until(() => bob.room.messages.length === 2);
    await world.restart();
    const isBack = ({ room, seen }: TestUser): boolean =>
      room.link.name === 'online' && seen.some((word) => word.startsWith('restored'));
    await until(
      () => isBack(ann) && isBack(bob),
      () => [ann.seen, bob.seen],
    );
    expect([ann.room.room, bob.room.room]).toEqual(['lobby', 'lobby']);
    await bob.room.send('new 1');
    await until(
      () => ann.room.messages.length === 3,
      () => contents(ann),
    );
    expect(contents(ann)).toEqual(['1 old 1', '2 old 2', '1 new 1']);
    expect(new Set(ann.room.messages.map(({ key }) => key)).size).toBe(3);
    expect(ann.room.roomUsers.map(({ name }) => name)).toEqual(['ann', 'bob']);
  });

  it('does not take a later room for the one it was in', async () => {
    const { world, users } = await lobby('ann');
    const [ann] = users as [TestUser];
    await ann.room.send('old 1');
    await ann.room.send('old 2');
    ann.networkIsUp = false;
    await world.restart();
    const eve = world.user('eve');
    await eve.room.start();
    await eve.room.createRoom('lobby');
    await eve.room.join('lobby');
    for (const content of ['new 1', 'new 2', 'new 3']) await eve.room.send(content);
    ann.networkIsUp = true;
    await until(
      () => ann.room.messages.length >= 5,
      () => contents(ann),
    );
    expect(contents(ann)).toEqual(['1 old 1', '2 old 2', '1 new 1', '2 new 2', '3 new 3']);
  });

  it('loses nothing that travels right behind an answer', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    await ann.room.leave();
    world.whenAnswered('JoinRoom', () => bob.room.send('said while ann enters'));
    await ann.room.join('lobby');
    await until(
      () => ann.room.messages.length === 1,
      () => ann.seen,
    );
    expect(contents(ann)).toEqual(['1 said while ann enters']);
    world.whenAnswered('JoinRoom', () => bob.room.send('said while ann comes back'));
    ann.cut();
    await until(
      () => ann.room.messages.length === 2,
      () => ann.seen,
    );
    expect(contents(ann)[1]).toBe('2 said while ann comes back');
    await until(() => ann.room.link.name === 'online');
    const eve = world.user('eve');
    world.whenAnswered('ListUser', () => eve.room.start());
    await ann.room.refresh();
    await until(
      () => ann.room.users.length === 3,
      () => ann.seen,
    );
    expect(ann.room.users.map(({ name }) => name)).toEqual(['ann', 'bob', 'eve']);
  });

  it('goes on over another client, unnoticed by others', async () => {
    const { world, users } = await lobby('ann', 'bob');
    const [ann, bob] = users as [TestUser, TestUser];
    await bob.room.send('one');
    await until(() => ann.room.messages.length === 1);
    bob.seen.length = 0;
    await ann.room.switchTo(world.client());
    await bob.room.send('two');
    await ann.room.send('three');
    await until(() => bob.room.messages.length === 3);
    expect(contents(ann)).toEqual(['1 one', '2 two', '3 three']);
    expect(bob.seen).toEqual(['2 two', '3 three']);
    expect(ann.stmp.state.name).toBe('closed');
    expect(world.server.stmp.connections.size).toBe(2);
  });

  it('stays in its room after leaving quietly, and is gone after a logout', async () => {
    const { users } = await lobby('ann', 'bob', 'eve');
    const [ann, bob, eve] = users as [TestUser, TestUser, TestUser];
    await ann.room.leaveQuietly();
    await bob.room.logout();
    await until(
      () => eve.seen.length >= 3,
      () => eve.seen,
    );
    expect(eve.seen).toEqual(['ann 2>3', 'user-exit bob', 'bob 2>0']);
    expect(eve.room.roomUsers.map(({ name }) => name)).toEqual(['ann', 'eve']);
    expect(ann.room.link).toEqual({ name: 'closed', error: undefined });
  });
});
