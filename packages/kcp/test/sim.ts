import { createKcp, type Kcp, type KcpOptions } from '@stmp/kcp';
import { seeded } from 'test-kit';

export interface Weather {
  readonly loss: number;
  readonly duplicate: number;
  readonly delayMs: number;
  /** Added to the delay, evenly from 0: what is later overtakes what is earlier. */
  readonly jitterMs: number;
  /** From then on nothing arrives. */
  readonly cutAtMs?: number;
}

interface Flight {
  readonly atMs: number;
  readonly order: number;
  readonly to: 0 | 1;
  readonly bytes: Uint8Array;
}

export interface Side {
  readonly kcp: Kcp;
  /** Called after input, and once at the start. */
  step: (nowMs: number) => void;
}

/** Two sessions, a clock and a network between them, all from one seed. */
export class Sim {
  nowMs: number;
  /** FNV-1a over every datagram and its time of arrival. */
  trace = 0x811c9dc5;
  sentCount: [number, number] = [0, 0];
  sentBytes: [number, number] = [0, 0];
  arrivedBytes: [number, number] = [0, 0];
  arrivedCount: [number, number] = [0, 0];
  readonly sides: [Side, Side];
  readonly #weather: Weather;
  readonly #random: () => number;
  readonly #flights: Flight[] = [];
  #order = 0;

  constructor(
    seed: number,
    weather: Weather,
    options: readonly [Partial<KcpOptions>, Partial<KcpOptions>],
    startMs: number = 1000,
  ) {
    this.#weather = weather;
    this.#random = seeded(seed);
    this.nowMs = startMs;
    const side = (index: 0 | 1): Side => ({
      kcp: createKcp({ conv: 0x1234abcd, ...options[index], output: (bytes) => this.#send(index, bytes) }),
      step: () => {},
    });
    this.sides = [side(0), side(1)];
  }

  #send(from: 0 | 1, bytes: Uint8Array): void {
    this.sentCount[from]++;
    this.sentBytes[from] += bytes.length;
    const { loss, duplicate, delayMs, jitterMs, cutAtMs = Number.POSITIVE_INFINITY } = this.#weather;
    for (let copies = this.#random() < duplicate ? 2 : 1; copies > 0; copies--) {
      const lost = this.#random() < loss || this.nowMs >= cutAtMs;
      const atMs = this.nowMs + delayMs + this.#random() * jitterMs;
      if (!lost) this.#insert({ atMs, order: this.#order++, to: from === 0 ? 1 : 0, bytes: bytes.slice() });
    }
  }

  #insert(flight: Flight): void {
    let at = this.#flights.length;
    while (at > 0 && (this.#flights[at - 1] as Flight).atMs > flight.atMs) at--;
    this.#flights.splice(at, 0, flight);
  }

  #note(bytes: Uint8Array): void {
    let hash = this.trace ^ Math.floor(this.nowMs * 1000);
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    this.trace = hash >>> 0;
  }

  /** Runs until `done`, or until `untilMs`. */
  run(done: () => boolean, untilMs: number): void {
    for (const side of this.sides) {
      side.step(this.nowMs);
      side.kcp.update(this.nowMs);
    }
    while (!done()) {
      const [a, b] = this.sides;
      const next = Math.min(this.#flights[0]?.atMs ?? Number.POSITIVE_INFINITY, a.kcp.deadlineMs, b.kcp.deadlineMs);
      if (next > untilMs) {
        this.nowMs = untilMs;
        return;
      }
      this.nowMs = Math.max(this.nowMs, next);
      const flight = this.#flights[0];
      if (flight !== undefined && flight.atMs <= this.nowMs) {
        this.#flights.shift();
        this.#note(flight.bytes);
        this.arrivedBytes[flight.to] += flight.bytes.length;
        this.arrivedCount[flight.to]++;
        this.sides[flight.to].kcp.input(flight.bytes, this.nowMs);
        this.sides[flight.to].step(this.nowMs);
      }
      for (const side of this.sides) if (side.kcp.deadlineMs <= this.nowMs) side.kcp.update(this.nowMs);
    }
  }
}

/** `length` bytes that tell their place in the stream. */
export function pattern(length: number, from: number = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = ((from + i) * 31 + ((from + i) >>> 8)) & 0xff;
  return bytes;
}
