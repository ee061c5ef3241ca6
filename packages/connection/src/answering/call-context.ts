import { type AnyMethod, isStmpError, Status, StmpError } from '@stmp/contract';
import type { Inbound } from '@stmp/engine';
import { createHeaders, type HeaderMap } from '@stmp/packet';
import { decodeText, headersOf } from '../calls/pending-call.js';
import { type Clock, MAX_TIMER_MS } from '../clock.js';
import type { Connection } from '../types.js';
import type { MethodCodecs } from '../wire/wire.js';
import type { IncomingCall } from './middleware.js';
import type { Route } from './router.js';

const NO_BYTES = new Uint8Array(0);
const NOT_DECODED = Symbol('not decoded');

/** What a call needs of its connection beyond what everybody sees. */
export interface CallHost extends Connection {
  readonly clock: Clock;
}

/** A request or notify while it waits and runs. Links of the list of running ones are in here, so that it costs nothing. */
export class CallContext implements IncomingCall {
  readonly connection: CallHost;
  readonly route: Route;
  readonly codecs: MethodCodecs;
  readonly kind: 'request' | 'notify';
  readonly mid: number;
  bytes: Uint8Array;
  text: string | undefined;
  headerStart: number;
  headerEnd: number;
  start: number;
  end: number;
  startedMs = 0;
  /** Set when there are headers, which may hold a deadline. */
  arrivedMs = 0;
  /** The middleware let it through, so listeners get it too. */
  reached = false;
  /** Answered already, or never to be. */
  done = false;
  aborted = false;
  next: CallContext | undefined = undefined;
  previous: CallContext | undefined = undefined;
  #message: unknown = NOT_DECODED;
  #headers: HeaderMap | undefined = undefined;
  #responseHeaders: HeaderMap | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #deadlineTimer: unknown = undefined;

  constructor(connection: CallHost, route: Route, codecs: MethodCodecs, kind: 'request' | 'notify', packet: Inbound) {
    this.connection = connection;
    this.route = route;
    this.codecs = codecs;
    this.kind = kind;
    this.mid = packet.mid;
    this.bytes = packet.bytes;
    this.text = packet.text;
    this.headerStart = packet.headerStart;
    this.headerEnd = packet.headerEnd;
    this.start = packet.start;
    this.end = packet.end;
  }

  get method(): AnyMethod {
    return this.route.method;
  }

  get name(): string {
    return this.route.name;
  }

  /** Bytes of header block and payload. */
  get size(): number {
    return Math.max(0, this.headerEnd - this.headerStart) + Math.max(0, this.end - this.start);
  }

  /** Copies what is left to read, so that a packet that waits does not keep the whole chunk it came in. */
  keep(): void {
    if (this.text !== undefined || this.size * 2 >= this.bytes.length) return;
    const from = this.headerEnd >= 0 ? this.headerStart : Math.max(0, this.start);
    const to = Math.max(this.headerEnd, this.end, from);
    this.bytes = this.bytes.slice(from, to);
    this.start -= from;
    if (this.headerEnd >= 0) {
      this.headerStart -= from;
      this.headerEnd -= from;
    }
    if (this.end >= 0) this.end -= from;
  }

  get headers(): HeaderMap {
    this.#headers ??= createHeaders(headersOf(this));
    return this.#headers;
  }

  get responseHeaders(): HeaderMap {
    this.#responseHeaders ??= createHeaders();
    return this.#responseHeaders;
  }

  /** The response headers, if anybody has asked for them. */
  get givenHeaders(): HeaderMap | undefined {
    return this.#responseHeaders;
  }

  get rawPayload(): Uint8Array | string | undefined {
    if (this.end < 0) return undefined;
    return this.text === undefined ? this.bytes.subarray(this.start, this.end) : this.text.slice(this.start, this.end);
  }

  input(): unknown {
    if (this.#message === NOT_DECODED) {
      // That this content type cannot carry the method is not the caller's fault.
      const { input } = this.codecs;
      try {
        if (this.end < 0) this.#message = input.decode(NO_BYTES, 0, 0);
        else if (this.text !== undefined) this.#message = decodeText(input, this.text, this.start, this.end);
        else this.#message = input.decode(this.bytes, this.start, this.end);
      } catch (error) {
        const message = isStmpError(error) ? error.message : 'the payload cannot be decoded';
        throw new StmpError('payload_invalid', message, { status: Status.BadRequest, cause: error });
      }
    }
    return this.#message;
  }

  /** Lets the chunk go that the packet came in, when nothing of it can be asked for any more. */
  release(): void {
    if (this.headerEnd < 0) {
      this.bytes = NO_BYTES;
      this.text = this.text === undefined ? undefined : '';
    }
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort();
      else if (this.kind === 'request' && this.headerEnd > this.headerStart) {
        const timeoutMs = Number(this.headers.get('Stmp-Timeout-Ms'));
        if (timeoutMs > 0) {
          const { clock } = this.connection;
          const leftMs = this.arrivedMs + timeoutMs - clock.nowMs();
          if (leftMs <= 0) this.abort();
          else this.#deadlineTimer = clock.setTimer(() => this.abort(), Math.min(leftMs, MAX_TIMER_MS));
        }
      }
    }
    return this.#controller.signal;
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.#controller?.abort();
    this.finish();
  }

  /** No timer outlives the call. */
  finish(): void {
    if (this.#deadlineTimer === undefined) return;
    this.connection.clock.clearTimer(this.#deadlineTimer);
    this.#deadlineTimer = undefined;
  }
}
