import { type Headers, type MessageCodec, StmpError, statusName } from '@stmp/contract';
import { type Inbound, retryAfterOf } from '@stmp/engine';
import { decodeHeaderBlock, decodeHeaderBytes } from '@stmp/packet';
import type { CallOptions } from '../api.js';
import { watch } from '../thrown.js';
import { DETAILS_HEADER, readDetails } from '../wire/details.js';
import type { WireKey } from '../wire/wire.js';
import { onAbort } from './abort-listeners.js';

const NO_BYTES = new Uint8Array(0);
const NO_HEADERS: Headers = [];

/** One call of ours until it settles: the engine's token for it. */
export class PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly output: MessageCodec;
  readonly name: string;
  readonly timeoutMs: number;
  mid = 0;
  readonly onHeaders: ((headers: Headers) => void) | undefined;
  #unwatch: (() => void) | undefined = undefined;

  constructor(
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    output: MessageCodec,
    name: string,
    timeoutMs: number,
    options: CallOptions | undefined,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.output = output;
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.onHeaders = options?.onHeaders;
  }

  /** `giveUp` runs when the signal fires before the call has settled. */
  watch(signal: AbortSignal, giveUp: () => void): void {
    this.#unwatch = onAbort(signal, () => {
      this.#unwatch = undefined;
      giveUp();
      this.reject(abortError(this.name, signal));
    });
  }

  settle(): void {
    if (this.#unwatch === undefined) return;
    this.#unwatch();
    this.#unwatch = undefined;
  }

  fail(error: StmpError): void {
    this.settle();
    this.reject(error);
  }

  expire(): void {
    this.fail(
      new StmpError('call_timeout', `${this.name} got no answer within ${this.timeoutMs} ms`, { status: 0x23 }),
    );
  }

  /** Settles with a response; the views in `into` are read before this returns. */
  respond(into: Inbound, key: WireKey): void {
    this.settle();
    const { text, start, end } = into;
    try {
      const headers = this.onHeaders !== undefined || into.status !== 0 ? headersOf(into) : NO_HEADERS;
      if (this.onHeaders !== undefined) watch(this.onHeaders(headers), this.reject);
      if (into.status === 0) {
        if (end < 0) this.resolve(this.output.decode(NO_BYTES, 0, 0));
        else if (text !== undefined) this.resolve(decodeText(this.output, text, start, end));
        else this.resolve(this.output.decode(into.bytes, start, end));
        return;
      }
      const message =
        end > start
          ? text === undefined
            ? new TextDecoder().decode(into.bytes.subarray(start, end))
            : text.slice(start, end)
          : '';
      const details = headers.some(([name]) => name.toLowerCase() === DETAILS_HEADER.toLowerCase())
        ? readDetails(key.codec, headers)
        : undefined;
      this.reject(
        new StmpError('status', message || statusName(into.status), {
          origin: 'peer',
          status: into.status,
          details,
          retryAfterMs: retryAfterOf(headers),
        }),
      );
    } catch (error) {
      this.reject(error);
    }
  }
}

export function abortError(name: string, signal: AbortSignal): StmpError {
  return new StmpError('aborted', `${name} was aborted`, { cause: signal.reason });
}

/** The header block of a packet, read. */
export function headersOf(into: Pick<Inbound, 'headerStart' | 'headerEnd' | 'bytes' | 'text'>): Headers {
  const { headerStart, headerEnd, text } = into;
  if (headerEnd <= headerStart) return NO_HEADERS;
  return text === undefined
    ? decodeHeaderBytes(into.bytes, headerStart, headerEnd)
    : decodeHeaderBlock(text.slice(headerStart, headerEnd));
}

/** Decodes from a text packet, also for codecs that only know bytes. */
export function decodeText(codec: MessageCodec, text: string, start: number, end: number): unknown {
  if (codec.decodeText !== undefined) return codec.decodeText(text, start, end);
  const bytes = new TextEncoder().encode(text.slice(start, end));
  return codec.decode(bytes, 0, bytes.length);
}
