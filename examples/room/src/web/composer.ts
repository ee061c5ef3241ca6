import { isStmpError, Status } from 'stmp';
import { describeError, fieldErrorOf } from '../problems.js';
import type { ChatMessage } from '../room-client-types.js';
import { byId, make, setFieldError, setText } from './dom.js';
import { byteLength, count } from './format.js';
import type { MessageList } from './message-list.js';

/** What a message may have, in UTF-8. */
export const MAX_CONTENT_BYTES = 140;
const NEAR_BYTES = 115;

/** A message on its way. */
interface Outgoing {
  readonly content: string;
  readonly entry: HTMLElement;
  state: 'sending' | 'held' | 'unsure' | 'failed';
}

/** The box for messages, and what becomes of those that were sent. */
export class Composer {
  readonly #form = byId<HTMLFormElement>('composer');
  readonly #text = byId<HTMLTextAreaElement>('text');
  readonly #count = byId('text-count');
  readonly #error = byId('text-error');
  readonly #button = byId<HTMLButtonElement>('send');
  readonly #list: MessageList;
  readonly #send: (content: string) => Promise<unknown>;
  readonly #onChange: () => void;
  #outgoing: Outgoing[] = [];
  /** One after the other, so that they arrive in the order in which they were written. */
  #queue: Promise<void> = Promise.resolve();
  #room = '';

  /** @param onChange the log has more or fewer entries. */
  constructor(list: MessageList, send: (content: string) => Promise<unknown>, onChange: () => void) {
    this.#list = list;
    this.#send = send;
    this.#onChange = onChange;
    this.#text.addEventListener('input', () => {
      // A message is one line; what is pasted may have more.
      if (/[\r\n]/.test(this.#text.value)) this.#text.value = this.#text.value.replace(/\s*[\r\n]+\s*/g, ' ');
      setFieldError(this.#text, this.#error, '');
      this.#update();
    });
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
      this.#text.focus();
    });
    this.#update();
  }

  /** Another room: what was not sent there is given up. */
  enter(room: string): void {
    this.#room = room;
    for (const { entry } of this.#outgoing) entry.remove();
    this.#outgoing = [];
    this.#form.hidden = room === '';
    this.#text.placeholder = room === '' ? '' : `Message ${room}`;
    setFieldError(this.#text, this.#error, '');
    this.#update();
  }

  focus(): void {
    this.#text.focus();
  }

  /** A message of this user came back from the server: then it was sent, even if its answer was lost. */
  heard(message: ChatMessage): void {
    if (!message.own) return;
    const sent = this.#outgoing.find(({ content }) => content === message.content);
    if (sent !== undefined) this.#remove(sent);
  }

  /** There is a connection again: what was written without one goes out now. */
  online(): void {
    for (const outgoing of this.#outgoing) if (outgoing.state === 'held') this.#start(outgoing);
  }

  #update(): void {
    const bytes = byteLength(this.#text.value.trim());
    setText(this.#count, `${bytes}/${MAX_CONTENT_BYTES}`);
    this.#count.className = bytes > MAX_CONTENT_BYTES ? 'count over' : bytes >= NEAR_BYTES ? 'count near' : 'count';
    this.#button.disabled = bytes === 0;
  }

  #submit(): void {
    const content = this.#text.value.trim();
    if (content === '') return;
    const over = byteLength(content) - MAX_CONTENT_BYTES;
    if (over > 0) {
      setFieldError(
        this.#text,
        this.#error,
        `Too long by ${count(over, 'byte')}. Letters like é or 你 count as several.`,
      );
      return;
    }
    this.#text.value = '';
    setFieldError(this.#text, this.#error, '');
    this.#update();
    const outgoing: Outgoing = { content, entry: make('div', 'message own pending'), state: 'sending' };
    this.#outgoing.push(outgoing);
    this.#list.appendPending(outgoing.entry);
    this.#start(outgoing);
    this.#onChange();
  }

  #start(outgoing: Outgoing): void {
    outgoing.state = 'sending';
    outgoing.entry.className = 'message own pending';
    outgoing.entry.replaceChildren(make('div', 'bubble', make('span', 'sr', 'Sending: '), outgoing.content));
    const room = this.#room;
    this.#queue = this.#queue.then(async () => {
      if (room !== this.#room || !this.#outgoing.includes(outgoing)) return;
      try {
        await this.#send(outgoing.content);
        this.#remove(outgoing);
      } catch (error) {
        this.#failed(outgoing, error);
      }
    });
  }

  #failed(outgoing: Outgoing, error: unknown): void {
    if (!this.#outgoing.includes(outgoing)) return;
    const field = fieldErrorOf(error);
    if (field !== undefined && this.#text.value === '') {
      // The words are at fault, so they go back to where they can be changed.
      this.#remove(outgoing);
      this.#text.value = outgoing.content;
      this.#update();
      setFieldError(this.#text, this.#error, `The message ${field.message}.`);
      return;
    }
    const code = isStmpError(error) ? error.code : undefined;
    if (code === 'not_connected') {
      outgoing.state = 'held';
      outgoing.entry.className = 'message own pending held';
      const fate = make('div', 'fate', 'Goes out as soon as there is a connection.');
      outgoing.entry.replaceChildren(make('div', 'bubble', outgoing.content), fate);
      this.#list.toEnd();
      return;
    }
    outgoing.state = code === 'connection_closed' ? 'unsure' : 'failed';
    outgoing.entry.className = 'message own failed';
    const again = make('button', '', 'Send again');
    const drop = make('button', '', 'Delete');
    for (const button of [again, drop]) button.type = 'button';
    again.addEventListener('click', () => {
      this.#start(outgoing);
      this.#text.focus();
    });
    drop.addEventListener('click', () => {
      this.#remove(outgoing);
      this.#text.focus();
    });
    const fate = make('div', 'fate', make('span', '', whyNot(error, outgoing.state)), again, drop);
    outgoing.entry.replaceChildren(make('div', 'bubble', outgoing.content), fate);
    this.#list.toEnd();
  }

  #remove(outgoing: Outgoing): void {
    outgoing.entry.remove();
    this.#outgoing = this.#outgoing.filter((other) => other !== outgoing);
    this.#onChange();
  }
}

function whyNot(error: unknown, state: Outgoing['state']): string {
  if (state === 'unsure') return 'The connection was lost on the way.';
  if (!isStmpError(error)) return 'Not sent.';
  if (error.status === Status.TooManyRequests) return 'Not sent: too many messages, wait a moment.';
  return `Not sent: ${describeError(error)}.`;
}
