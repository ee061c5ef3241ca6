import { DEFAULT_MAX_PACKET_BYTES, isStmpError, type StmpError } from '@stmp/contract';
import { checkSize, encodeNotify } from '@stmp/engine';
import { MAX_PACKET_OVERHEAD } from '@stmp/packet';
import type { EmitOptions, SlowReaderPolicy } from '../api.js';
import type { Stub } from '../wire/stubs.js';
import { encodeEvent, type PreparedEvent } from '../wire/wire.js';
import type { SendingHost } from './host.js';
import { isTooLargeForPeer } from './peer-limit.js';
import { tellOut } from './tell-out.js';

/** Why prepared events could not be encoded, as far as somebody was told. */
const reported = new WeakSet<StmpError>();

/** @returns as {@link sendPrepared}; a promise for the policy `wait`. */
export function sendEvent(
  host: SendingHost,
  stub: Stub,
  value: unknown,
  options: EmitOptions | undefined,
): boolean | Promise<boolean> {
  if (options?.policy !== 'wait') return send(host, stub, value, options);
  try {
    return Promise.resolve(send(host, stub, value, options));
  } catch (error) {
    return Promise.reject(error);
  }
}

function send(
  host: SendingHost,
  stub: Stub,
  value: unknown,
  options: EmitOptions | undefined,
): boolean | Promise<boolean> {
  if (!host.isOpen) return false;
  const key = host.wireKey;
  const { method, name } = stub;
  const payload = encodeEvent(key, stub.codecs(key.codec), value);
  if (host.shared.options.hooks.onPacketOut !== undefined) tellOut(host, 'notify', 0, method, name);
  // What waits keeps its order.
  const behind = options?.policy === 'wait' && host.waitingEvents?.last !== undefined;
  if (behind || !host.linkHasRoom())
    return offer(host, encodeNotify(key.form, method.action, options?.headers, payload), name, options);
  try {
    host.engine.notify(method.action, options?.headers, payload);
  } catch (error) {
    return notTaken(host, error);
  }
  return sent(host);
}

/** @returns as `Connection.sendPrepared`. */
export function sendPrepared(host: SendingHost, event: PreparedEvent, options: EmitOptions | undefined): boolean {
  if (!host.isOpen) return false;
  const packet = packetOf(host, event);
  if (packet === undefined) return false;
  if (host.shared.options.hooks.onPacketOut !== undefined) tellOut(host, 'notify', 0, event.method, event.name);
  if (!host.linkHasRoom()) return offer(host, packet, event.name, options) === true;
  return write(host, packet);
}

/** @throws as `Connection.checkPrepared`. */
export function checkPrepared(host: SendingHost, event: PreparedEvent): void {
  let packet: Uint8Array | string;
  try {
    packet = event.packetFor(host.wireKey);
  } catch (error) {
    // Only this peer cannot be told.
    if (isStmpError(error) && error.code === 'unsupported') return;
    throw error;
  }
  const { maxSendBytes = DEFAULT_MAX_PACKET_BYTES } = host.shared.options.engine;
  checkSize(
    { maxPacketBytes: maxSendBytes, maxHeaderBytes: Number.POSITIVE_INFINITY, ofPeer: false },
    packet.length - MAX_PACKET_OVERHEAD,
    0,
  );
}

/** The packet of a prepared event; undefined where this peer alone cannot be told, which is no fault of whoever sends. */
function packetOf(host: SendingHost, event: PreparedEvent): Uint8Array | string | undefined {
  try {
    const packet = event.packetFor(host.wireKey);
    const maxPacketBytes = host.engine.session?.peerMaxPacketBytes ?? Number.POSITIVE_INFINITY;
    if (packet.length - MAX_PACKET_OVERHEAD <= maxPacketBytes) return packet;
    // A peer that takes less than others keeps nobody else from being told, and fills no log.
  } catch (error) {
    if (!isStmpError(error) || error.code !== 'unsupported') throw error;
    // Once for each form of an event, however many members cannot be told.
    if (!reported.has(error)) host.shared.report(error, event.name, host);
    reported.add(error);
  }
  host.shared.counters.eventsDropped++;
  return undefined;
}

function write(host: SendingHost, packet: Uint8Array | string): boolean {
  try {
    host.engine.writeEncoded(packet);
  } catch (error) {
    return notTaken(host, error);
  }
  return sent(host);
}

function sent(host: SendingHost): true {
  host.shared.counters.eventsOut++;
  host.wrote();
  return true;
}

/** An event was not written. @returns false when it is the peer that takes none so large: whoever sends to many goes on. */
function notTaken(host: SendingHost, error: unknown): false {
  if (!isTooLargeForPeer(error)) throw error;
  host.shared.counters.eventsDropped++;
  return false;
}

/** An event for a link that is full, by its policy. */
function offer(
  host: SendingHost,
  packet: Uint8Array | string,
  name: string,
  options: EmitOptions | undefined,
): boolean | Promise<boolean> {
  const { counters, options: own } = host.shared;
  const policy: SlowReaderPolicy = options?.policy ?? own.methodPolicies[name] ?? own.slowReader;
  if (policy === 'wait') return sendInOrder(host, packet);
  let taken = false;
  try {
    taken = host.slowReader().offer(packet, policy, options?.key ?? name);
  } catch (error) {
    if (!isTooLargeForPeer(error)) host.fail(error as StmpError);
  }
  if (taken) {
    host.countBytes();
    counters.eventsOut++;
  } else counters.eventsDropped++;
  return taken;
}

/** Events that wait for room keep their order: each waits for the one before. */
function sendInOrder(host: SendingHost, packet: Uint8Array | string): Promise<boolean> {
  host.waitingEvents ??= { last: undefined, count: 0 };
  const waiting = host.waitingEvents;
  const before = waiting.last;
  const next = (): Promise<boolean> => sendWhenRoom(host, packet);
  const mine = before === undefined ? next() : before.then(next, next);
  waiting.last = mine;
  waiting.count++;
  host.waitsForMore();
  return mine.finally(() => {
    waiting.count--;
    if (waiting.last === mine) waiting.last = undefined;
  });
}

async function sendWhenRoom(host: SendingHost, packet: Uint8Array | string): Promise<boolean> {
  while (host.linkFull && host.isOpen && !host.slowReader().hasRoom(packet.length)) {
    await new Promise<void>((resolve) => host.slowReader().wait(resolve));
  }
  return host.isOpen && write(host, packet);
}
