// The pictures in the README of the room, of a conversation that looks the same every time.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { startRoomApp } from '../../examples/room/src/app.js';
import { RoomPage } from './room-page.js';
import { smallPng } from './small-png.js';

const at = (name: string): string =>
  fileURLToPath(new URL(`../../examples/room/pictures/${name}.png`, import.meta.url));

async function take(page: Page, name: string): Promise<void> {
  writeFileSync(at(name), smallPng(await page.screenshot()));
}

export async function takePictures(context: BrowserContext, webFolder: string): Promise<void> {
  let now = new Date().setHours(17, 42, 0, 0) - 86_400_000;
  const later = (minutes: number): void => {
    now += minutes * 60_000;
  };
  const app = await startRoomApp({ httpPort: 0, tcpPort: 0, webFolder, timeMs: () => now });
  const enter = async (name: string, room: string, wire: string): Promise<RoomPage> => {
    const page = await RoomPage.open(context, app.pageUrl);
    await page.login(name);
    if (wire !== 'protobuf') await page.choose(wire);
    const known = page.page.getByRole('navigation').getByRole('button', { name: room, exact: false });
    await ((await known.count()) > 0 ? page.join(room) : page.create(room));
    return page;
  };
  const say = async (page: RoomPage, text: string): Promise<void> => {
    await page.say(text);
    await page.message(text).waitFor();
  };
  try {
    const grace = await enter('Grace', 'tea kitchen', 'protobuf');
    const edsger = await enter('Edsger', 'goto considered', 'protobuf');
    const ada = await enter('Ada', 'engine room', 'protobuf');
    const charles = await enter('Charles', 'engine room', 'msgpack');
    const mary = await enter('Mary S.', 'engine room', 'json');
    await say(ada, 'Has anybody looked at the difference engine since Tuesday?');
    later(1);
    await say(charles, 'Yes. It counts.');
    await say(charles, 'And it has not stopped counting, which I find reassuring.');
    now = new Date().setHours(9, 3, 0, 0);
    await say(mary, 'Good morning! I write JSON as text today. Can you read me?');
    later(1);
    await say(ada, 'Perfectly. Charles is on MessagePack, I am on protobuf: one room, three wires.');
    later(2);
    await say(charles, 'The panel on the right shows every packet, byte by byte.');
    later(1);
    await say(mary, 'Even the pings?');
    await say(ada, 'Even the pings.');
    const packet = ada.page.locator('.packet.out', { hasText: 'RoomService.SendMessage' }).last();
    await packet.locator('summary').click();
    await packet.locator('.parts').waitFor();
    await ada.text.fill('Then let us');
    await ada.page.locator('#banner:empty').waitFor({ state: 'attached' });
    await ada.page.emulateMedia({ colorScheme: 'light' });
    await take(ada.page, 'browser');
    await ada.page.emulateMedia({ colorScheme: 'dark' });
    await take(ada.page, 'browser-dark');
    await mary.page.setViewportSize({ width: 390, height: 844 });
    await mary.page.locator('#banner:empty').waitFor({ state: 'attached' });
    await take(mary.page, 'phone');
    for (const { page } of [grace, edsger, ada, charles, mary]) await page.close();
  } finally {
    await app.close();
  }
}
