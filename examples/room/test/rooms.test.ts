import { isStmpError, Status } from 'stmp';
import { FakeClock } from 'test-kit';
import { describe, expect, it } from 'vitest';
import { UserStatus } from '../src/generated/room.js';
import { fieldErrorOf } from '../src/problems.js';
import { createRooms, type Rooms } from '../src/rooms.js';

interface Setup {
  readonly rooms: Rooms;
  readonly clock: FakeClock;
  /** What was told since it was last asked for. */
  told(): string[];
}

const statusNames = Object.fromEntries(Object.entries(UserStatus).map(([name, value]) => [value, name]));

function setup(): Setup {
  const clock = new FakeClock(1_000);
  let log: string[] = [];
  let ids = 0;
  const rooms = createRooms(
    {
      statusUpdated: ({ name, status, room }) => log.push(`${name} ${statusNames[status]}${room && ` in ${room}`}`),
      userEnter: (room, { name, status }) => log.push(`${room}: +${name} ${statusNames[status]}`),
      userExit: (room, { name, status }) => log.push(`${room}: -${name} ${statusNames[status]}`),
      newMessage: ({ room, seq, user, content }) => log.push(`${room}: ${seq} ${user} ${content}`),
    },
    { clock, timeMs: () => 1_700_000_000_250, newId: () => `id-${++ids}` },
  );
  const told = (): string[] => {
    const lines = log;
    log = [];
    return lines;
  };
  return { rooms, clock, told };
}

/** How a call ended: `ok`, or the name of a status with field and text. */
function outcome(fn: () => unknown): string {
  try {
    fn();
    return 'ok';
  } catch (error) {
    if (!isStmpError(error)) throw error;
    const name = Object.entries(Status).find(([, code]) => code === error.status)?.[0];
    const field = fieldErrorOf(error);
    return field === undefined ? `${name}: ${error.message}` : `${name} ${field.field}: ${field.message}`;
  }
}

const tooShort = (bytes: number): string => `BadRequest name: must have 3 to 31 bytes, got ${bytes}`;

const names: readonly (readonly [value: string, expected: string])[] = [
  ['ann', 'ok'],
  ['  ann  ', 'ok'],
  ['an', tooShort(2)],
  [' an ', tooShort(2)],
  ['', tooShort(0)],
  ['   ', tooShort(0)],
  ['é', tooShort(2)],
  ['éa', 'ok'],
  ['a'.repeat(31), 'ok'],
  ['a'.repeat(32), tooShort(32)],
  ['é'.repeat(15), 'ok'],
  ['é'.repeat(16), tooShort(32)],
  ['日本', 'ok'],
  ['a b c', 'ok'],
  ['ann\u001b[2J', 'BadRequest name: must have no control characters'],
  ['ann\nbob', 'BadRequest name: must have no control characters'],
  ['ann\u202enna', 'BadRequest name: must have no control characters'],
  ['an\u200bn', 'BadRequest name: must have no control characters'],
];

describe('names', () => {
  it.each(names)('of users: %j is %s', (value, expected) => {
    const { rooms } = setup();
    expect(outcome(() => rooms.login(value, ''))).toBe(expected);
    if (expected === 'ok') expect(rooms.listUsers(undefined).users[0]?.name).toBe(value.trim());
  });

  it.each(names)('of rooms: %j is %s', (value, expected) => {
    const { rooms } = setup();
    expect(outcome(() => rooms.createRoom(value))).toBe(expected);
    if (expected === 'ok') expect(rooms.listRooms(undefined).rooms[0]?.name).toBe(value.trim());
  });

  it('are unique, after trimming, each kind for itself', () => {
    const { rooms } = setup();
    rooms.login('ann', '');
    rooms.createRoom('ann');
    expect(outcome(() => rooms.login(' ann', ''))).toBe('BadRequest name: is taken');
    expect(outcome(() => rooms.login('ann', 'a guess'))).toBe('BadRequest name: is taken');
    expect(outcome(() => rooms.createRoom('ann '))).toBe('BadRequest name: is taken');
    expect(outcome(() => rooms.login('Ann', ''))).toBe('ok');
  });
});

