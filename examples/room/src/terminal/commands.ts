/** What a typed line asks for. */
export type Command =
  | { readonly name: 'say'; readonly text: string }
  | { readonly name: 'create' | 'join'; readonly room: string }
  | { readonly name: 'rooms' | 'users' | 'leave' | 'who' | 'help' | 'quit' | 'nothing' }
  | { readonly name: 'wrong'; readonly why: string };

export const HELP: readonly string[] = [
  '/rooms        the rooms, newest first',
  '/users        who is here',
  '/create NAME  make a room and enter it',
  '/join NAME    enter a room',
  '/leave        leave the room',
  '/who          who is in this room',
  '/quit         log out',
  '/help         this list',
  'anything else is said in the room; begin with // for a text with a slash in front',
];

export function parseCommand(line: string): Command {
  const text = line.trim();
  if (text === '') return { name: 'nothing' };
  if (!text.startsWith('/')) return { name: 'say', text };
  if (text.startsWith('//')) return { name: 'say', text: text.slice(1) };
  const [, word = '', rest = ''] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  const name = word.toLowerCase();
  switch (name) {
    case 'create':
    case 'join':
      return rest === '' ? { name: 'wrong', why: `/${name} needs the name of a room` } : { name, room: rest };
    case 'rooms':
    case 'users':
    case 'leave':
    case 'who':
    case 'help':
    case 'quit':
      return { name };
    default:
      return { name: 'wrong', why: `there is no /${word}; /help lists what there is` };
  }
}
