import type { Hello, LinkHandler, MessageLink, StmpError } from '@stmp/contract';
import { closeReason, linkClosed, startedTwice, unitTooLarge } from './close-reason.js';

/** What is used of the platform's WebSocket. */
export interface BrowserSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(data: Uint8Array | string): void;
  close(code?: number): void;
}

/** How often the queue is looked at while it is above its mark: there is no event for it. */
const DRAIN_POLL_MS = 10;

/**
 * A link over an open platform WebSocket. Nothing can be paused there, and nothing cut: an aborted connection is
 * closed, and from then on ignored.
 */
export function browserLink(
  socket: BrowserSocket,
  secure: boolean,
  hello: Hello | undefined,
  highWaterBytes: number,
  maxUnitBytes: number,
): MessageLink {
  let handler: LinkHandler<Uint8Array | string> | undefined;
  /** What came before `start`; undefined once that has been delivered. */
  let early: (Uint8Array | string)[] | undefined = [];
  let closing = false;
  let ended = false;
  let reason: StmpError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let resolveClosed: () => void;
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });

  const finish = (): void => {
    handler?.onClose(reason);
    resolveClosed();
  };
  const end = (why?: StmpError): void => {
    ended = closing = true;
    reason = why;
    clearTimeout(timer);
    if (!early || !handler) finish();
  };
  const poll = (): void => {
    timer = undefined;
    if (socket.bufferedAmount > highWaterBytes) timer = setTimeout(poll, DRAIN_POLL_MS);
    else handler?.onDrain();
  };
  const abort = (why: StmpError): void => {
    if (ended || !socket.onclose) return;
    closing = true;
    socket.onmessage = socket.onclose = null;
    socket.close();
    queueMicrotask(() => end(why));
  };

  socket.onmessage = ({ data }): void => {
    const unit = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
    // The platform has no limit to set, so this comes after buffering.
    if (unit.length > maxUnitBytes) abort(unitTooLarge(maxUnitBytes));
    else if (early) early.push(unit);
    else handler?.onData(unit);
  };
  socket.onclose = ({ code }): void => end(closing ? undefined : closeReason(code));

  return {
    kind: 'message',
    canPause: false,
    peer: {},
    secure,
    hello,
    get queuedBytes() {
      return ended ? 0 : socket.bufferedAmount;
    },
    defer: (fn) => queueMicrotask(fn),
    start(given) {
      if (handler) throw startedTwice();
      handler = given;
      queueMicrotask(() => {
        // An abort takes `onclose` away.
        for (const unit of early ?? []) if (socket.onclose) given.onData(unit);
        early = undefined;
        if (ended) finish();
      });
    },
    send(unit) {
      if (closing) throw linkClosed();
      socket.send(unit);
      if (socket.bufferedAmount <= highWaterBytes) return true;
      timer ??= setTimeout(poll, DRAIN_POLL_MS);
      return false;
    },
    pause() {},
    resume() {},
    close() {
      if (!closing) socket.close(1000);
      closing = true;
      return closed;
    },
    abort,
  };
}