describe('messages', () => {
  const contents: readonly (readonly [value: string, expected: string])[] = [
    ['x', 'ok'],
    ['', 'BadRequest content: must have 1 to 140 bytes, got 0'],
    ['  \n ', 'BadRequest content: must have 1 to 140 bytes, got 0'],
    ['x'.repeat(140), 'ok'],
    ['x'.repeat(141), 'BadRequest content: must have 1 to 140 bytes, got 141'],
    [` ${'x'.repeat(140)} `, 'ok'],
    ['é'.repeat(70), 'ok'],
    ['é'.repeat(71), 'BadRequest content: must have 1 to 140 bytes, got 142'],
    ['👍'.repeat(35), 'ok'],
    ['👍'.repeat(36), 'BadRequest content: must have 1 to 140 bytes, got 144'],
  ];
  it.each(contents)('%j is %s', (value, expected) => {
    const { rooms, told } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    told();
    expect(outcome(() => rooms.send(ann, 'lobby', value))).toBe(expected);
    expect(told()).toEqual(expected === 'ok' ? [`lobby: 1 ann ${value.trim()}`] : []);
  });

  it('need the sender in the room', () => {
    const { rooms } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.createRoom('games');
    expect(outcome(() => rooms.send(ann, 'lobby', 'x'))).toBe('Unauthorized: enter the room first');
    rooms.join(ann, 'games', 0n, '');
    expect(outcome(() => rooms.send(ann, 'lobby', 'x'))).toBe('Unauthorized: enter the room first');
    expect(outcome(() => rooms.send(ann, 'nowhere', 'x'))).toBe('NotFound: there is no such room');
    expect(outcome(() => rooms.join(ann, 'nowhere', 0n, ''))).toBe('NotFound: there is no such room');
    expect(outcome(() => rooms.send(ann, 'games', 'x'))).toBe('ok');
  });

  it('five in three seconds, in any window, and no more', () => {
    const { rooms, clock } = setup();
    const ann = rooms.login('ann', '');
    const bob = rooms.login('bob', '');
    rooms.createRoom('lobby');
    for (const account of [ann, bob]) rooms.join(account, 'lobby', 0n, '');
    const send = (account = ann): string => outcome(() => rooms.send(account, 'lobby', 'x'));
    const refused = 'TooManyRequests: too many messages, wait a moment';
    // At these times since the start of the test.
    const script: readonly (readonly [atMs: number, expected: string])[] = [
      [0, 'ok'],
      [500, 'ok'],
      [1_000, 'ok'],
      [1_500, 'ok'],
      [2_000, 'ok'],
      [2_001, refused],
      [2_999, refused],
      [3_000, 'ok'],
      [3_001, refused],
      [3_500, 'ok'],
      [3_501, refused],
      [9_000, 'ok'],
    ];
    let nowMs = 0;
    for (const [atMs, expected] of script) {
      clock.advanceSync(atMs - nowMs);
      nowMs = atMs;
      expect([atMs, send()]).toEqual([atMs, expected]);
      if (atMs === 2_001) expect(send(bob)).toBe('ok');
    }
  });

  it('a broken rule does not use up the rate', () => {
    const { rooms } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    for (let i = 0; i < 10; i++) outcome(() => rooms.send(ann, 'lobby', ''));
    expect(outcome(() => rooms.send(ann, 'lobby', 'x'))).toBe('ok');
  });

  it('carry number, time and sender', () => {
    const { rooms } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    expect(rooms.send(ann, 'lobby', ' hi ')).toEqual({
      seq: 1n,
      room: 'lobby',
      user: 'ann',
      content: 'hi',
      createdAt: { seconds: 1_700_000_000n, nanos: 250_000_000 },
    });
    expect(rooms.send(ann, 'lobby', 'again').seq).toBe(2n);
  });
});

describe('lists', () => {
  const cases: readonly (readonly [limit: number, offset: number, expected: string])[] = [
    [0, 0, ''],
    [2, 0, 'n6 n5'],
    [2, 5, 'n1 n0'],
    [2, 6, 'n0'],
    [2, 7, ''],
    [100, 0, 'n6 n5 n4 n3 n2 n1 n0'],
    [100, 4_294_967_295, ''],
    [3, 2, 'n4 n3 n2'],
  ];
  it.each(cases)('limit %i, offset %i', (limit, offset, expected) => {
    const { rooms } = setup();
    for (let i = 0; i < 7; i++) {
      rooms.login(`user n${i}`, '');
      rooms.createRoom(`room n${i}`);
    }
    const users = rooms.listUsers({ limit, offset });
    const list = rooms.listRooms({ limit, offset });
    expect([users.total, list.total]).toEqual([7, 7]);
    expect(users.users.map(({ name }) => name.slice(5)).join(' ')).toBe(expected);
    expect(list.rooms.map(({ name }) => name.slice(5)).join(' ')).toBe(expected);
  });

  it('at most 100 entries, which is what no page means', () => {
    const { rooms } = setup();
    for (let i = 0; i < 120; i++) rooms.createRoom(`room ${i}`);
    expect(outcome(() => rooms.listRooms({ limit: 101, offset: 0 }))).toBe(
      'BadRequest limit: must be 0 to 100, got 101',
    );
    expect(outcome(() => rooms.listUsers({ limit: 101, offset: 0 }))).toBe(
      'BadRequest limit: must be 0 to 100, got 101',
    );
    const { total, rooms: list } = rooms.listRooms(undefined);
    expect([total, list.length, list[0]?.name, list[99]?.name]).toEqual([120, 100, 'room 119', 'room 20']);
  });

  it('rooms come with users and without messages', () => {
    const { rooms } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    rooms.send(ann, 'lobby', 'x');
    expect(rooms.listRooms(undefined).rooms).toEqual([
      {
        id: expect.any(String),
        name: 'lobby',
        users: [{ name: 'ann', room: 'lobby', status: UserStatus.CHATTING }],
        lastMessages: [],
      },
    ]);
  });
});

