import type { ChatMessage } from '../room-client-types.js';
import { byId, make } from './dom.js';
import { count, dayName, dayOf, hueOf, momentOf, timeOf } from './format.js';
import { avatar } from './side-lists.js';
import { Sticky } from './sticky.js';

/** As many entries stay on the page. */
const MAX_ENTRIES = 600;
/** Messages of one user within this stand together under one name. */
const TOGETHER_MS = 5 * 60_000;

/** The log of a room: messages, notes about who came and went, and lines between days. */
export class MessageList {
  readonly #list = byId('log');
  readonly #badge = byId<HTMLButtonElement>('unread');
  readonly #sticky: Sticky;
  /** Called when the number of unread messages changes. */
  readonly #onUnread: (unread: number) => void;
  /** The last message, when nothing else came after it. */
  #last: ChatMessage | undefined;
  #lastDay = Number.NaN;
  #missed = false;
  #unread = 0;

  constructor(onUnread: (unread: number) => void) {
    this.#onUnread = onUnread;
    this.#sticky = new Sticky(byId('scroll'), () => this.#read());
    this.#badge.addEventListener('click', () => {
      this.toEnd();
      byId('text').focus();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#sticky.atEnd) this.#read();
    });
  }

  get isEmpty(): boolean {
    return this.#list.childElementCount === 0;
  }

  /** Another room, or none. */
  reset(messages: readonly ChatMessage[]): void {
    this.#last = undefined;
    this.#lastDay = Number.NaN;
    this.#missed = false;
    // What was said before is there to read, not news for screen readers.
    this.#list.setAttribute('aria-live', 'off');
    this.#list.replaceChildren();
    for (const message of messages) this.#append(message);
    requestAnimationFrame(() => this.#list.setAttribute('aria-live', 'polite'));
    this.toEnd();
  }

  add(message: ChatMessage): void {
    this.#append(message);
    this.#trim();
    if (!message.own && (!this.#sticky.atEnd || document.hidden)) this.#setUnread(this.#unread + 1);
    this.#sticky.follow();
  }

  /** A line about something that happened. */
  note(text: string): void {
    this.#last = undefined;
    this.#insert(make('div', 'note', text));
    this.#trim();
    this.#sticky.follow();
  }

  /** An entry that is no message of the room yet; it stays last. */
  appendPending(entry: HTMLElement): void {
    this.#list.append(entry);
    this.toEnd();
  }

  toEnd(): void {
    this.#sticky.toEnd();
  }

  #append(message: ChatMessage): void {
    const entries: HTMLElement[] = [];
    const day = dayOf(message.atMs);
    if (day !== this.#lastDay) {
      entries.push(make('div', 'day', dayName(message.atMs, Date.now())));
      this.#last = undefined;
    }
    this.#lastDay = day;
    if (message.missed && !this.#missed) {
      entries.push(make('div', 'day away', 'While you were away'));
      this.#last = undefined;
    }
    this.#missed = message.missed;
    const before = this.#last;
    const together = before?.user === message.user && message.atMs - before.atMs < TOGETHER_MS;
    entries.push(bubbleOf(message, together));
    this.#last = message;
    this.#insert(...entries);
  }

  #insert(...entries: readonly HTMLElement[]): void {
    const pending = this.#list.querySelector(':scope > .pending, :scope > .failed');
    for (const entry of entries) this.#list.insertBefore(entry, pending);
  }

  #trim(): void {
    while (this.#list.childElementCount > MAX_ENTRIES) this.#list.firstElementChild!.remove();
  }

  #read(): void {
    if (!document.hidden) this.#setUnread(0);
  }

  #setUnread(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#badge.hidden = unread === 0 || this.#sticky.atEnd;
    if (unread > 0) this.#badge.textContent = `${unread} new ↓`;
    this.#badge.setAttribute('aria-label', `${count(unread, 'new message')}: go to the end`);
    this.#onUnread(unread);
  }
}

function bubbleOf({ user, content, atMs, own, seq }: ChatMessage, together: boolean): HTMLElement {
  const time = make('time', '', timeOf(atMs));
  time.dateTime = new Date(atMs).toISOString();
  time.title = momentOf(atMs);
  // The name is heard with every message, and seen above the first of several.
  const words = make('span', '', content);
  // Each text in its own direction, without a say in that of what follows.
  words.dir = 'auto';
  const said = make('div', 'bubble', make('span', 'sr', own ? 'You: ' : `${user}: `), words, ' ', time);
  const entry = make('div', `message${own ? ' own' : ''}${together ? ' grouped' : ''}`);
  entry.dataset.seq = String(seq);
  if (!own && !together) {
    const who = make('span', `who sender ${hueOf(user)}`, user);
    who.setAttribute('aria-hidden', 'true');
    entry.append(avatar(user), who);
  }
  entry.append(said);
  return entry;
}
