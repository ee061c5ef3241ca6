import type { Action, Headers, Payload } from '@stmp/contract';
import { MAX_PACKET_OVERHEAD, PING, PONG } from '@stmp/packet';
import type { ResolvedEngineOptions } from './options.js';
import { append, type Outbox, shift, type Waiting, waitingBytes } from './outbox.js';
import { checkSize, writePacket, written } from './packet-writer.js';
import { type SendLimits, sendLimits } from './send-limits.js';
import type { TextFormat } from './text-format.js';
import type { Session } from './types.js';
import type { UnitQueue } from './unit-queue.js';

type Unit = Uint8Array | string;

const PING_UNIT = Uint8Array.of(PING);
const PONG_UNIT = Uint8Array.of(PONG);

/** Output of links that keep boundaries: a unit is a packet. */
export class MessageOutbox implements Outbox, Waiting<Unit> {
  hold = false;
  unpaced = false;
  pings = 0;
  pongs = 0;
  single: Unit | undefined = undefined;
  queue: UnitQueue<Unit> | undefined = undefined;
  readonly #options: ResolvedEngineOptions;
  #limits: SendLimits;
  #greeting: Unit | undefined = undefined;
  /** How packets are written, where text was agreed on. */
  #text: TextFormat | undefined = undefined;

  constructor(options: ResolvedEngineOptions) {
    this.#options = options;
    this.#limits = sendLimits(options, undefined);
  }

  agreed({ textFormat, peerMaxPacketBytes }: Session): void {
    this.#text = textFormat;
    this.#limits = sendLimits(this.#options, peerMaxPacketBytes);
  }

  get waits(): boolean {
    return false;
  }

  ponged(): void {}

  greet(handshake: Unit | undefined): void {
    this.#greeting = handshake;
  }

  get bytes(): number {
    return (this.#greeting?.length ?? 0) + this.pings + this.pongs + waitingBytes(this);
  }

  write(
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): number {
    if (this.#text !== undefined) {
      return append<Unit>(this, this.#text.write(this.#limits, kind, mid, status, action, headers, payload));
    }
    writePacket(false, this.hold, this.#limits, kind, mid, status, action, headers, payload);
    const { slab, start, end } = written;
    return append<Unit>(this, start === 0 && end === slab.length ? slab : slab.subarray(start, end));
  }

  writeEncoded(packet: Unit): number {
    checkSize(this.#limits, packet.length - MAX_PACKET_OVERHEAD, 0);
    return append<Unit>(this, packet);
  }

  drop(ticket: number): boolean {
    return this.queue?.drop(ticket) ?? false;
  }

  take(_maxBytes: number): Unit | undefined {
    const greeting = this.#greeting;
    if (greeting !== undefined) {
      this.#greeting = undefined;
      return greeting;
    }
    if (this.pongs > 0) {
      this.pongs--;
      return this.#text?.pong ?? PONG_UNIT;
    }
    if (this.pings > 0) {
      this.pings--;
      return this.#text?.ping ?? PING_UNIT;
    }
    return shift<Unit>(this);
  }

  clear(): void {
    this.single = undefined;
    this.queue?.clear();
    this.pings = this.pongs = 0;
  }

  finish(): void {}
}
