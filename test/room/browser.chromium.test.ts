// The whole chat: two pages in Chromium and a terminal client over TCP, against a real server.
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWeb } from '../../examples/room/scripts/build-web.mjs';
import { type RoomApp, startRoomApp } from '../../examples/room/src/app.js';
import { type Browser, findChromium, openBrowser, sourceAliases } from '../browser/chromium.js';
import { type Bot, startBot } from './bot.js';
import { type CutProxy, cutProxy } from './cut-proxy.js';
import { takePictures } from './pictures.js';
import { RoomPage } from './room-page.js';

const chromium = findChromium('the browser client of the room');
const webFolder = join(tmpdir(), `stmp-room-${process.pid}`);
const CUT_MS = 5_000;

const portOf = (url: string): number => Number(new URL(url).port);

/** A server, and the pages that were opened at it. */
class Stage {
  app!: RoomApp;
  readonly #browser: Browser;
  readonly #pages: RoomPage[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  get tcp(): string {
    return this.app.addresses.find((address) => address.startsWith('tcp:'))!;
  }

  async start(ports: { httpPort: number; tcpPort: number } = { httpPort: 0, tcpPort: 0 }): Promise<void> {
    this.app = await startRoomApp({ ...ports, webFolder });
  }

  async open(url: string = this.app.pageUrl): Promise<RoomPage> {
    const page = await RoomPage.open(this.#browser.context, url);
    this.#pages.push(page);
    return page;
  }

  async close(): Promise<void> {
    const complaints = this.#pages.flatMap((page) => page.complaints);
    for (const { page } of this.#pages) await page.close();
    await this.app.close();
    // Among them would be whatever the Content-Security-Policy forbids.
    expect(complaints).toEqual([]);
  }
}

/** The script that passes with any packets. */
async function chat(
  stage: Stage,
  proxy: CutProxy,
  bot: Bot,
  { wire, label, frame }: { readonly wire: string; readonly label: string; readonly frame: string },
): Promise<void> {
  const room = `${wire} lounge`;
  const ada = await stage.open();
  const bea = await stage.open(`http://127.0.0.1:${proxy.port}/`);

  // A name is checked, and nobody has it twice.
  await ada.login('Ada');
  const nameError = bea.page.locator('#login-error');
  await bea.tryLogin('B');
  await expect.poll(() => nameError.textContent()).toBe('This name must have 3 to 31 bytes, got 1.');
  expect(await bea.page.getByLabel('Your name').getAttribute('aria-invalid')).toBe('true');
  await bea.tryLogin('Ada');
  await expect.poll(() => nameError.textContent()).toBe('This name is taken.');
  await bea.login('Bea');

  // The choice of packets holds from here on, and changes nobody.
  for (const page of [ada, bea]) {
    await page.choose(wire);
    await page.page.locator('#packets-sub', { hasText: label }).waitFor();
    await page.page.locator('#me-state', { hasText: 'Online' }).waitFor();
  }

  await ada.create(room);
  await bea.join(room);
  await ada.note('Bea came in').waitFor();
  bot.type(`/join ${room}`);
  await ada.note('Bot came in').waitFor();
  expect(await ada.page.locator('#room-sub').textContent()).toBe('3 people here');

  // Both ways, and to the terminal.
  await ada.say('Hello, is this thing on?');
  await bea.message('Hello, is this thing on?').waitFor();
  await expect.poll(() => bot.lines.join('\n')).toContain('Ada: Hello, is this thing on?');
  await bea.say('It is, says Bea');
  await ada.message('It is, says Bea').waitFor();
  bot.type('beep');
  await Promise.all([ada.message('beep').waitFor(), bea.message('beep').waitFor()]);

  // The packets are there to read: the request, and what it was on the wire.
  const sent = bea.page.locator('.packet.out', { hasText: 'RoomService.SendMessage' }).last();
  await sent.locator('summary').click();
  await sent.locator('pre', { hasText: '"It is, says Bea"' }).waitFor();
  await sent.locator('.parts', { hasText: frame }).waitFor();

  // Five seconds without a network.
  proxy.cut();
  await bea.banner.filter({ hasText: 'Connection lost. Retrying in' }).waitFor();
  await ada.person('Bea').filter({ hasText: 'Connection lost' }).waitFor();
  await ada.note('Bea lost the connection').waitFor();
  await ada.say('Bea, can you read this?');
  await ada.message('Bea, can you read this?').waitFor();
  bot.type('boop');
  await ada.message('boop').waitFor();
  await ada.say('She cannot.');
  await ada.message('She cannot.').waitFor();
  await bea.say('I wrote this in the dark');
  await bea.log.locator('.held', { hasText: 'I wrote this in the dark' }).waitFor();
  await sleep(CUT_MS);
  proxy.mend();
  await bea.banner.filter({ hasText: 'Restored with 3 missed messages' }).waitFor();
  await ada.note('Bea is back').waitFor();
  // What was missed comes first, what was held back goes out after it.
  const all = [
    'Hello, is this thing on?',
    'It is, says Bea',
    'beep',
    'Bea, can you read this?',
    'boop',
    'She cannot.',
    'I wrote this in the dark',
  ];
  await ada.message('I wrote this in the dark').waitFor();
  await expect.poll(() => bea.said()).toEqual(all);
  expect(await bea.log.locator('.pending').count()).toBe(0);
  await bea.log.locator('.day', { hasText: 'While you were away' }).waitFor();
  await bea.say('I can now');
  await ada.message('I can now').waitFor();

  // The server goes, and comes back without a memory: everybody is where they were.
  const ports = { httpPort: portOf(stage.app.pageUrl), tcpPort: portOf(stage.tcp) };
  await stage.app.close();
  await ada.banner.filter({ hasText: 'Connection lost.' }).waitFor();
  await stage.start(ports);
  for (const page of [ada, bea]) await page.page.locator('#me-state', { hasText: 'Chatting' }).waitFor();
  await ada.person('Bea').filter({ hasText: 'Chatting' }).waitFor();
  await ada.say('A new server, the same room');
  await bea.message('A new server, the same room').waitFor();
  expect(await bea.said()).toEqual([...all, 'I can now', 'A new server, the same room']);

  // Who says too much is asked to wait; nothing is lost.
  await sleep(3_000);
  for (let i = 1; i <= 6; i++) await ada.say(`one of many, ${i}`);
  const refused = ada.log.locator('.failed', { hasText: 'one of many, 6' });
  await refused.locator('.fate', { hasText: 'too many messages' }).waitFor();
  await bea.message('one of many, 5').waitFor();
  await sleep(3_000);
  await refused.getByRole('button', { name: 'Send again' }).click();
  await bea.message('one of many, 6').waitFor();
  expect(await ada.log.locator('.failed').count()).toBe(0);

  // A reload is the same user in the same room.
  await bea.page.reload();
  await bea.inRoom(room);
  await bea.message('one of many, 6').waitFor();

  // Goodbye; the name is free at once.
  await bea.page.getByRole('button', { name: 'Log out' }).click();
  await bea.page.locator('#login-status', { hasText: 'Bea has logged out.' }).waitFor();
  await ada.note('Bea left').waitFor();
  await ada.person('Bea').filter({ hasText: 'Offline' }).waitFor();
  await bea.login('Bea');
  for (const { page } of [ada, bea]) await page.getByRole('button', { name: 'Log out' }).click();
  expect(await bot.quit()).toBe(0);
  expect(bot.lines.join('\n')).toMatch(/one of many, 6/);
}

describe.skipIf(chromium === undefined)('the room in Chromium', () => {
  let browser: Browser;
  const onStage = async (play: (stage: Stage) => Promise<void>): Promise<void> => {
    const stage = new Stage(browser);
    await stage.start();
    let failed = true;
    try {
      await play(stage);
      failed = false;
    } finally {
      // What went wrong first is what counts.
      await stage.close().catch((error: unknown) => {
        if (!failed) throw error;
      });
    }
  };

  beforeAll(async () => {
    [browser] = await Promise.all([openBrowser(chromium!), buildWeb({ outdir: webFolder, alias: sourceAliases() })]);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(webFolder, { recursive: true, force: true });
  });

  it.concurrent.for([
    { wire: 'protobuf', label: 'protobuf', frame: 'head' },
    { wire: 'json', label: 'JSON text', frame: 'P{' },
  ])('is a chat through cuts and restarts, with $label packets', (row) =>
    onStage(async (stage) => {
      const proxy = await cutProxy(portOf(stage.app.pageUrl));
      const bot = startBot(stage.tcp, 'Bot');
      try {
        await chat(stage, proxy, bot, row);
      } finally {
        bot.kill();
        await proxy.close();
      }
    }),
  );

  it('works on a phone, with keys alone', () =>
    onStage(async (stage) => {
      const page = await stage.open();
      await page.page.setViewportSize({ width: 390, height: 844 });
      const { keyboard } = page.page;
      const focused = (): Promise<string> =>
        page.page.evaluate('document.activeElement.id || document.activeElement.textContent');

      // The name box has the focus.
      await keyboard.type('Phoebe');
      await keyboard.press('Enter');
      await page.page.locator('#app').waitFor();
      // Skip link, menu, packets; the drawer takes the focus and gives it back.
      await page.page.getByRole('button', { name: 'Rooms and people' }).focus();
      await keyboard.press('Enter');
      expect(await focused()).toBe('side-close');
      await page.page.getByRole('button', { name: 'Log out' }).waitFor();
      expect(await page.page.locator('#chat').getAttribute('inert')).not.toBeNull();
      await keyboard.press('Escape');
      expect(await focused()).toBe('menu');
      await page.page.getByRole('button', { name: 'Log out' }).waitFor({ state: 'hidden' });
      await keyboard.press('Enter');
      await keyboard.press('Tab');
      expect(await focused()).toBe('new-room');
      await keyboard.press('Enter');
      await keyboard.type('x');
      await keyboard.press('Enter');
      await page.page.locator('#room-error', { hasText: 'must have 3 to 31 bytes' }).waitFor();
      await keyboard.type(' marks');
      await keyboard.press('Enter');
      await page.inRoom('x marks');
      // In the room the focus is where one types, and bytes are counted, not letters.
      expect(await focused()).toBe('text');
      await keyboard.type('日'.repeat(47));
      await page.page.locator('#text-count', { hasText: '141/140' }).waitFor();
      await keyboard.press('Enter');
      await page.page.locator('#text-error', { hasText: 'Too long by 1 byte.' }).waitFor();
      await keyboard.press('Backspace');
      await keyboard.press('Enter');
      await page.message('日'.repeat(46)).waitFor();
      expect(await page.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    }));

  it('keeps the place of a reader further up, and says what is new', () =>
    onStage(async (stage) => {
      const [reader, writer] = [await stage.open(), await stage.open()];
      await reader.login('Reader');
      await reader.create('long room');
      for (let i = 0; i < 4; i++) await reader.say(`line ${i}: ${'many words '.repeat(10)}`);
      await reader.message('line 3').waitFor();
      await reader.page.setViewportSize({ width: 1000, height: 420 });
      await writer.login('Writer');
      await writer.join('long room');
      // Pages in the background do not scroll.
      await reader.page.bringToFront();
      const top = (): Promise<number> => reader.page.evaluate('document.querySelector("#scroll").scrollTop');
      await expect.poll(top).toBeGreaterThan(50);
      await reader.page.evaluate('document.querySelector("#scroll").scrollTop = 0');
      await writer.say('first news');
      await writer.say('second news');
      await reader.page.getByRole('button', { name: '2 new messages: go to the end' }).click();
      await expect.poll(top).toBeGreaterThan(50);
      await expect.poll(() => reader.page.locator('#unread').isVisible()).toBe(false);
      await writer.say('third news');
      await reader.message('third news').waitFor();
      expect(await reader.page.locator('#unread').isVisible()).toBe(false);
    }));

  it('lets no page of another site connect', () =>
    onStage(async ({ app }) => {
      const other: Server = createServer((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>elsewhere</title>');
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      try {
        const address = `${app.pageUrl.replace('http', 'ws')}stmp?Accept=application%2Fjson&Stmp-Version=1.0`;
        const attempt = `new Promise((resolve) => {
        const socket = new WebSocket(${JSON.stringify(address)});
        socket.onopen = () => resolve('open');
        socket.onclose = ({ code }) => resolve('closed ' + code);
      })`;
        const page = await browser.context.newPage();
        await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
        expect(await page.evaluate(attempt)).toBe('closed 1006');
        // The same from a page of the server itself goes through.
        await page.goto(app.pageUrl);
        expect(await page.evaluate(attempt)).toBe('open');
        await page.close();
      } finally {
        other.close();
      }
    }));

  it.runIf(process.env.STMP_PICTURES === '1')('has its pictures taken', { timeout: 60_000 }, async () => {
    await takePictures(browser.context, webFolder);
  });
});
