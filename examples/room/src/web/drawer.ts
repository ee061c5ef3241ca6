import { byId } from './dom.js';

/** As in the style sheet: below this the side and the packets lie over the messages. */
const NARROW = matchMedia('(max-width: 820px)');

/** The side, which on a phone is a drawer. */
export class Drawer {
  readonly #side = byId('side');
  readonly #backdrop = byId('backdrop');
  readonly #menu = byId<HTMLButtonElement>('menu');
  readonly #onOpen: () => void;

  /** @param onWidth the page became narrow, or wide again. */
  constructor(onOpen: () => void, onWidth: () => void) {
    this.#onOpen = onOpen;
    this.#menu.addEventListener('click', () => this.open());
    byId('side-close').addEventListener('click', () => this.close());
    this.#backdrop.addEventListener('click', () => this.close());
    NARROW.addEventListener('change', () => {
      // It slides when somebody opens it, not when the window changes.
      this.#side.classList.remove('slides');
      this.close();
      onWidth();
    });
  }

  get isOpen(): boolean {
    return this.#side.classList.contains('open');
  }

  static get isNarrow(): boolean {
    return NARROW.matches;
  }

  open(): void {
    if (!NARROW.matches) return;
    this.#set(true);
    byId('side-close').focus();
    this.#onOpen();
  }

  /** @returns false when it was not open. */
  close(): boolean {
    if (!this.isOpen) return false;
    this.#set(false);
    this.#menu.focus();
    return true;
  }

  #set(open: boolean): void {
    this.#side.classList.add('slides');
    this.#side.classList.toggle('open', open);
    this.#backdrop.hidden = !open;
    this.#menu.setAttribute('aria-expanded', String(open));
    // What lies behind cannot be reached.
    byId('chat').inert = open;
    byId('packets').inert = open;
  }
}
