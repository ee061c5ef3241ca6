import { type User, UserStatus } from '../generated/room.js';
import { describeError } from '../problems.js';
import type { ChatMessage, RoomClient, RoomClientEvent } from '../room-client-types.js';
import { safeText } from './safe-text.js';

export type LineKind = 'own' | 'other' | 'enter' | 'exit' | 'status' | 'info' | 'error';

/** One line of the conversation, ready to be shown: other people's text is made safe. */
export interface Line {
  readonly kind: LineKind;
  readonly text: string;
  /** Of a message: its sender. */
  readonly user?: string;
  /** Of a message: when it was sent, in milliseconds since 1970. */
  readonly atMs?: number;
  /** Of a message: said while there was no connection. */
  readonly missed?: boolean;
}

export const info = (text: string): Line => ({ kind: 'info', text });
export const problem = (error: unknown): Line => ({ kind: 'error', text: safeText(describeError(error)) });

export function messageLine({ own, user, content, atMs, missed }: ChatMessage): Line {
  return { kind: own ? 'own' : 'other', user: safeText(user), text: safeText(content), atMs, missed };
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What an event looks like; nothing for those that only change lists. */
export function linesOf(event: RoomClientEvent, client: RoomClient): Line[] {
  switch (event.type) {
    case 'entered':
      return [
        info(`you are in ${safeText(event.room)}: ${names(client.roomUsers)}`),
        ...client.messages.map(messageLine),
      ];
    case 'left':
      return [info(`you left ${safeText(event.room)}`)];
    case 'message':
      return [messageLine(event.message)];
    case 'restored': {
      const lost = event.lost > 0 ? `, ${event.lost} more are too old to be kept` : '';
      return [info(`restored with ${plural(event.missed, 'missed message')}${lost}`)];
    }
    case 'user-enter':
      return [{ kind: 'enter', text: `${safeText(event.user.name)} entered` }];
    case 'user-exit':
      return [{ kind: 'exit', text: `${safeText(event.user.name)} left` }];
    case 'status':
      return statusLine(event.user, event.before, client.room);
    default:
      return [];
  }
}

/** Who enters and leaves this room is told by lines of their own. */
function statusLine(user: User, before: UserStatus, room: string): Line[] {
  const here = room !== '' && user.room === room;
  const name = safeText(user.name);
  let text: string | undefined;
  if (user.status === UserStatus.OFFLINE) text = `${name} is offline`;
  else if (before === UserStatus.OFFLINE && user.status === UserStatus.ONLINE) text = `${name} is online`;
  else if (here && user.status === UserStatus.CHATTING_OFFLINE) text = `${name} lost the connection`;
  else if (here && before === UserStatus.CHATTING_OFFLINE) text = `${name} is back`;
  return text === undefined ? [] : [{ kind: 'status', text }];
}

export function names(users: readonly User[]): string {
  const marked = users.map(({ name, status }) =>
    status === UserStatus.CHATTING_OFFLINE ? `${safeText(name)} (away)` : safeText(name),
  );
  return marked.join(', ');
}

export function userLines(users: readonly User[]): Line[] {
  const where = ({ room, status }: User): string =>
    status === UserStatus.CHATTING_OFFLINE
      ? ` away from ${safeText(room)}`
      : room === ''
        ? ''
        : ` in ${safeText(room)}`;
  return [info(plural(users.length, 'user')), ...users.map((user) => info(`  ${safeText(user.name)}${where(user)}`))];
}

export function roomLines(client: RoomClient): Line[] {
  return [
    info(plural(client.rooms.length, 'room')),
    ...client.rooms.map(({ name, headCount }) => info(`  ${safeText(name)}, ${headCount} in it`)),
  ];
}
