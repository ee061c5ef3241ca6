import type { Kcp } from '../kcp.js';

/** A conversation whose peer has not shown that it receives at its address. */
export interface Beginning {
  readonly key: string;
  readonly kcp: Kcp;
  readonly untilMs: number;
}

/**
 * Conversations that have begun and are not proven, oldest first. Each is a protocol end and what its peer has said,
 * without stream and timer: it speaks only when spoken to. Those that are late go when others come.
 */
export class Beginnings {
  readonly #maxCount: number;
  readonly #timeoutMs: number;
  readonly #beginnings = new Map<string, Beginning>();

  constructor(maxCount: number, timeoutMs: number) {
    this.#maxCount = maxCount;
    this.#timeoutMs = timeoutMs;
  }

  get count(): number {
    return this.#beginnings.size;
  }

  find(key: string, nowMs: number): Beginning | undefined {
    const found = this.#beginnings.get(key);
    if (found === undefined || nowMs < found.untilMs) return found;
    this.#beginnings.delete(key);
    return undefined;
  }

  /** Takes one in, and forgets those that are late, or the oldest when there are too many. */
  add(key: string, kcp: Kcp, nowMs: number): Beginning {
    for (const [old, { untilMs }] of this.#beginnings) {
      if (nowMs < untilMs && this.#beginnings.size < this.#maxCount) break;
      this.#beginnings.delete(old);
    }
    const beginning = { key, kcp, untilMs: nowMs + this.#timeoutMs };
    this.#beginnings.set(key, beginning);
    return beginning;
  }

  remove(beginning: Beginning): void {
    this.#beginnings.delete(beginning.key);
  }

  clear(): void {
    this.#beginnings.clear();
  }
}
