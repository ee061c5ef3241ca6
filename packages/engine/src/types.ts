import type { Action, Compression, Headers, Payload, StmpError } from '@stmp/contract';
import type { Extension } from './extensions.js';
import type { EngineEvent, Inbound } from './inbound.js';
import type { TextFormat } from './text-format.js';

/** Where a connection stands. `authenticating` is the server's wait for {@link Engine.answerHello}. */
export type EnginePhase = 'handshaking' | 'authenticating' | 'ready' | 'closing' | 'closed';

/** What the two sides agreed on, and what the peer said. */
export interface Session {
  /** Lower case, without parameters: `application/json`. */
  readonly contentType: string;
  readonly compression: Compression | undefined;
  /** True when packets are text (WebSocket only). */
  readonly text: boolean;
  /** How packets are read and written, where they are text. */
  readonly textFormat: TextFormat | undefined;
  /** The packet format that the client named, to be answered by that name; absent when it named none. */
  readonly packetFormat: 'text' | 'binary' | undefined;
  /** Names of the extensions that both sides know. */
  readonly extensions: readonly string[];
  /** The same, with what they do. */
  readonly controls: readonly Extension[];
  /** True when the peer sent `Stmp-Extensions`: it is one of ours and reads whatever the wire allows. */
  readonly peerIsOurs: boolean;
  /** The largest packet that the peer takes (`Stmp-Max-Packet`); undefined when it did not say. */
  readonly peerMaxPacketBytes: number | undefined;
  /** Read anew each time that they are asked for. */
  readonly peerHeaders: Headers;
  /** The text of the peer's handshake. */
  readonly peerMessage: string;
}

/** The server's answer to a client that has introduced itself. A status other than Ok refuses and closes. */
export interface HelloAnswer {
  /** Default Ok. */
  readonly status?: number;
  readonly headers?: Headers | undefined;
  readonly message?: string | undefined;
}

/** How a connection ended. */
export interface Ending {
  /** The status of the Close packet or handshake; NetworkError where there was none. */
  readonly status: number;
  readonly message: string;
  /** Who ended it: this side, the peer by a Close packet or a refusal, or the path between. */
  readonly origin: 'local' | 'peer' | 'link';
  /** True when a Close went out or came in and nothing was broken. */
  readonly clean: boolean;
  /** What went wrong, where something did. */
  readonly error: StmpError | undefined;
}

/** How much silence of the peer is taken for what, in milliseconds; 0: never. Any byte received ends it. */
export interface Patience {
  /** A ping is sent after this much silence, and again after as much. */
  readonly pingIntervalMs?: number | undefined;
  /** The peer counts as stale after this much silence. */
  readonly staleMs?: number | undefined;
  /** The connection ends after this much silence. */
  readonly idleTimeoutMs?: number | undefined;
}

/** Times of an idle connection: by default 25_000, 35_000 and 45_000. Where `staleMs` alone is missing, it is half-way. */
export interface Keepalive extends Patience {
  /**
   * Times while calls wait for answers of a peer of this project, counted from the first of these calls at the earliest.
   * Default 5_000, 10_000 and 20_000; the times above where any of those is given. The original delays its pongs
   * behind its handlers: towards it the times above hold always.
   */
  readonly waiting?: Patience | undefined;
}

export interface EngineOptions {
  /** Time for the whole handshake, authentication included. Default 10_000; 0 disables. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Wait for the echo of our Close, then the connection ends without it. Default 5_000; 0 does not wait. */
  readonly closeTimeoutMs?: number | undefined;
  readonly keepalive?: Keepalive | undefined;
  /** Time to finish a packet that was begun, and a second more for each 8 kB that have come. Default 30_000; 0 disables. */
  readonly packetTimeoutMs?: number | undefined;
  /** Method, header block and payload of one packet together. Default 16 MiB. Given, it limits what is sent as well. */
  readonly maxPacketBytes?: number | undefined;
  /** Header block of one packet. Default 65_536. */
  readonly maxHeaderBytes?: number | undefined;
  /** Header block and message of a handshake together; also what a client may send before it is answered. Default 65_536. */
  readonly maxHandshakeBytes?: number | undefined;
}

/**
 * The protocol of one connection, without I/O: bytes, time and commands in; packets, bytes and the next
 * deadline out. It never calls anybody. After each `receive`, `tick` or command: `poll` until it
 * returns `None`, then `takeOutput` until it returns undefined.
 *
 * Times are milliseconds of any clock that does not run backwards.
 */