describe('entering a room', () => {
  it('tells who is there, and leaves the one before', () => {
    const { rooms, told } = setup();
    const ann = rooms.login('ann', '');
    const bob = rooms.login('bob', '');
    rooms.createRoom('lobby');
    rooms.createRoom('games');
    expect(told()).toEqual(['ann ONLINE', 'bob ONLINE']);
    rooms.join(ann, 'lobby', 0n, '');
    expect(told()).toEqual(['lobby: +ann CHATTING', 'ann CHATTING in lobby']);
    const { room } = rooms.join(bob, ' lobby ', 0n, '');
    expect(room.users.map(({ name }) => name)).toEqual(['ann', 'bob']);
    told();
    rooms.join(ann, 'games', 0n, '');
    expect(told()).toEqual(['lobby: -ann ONLINE', 'games: +ann CHATTING', 'ann CHATTING in games']);
    rooms.join(ann, 'games', 0n, '');
    expect(told()).toEqual([]);
    rooms.exit(ann);
    expect(told()).toEqual(['games: -ann ONLINE', 'ann ONLINE']);
    rooms.exit(ann);
    expect(told()).toEqual([]);
  });

  it('a failed one leaves everything as it was', () => {
    const { rooms, told } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    told();
    expect(outcome(() => rooms.join(ann, 'nowhere', 0n, ''))).toBe('NotFound: there is no such room');
    expect([ann.room, told()]).toEqual(['lobby', []]);
  });

  it('brings the last 100 messages, or those after one that was seen', () => {
    const { rooms, clock } = setup();
    const ann = rooms.login('ann', '');
    const { id } = rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    for (let i = 1; i <= 150; i++) {
      clock.advanceSync(3_000);
      rooms.send(ann, 'lobby', `m${i}`);
    }
    // after_seq, id shown -> first and last message, how many, how many are too old
    const cases: readonly (readonly [bigint, string, string])[] = [
      [0n, id, 'm51..m150 100 50'],
      [0n, '', 'm51..m150 100 50'],
      [40n, id, 'm51..m150 100 10'],
      [50n, id, 'm51..m150 100 0'],
      [51n, id, 'm52..m150 99 0'],
      [149n, id, 'm150..m150 1 0'],
      [149n, '', 'm150..m150 1 0'],
      [150n, id, ' 0 0'],
      [151n, id, ' 0 0'],
      [151n, 'the id of another room', 'm51..m150 100 50'],
    ];
    for (const [after, shown, expected] of cases) {
      const { room, missed } = rooms.join(ann, 'lobby', after, shown);
      const [first, last] = [room.lastMessages[0], room.lastMessages.at(-1)];
      const range = first === undefined ? '' : `${first.content}..${last?.content}`;
      expect(`${range} ${room.lastMessages.length} ${missed}`).toBe(expected);
    }
  });
});

