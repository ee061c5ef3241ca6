import type { BrowserContext, Locator, Page } from 'playwright-core';

/** The page of the room, in the words of somebody who uses it. */
export class RoomPage {
  readonly page: Page;
  /** What the console complained of, and what was thrown. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      // The network is cut on purpose.
      if (message.type() === 'error' && !/WebSocket connection to .* failed/.test(text)) this.complaints.push(text);
    });
  }

  static async open(context: BrowserContext, url: string): Promise<RoomPage> {
    const room = new RoomPage(await context.newPage());
    room.page.setDefaultTimeout(15_000);
    await room.page.goto(url);
    return room;
  }

  get #app(): Locator {
    return this.page.locator('#app');
  }

  get banner(): Locator {
    return this.page.getByRole('main').getByRole('status');
  }

  get title(): Locator {
    return this.page.locator('#room-title');
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get text(): Locator {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  person(name: string): Locator {
    return this.page.locator('.person').filter({ hasText: name });
  }

  note(text: string): Locator {
    return this.log.locator('.note', { hasText: text });
  }

  message(text: string): Locator {
    return this.log.locator('.message:not(.pending)', { hasText: text });
  }

  /** Asks for a name and goes in. */
  async login(name: string): Promise<void> {
    await this.tryLogin(name);
    await this.#app.waitFor();
  }

  async tryLogin(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Enter' }).click();
  }

  async create(room: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('button', { name: 'New room' }).click();
    await this.page.getByLabel('Name of the new room').fill(room);
    await this.page.getByLabel('Name of the new room').press('Enter');
    await this.inRoom(room);
  }

  async join(room: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('button', { name: room }).click();
    await this.inRoom(room);
  }

  async inRoom(room: string): Promise<void> {
    await this.title.filter({ hasText: room }).waitFor();
  }

  /** Goes on with other packets; resolves when the new connection is there. */
  async choose(wire: string): Promise<void> {
    await this.page.getByRole('combobox', { name: 'Packets as' }).selectOption(wire);
    await this.page.locator('#wire:enabled').waitFor();
  }

  async say(text: string): Promise<void> {
    await this.text.fill(text);
    await this.text.press('Enter');
  }

  /** What was said, in order. */
  async said(): Promise<string[]> {
    return await this.log.locator('.message .bubble [dir]').allTextContents();
  }
}
