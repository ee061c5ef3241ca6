import type { Action, Headers, Payload } from '@stmp/contract';
import {
  MAX_PACKET_OVERHEAD,
  PacketKind,
  PING,
  PONG,
  readMessagePacket,
  readTextPacket,
  readTextPacketBytes,
  TEXT_PING,
  TEXT_PONG,
  textClose,
  textNotify,
  textRequest,
  textResponse,
} from '@stmp/packet';
import { EngineCore } from './core.js';
import type { Handshake } from './handshake.js';
import { type ResolvedEngineOptions, resolveEngineOptions } from './options.js';
import { headerText, payloadText, textBytes } from './payload.js';
import type { NewEngine } from './stream-engine.js';
import type { Engine, Inbound, Session } from './types.js';

const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();
// A byte order mark is data: without ignoreBOM it would be dropped.
const PING_UNIT = Uint8Array.of(PING);
const PONG_UNIT = Uint8Array.of(PONG);

type Unit = Uint8Array | string;

/** The engine for links that keep boundaries: WebSocket, MessagePort. Source: STMP 1.0, sections 2 and 5. */
export function createMessageEngine({ handshake, options, nowMs }: NewEngine): Engine {
  const resolved = options !== undefined && 'pingIntervalMs' in options ? options : resolveEngineOptions(options);
  return new MessageEngine(handshake, resolved, nowMs);
}

class MessageEngine extends EngineCore<Unit> {
  #unit: Unit | undefined = undefined;
  #waiting: Unit[] | undefined = undefined;

  constructor(handshake: Handshake, options: ResolvedEngineOptions, nowMs: number) {
    super(handshake, options, nowMs);
    this.begin();
  }

  protected get stream(): boolean {
    return false;
  }

  // --- input -------------------------------------------------------------------

  get hasInput(): boolean {
    return this.#unit !== undefined;
  }

  protected store(unit: Unit): void {
    this.bytesIn += unit.length;
    if (this.#unit === undefined) this.#unit = unit;
    else if (this.#waiting === undefined) this.#waiting = [unit];
    else this.#waiting.push(unit);
  }

  protected dropInput(): void {
    this.#unit = undefined;
    this.#waiting = undefined;
  }

  #next(): Unit | undefined {
    const unit = this.#unit;
    this.#unit = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    return unit;
  }

  protected readHandshake(): Session | undefined {
    const unit = this.#next();
    if (unit === undefined) return undefined;
    if (typeof unit === 'string') return this.handshake!.readText(unit, this.options);
    const read = this.handshake!.readBytes(unit, 0, unit.length, this.options, false);
    // A message holds a whole handshake or a broken one.
    if (read?.next !== unit.length) throw new RangeError('expected one handshake, the whole message');
    return read.session;
  }

  protected readPacket(into: Inbound): number {
    const unit = this.#next();
    if (unit === undefined) return 0;
    const text = this.session!.text;
    let read: number;
    // The negotiated format decides, not the type of the message: the original sends text in binary messages,
    // whose payloads may be any bytes, so those are read as bytes.
    if (text && typeof unit === 'string') {
      into.text = unit;
      into.bytes = NO_BYTES;
      read = readTextPacket(unit, this.options, into);
    } else {
      const bytes = typeof unit === 'string' ? encoder.encode(unit) : unit;
      into.text = undefined;
      into.bytes = bytes;
      read = text ? readTextPacketBytes(bytes, this.options, into) : readMessagePacket(bytes, this.options, into);
    }
    return read < 0 ? read : 1;
  }

  // --- output ------------------------------------------------------------------

  protected greet(handshake: Unit): void {
    this.greeting = handshake;
  }

  protected override write(
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): number {
    if (!this.session?.text) return super.write(kind, mid, status, action, headers, payload);
    const header = headerText(headers);
    const body = payload === undefined ? undefined : payloadText(payload) || undefined;
    if (kind !== PacketKind.Close) this.#checkText(typeof action === 'string' ? action : undefined, header, body);
    if (kind === PacketKind.Request) return this.#append(textRequest(mid, action, header, body));
    if (kind === PacketKind.Response) return this.#append(textResponse(mid, status, header, body));
    if (kind === PacketKind.Notify) return this.#append(textNotify(action, header, body));
    return this.#append(textClose(status, body));
  }

  #checkText(name: string | undefined, header: string | undefined, body: string | undefined): void {
    const { maxPacketBytes, maxHeaderBytes } = this.options;
    const headerUnits = header?.length ?? 0;
    const units = headerUnits + (name?.length ?? 0) + (body?.length ?? 0);
    // No character takes more than three bytes per unit of the string: nearly always that settles it.
    if (units * 3 <= maxPacketBytes && headerUnits * 3 <= maxHeaderBytes) return;
    const headerBytes = textBytes(header);
    this.checkSize(headerBytes + textBytes(name) + textBytes(body), headerBytes);
  }

  protected put(slab: Uint8Array, start: number, end: number): number {
    return this.#append(start === 0 && end === slab.length ? slab : slab.subarray(start, end));
  }

  writeEncoded(packet: Unit): number {
    if (this.phase !== 'ready') return 0;
    this.checkSize(packet.length - MAX_PACKET_OVERHEAD, 0);
    return this.#append(packet);
  }

  #append(unit: Unit): number {
    if (!this.hold && this.single === undefined && (this.parts === undefined || this.parts.empty)) {
      this.single = unit;
      return 0;
    }
    if (this.single !== undefined) {
      const { single } = this;
      this.single = undefined;
      this.enqueue(single);
    }
    return this.enqueue(unit);
  }

  protected dropOutput(): void {
    this.single = undefined;
    this.parts?.clear();
    this.pings = this.pongs = 0;
  }

  protected release(): void {}

  get outputBytes(): number {
    return (
      (this.greeting?.length ?? 0) + this.pings + this.pongs + (this.single?.length ?? 0) + (this.parts?.bytes ?? 0)
    );
  }

  takeOutput(_maxBytes: number): Unit | undefined {
    const { greeting, single } = this;
    if (greeting !== undefined) {
      this.greeting = undefined;
      return greeting;
    }
    if (this.pongs > 0) {
      this.pongs--;
      return this.session?.text ? TEXT_PONG : PONG_UNIT;
    }
    if (this.pings > 0) {
      this.pings--;
      return this.session?.text ? TEXT_PING : PING_UNIT;
    }
    if (single !== undefined) {
      this.single = undefined;
      return single;
    }
    return this.parts?.shift();
  }
}
