// A TCP socket as the original reads it: one read for each field, of which as much is taken as is there. What a full
// socket holds ends anywhere, so a field may be cut there; what was missing stays zero, and the rest is read as what follows.
import { type LinkHandler, StmpError, type StreamLink } from '@stmp/contract';
import { encodePacket } from '@stmp/packet';
import { settle } from './peer.js';

/** What the system keeps for a reader on one machine. */
const SOCKET_BYTES = 131_072;
const EMPTY = new Uint8Array(0);

export interface ReadPacket {
  readonly kind: number;
  readonly mid: number;
  readonly payload: Uint8Array;
}

/** A link to a process of the original. */
export interface OriginalSocket {
  /** Our end. */
  readonly link: StreamLink;
  /** All packets that it has read, beside pings. */
  readonly packets: ReadPacket[];
  /** Times that a read got less than it asked for: all after the first is garbage. */
  readonly shortReads: number;
  /** Most bytes that waited unread at once. */
  readonly mostUnread: number;
  /** What it says, as it is. */
  say(bytes: Uint8Array): void;
  /** Lets the socket and its reader work until both have nothing left to do. */
  run(): Promise<void>;
}

/**
 * @param handshakeBytes Length of our handshake, which it does not look at.
 * @param answers Whether requests are answered, with an empty Ok.
 */
export function originalSocket(
  handshakeBytes: number,
  safeUnreadBytes: number | undefined,
  answers = true,
): OriginalSocket {
  let handler: LinkHandler<Uint8Array> | undefined;
  const unsaid: Uint8Array[] = [];
  const packets: ReadPacket[] = [];
  /** Sent, and not yet in its socket. */
  let wire: Uint8Array = EMPTY;
  let socket: Uint8Array = EMPTY;
  let at = 0;
  let shortReads = 0;
  let mostUnread = 0;
  let isOpen = true;
  let paused = false;

  const fill = (): void => {
    const room = SOCKET_BYTES - (socket.length - at);
    socket = Buffer.concat([socket.subarray(at), wire.subarray(0, room)]);
    wire = wire.subarray(room);
    at = 0;
  };
  const sayAll = (): void => {
    while (handler !== undefined && !paused && isOpen && unsaid.length > 0) handler.onData(unsaid.shift()!);
  };
  const say = (bytes: Uint8Array): void => {
    unsaid.push(bytes);
    sayAll();
  };

  function* read(count: number): Generator<undefined, Uint8Array, void> {
    if (count === 0) return EMPTY;
    while (at === socket.length) yield;
    const bytes = new Uint8Array(count);
    const there = socket.subarray(at, at + count);
    bytes.set(there);
    at += there.length;
    if (there.length < count) shortReads++;
    return bytes;
  }
  function* varint(): Generator<undefined, number, void> {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const [byte = 0] = yield* read(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
  function* readAll(): Generator<undefined, never, void> {
    for (let rest = handshakeBytes; rest > 0; rest--) yield* read(1);
    for (;;) {
      const [head = 0] = yield* read(1);
      const kind = (head >> 4) & 7;
      let mid = 0;
      if (kind === 2 || kind === 4) {
        const [low = 0, high = 0] = yield* read(2);
        mid = low | (high << 8);
      }
      if (kind > 3) yield* read(1);
      else if (kind > 1) yield* varint();
      if (head & 4) yield* read(yield* varint());
      const payload = head & 8 ? yield* read(yield* varint()) : EMPTY;
      if (kind === 0) say(Uint8Array.of(0x90));
      else packets.push({ kind, mid, payload });
      if (kind === 2 && answers && shortReads === 0) say(encodePacket({ kind: 'response', mid, status: 0 }, 'stream'));
    }
  }
  const reader = readAll();

  const close = (reason?: StmpError): void => {
    if (!isOpen) return;
    isOpen = false;
    setImmediate(() => handler?.onClose(reason));
  };
  const link: StreamLink = {
    kind: 'stream',
    peer: {},
    secure: false,
    canPause: true,
    queuedBytes: 0,
    safeWriteBytes: 65_536,
    safeUnreadBytes,
    defer: (fn) => queueMicrotask(fn),
    start(given) {
      handler = given;
      setImmediate(sayAll);
    },
    send(unit) {
      if (!isOpen) throw new StmpError('link_closed', 'closed');
      wire = Buffer.concat([wire, unit]);
      mostUnread = Math.max(mostUnread, wire.length + socket.length - at);
      return true;
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      setImmediate(sayAll);
    },
    close: async () => close(),
    abort: close,
  };

  return {
    link,
    packets,
    say,
    get shortReads() {
      return shortReads;
    },
    get mostUnread() {
      return mostUnread;
    },
    async run() {
      // Whoever waits for a pong gets it one turn later.
      for (let idle = 0; idle < 3; ) {
        await settle();
        idle = wire.length + socket.length - at > 0 ? 0 : idle + 1;
        while (shortReads === 0 && wire.length + socket.length - at > 0) {
          fill();
          reader.next();
        }
        if (shortReads > 0) return;
      }
    },
  };
}
