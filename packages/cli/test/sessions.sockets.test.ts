// The sessions of docs/tools.md: each command is run against the quick start, and prints what the page says. Ports and
// times are those of the day.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from 'stmp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoomServer } from '../../../examples/quick-start/src/room-server.js';
import { root, start, stmp } from './program.js';

const page = readFileSync(join(root, 'docs/tools.md'), 'utf8');
const sessions = [...page.matchAll(/^```console\n\$ stmp ([^\n]*)\n(.*?)^```$/gms)].map(([, command, printed]) => ({
  command: command!,
  printed: printed!,
}));

const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
const anyDay = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:*')
    .replace(/(?<= )[\d.]+(?= (ms|s|a second)\b)/g, '*')
    .replace(/(?<="(ms|seconds|answersPerSecond|mean|p50|p99|p999|most)":)[\d.]+/g, '*')
    .replace(/ +(?=\*)/g, ' ');

let server: Server;
let addresses: readonly [string, string];
beforeAll(async () => {
  server = createRoomServer();
  const tcp = await server.listen('tcp://127.0.0.1:0');
  const ws = await server.listen('ws://127.0.0.1:0/quick_start');
  addresses = [tcp.address, ws.address];
});
afterAll(() => server.close());

const here = (command: string): string[] =>
  wordsOf(
    command.replace('tcp://127.0.0.1:5001', addresses[0]).replace('ws://127.0.0.1:5002/quick_start', addresses[1]),
  );

describe('docs/tools.md', () => {
  it.each(sessions)('stmp $command', async ({ command, printed }) => {
    let said = '';
    const collect = (text: string): void => {
      said += text;
    };
    const io = { cwd: join(root, 'examples/quick-start/proto'), out: collect, err: collect };
    const running = start(here(command), io);
    if (command.startsWith('listen')) {
      await expect.poll(() => said).toContain('RoomService.Join: ');
      await stmp(here(sessions[0]!.command), { cwd: io.cwd });
    }
    await running.ended;
    expect(anyDay(said)).toBe(anyDay(printed));
  });
});
