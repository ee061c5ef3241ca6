import { details, Status, type StmpError, statusError } from 'stmp';
import { FieldError, type Page } from './generated/room.js';

export const MIN_NAME_BYTES = 3;
export const MAX_NAME_BYTES = 31;
export const MAX_CONTENT_BYTES = 140;
export const MAX_PAGE_COUNT = 100;
/** Messages a user may send within {@link RATE_WINDOW_MS}. */
export const MAX_RATE_COUNT = 5;
export const RATE_WINDOW_MS = 3_000;

/** BadRequest, with the field in the details. */
export function fieldError(field: string, message: string): StmpError {
  return statusError(Status.BadRequest, `${field} ${message}`, { details: details(FieldError, { field, message }) });
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** @returns the name without the blanks around it. */
export function checkName(value: string): string {
  const name = value.trim();
  const bytes = bytesOf(name);
  if (bytes < MIN_NAME_BYTES || bytes > MAX_NAME_BYTES) {
    throw fieldError('name', `must have ${MIN_NAME_BYTES} to ${MAX_NAME_BYTES} bytes, got ${bytes}`);
  }
  // Else a name could repaint other people's terminals, or pass for another one.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) throw fieldError('name', 'must have no control characters');
  return name;
}

/** @returns the content without the blanks around it. */
export function checkContent(value: string): string {
  const content = value.trim();
  const bytes = bytesOf(content);
  if (bytes < 1 || bytes > MAX_CONTENT_BYTES) {
    throw fieldError('content', `must have 1 to ${MAX_CONTENT_BYTES} bytes, got ${bytes}`);
  }
  return content;
}

/** The entries of a page of `all`, which is in order of age, oldest first. */
export function pageOf<T>(all: readonly T[], page: Page | undefined): T[] {
  const { limit, offset } = page ?? { limit: MAX_PAGE_COUNT, offset: 0 };
  if (limit > MAX_PAGE_COUNT) throw fieldError('limit', `must be 0 to ${MAX_PAGE_COUNT}, got ${limit}`);
  const end = Math.max(0, all.length - offset);
  return all.slice(Math.max(0, end - limit), end).reverse();
}

/** Not more than so many in any window of that length. What is refused does not count. */
export class RateWindow {
  readonly #times: number[] = [];

  /** @returns false when it would be one too many. */
  take(nowMs: number): boolean {
    while (this.#times.length > 0 && nowMs - this.#times[0]! >= RATE_WINDOW_MS) this.#times.shift();
    if (this.#times.length >= MAX_RATE_COUNT) return false;
    this.#times.push(nowMs);
    return true;
  }
}
