import { describe, expect, it } from 'vitest';
import { parseCommand } from '../src/terminal/commands.js';
import { EDIT, type EditedLine, insert } from '../src/terminal/line-editor.js';
import { plainLine } from '../src/terminal/plain.js';
import { safeText } from '../src/terminal/safe-text.js';

describe('typed lines', () => {
  it.each([
    ['', { name: 'nothing' }],
    ['   ', { name: 'nothing' }],
    [' hi there ', { name: 'say', text: 'hi there' }],
    ['//etc', { name: 'say', text: '/etc' }],
    ['/rooms', { name: 'rooms' }],
    ['/ROOMS', { name: 'rooms' }],
    ['/users now', { name: 'users' }],
    ['/create  the lobby ', { name: 'create', room: 'the lobby' }],
    ['/join lobby', { name: 'join', room: 'lobby' }],
    ['/join', { name: 'wrong', why: '/join needs the name of a room' }],
    ['/leave', { name: 'leave' }],
    ['/who', { name: 'who' }],
    ['/help', { name: 'help' }],
    ['/quit', { name: 'quit' }],
    ['/', { name: 'wrong', why: 'there is no /; /help lists what there is' }],
    ['/jion lobby', { name: 'wrong', why: 'there is no /jion; /help lists what there is' }],
  ])('%j', (line, command) => expect(parseCommand(line)).toEqual(command));
});

describe('text of others', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[2J\u001b]0;x\u0007', '␛[2J␛]0;x␇'],
    ['two\nlines\tand\r\nmore', 'two lines and more'],
    ['\u009b31m', '\ufffd31m'],
    ['\u202eevil', '\ufffdevil'],
    ['\u007f', '\ufffd'],
    ['👩‍👩‍👧 é 日本', '👩‍👩‍👧 é 日本'],
  ])('%j', (text, safe) => expect(safeText(text)).toBe(safe));
});

describe('lines for programs', () => {
  it('say with their first letter what they are', () => {
    const message = { user: 'ann', text: 'hi', atMs: 0 };
    expect([
      plainLine({ kind: 'own', ...message }),
      plainLine({ kind: 'other', ...message, missed: true }),
      plainLine({ kind: 'enter', text: 'ann entered' }),
      plainLine({ kind: 'exit', text: 'ann left' }),
      plainLine({ kind: 'status', text: 'ann is back' }),
      plainLine({ kind: 'info', text: 'no room' }),
      plainLine({ kind: 'error', text: 'no' }),
    ]).toEqual([
      '> ann: hi',
      '< ann: hi (missed)',
      '+ ann entered',
      '- ann left',
      '= ann is back',
      '* no room',
      '! no',
    ]);
  });
});

describe('the line being typed', () => {
  it.each<readonly [keys: string, line: string, expected: string]>([
    ['left', 'abc|', 'ab|c'],
    ['left', '|abc', '|abc'],
    ['left', 'a👩‍👩‍👧|', 'a|👩‍👩‍👧'],
    ['right', 'a|bc', 'ab|c'],
    ['right', 'abc|', 'abc|'],
    ['right', '|e\u0301x', 'e\u0301|x'],
    ['home', 'ab|c', '|abc'],
    ['end', 'a|bc', 'abc|'],
    ['backspace', 'ab|c', 'a|c'],
    ['backspace', '|abc', '|abc'],
    ['backspace', 'a👩‍👩‍👧|c', 'a|c'],
    ['killToStart', 'ab|c', '|c'],
    ['killToEnd', 'a|bc', 'a|'],
    ['killWord', 'one two |three', 'one |three'],
    ['killWord', 'one|', '|'],
    ['insert', 'a|c', 'ab|c'],
  ])('%s in %j', (key, line, expected) => {
    const [left = '', right = ''] = line.split('|');
    const before: EditedLine = { left, right };
    const after = key === 'insert' ? insert(before, 'b') : EDIT[key]!(before);
    expect(`${after.left}|${after.right}`).toBe(expected);
  });
});