describe('rooms nobody is in', () => {
  it('vanish after ten minutes', () => {
    const { rooms, clock } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.createRoom('games');
    const left = (): string =>
      rooms
        .listRooms(undefined)
        .rooms.map(({ name }) => name)
        .join(' ');
    clock.advanceSync(599_999);
    expect(left()).toBe('games lobby');
    rooms.join(ann, 'lobby', 0n, '');
    clock.advanceSync(1);
    expect(left()).toBe('lobby');
    clock.advanceSync(3_600_000);
    expect(left()).toBe('lobby');
    rooms.exit(ann);
    clock.advanceSync(300_000);
    rooms.join(ann, 'lobby', 0n, '');
    rooms.exit(ann);
    clock.advanceSync(599_999);
    expect(left()).toBe('lobby');
    clock.advanceSync(1);
    expect([left(), rooms.listRooms(undefined).total]).toEqual(['', 0]);
    expect(outcome(() => rooms.join(ann, 'lobby', 0n, ''))).toBe('NotFound: there is no such room');
  });

  it('stay while somebody may come back', () => {
    const { rooms, clock } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    clock.advanceSync(590_000);
    rooms.join(ann, 'lobby', 0n, '');
    rooms.lost(ann);
    clock.advanceSync(59_999 + 1 + 599_999);
    expect(rooms.listRooms(undefined).total).toBe(1);
    clock.advanceSync(1);
    expect(rooms.listRooms(undefined).total).toBe(0);
  });

  it('are other rooms when they are made again', () => {
    const { rooms, clock } = setup();
    const first = rooms.createRoom('lobby');
    clock.advanceSync(600_000);
    const second = rooms.createRoom('lobby');
    expect(second.id).not.toBe(first.id);
  });
});

describe('presence', () => {
  it('who is back in time goes on', () => {
    const { rooms, clock, told } = setup();
    const ann = rooms.login('ann', '');
    const { id } = rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    rooms.send(ann, 'lobby', 'one');
    const bob = rooms.login('bob', '');
    rooms.join(bob, 'lobby', 0n, '');
    told();
    rooms.lost(ann);
    rooms.lost(ann);
    expect(told()).toEqual(['ann CHATTING_OFFLINE in lobby']);
    expect(rooms.listUsers(undefined).users).toContainEqual({
      name: 'ann',
      room: 'lobby',
      status: UserStatus.CHATTING_OFFLINE,
    });
    rooms.send(bob, 'lobby', 'two');
    rooms.send(bob, 'lobby', 'three');
    clock.advanceSync(59_999);
    told();
    const back = rooms.login('ann', ann.token);
    expect(back).toBe(ann);
    expect(told()).toEqual(['ann CHATTING in lobby']);
    const { room, missed } = rooms.join(ann, 'lobby', 1n, id);
    expect([room.lastMessages.map(({ content }) => content), missed]).toEqual([['two', 'three'], 0n]);
    expect(told()).toEqual([]);
    clock.advanceSync(3_600_000);
    expect(told()).toEqual([]);
  });

  it('who is not is gone after a minute, and the name is free', () => {
    const { rooms, clock, told } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    rooms.lost(ann);
    told();
    clock.advanceSync(59_999);
    expect([told(), outcome(() => rooms.login('ann', ''))]).toEqual([[], 'BadRequest name: is taken']);
    clock.advanceSync(1);
    expect(told()).toEqual(['lobby: -ann OFFLINE', 'ann OFFLINE']);
    const other = rooms.login('ann', ann.token);
    expect([other === ann, other.token === ann.token, other.room]).toEqual([false, false, '']);
    rooms.lost(ann);
    expect(rooms.listUsers(undefined).total).toBe(1);
  });

  it('who was in no room is offline at once, and has the name for a minute', () => {
    const { rooms, clock, told } = setup();
    const ann = rooms.login('ann', '');
    told();
    rooms.lost(ann);
    expect([told(), rooms.listUsers(undefined).total]).toEqual([['ann OFFLINE'], 0]);
    expect(outcome(() => rooms.login('ann', ''))).toBe('BadRequest name: is taken');
    expect([rooms.login('ann', ann.token) === ann, told()]).toEqual([true, ['ann ONLINE']]);
    rooms.lost(ann);
    told();
    clock.advanceSync(60_000);
    expect([told(), outcome(() => rooms.login('ann', ''))]).toEqual([[], 'ok']);
  });

  it('who says goodbye is gone at once', () => {
    const { rooms, told } = setup();
    const ann = rooms.login('ann', '');
    rooms.createRoom('lobby');
    rooms.join(ann, 'lobby', 0n, '');
    told();
    rooms.logout(ann);
    expect(told()).toEqual(['lobby: -ann OFFLINE', 'ann OFFLINE']);
    expect(rooms.login('ann', '').token).not.toBe(ann.token);
  });

  it('leaves no timer behind', () => {
    const { rooms, clock } = setup();
    const ann = rooms.login('ann', '');
    const bob = rooms.login('bob', '');
    rooms.createRoom('lobby');
    rooms.join(bob, 'lobby', 0n, '');
    rooms.createRoom('games');
    rooms.lost(ann);
    rooms.logout(bob);
    expect(clock.timers).toBe(3);
    rooms.close();
    expect(clock.timers).toBe(0);
  });
});
