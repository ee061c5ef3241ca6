import { describeError, fieldErrorOf } from '../problems.js';
import { byId, setFieldError, setText } from './dom.js';

/** The door: asks for a name. */
export class Login {
  readonly #page = byId('login');
  readonly #form = byId<HTMLFormElement>('login-form');
  readonly #name = byId<HTMLInputElement>('login-name');
  readonly #error = byId('login-error');
  readonly #status = byId('login-status');
  readonly #go = byId<HTMLButtonElement>('login-go');

  constructor(onName: (name: string) => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#go.disabled) return;
      const name = this.#name.value.trim();
      if (name === '') {
        setFieldError(this.#name, this.#error, 'Please enter a name.');
        this.#name.focus();
      } else onName(name);
    });
    this.#name.addEventListener('input', () => setFieldError(this.#name, this.#error, ''));
  }

  /** Opens it, with the name that was used last. */
  open(name: string, status = ''): void {
    this.#page.hidden = false;
    this.#name.value = name;
    this.#idle();
    setText(this.#status, status);
    this.#name.focus();
    this.#name.select();
  }

  close(): void {
    this.#page.hidden = true;
    this.#idle();
  }

  /** While the server is being asked. */
  busy(status: string): void {
    this.#go.disabled = true;
    this.#name.readOnly = true;
    setFieldError(this.#name, this.#error, '');
    setText(this.#status, status);
  }

  /** The server said no, or there was none. */
  refused(error: unknown): void {
    this.#idle();
    const field = fieldErrorOf(error);
    if (field === undefined) setText(this.#status, `That did not work: ${describeError(error)}.`);
    else {
      setText(this.#status, '');
      setFieldError(this.#name, this.#error, `This name ${field.message}.`);
    }
    this.#name.focus();
    this.#name.select();
  }

  #idle(): void {
    this.#go.disabled = false;
    this.#name.readOnly = false;
  }
}
