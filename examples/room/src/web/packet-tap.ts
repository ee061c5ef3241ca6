import type { Dialer, Headers, Link, LinkHandler, MessageLink } from 'stmp';

/** What passes between this page and the server. */
export type Traffic =
  /** The client's handshake, which a WebSocket carries in the query of its address. */
  | { readonly type: 'hello'; readonly headers: Headers }
  | { readonly type: 'unit'; readonly way: 'in' | 'out'; readonly unit: Uint8Array | string }
  | { readonly type: 'end' };

/** A dialer like the given one that also shows everything that its links send and receive. */
export function tapDialer(dialer: Dialer, tap: (traffic: Traffic) => void): Dialer {
  return {
    schemes: dialer.schemes,
    async dial(address, options) {
      const link = await dialer.dial(address, options);
      tap({ type: 'hello', headers: options?.hello?.headers ?? [] });
      return link.kind === 'message' ? tapLink(link, tap) : link;
    },
  };
}

function tapLink(link: MessageLink, tap: (traffic: Traffic) => void): Link {
  // Units belong to whoever they are passed on to, so the tap gets a copy.
  const copy = (unit: Uint8Array | string): Uint8Array | string => (typeof unit === 'string' ? unit : unit.slice());
  const watch = (handler: LinkHandler<Uint8Array | string>): LinkHandler<Uint8Array | string> => ({
    onData(unit) {
      tap({ type: 'unit', way: 'in', unit: copy(unit) });
      handler.onData(unit);
    },
    onDrain: () => handler.onDrain(),
    onClose(reason) {
      tap({ type: 'end' });
      handler.onClose(reason);
    },
  });
  return {
    kind: 'message',
    get peer() {
      return link.peer;
    },
    get secure() {
      return link.secure;
    },
    get hello() {
      return link.hello;
    },
    get canPause() {
      return link.canPause;
    },
    get queuedBytes() {
      return link.queuedBytes;
    },
    defer: (fn) => link.defer(fn),
    start: (handler) => link.start(watch(handler)),
    send(unit) {
      const more = link.send(unit);
      tap({ type: 'unit', way: 'out', unit: copy(unit) });
      return more;
    },
    pause: () => link.pause(),
    resume: () => link.resume(),
    close: () => link.close(),
    abort: (reason) => link.abort(reason),
  };
}
