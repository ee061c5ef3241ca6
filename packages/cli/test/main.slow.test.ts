// The program as a process of its own: what only a process has.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Server } from 'stmp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoomServer } from '../../../examples/quick-start/src/room-server.js';
import { ROOM_PROTO, root } from './program.js';

let server: Server;
let url: string;
beforeAll(async () => {
  server = createRoomServer();
  url = (await server.listen('tcp://127.0.0.1:0')).address;
});
afterAll(() => server.close());

interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Resolves when it has said so. */
  said(text: string): Promise<void>;
}

function program(...argv: readonly string[]): Process {
  const child = spawn(process.execPath, [join(root, 'packages/cli/bin/stmp.js'), ...argv], { cwd: root });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  return {
    child,
    ended: once(child, 'close').then(([code]) => ({ code: code as number, out, err })),
    said: async (text) => {
      while (!(out + err).includes(text)) await once(child.stderr, 'data');
    },
  };
}

describe('the program', () => {
  it('calls with what comes on its standard input, and ends', async () => {
    const { child, ended } = program('call', url, 'RoomService.Exit', '-', '--proto', ROOM_PROTO);
    child.stdin!.write('{"name":"lobby"}\n');
    child.stdin!.end('{"name":"lobby"}\n');
    expect(await ended).toEqual({ code: 0, out: '{}\n{}\n', err: '' });
  });

  it('has an exit code, also while its standard input is open', async () => {
    const { ended } = program('call', url, 'RoomService.Leave', '-', '--proto', ROOM_PROTO);
    expect(await ended).toMatchObject({ code: 2, out: '' });
  });

  it('ends in good order on Ctrl-C', async () => {
    const { child, ended, said } = program('listen', url, '--proto', ROOM_PROTO);
    await said('connected to');
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, out: '', err: `connected to ${url}\n` });
  });

  it('ends without a word when nobody reads its output any more', async () => {
    const { child, ended } = program('call', url, 'RoomService.Exit', '-', '--proto', ROOM_PROTO);
    child.stdin!.write('{"name":"lobby"}\n');
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    child.stdin!.on('error', () => {});
    const more = setInterval(() => child.stdin!.write('{"name":"lobby"}\n'), 20);
    const { code, err } = await ended;
    clearInterval(more);
    expect([code, err]).toEqual([0, '']);
  });
});
