import {
  type Action,
  isStmpError,
  type MessageCodec,
  type MessageLink,
  type Payload,
  type PayloadCodec,
  Status,
  StmpError,
  statusName,
} from '@stmp/contract';
import {
  createPacketFields,
  MAX_PACKET_OVERHEAD,
  type PacketFields,
  PacketKind,
  PING,
  PONG,
  readMessagePacket,
  readServerHandshake,
  type ServerHandshake,
  writeCloseHead,
  writeNotifyHead,
  writeRequestHead,
  writeResponseHead,
} from '@stmp/packet';
import type { CallOptions } from '../api.js';
import type { Clock } from '../clock.js';
import type { Stub } from '../stubs.js';
import type { ConnectionEnd } from '../types.js';

const MAX_ID = 65_535;
const MAX_GIVEN_UP = 32_768;
const CONTROL_DRAIN = 1;
const CONTROL_CANCEL = 2;
const MAX_CONTROL_ACTION = 0xff;
const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const FIELDS: PacketFields = createPacketFields();

/** The options of a call that a light client knows. */
export type LightCallOptions = Pick<CallOptions, 'timeoutMs' | 'signal'>;

export type LightTimes = Readonly<
  Record<'callTimeoutMs' | 'connectTimeoutMs' | 'closeTimeoutMs' | 'pingIntervalMs' | 'idleTimeoutMs', number>
>;
export type LightLimits = Readonly<Record<'maxPacketBytes' | 'maxHeaderBytes' | 'maxQueuedBytes', number>>;

/** The client that a connection belongs to. */
export interface LightOwner {
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly times: LightTimes;
  readonly limits: LightLimits;
  onReady(connection: LightConnection): void;
  onDrain(connection: LightConnection): void;
  /** A notify came in; the view is valid until this returns. */
  onNotify(action: Action | string, bytes: Uint8Array, start: number, end: number): void;
  onEnd(connection: LightConnection, end: ConnectionEnd): void;
}

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly output: MessageCodec;
  readonly name: string;
  readonly timeoutMs: number;
  /** Infinity: none. */
  readonly expiresMs: number;
  /** Stops listening to the caller's signal. */
  unwatch(): void;
}

/**
 * The protocol of a light client over one message link: binary packets, a message each. Source: STMP 1.0, sections 2
 * to 5. What it does it does as the whole engine, in a quarter of the code.
 */
export class LightConnection {
  phase: 'handshaking' | 'ready' | 'closing' | 'closed' = 'handshaking';
  readonly #link: MessageLink;
  readonly #owner: LightOwner;
  readonly #calls = new Map<number, Call>();
  /** Ids whose calls were given up: reserved until the response comes. */
  readonly #givenUp = new Set<number>();
  #lastId = 0;
  #lastInMs: number;
  #lastPingMs: number;
  /** When the link is cut after our Close. */
  #cutAtMs: number = Number.POSITIVE_INFINITY;
  #timer: unknown = undefined;
  #timerAtMs: number = Number.POSITIVE_INFINITY;
  #extensions = '';
  #leaves = false;
  #end: ConnectionEnd | undefined = undefined;
  readonly closed: Promise<void>;
  #resolveClosed!: () => void;

  constructor(link: MessageLink, owner: LightOwner) {
    this.#link = link;
    this.#owner = owner;
    this.#lastInMs = this.#lastPingMs = owner.clock.nowMs();
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    link.start({
      onData: (unit) => this.#receive(unit),
      onDrain: () => {},
      onClose: (reason) => {
        this.#finish(Status.NetworkError, 'connection closed', 'link', reason);
        this.#resolveClosed();
      },
    });
  }

  // --- input -------------------------------------------------------------------

