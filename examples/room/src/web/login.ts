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

  /** The server is being asked. */
  #busy = false;

  constructor(onName: (name: string) => void, onCancel: () => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#busy) {
        if (!this.#go.disabled) onCancel();
        return;
      }
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

  /** While the server is being asked; when that takes long, one may give up. */
  busy(status: string, mayCancel = false): void {
    this.#busy = true;
    this.#name.readOnly = true;
    if (mayCancel) setText(this.#go, 'Cancel');
    this.#go.disabled = this.#go.textContent !== 'Cancel';
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
    this.#busy = false;
    this.#go.disabled = false;
    setText(this.#go, 'Enter');
    this.#name.readOnly = false;
  }
}
