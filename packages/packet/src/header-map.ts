import type { Headers } from '@stmp/contract';
import { checkHeader } from './header-block.js';

/**
 * Header fields that can be looked up and changed. Names are compared without regard to the case of
 * ASCII letters; order and spelling are kept for the wire.
 */
export interface HeaderMap extends Iterable<readonly [name: string, value: string]> {
  /** Number of fields; a name that stands twice counts twice. */
  readonly size: number;
  /** The first value. */
  get(name: string): string | undefined;
  /** All values in order; empty when there is none. */
  getAll(name: string): string[];
  has(name: string): boolean;
  /** Puts one field in the place of all with this name: where the first stood, else at the end. */
  set(name: string, value: string): this;
  /** Adds a field at the end. */
  append(name: string, value: string): this;
  /** Removes all fields with this name. */
  delete(name: string): this;
  /** A copy of the fields as they go on the wire. */
  toList(): Headers;
}

/**
 * @param init Fields to begin with: a list of pairs, or an object whose arrays give a name several values.
 * @throws TypeError for a name or value that is no string.
 */
export function createHeaders(init?: Headers | Readonly<Record<string, string | readonly string[]>>): HeaderMap {
  const map = new FieldList();
  if (init === undefined) return map;
  if (isArray(init)) {
    for (const [name, value] of init) map.append(name, value);
    return map;
  }
  for (const [name, values] of Object.entries(init)) {
    if (typeof values === 'string') map.append(name, values);
    else if (isArray(values)) for (const value of values) map.append(name, value);
    else throw new TypeError(`header ${name} must be a string or a list of strings, got ${typeof values}`);
  }
  return map;
}

/** The first value of a field in a list, whatever the case of its name. */
export function getHeader(headers: Headers, name: string): string | undefined {
  for (const field of headers) {
    if (isSameName(field[0], name)) return field[1];
  }
  return undefined;
}

// Array.isArray does not narrow readonly arrays.
function isArray<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

class FieldList implements HeaderMap {
  #fields: (readonly [string, string])[] = [];

  get size(): number {
    return this.#fields.length;
  }

  get(name: string): string | undefined {
    return getHeader(this.#fields, name);
  }

  getAll(name: string): string[] {
    return this.#fields.filter((field) => isSameName(field[0], name)).map((field) => field[1]);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: string): this {
    checkHeader(name, value);
    const first = this.#fields.findIndex((field) => isSameName(field[0], name));
    if (first < 0) return this.append(name, value);
    this.#fields = this.#fields.filter((field, at) => at <= first || !isSameName(field[0], name));
    this.#fields[first] = [name, value];
    return this;
  }

  append(name: string, value: string): this {
    checkHeader(name, value);
    this.#fields.push([name, value]);
    return this;
  }

  delete(name: string): this {
    this.#fields = this.#fields.filter((field) => !isSameName(field[0], name));
    return this;
  }

  toList(): Headers {
    return this.#fields.slice();
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#fields.slice()[Symbol.iterator]();
  }
}

// ASCII only: toLowerCase() would also make a K of U+212A, the Kelvin sign.
function isSameName(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (lower(a.charCodeAt(at)) !== lower(b.charCodeAt(at))) return false;
  }
  return true;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}
