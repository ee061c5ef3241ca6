import { type Action, type Headers, type Payload, Status, StmpError } from '@stmp/contract';
import {
  headerBlockBytes,
  MAX_PACKET_OVERHEAD,
  PacketKind,
  writeCloseHead,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from '@stmp/packet';
import type { ResolvedEngineOptions } from './options.js';
import { PartQueue, reserve, shared } from './output.js';
import { actionBytes, putPayload, sized, sizeOf } from './payload.js';

/** The outgoing half of an engine that does not depend on the framing: packets to bytes, and what waits. */
export abstract class PacketOutput<Unit extends Uint8Array | string> {
  hold = false;

  protected readonly options: ResolvedEngineOptions;
  /** Our handshake, which leaves in a write of its own. */
  protected greeting: Unit | undefined = undefined;
  /** One packet that waits alone, by reference: the whole output of most turns of a broadcast. */
  protected single: Unit | undefined = undefined;
  protected parts: PartQueue<Unit> | undefined = undefined;
  protected pings = 0;
  protected pongs = 0;

  constructor(options: ResolvedEngineOptions) {
    this.options = options;
  }

  /** True for byte streams, where a payload has a length. */
  protected abstract get stream(): boolean;
  /** Queues bytes `[start, end)` of a slab as one packet. */
  protected abstract put(slab: Uint8Array, start: number, end: number): number;

  protected write(
    kind: number,
    mid: number,
    status: number,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
  ): number {
    const { stream } = this;
    const name = typeof action === 'string' ? actionBytes(action) : action;
    const header = headers === undefined ? undefined : headerBlockBytes(headers);
    let body = payload === undefined ? undefined : sized(payload);
    let length = -1;
    let room = MAX_PACKET_OVERHEAD;
    if (body !== undefined) {
      length = sizeOf(body);
      if (length === 0) {
        body = undefined;
        length = -1;
      } else room += length;
    }
    if (header !== undefined) room += header.length;
    if (typeof name === 'object') room += name.length;
    // The end is told in any case, with a text that may be longer than a very small limit.
    if (kind !== PacketKind.Close) this.checkSize(room - MAX_PACKET_OVERHEAD, header === undefined ? 0 : header.length);
    // While packets are held, each has memory of its own: a dropped or slow one must not keep a slab alive.
    const inSlab = !this.hold && reserve(room);
    const slab = inSlab ? shared.slab : new Uint8Array(room);
    const start = inSlab ? shared.at : 0;
    let at = start;
    if (kind === PacketKind.Request) at = writeRequestHead(slab, at, stream, mid, name, header, length);
    else if (kind === PacketKind.Response) at = writeResponseHead(slab, at, stream, mid, status, header, length);
    else if (kind === PacketKind.Notify) at = writeNotifyHead(slab, at, stream, name, header, length);
    else at = writeCloseHead(slab, at, stream, status, length);
    if (body !== undefined) at = putPayload(slab, at, body);
    if (inSlab) shared.at = at;
    return this.put(slab, start, at);
  }

  /** Refuses what a peer with our limits would end the connection for. */
  protected checkSize(packetBytes: number, headerBytes: number): void {
    const { maxPacketBytes, maxHeaderBytes } = this.options;
    if (packetBytes > maxPacketBytes)
      throw tooLarge(`packet of ${packetBytes} bytes`, 'maxPacketBytes', maxPacketBytes);
    if (headerBytes > maxHeaderBytes)
      throw tooLarge(`header of ${headerBytes} bytes`, 'maxHeaderBytes', maxHeaderBytes);
  }

  /** Appends to the queue of parts; while held, the result can be dropped. */
  protected enqueue(part: Unit): number {
    if (this.parts === undefined) this.parts = new PartQueue<Unit>();
    const ticket = this.parts.push(part);
    return this.hold ? ticket : 0;
  }

  drop(ticket: number): boolean {
    return this.parts === undefined ? false : this.parts.drop(ticket);
  }
}

function tooLarge(what: string, option: string, limit: number): StmpError {
  return new StmpError('too_large', `${what} is above ${option} ${limit}`, { status: Status.RequestEntityTooLarge });
}
