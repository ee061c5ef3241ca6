import { make, setText } from './dom.js';

export type Tone = 'plain' | 'wait' | 'good' | 'bad';

/** How long a message that needs no action stays. */
const SHORT_MS = 6_000;
/** Most connections are there sooner than this; a banner for them would only flicker. */
const PATIENCE_MS = 350;

/** The line above the messages that says how the connection is. */
export class Banner {
  readonly #box: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#box.replaceChildren();
    this.#box.className = 'banner';
  }

  /** Says something for a few seconds. */
  say(text: string, tone: Tone): void {
    this.#show(text, tone);
    this.#timer = setTimeout(() => this.clear(), SHORT_MS);
  }

  /** Says something until further notice; not at once, when it may be over soon. */
  wait(text: string, soon = false): void {
    if (!soon) this.#show(text, 'wait');
    else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(text, 'wait'), PATIENCE_MS);
    }
  }

  /** Counts down to the next attempt. The seconds are for eyes only: nobody wants to hear each of them. */
  countDown(text: string, delayMs: number): void {
    this.clear();
    const dueMs = performance.now() + delayMs;
    const seconds = make('span', '');
    seconds.setAttribute('aria-hidden', 'true');
    this.#box.className = 'banner wait';
    this.#box.append(text, seconds);
    const tick = (): void => {
      const left = Math.max(0, dueMs - performance.now());
      setText(seconds, ` Retrying in ${Math.max(1, Math.ceil(left / 1000))} s`);
      if (left > 0) this.#timer = setTimeout(tick, left % 1000 || 1000);
    };
    tick();
  }

  #show(text: string, tone: Tone): void {
    this.clear();
    this.#box.className = `banner ${tone}`;
    this.#box.append(text);
  }
}
