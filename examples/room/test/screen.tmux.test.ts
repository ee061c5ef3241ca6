import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createClient } from 'stmp';
import { hasTool } from 'test-kit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RoomApp, startRoomApp } from '../src/app.js';
import { createRoomClient, type RoomClient } from '../src/room-client.js';
import { command } from './support/process.js';
import { terminalSvg } from './support/terminal-svg.js';
import { openTerminal } from './support/tmux.js';
import { until } from './support/until.js';

const hasTmux = hasTool('tmux', spawnSync('tmux', ['-V']).status === 0, 'the terminal client on a screen');

async function startApp(): Promise<{ app: RoomApp; tcp: string }> {
  const app = await startRoomApp({ tcpPort: 0, httpPort: 0 });
  onTestFinished(() => app.close());
  return { app, tcp: app.addresses.find((address) => address.startsWith('tcp:'))! };
}

async function user(tcp: string, name: string): Promise<RoomClient> {
  const client = createRoomClient(createClient(tcp), { name });
  onTestFinished(() => client.logout());
  await client.start();
  return client;
}

const last = (rows: readonly string[]): string => rows.at(-1) ?? '';
const has = (rows: readonly string[], text: string): boolean => rows.some((row) => row.includes(text));
/** Rows without the time in front of messages. */
const timeless = (rows: readonly string[]): string[] => rows.map((row) => row.replace(/^\d\d:\d\d/, 'hh:mm'));

