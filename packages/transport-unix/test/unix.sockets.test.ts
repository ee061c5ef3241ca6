import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Acceptor, Link } from '@stmp/contract';
import { unixDialer, unixListener } from '@stmp/transport-unix';
import { describe, expect, it } from 'vitest';
import { freshAddress } from './fixture.js';

const posix = process.platform !== 'win32';
const pathOf = (address: string): string => address.slice('unix:'.length);
const ignore: Acceptor = { onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }) };

describe.runIf(posix)('addresses', () => {
  it.each([
    'unix:',
    'unix://',
    'unix:relative.sock',
    'unix://host/path',
    'unix:/a?b',
    'unix:/a#b',
    'unix:/a%',
    'unix:/a%00',
    'unix://./pipe/x',
    `unix:/${'x'.repeat(107)}`,
    `unix:/${'%C3%BC'.repeat(54)}`,
    'tcp:/a',
    '',
  ])('%j is refused', async (address) => {
    await expect(unixDialer().dial(address)).rejects.toThrow(TypeError);
    await expect(unixListener().listen(address, ignore)).rejects.toThrow(TypeError);
  });

  it.each([
    (path: string) => `unix:${path}`,
    (path: string) => `unix://${path}`,
    (path: string) => `UNIX:${path}`,
    (path: string) => `unix:${path} %25%3f%23ü`,
  ])('%s is listened on and dialed', async (form) => {
    const listening = await unixListener().listen(form(pathOf(freshAddress())), ignore);
    const link = await unixDialer().dial(listening.address);
    expect(existsSync(decodeURIComponent(pathOf(listening.address)))).toBe(true);
    link.start({ onData() {}, onDrain() {}, onClose() {} });
    await link.close();
    await listening.close();
    expect(existsSync(decodeURIComponent(pathOf(listening.address)))).toBe(false);
  });
});

describe('a listener', () => {
  it.runIf(posix).each([0o600, 0o660, 0o666])('makes its file with mode %o', async (mode) => {
    const before = process.umask();
    const listening = await unixListener().listen(freshAddress(), ignore, { mode });
    expect(statSync(pathOf(listening.address)).mode & 0o777).toBe(mode);
    expect(process.umask()).toBe(before);
    await listening.close();
  });

  it.each([{ mode: 0o1000 }, { mode: -1 }, { backlog: 0 }, { highWaterBytes: 0 }])('refuses %o', async (options) => {
    expect(() => unixListener(options)).toThrow(RangeError);
    await expect(unixListener().listen(freshAddress(), ignore, options)).rejects.toThrow(RangeError);
  });

  it('leaves its address to nobody else, and gives it free, with open links left alone', async () => {
    const address = freshAddress();
    const links: Link[] = [];
    const first = await unixListener().listen(address, { onLink: (link) => void links.push(link) });
    await expect(unixListener().listen(address, ignore)).rejects.toMatchObject({
      code: 'listen_failed',
      message: `cannot listen on ${address}: EADDRINUSE`,
      cause: { code: 'EADDRINUSE' },
    });
    const link = await unixDialer().dial(address);
    await expect.poll(() => links.length).toBeGreaterThan(0);
    await Promise.all([first.close(), first.close()]);
    await expect(unixDialer().dial(address)).rejects.toMatchObject({ code: 'dial_failed', origin: 'link' });
    const second = await unixListener().listen(address, ignore);
    const heard = new Promise((resolve) => {
      for (const open of links) open.start({ onData: resolve, onDrain() {}, onClose() {} });
    });
    link.start({ onData() {}, onDrain() {}, onClose() {} });
    (link as { send(unit: Uint8Array): boolean }).send(Uint8Array.of(7));
    expect(await heard).toEqual(Buffer.of(7));
    await link.close();
    await second.close();
  });

  it.runIf(posix)('takes the place of one that has died', async () => {
    const address = freshAddress();
    const program = `require('node:net').createServer().listen(${JSON.stringify(pathOf(address))}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', program]);
    expect(existsSync(pathOf(address))).toBe(true);
    const listening = await unixListener().listen(address, ignore);
    await (await unixDialer().dial(address)).close();
    await listening.close();
  });

  it.runIf(posix)('leaves a file alone that is no socket', async () => {
    const address = freshAddress();
    writeFileSync(pathOf(address), 'mine');
    await expect(unixListener().listen(address, ignore)).rejects.toMatchObject({ code: 'listen_failed' });
    expect(existsSync(pathOf(address))).toBe(true);
  });

  it('tells each peer by a number', async () => {
    const links: Link[] = [];
    const listening = await unixListener().listen(freshAddress(), { onLink: (link) => void links.push(link) });
    const dialed = await Promise.all([1, 2].map(() => unixDialer().dial(listening.address)));
    await expect.poll(() => links.length).toBe(2);
    expect(links.map(({ peer }) => peer.address)).toEqual(['unix', 'unix']);
    expect(links[0]!.peer.port).not.toBe(links[1]!.peer.port);
    expect([links[0]!.secure, dialed[0]!.secure]).toEqual([false, false]);
    await Promise.all([...links, ...dialed].map((link) => link.close()));
    await listening.close();
  });

  it('serves peers that know nothing of it', async () => {
    let got = '';
    const listening = await unixListener().listen(freshAddress(), {
      onLink: (link) =>
        link.start({
          onData(unit) {
            got += String(unit);
          },
          onDrain() {},
          onClose() {},
        }),
    });
    connect(posix ? pathOf(listening.address) : `\\\\.\\pipe\\${listening.address.slice(14)}`).end('plain');
    await expect.poll(() => got).toBe('plain');
    await listening.close();
  });
});
