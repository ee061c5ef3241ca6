const MAX_ID = 65_535;
const FIRST_WINDOW = 64;
/** Up to this many different durations are kept exactly; further ones are rounded up by at most 10 ms or 1 %. */
const EXACT_DURATIONS = 32;

/** The token of an id whose call was given up. */
const ABANDONED = Symbol('abandoned');

/** Calls of one duration, which expire in the order in which they were made. Ids, linked through the table. */
interface Lane {
  readonly durationMs: number;
  head: number;
  tail: number;
}

/**
 * The calls of one connection by id. Ids run upwards through a window that grows with the number of pending calls,
 * so that a freed id rests for a while, the arrays stay dense, and an idle connection owns none.
 */
export class CallTable {
  #tokens: unknown[] = [];
  #next = new Uint16Array(0);
  #previous = new Uint16Array(0);
  #expires = new Float64Array(0);
  /** Index into #lanes, plus one; 0: no deadline. */
  #laneOf = new Uint16Array(0);
  readonly #lanes: Lane[] = [];
  #window = 0;
  #cursor = 0;
  #used = 0;
  #abandoned = 0;
  /** Calls whose deadline is not after this come out of {@link nextDue}; below 0: none. */
  #dueMs = -1;

  get pending(): number {
    return this.#used - this.#abandoned;
  }

  get abandoned(): number {
    return this.#abandoned;
  }

  /** @returns the id, or 0 when all are taken. */
  add(token: unknown, nowMs: number, timeoutMs: number): number {
    if (this.#used >= this.#window >> 1 && !this.#grow()) return 0;
    let id = this.#cursor;
    do id = id >= this.#window ? 1 : id + 1;
    while (this.#tokens[id] !== undefined);
    this.#cursor = id;
    this.#tokens[id] = token;
    this.#used++;
    if (timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY) this.#append(id, nowMs, timeoutMs);
    else this.#laneOf[id] = 0;
    return id;
  }

  /** Settles an id: its token, or undefined for an id that is unknown or was given up. The id is free again. */
  take(id: number): unknown {
    const token = this.#tokens[id];
    if (token === undefined) return undefined;
    this.#tokens[id] = undefined;
    this.#used--;
    if (token === ABANDONED) {
      this.#abandoned--;
      return undefined;
    }
    this.#unlink(id);
    return token;
  }

  /** Gives a call up and keeps its id reserved. @returns false when there is no such call. */
  abandon(id: number): boolean {
    const token = this.#tokens[id];
    if (token === undefined || token === ABANDONED) return false;
    this.#unlink(id);
    this.#tokens[id] = ABANDONED;
    this.#abandoned++;
    return true;
  }

  token(id: number): unknown {
    return this.#tokens[id];
  }

  /** The earliest expiry, or Infinity. */
  get deadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) {
      if (lane.head !== 0 && this.#expires[lane.head]! < earliest) earliest = this.#expires[lane.head]!;
    }
    return earliest;
  }

  /** Makes the calls whose deadline has passed come out of {@link nextDue}. */
  expireUntil(nowMs: number): void {
    this.#dueMs = Math.floor(nowMs);
  }

  /** The next call that has expired, or 0. */
  nextDue(): number {
    if (this.#dueMs < 0) return 0;
    const mid = this.expired(this.#dueMs);
    if (mid === 0) this.#dueMs = -1;
    return mid;
  }

  /** Of the ids whose deadline has passed the earliest, or 0. */
  expired(nowMs: number): number {
    let found = 0;
    let earliest = nowMs;
    for (const { head } of this.#lanes) {
      if (head === 0) continue;
      const expires = this.#expires[head]!;
      if (found === 0 ? expires <= earliest : expires < earliest) {
        found = head;
        earliest = expires;
      }
    }
    return found;
  }

  /** All live tokens, each once; the table is empty afterwards. */
  clear(): unknown[] {
    const live: unknown[] = [];
    for (const token of this.#tokens) {
      if (token !== undefined && token !== ABANDONED) live.push(token);
    }
    this.#tokens = [];
    this.#next = this.#previous = this.#laneOf = new Uint16Array(0);
    this.#expires = new Float64Array(0);
    this.#lanes.length = 0;
    this.#window = this.#cursor = this.#used = this.#abandoned = 0;
    return live;
  }

  /** Makes room; ids in use stay where they are. @returns false when every id is taken. */
  #grow(): boolean {
    if (this.#window === MAX_ID) return this.#used < MAX_ID;
    const window = this.#window === 0 ? FIRST_WINDOW : Math.min(this.#window * 2, MAX_ID);
    const grown = <T extends Uint16Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#next = grown(this.#next, new Uint16Array(window + 1));
    this.#previous = grown(this.#previous, new Uint16Array(window + 1));
    this.#laneOf = grown(this.#laneOf, new Uint16Array(window + 1));
    this.#expires = grown(this.#expires, new Float64Array(window + 1));
    for (let id = this.#tokens.length; id <= window; id++) this.#tokens.push(undefined);
    this.#window = window;
    return true;
  }

  #append(id: number, nowMs: number, timeoutMs: number): void {
    const index = this.#laneIndex(timeoutMs);
    const lane = this.#lanes[index]!;
    this.#laneOf[id] = index + 1;
    this.#expires[id] = nowMs + lane.durationMs;
    this.#next[id] = 0;
    this.#previous[id] = lane.tail;
    if (lane.tail === 0) lane.head = id;
    else this.#next[lane.tail] = id;
    lane.tail = id;
  }

  #unlink(id: number): void {
    const index = this.#laneOf[id]!;
    if (index === 0) return;
    const lane = this.#lanes[index - 1]!;
    const next = this.#next[id]!;
    const previous = this.#previous[id]!;
    if (previous === 0) lane.head = next;
    else this.#next[previous] = next;
    if (next === 0) lane.tail = previous;
    else this.#previous[next] = previous;
    this.#laneOf[id] = 0;
  }

  #laneIndex(timeoutMs: number): number {
    const lanes = this.#lanes;
    for (let i = 0; i < lanes.length; i++) if (lanes[i]!.durationMs === timeoutMs) return i;
    let durationMs = timeoutMs;
    if (lanes.length >= EXACT_DURATIONS) {
      const step = Math.max(10, 10 ** Math.floor(Math.log10(timeoutMs)) / 100);
      durationMs = Math.ceil(timeoutMs / step) * step;
      for (let i = 0; i < lanes.length; i++) if (lanes[i]!.durationMs === durationMs) return i;
      const empty = lanes.findIndex((lane) => lane.head === 0);
      if (empty >= 0) {
        lanes[empty] = { durationMs, head: 0, tail: 0 };
        return empty;
      }
    }
    lanes.push({ durationMs, head: 0, tail: 0 });
    return lanes.length - 1;
  }
}
