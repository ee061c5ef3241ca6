import type { RoomClient } from '../room-client-types.js';
import { HELP, parseCommand } from './commands.js';
import { info, type Line, linesOf, names, problem, roomLines, userLines } from './lines.js';

/** What typed lines do, and what there is to show. */
export interface Conversation {
  /** Carries out one typed line. Resolves when it is done, with false after `/quit`; problems become lines. */
  run(line: string): Promise<boolean>;
}

/** @param print is called for every line to show, in order. */
export function createConversation(client: RoomClient, print: (line: Line) => void): Conversation {
  let isOnline = true;
  client.on((event) => {
    if (event.type === 'link') {
      if (isOnline && event.link.name === 'retrying') print(info('the connection is lost; trying again'));
      isOnline = event.link.name === 'online';
    }
    for (const line of linesOf(event, client)) print(line);
  });

  async function obey(line: string): Promise<boolean> {
    const command = parseCommand(line);
    switch (command.name) {
      case 'say':
        await client.send(command.text);
        break;
      case 'create':
        await client.createRoom(command.room);
        await client.join(command.room);
        break;
      case 'join':
        await client.join(command.room);
        break;
      case 'leave':
        await client.leave();
        break;
      case 'rooms':
        await client.refresh();
        for (const one of roomLines(client)) print(one);
        break;
      case 'users':
        await client.refresh();
        for (const one of userLines(client.users)) print(one);
        break;
      case 'who':
        print(info(client.room === '' ? 'you are in no room' : `in ${client.room}: ${names(client.roomUsers)}`));
        break;
      case 'help':
        for (const text of HELP) print(info(text));
        break;
      case 'quit':
        return false;
      case 'wrong':
        print({ kind: 'error', text: command.why });
        break;
      default:
    }
    return true;
  }

  return {
    async run(line) {
      try {
        return await obey(line);
      } catch (error) {
        print(problem(error));
        return true;
      }
    },
  };
}
