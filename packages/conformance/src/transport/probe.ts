import { isStmpError, type Link, type LinkHandler, StmpError } from '@stmp/contract';
import { check, fail, show } from '../assert.js';
import { concat } from '../bytes.js';

type Unit = Uint8Array | string;
type AnyLink = Omit<Link, 'start' | 'send'> & {
  start(handler: LinkHandler<Unit>): void;
  send(unit: Unit): boolean;
};

/** A link with a handler that writes down what happens, and that every rule about calls is kept. */
export class Probe {
  readonly name: string;
  readonly link: AnyLink;
  readonly units: Unit[] = [];
  drains = 0;
  readonly closes: (StmpError | undefined)[] = [];
  /** What the case does inside the handler. */
  onUnit: ((unit: Unit) => void) | undefined;
  onDrain: (() => void) | undefined;
  onClose: (() => void) | undefined;
  #started = false;
  #inLink = 0;
  #inHandler = 0;
  readonly #faults: string[] = [];
  readonly #timeoutMs: number;
  readonly #waiters = new Set<() => void>();

  constructor(name: string, link: Link, timeoutMs: number) {
    this.name = name;
    this.link = link as unknown as AnyLink;
    this.#timeoutMs = timeoutMs;
  }

  start(): void {
    const isFirst = !this.#started;
    this.#started = true;
    try {
      this.call(() =>
        this.link.start({
          onData: (unit) => this.#event('onData', () => this.#takeUnit(unit)),
          onDrain: () => this.#event('onDrain', () => this.#takeDrain()),
          onClose: (reason) => this.#event('onClose', () => this.#takeClose(reason)),
        }),
      );
    } catch (error) {
      if (!isFirst || !isStmpError(error) || error.code !== 'bad_state') throw error;
      fail(`${this.name} was started before: the fixture's open() must not start the links it gives`);
    }
  }

  /** Ends the link at the end of a case, whatever state it is in. */
  end(): void {
    try {
      this.call(() => this.link.abort(new StmpError('connection_closed', 'the case is over')));
    } catch (error) {
      this.#faults.push(`abort at the end of the case threw ${show(error)}`);
    }
  }

  /** Every call on the link goes through here, so that a handler called from inside is noticed. */
  call<T>(fn: () => T): T {
    this.#inLink++;
    try {
      return fn();
    } finally {
      this.#inLink--;
    }
  }

  /** For code that no await covers: what it throws fails the case. */
  attempt(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#faults.push(error instanceof Error ? error.message : show(error));
    }
  }

  send(unit: Unit): boolean {
    return this.call(() => this.link.send(unit));
  }

  pause(): void {
    this.call(() => this.link.pause());
  }

  resume(): void {
    this.call(() => this.link.resume());
  }

  close(): Promise<void> {
    return this.call(() => this.link.close());
  }

  abort(reason: StmpError): void {
    this.call(() => this.link.abort(reason));
  }

  /** The bytes of all binary units, joined. */
  get bytes(): Uint8Array {
    return concat(this.units.filter((unit) => typeof unit !== 'string'));
  }

  get byteLength(): number {
    return this.units.reduce((sum, unit) => sum + unit.length, 0);
  }

  /** Waits until `condition` holds, looking again after each call of the handler. */
  async until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = (): void => {
        if (!condition()) return;
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`${this.name}: waited ${this.#timeoutMs} ms in vain: ${what} (${this.#state()})`));
      }, this.#timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  async closed(): Promise<StmpError | undefined> {
    await this.until('onClose', () => this.closes.length > 0);
    return this.closes[0];
  }

  /** Waits for `count` bytes, or characters. */
  received(count: number): Promise<void> {
    let seen = 0;
    let next = 0;
    return this.until(`${count} bytes`, () => {
      while (next < this.units.length) seen += (this.units[next++] as Unit).length;
      return seen >= count;
    });
  }

  /** Fails when a rule was broken at any time. */
  verify(): void {
    check(this.#faults.length === 0, `${this.name}: ${this.#faults.join('; ')}`);
  }

  #state(): string {
    return `${this.units.length} units, ${this.byteLength} bytes, ${this.drains} drains, ${this.closes.length} closes`;
  }

  #event(name: string, take: () => void): void {
    if (!this.#started) this.#faults.push(`${name} before start`);
    if (this.#inLink > 0) this.#faults.push(`${name} from inside a call on the link`);
    if (this.#inHandler > 0) this.#faults.push(`${name} from inside another call of the handler`);
    if (this.closes.length > 0) this.#faults.push(`${name} after onClose`);
    this.#inHandler++;
    this.attempt(take);
    this.#inHandler--;
    for (const waiter of this.#waiters) waiter();
  }

  #takeUnit(unit: Unit): void {
    if (typeof unit !== 'string' && !(unit instanceof Uint8Array)) fail('onData gave neither bytes nor text');
    if (typeof unit === 'string' && this.link.kind === 'stream') fail('a stream link gave text');
    this.units.push(unit);
    this.onUnit?.(unit);
  }

  #takeDrain(): void {
    this.drains++;
    this.onDrain?.();
  }

  #takeClose(reason: StmpError | undefined): void {
    this.closes.push(reason);
    this.onClose?.();
  }
}