export interface Engine {
  readonly phase: EnginePhase;
  /** From `Hello` (server) or `Ready` (client) on. */
  readonly session: Session | undefined;
  /** After `Closed`. */
  readonly ending: Ending | undefined;
  readonly peerIsOurs: boolean;
  /** Packets and bytes received since the start; bytes as they are after decompression. */
  readonly packetsIn: number;
  readonly bytesIn: number;

  /** Takes one unit from the link, kept by reference until it is used up; only an unfinished tail is copied. */
  receive(unit: Uint8Array | string, nowMs: number): void;
  /** The peer's end of input. What was received before is still polled first. */
  receiveEnd(nowMs: number): void;
  /** The link broke. */
  receiveError(error: StmpError): void;
  /** The next packet, expiry or change of phase; pings, pongs, ids and Close are handled inside. */
  poll(into: Inbound): EngineEvent;
  /** Bytes of input that are kept, with the room for a packet that is not whole yet. */
  readonly inputBytes: number;
  /** True when a packet was begun and is not whole. Not known of message links, which begin with whole ones. */
  readonly hasUnfinished: boolean;
  /** True when input is waiting to be polled. */
  readonly hasInput: boolean;

  answerHello(answer: HelloAnswer, nowMs: number): void;
  /**
   * Sends a request.
   * @param token Comes back with the response or the expiry; not undefined.
   * @param timeoutMs 0: no deadline.
   * @returns its id; 0 when none is free, or outside of the phase `ready`.
   */
  call(
    token: unknown,
    action: Action | string,
    headers: Headers | undefined,
    payload: Payload | undefined,
    nowMs: number,
    timeoutMs: number,
  ): number;
  /** Gives a call up: its id stays reserved until the response comes, which is dropped; the peer is told, if it understands. */
  abandon(mid: number): void;
  respond(mid: number, status: number, headers: Headers | undefined, payload: Payload | undefined): void;
  /** @returns 0, or while {@link hold} is set a number that {@link drop} takes. */
  notify(action: Action | string, headers: Headers | undefined, payload: Payload | undefined): number;
  /** As {@link notify}, for a packet of {@link encodeNotify} in this connection's form; shared, never changed. */
  writeEncoded(packet: Uint8Array | string): number;
  /** Asks the peer to move (extension `drain`). @returns false when it does not know how. */
  askToDrain(): boolean;
  /**
   * Sends a Close after all that is queued, then waits for its echo. During a handshake it ends at once:
   * a client silently, a server with `status` (for Ok ServerShutdown) as its answer.
   */
  close(status: number, message: string | undefined, nowMs: number): void;
  /** Drops all that is queued and sends a Close, unless one has left, then ends without waiting. */
  fail(error: StmpError): void;

  /** While set, packets are kept apart, so that they can be dropped one by one. For links that are full. */
  hold: boolean;
  /** Drops a packet that was queued while {@link hold} was set. @returns false when it has left already. */
  drop(ticket: number): boolean;
  /** True from when the peer has been silent for `staleMs` until it is heard again. */
  readonly stale: boolean;
  /** Time from the last ping that was answered to its pong, in whole milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** When bytes of the peer last came. */
  readonly lastHeardAtMs: number;
  /** While set, the peer's silence is not judged, and pings go out unasked. For links that are paused. */
  setPaused(paused: boolean, nowMs: number): void;
  /** While set, no output waits for the peer's pongs: where those are not going to be read. */
  unpaced: boolean;

  /** Bytes encoded and not taken yet. */
  readonly outputBytes: number;
  /** True when what is left of the output waits until the peer has read what it was sent: as good as a full link. */
  readonly outputWaits: boolean;
  /**
   * Takes the next unit to send. Stream: whole packets in one array, at most `maxBytes` where packets
   * allow, compressed here. Message: one packet. Nobody writes to it again.
   */
  takeOutput(maxBytes: number): Uint8Array | string | undefined;

  /** When to call {@link tick} at the latest; Infinity: never. */
  readonly deadlineMs: number;
  tick(nowMs: number): void;
  /** Calls without an answer yet. */
  readonly pendingCalls: number;
  /** After `Closed`: the tokens of all calls that got no answer, each once. */
  takePending(): unknown[];
}