describe.skipIf(!hasTmux)('the terminal client on a screen', () => {
  it('keeps the line being typed whole, whatever comes in', async () => {
    const { app, tcp } = await startApp();
    const bob = await user(tcp, 'bob');
    const terminal = openTerminal([...command('terminal/main.js'), tcp, 'alice']);
    await terminal.until((rows) => has(rows, 'connected to') && last(rows).startsWith('>'));

    terminal.type('/create lobby');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, 'you are in lobby: alice'));
    terminal.type('is anybody');
    await terminal.until((rows) => last(rows) === '> is anybody');
    await bob.join('lobby');
    await terminal.until((rows) => has(rows, 'bob entered'));
    await bob.send('hello alice \u001b[2J');
    await terminal.until((rows) => has(rows, 'hello alice'));
    expect(last(terminal.rows())).toBe('> is anybody');
    // In one go, as pasted.
    terminal.type(' here? ');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, 'you is anybody here?') && last(rows) === '>');
    await until(() => bob.messages.at(-1)?.content === 'is anybody here?');
    terminal.type('yess');
    terminal.press('Left', 'Left', 'BSpace', 'Home');
    terminal.type('oh, ');
    await terminal.until((rows) => last(rows) === '> oh, yss');
    terminal.press('Up', 'Up', 'Down', 'Enter');
    await terminal.until((rows) => rows.filter((row) => row.includes('you is anybody here?')).length === 2);

    const typed =
      'a long line that does not fit into one row of the terminal, and goes on and on and on to the second one';
    terminal.type(typed);
    await terminal.until((rows) => rows.slice(-2).join(' ').includes(' to the second one'));
    await bob.send('first');
    await bob.leave();
    await terminal.until((rows) => has(rows, 'bob left'));
    const rows = terminal.rows();
    expect(rows.slice(-2).join(' ').replace(/ +/g, ' ')).toBe(`> ${typed} 103/140`);
    expect(rows.filter((row) => row.includes('a long line'))).toHaveLength(1);
    terminal.press('C-u');
    terminal.type('/zzz');
    terminal.press('Enter');
    await terminal.until((now) => has(now, 'there is no /zzz') && last(now) === '>');

    expect(timeless(terminal.rows())).toEqual([
      `      · connected to ${tcp} as alice; /help lists the commands`,
      '      · you are in lobby: alice',
      '      → bob entered',
      'hh:mm bob hello alice ␛[2J',
      'hh:mm you is anybody here?',
      'hh:mm you is anybody here?',
      'hh:mm bob first',
      '      ← bob left',
      '      ✗ there is no /zzz; /help lists what there is',
      '',
      '● alice lobby, 1 here',
      '>',
    ]);
    terminal.type('/quit');
    terminal.press('Enter');
    await terminal.until((now) => has(now, '* goodbye'));
    await until(() => app.server.stmp.connections.size === 1);
  });

  it('asks for what is missing, and again for a name that is taken', async () => {
    const { tcp } = await startApp();
    await user(tcp, 'bob');
    const terminal = openTerminal(command('terminal/main.js'));
    await terminal.until((rows) => last(rows).startsWith('Address (tcp://127.0.0.1:5003):'));
    terminal.type(tcp);
    terminal.press('Enter');
    await terminal.until((rows) => last(rows).startsWith('Your name:'));
    terminal.type('bob');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, 'name is taken') && last(rows).startsWith('Your name:'));
    terminal.type('alice');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, '● alice in no room') && last(rows) === '>');
    terminal.press('C-c');
    await terminal.until((rows) => has(rows, '* goodbye'));
  });

  it('shows what was missed after a lost connection, and that there is none', async () => {
    const { app, tcp } = await startApp();
    const bob = await user(tcp, 'bob');
    await bob.createRoom('lobby');
    await bob.join('lobby');
    const carol = await user(tcp, 'carol');
    const terminal = openTerminal([...command('terminal/main.js'), tcp, 'alice']);
    await terminal.until((rows) => last(rows).startsWith('>'));
    terminal.type('/join lobby');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, 'you are in lobby: alice, bob'));
    await carol.join('lobby');
    await bob.send('Welcome! This is the room, over TCP.');
    terminal.type('Hello you two');
    terminal.press('Enter');
    await terminal.until((rows) => has(rows, 'you Hello you two'));
    await carol.send('And hello from the browser');
    await terminal.until((rows) => has(rows, 'from the browser'));
    terminal.type('where was I');
    await terminal.until((rows) => last(rows) === '> where was I');

    for (const connection of app.server.stmp.connections) {
      if (connection.state.account?.name === 'alice') connection.abort();
    }
    await bob.send('alice seems to be in a tunnel');
    await carol.send('she will be back');
    await terminal.until((rows) => has(rows, 'restored with 2 missed messages'));
    await carol.logout();
    await terminal.until((rows) => has(rows, 'carol is offline'));
    terminal.type('/nowhere');
    terminal.press('Home');
    expect(timeless(terminal.rows()).slice(0, -1)).toEqual([
      `      · connected to ${tcp} as alice; /help lists the commands`,
      '      · you are in lobby: alice, bob',
      '      → carol entered',
      'hh:mm bob Welcome! This is the room, over TCP.',
      'hh:mm you Hello you two',
      'hh:mm carol And hello from the browser',
      '      · the connection is lost; trying again',
      'hh:mm bob alice seems to be in a tunnel (missed)',
      'hh:mm carol she will be back (missed)',
      '      · restored with 2 missed messages',
      '      ← carol left',
      '      ◦ carol is offline',
      '',
      '● alice lobby, 2 here',
    ]);
    const drawn = terminalSvg(terminal.colouredRows(), 80, '').split('\n');
    const lookOf = (text: string): string | undefined =>
      / (fill=.*)>/.exec(drawn.find((part) => part.includes(`${text}</text>`)) ?? '')?.[1];
    const looks = ['>you', '>bob', 'carol entered', 'carol left', 'is offline', 'the connection is lost; trying again'];
    expect(new Set(looks.map(lookOf))).toHaveProperty('size', looks.length);
    if (process.env.STMP_PICTURES === '1') {
      terminal.press('C-u');
      terminal.press('C-k');
      terminal.type('Back again, and this line is still b');
      await terminal.until((rows) => last(rows).endsWith('still b'));
      const picture = terminalSvg(
        terminal.colouredRows().map((row) => row.replace(tcp, 'tcp://127.0.0.1:5003')),
        80,
        'The terminal client of the room: messages, who enters and leaves, what was missed, and a line being typed',
      );
      writeFileSync(fileURLToPath(new URL('../pictures/terminal.svg', import.meta.url)), picture);
    }

    await app.close();
    await terminal.until((rows) => has(rows, '○ no connection, '));
    terminal.press('C-c');
    await terminal.until((rows) => has(rows, '* goodbye'));
  });
});