  #receive(unit: Uint8Array | string): void {
    if (this.phase === 'closed') return;
    this.#lastInMs = this.#owner.clock.nowMs();
    const bytes = typeof unit === 'string' ? encoder.encode(unit) : unit;
    try {
      if (this.phase === 'handshaking') this.#handshake(bytes);
      else this.#packet(bytes);
    } catch (error) {
      this.#fail(isStmpError(error) ? error : new StmpError('protocol_error', 'unreadable input', { cause: error }));
    }
  }

  #handshake(bytes: Uint8Array): void {
    const read = readServerHandshake(bytes, 0, bytes.length, { maxHandshakeBytes: this.#owner.limits.maxHeaderBytes });
    if (read?.next !== bytes.length) throw new StmpError('protocol_error', 'expected one handshake, the whole message');
    const { status, header, message }: ServerHandshake = read.value;
    if (status !== Status.Ok) {
      const text = message || statusName(status);
      this.#finish(status, text, 'peer', new StmpError('handshake_failed', text, { status, origin: 'peer' }));
      void this.#link.close();
      return;
    }
    const field = (name: string): string => header.find(([key]) => key.toLowerCase() === name)?.[1].toLowerCase() ?? '';
    const type = field('content-type').split(';', 1)[0]!.trim();
    if (type !== this.#owner.codec.contentType || field('packet-format').trim() === 'text') {
      throw new StmpError('handshake_failed', `the server chose what was not offered: ${type}`, {
        status: Status.BadRequest,
      });
    }
    this.#extensions = field('stmp-extensions');
    this.phase = 'ready';
    this.#arm();
    this.#owner.onReady(this);
  }

  #packet(bytes: Uint8Array): void {
    const into = FIELDS;
    const fault = readMessagePacket(bytes, this.#owner.limits, into);
    if (fault < 0) throw new StmpError('protocol_error', 'the peer broke the rules of the wire', { status: -fault });
    const { kind, mid, action, start, end } = into;
    if (kind === PacketKind.Response) this.#respond(bytes, into);
    else if (kind === PacketKind.Close) this.#peerClosed(bytes, into);
    else if (this.phase !== 'ready') return;
    else if (kind === PacketKind.Ping) this.#send(Uint8Array.of(PONG));
    else if (kind === PacketKind.Request) {
      this.#write(PacketKind.Response, mid, Status.NotFound, 0, encoder.encode(statusName(Status.NotFound)));
    } else if (kind === PacketKind.Notify) {
      if (this.#extensions !== '' && typeof action === 'number' && action <= MAX_CONTROL_ACTION) {
        if (action === CONTROL_DRAIN) this.#owner.onDrain(this);
      } else this.#owner.onNotify(action, bytes, start, Math.max(start, end));
    }
  }

  #respond(bytes: Uint8Array, { mid, status, start, end }: PacketFields): void {
    this.#givenUp.delete(mid);
    const call = this.#settle(mid);
    if (call === undefined) return;
    try {
      if (status === Status.Ok) call.resolve(call.output.decode(bytes, start, Math.max(start, end)));
      else {
        const message = decoder.decode(bytes.subarray(start, Math.max(start, end))) || statusName(status);
        call.reject(new StmpError('status', message, { origin: 'peer', status }));
      }
    } catch (error) {
      call.reject(error);
    }
    if (this.#leaves) this.leave();
  }

  #peerClosed(bytes: Uint8Array, { status, start, end }: PacketFields): void {
    if (this.phase === 'ready') {
      const text = bytes.slice(start, Math.max(start, end));
      this.#write(PacketKind.Close, 0, status, 0, text);
      this.#finish(status, decoder.decode(text) || statusName(status), 'peer');
    }
    void this.#link.close();
  }

  // --- output ------------------------------------------------------------------

  #send(unit: Uint8Array): void {
    try {
      this.#link.send(unit);
    } catch (error) {
      // The link closes by itself; onClose follows.
      if (!isStmpError(error)) throw error;
    }
  }

  #write(kind: number, mid: number, status: number, action: Action, payload: Uint8Array): void {
    const { length } = payload;
    const slab = new Uint8Array(MAX_PACKET_OVERHEAD + length);
    let at: number;
    if (kind === PacketKind.Request) at = writeRequestHead(slab, 0, false, mid, action, undefined, length);
    else if (kind === PacketKind.Notify) at = writeNotifyHead(slab, 0, false, action, undefined, length);
    else if (kind === PacketKind.Response) at = writeResponseHead(slab, 0, false, mid, status, undefined, length);
    else at = writeCloseHead(slab, 0, false, status, length);
    slab.set(payload, at);
    this.#send(slab.subarray(0, at + length));
  }

  /** @returns the payload, or throws what the caller is to be told. */
  #encode(codec: MessageCodec, value: unknown): Uint8Array {
    const { maxPacketBytes, maxQueuedBytes } = this.#owner.limits;
    if (this.#link.queuedBytes > maxQueuedBytes)
      throw new StmpError('too_many_calls', `more than ${maxQueuedBytes} bytes wait for a slow reader`);
    const payload = bytesOf(codec.encode(value));
    if (payload.length > maxPacketBytes)
      throw new StmpError('too_large', `packet of ${payload.length} bytes is above maxPacketBytes ${maxPacketBytes}`);
    return payload;
  }

  /** @returns false when the connection is not open, or too much waits already. */
  notify(stub: Stub, value: unknown): boolean {
    if (this.phase !== 'ready' || this.#link.queuedBytes > this.#owner.limits.maxQueuedBytes) return false;
    const payload = this.#encode(stub.codecs(this.#owner.codec).input, value);
    this.#write(PacketKind.Notify, 0, 0, stub.method.action, payload);
    return true;
  }

  // --- calls -------------------------------------------------------------------

  call(stub: Stub, input: unknown, { timeoutMs, signal }: LightCallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const within = timeoutMs ?? this.#owner.times.callTimeoutMs;
      if (!(within >= 0)) throw new RangeError(`timeoutMs must be a number of at least 0, got ${within}`);
      if (signal?.aborted) throw aborted(stub.name, signal);
      if (this.#calls.size + this.#givenUp.size >= MAX_ID)
        throw new StmpError('no_free_id', 'all ids of this connection are pending or were given up');
      const codecs = stub.codecs(this.#owner.codec);
      const { output } = codecs;
      const payload = this.#encode(codecs.input, input);
      let mid = this.#lastId;
      do mid = (mid % MAX_ID) + 1;
      while (this.#calls.has(mid) || this.#givenUp.has(mid));
      this.#lastId = mid;
      const onAbort = (): void => this.#giveUp(mid, aborted(stub.name, signal!));
      const expiresMs = within > 0 ? this.#owner.clock.nowMs() + within : Number.POSITIVE_INFINITY;
      const unwatch = (): void => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort);
      this.#calls.set(mid, { resolve, reject, output, name: stub.name, timeoutMs: within, expiresMs, unwatch });
      this.#write(PacketKind.Request, mid, 0, stub.method.action, payload);
      if (expiresMs < this.#timerAtMs) this.#arm();
    });
  }

  #settle(mid: number): Call | undefined {
    const call = this.#calls.get(mid);
    this.#calls.delete(mid);
    call?.unwatch();
    return call;
  }

  /** Fails a call. Its id stays reserved, or a late response would settle another one. */
  #giveUp(mid: number, error: StmpError): void {
    this.#settle(mid)?.reject(error);
    this.#givenUp.add(mid);
    if (this.phase === 'ready' && this.#extensions.includes('cancel')) {
      this.#write(PacketKind.Notify, 0, 0, CONTROL_CANCEL, Uint8Array.of(mid, mid >> 8));
    }
    if (this.#givenUp.size > MAX_GIVEN_UP) {
      this.#fail(
        new StmpError('no_free_id', `more than ${MAX_GIVEN_UP} calls were never answered`, {
          status: Status.NetworkError,
        }),
      );
    }
    if (this.#leaves) this.leave();
  }

  // --- time --------------------------------------------------------------------

  /** One timer for everything; it may come too early and then finds that out. */
  #arm(): void {
    const { clock, times } = this.#owner;
    let atMs = this.#cutAtMs;
    if (this.phase === 'ready') {
      const { pingIntervalMs, idleTimeoutMs } = times;
      if (pingIntervalMs > 0) atMs = Math.max(this.#lastInMs, this.#lastPingMs) + pingIntervalMs;
      if (idleTimeoutMs > 0) atMs = Math.min(atMs, this.#lastInMs + idleTimeoutMs);
    }
    for (const { expiresMs } of this.#calls.values()) atMs = Math.min(atMs, expiresMs);
    if (this.#timer !== undefined) clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.setTimer(() => this.checkTime(), Math.max(0, Math.ceil(atMs - clock.nowMs())));
  }

  checkTime(): void {
    if (this.phase === 'closed' && this.#cutAtMs === Number.POSITIVE_INFINITY) return;
    const { clock, times } = this.#owner;
    const nowMs = clock.nowMs();
    if (nowMs >= this.#cutAtMs) {
      const reason = new StmpError('link_failed', 'the peer did not let the connection close', { origin: 'link' });
      this.abort(reason);
      this.#link.abort(reason);
      return;
    }
    for (const [mid, { name, timeoutMs, expiresMs }] of this.#calls) {
      if (expiresMs > nowMs) continue;
      const message = `${name} got no answer within ${timeoutMs} ms`;
      this.#giveUp(mid, new StmpError('call_timeout', message, { status: Status.RequestTimeout }));
    }
    if (this.phase === 'ready') {
      const { pingIntervalMs, idleTimeoutMs } = times;
      if (idleTimeoutMs > 0 && nowMs - this.#lastInMs >= idleTimeoutMs) {
        this.abort(
          new StmpError('link_failed', `the peer was silent for ${idleTimeoutMs} ms`, {
            origin: 'link',
            status: Status.NetworkError,
          }),
        );
        return;
      }
      if (pingIntervalMs > 0 && nowMs - Math.max(this.#lastInMs, this.#lastPingMs) >= pingIntervalMs) {
        this.#lastPingMs = nowMs;
        this.#send(Uint8Array.of(PING));
      }
    }
    this.#arm();
  }

  // --- the end -----------------------------------------------------------------

  /** Closes when no call is left. */
  leave(): void {
    this.#leaves = true;
    if (this.#calls.size === 0) this.close(Status.Ok, '');
  }

  /** Sends a Close and waits for its echo. */
  close(status: number, message: string): void {
    if (this.phase === 'handshaking') {
      this.#finish(status, message || statusName(status), 'local');
      void this.#link.close();
    } else if (this.phase === 'ready') {
      this.phase = 'closing';
      this.#end = { status, message: message || statusName(status), origin: 'local' };
      this.#write(PacketKind.Close, 0, status, 0, encoder.encode(message));
      this.#cutAtMs = this.#owner.clock.nowMs() + this.#owner.times.closeTimeoutMs;
      this.#arm();
    }
  }

  /** Ends it at once, unless it is on its way out already. */
  abort(reason: StmpError): void {
    if (this.phase === 'closed') return;
    this.#finish(reason.status ?? Status.NetworkError, reason.message, reason.origin, reason);
    this.#link.abort(reason);
  }

  /** Ends it for a broken rule, which the peer is told. */
  #fail(error: StmpError): void {
    const status = error.status ?? Status.ProtocolError;
    if (this.phase !== 'closing') this.#write(PacketKind.Close, 0, status, 0, encoder.encode(statusName(status)));
    this.#finish(status, error.message, error.origin, error);
    void this.#link.close();
  }

  #finish(status: number, message: string, origin: ConnectionEnd['origin'], error?: StmpError): void {
    if (this.phase === 'closed') return;
    const { clock, times } = this.#owner;
    const end = this.#end ?? { status, message, origin, error };
    this.phase = 'closed';
    for (const mid of [...this.#calls.keys()]) {
      const text = origin === 'link' ? 'connection closed' : message;
      this.#settle(mid)?.reject(
        new StmpError('connection_closed', text, { origin, status: end.status || Status.NetworkError, cause: error }),
      );
    }
    this.#cutAtMs = clock.nowMs() + times.closeTimeoutMs;
    this.#arm();
    void this.closed.then(() => {
      this.#cutAtMs = Number.POSITIVE_INFINITY;
      this.#arm();
    });
    this.#owner.onEnd(this, end);
  }
}

function aborted(name: string, signal: AbortSignal): StmpError {
  return new StmpError('aborted', `${name} was aborted`, { cause: signal.reason });
}

function bytesOf(payload: Payload | undefined): Uint8Array {
  if (payload === undefined) return NO_BYTES;
  if (typeof payload === 'string') return encoder.encode(payload);
  if (payload instanceof Uint8Array) return payload;
  const bytes = new Uint8Array(payload.len);
  payload.finishInto(bytes, 0);
  return bytes;
}
