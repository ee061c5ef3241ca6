import { describeError, fieldErrorOf } from '../problems.js';
import { byId, setFieldError } from './dom.js';

/** The form for a new room, which opens in the list. */
export class NewRoom {
  readonly #form = byId<HTMLFormElement>('room-form');
  readonly #name = byId<HTMLInputElement>('room-name');
  readonly #error = byId('room-error');
  readonly #toggle = byId<HTMLButtonElement>('new-room');
  #busy = false;

  /** @param create makes the room and enters it. */
  constructor(create: (name: string) => Promise<void>) {
    this.#toggle.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    this.#name.addEventListener('input', () => setFieldError(this.#name, this.#error, ''));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(create);
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.close();
      this.#toggle.focus();
    });
  }

  get isOpen(): boolean {
    return !this.#form.hidden;
  }

  open(): void {
    this.#form.hidden = false;
    this.#toggle.setAttribute('aria-expanded', 'true');
    this.#name.focus();
  }

  close(): void {
    this.#form.hidden = true;
    this.#toggle.setAttribute('aria-expanded', 'false');
    this.#name.value = '';
    setFieldError(this.#name, this.#error, '');
  }

  async #submit(create: (name: string) => Promise<void>): Promise<void> {
    const name = this.#name.value.trim();
    if (name === '') {
      setFieldError(this.#name, this.#error, 'Please enter a name.');
      return;
    }
    if (this.#busy) return;
    this.#busy = true;
    try {
      await create(name);
      this.close();
    } catch (error) {
      const field = fieldErrorOf(error);
      const text = field === undefined ? `Not made: ${describeError(error)}.` : `This name ${field.message}.`;
      setFieldError(this.#name, this.#error, text);
      this.#name.focus();
    } finally {
      this.#busy = false;
    }
  }
}
