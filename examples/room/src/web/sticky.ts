/** From this close to the end on, a list follows what is added. */
const NEAR_PX = 48;

/** A scrolled list that stays at its end while the reader is there, and stays put while the reader is further up. */
export class Sticky {
  readonly #box: HTMLElement;
  readonly #onEnd: () => void;
  #following = true;

  /** @param onEnd the reader came back to the end. */
  constructor(box: HTMLElement, onEnd: () => void = () => {}) {
    this.#box = box;
    this.#onEnd = onEnd;
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    // The box shrinks when a keyboard opens, and its content grows when a line wraps.
    const observer = new ResizeObserver(() => this.follow());
    observer.observe(box);
    if (box.firstElementChild !== null) observer.observe(box.firstElementChild);
  }

  get atEnd(): boolean {
    return this.#following;
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const near = scrollHeight - scrollTop - clientHeight <= NEAR_PX;
    if (near === this.#following) return;
    this.#following = near;
    if (near) this.#onEnd();
  }

  /** After something was added. */
  follow(): void {
    if (this.#following) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** The reader looks at something: nothing moves until the end is in sight again. */
  hold(): void {
    this.#following = false;
  }

  toEnd(): void {
    this.#following = true;
    this.follow();
    this.#onEnd();
  }
}
