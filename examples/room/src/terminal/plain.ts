import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { RoomClient } from '../room-client-types.js';
import { createConversation } from './conversation.js';
import type { Line, LineKind } from './lines.js';

/** The first letter of a line says what it is, so that programs can read the output too. */
const MARKS: Readonly<Record<LineKind, string>> = {
  own: '>',
  other: '<',
  enter: '+',
  exit: '-',
  status: '=',
  info: '*',
  error: '!',
};

export function plainLine({ kind, user, text, missed }: Line): string {
  return `${MARKS[kind]} ${user === undefined ? '' : `${user}: `}${text}${missed ? ' (missed)' : ''}`;
}

/**
 * Reads lines, writes lines: for pipes. One line is carried out after the other, and while there is no connection
 * they wait for it. Resolves at `/quit`, at the end of the input, or when the client has closed.
 */
export async function runPlain(client: RoomClient, input: Readable, output: Writable): Promise<void> {
  const conversation = createConversation(client, (line) => output.write(`${plainLine(line)}\n`));
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = client.on((event) => {
    if (event.type === 'link' && event.link.name === 'closed') lines.close();
  });
  try {
    for await (const line of lines) {
      if (!(await online(client)) || !(await conversation.run(line))) break;
    }
  } finally {
    stop();
    lines.close();
  }
}

/** Resolves when there is a connection, with false when there will never be one. */
function online(client: RoomClient): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const { name } = client.link;
      if (name !== 'online' && name !== 'closed') return false;
      resolve(name === 'online');
      return true;
    };
    if (look()) return;
    const stop = client.on((event) => {
      if (event.type === 'link' && look()) stop();
    });
  });
}
