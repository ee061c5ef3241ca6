import type { Duplex } from 'node:stream';
import type { Hello, LinkHandler, LinkPeer, MessageLink, StmpError } from '@stmp/contract';
import type { WebSocket } from 'ws';
import { closeReason, linkClosed, startedTwice } from '../close-reason.js';
import { faultOf } from './fault.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import { frameBytes, type Unit, unitBytes } from './frame-writer.js';
import { peerOf, rememberPeer } from './peer.js';
import { flushSoon, writeUnits } from './turn.js';
import { UpgradeRecord } from './upgrade-record.js';

const OPEN = 1;
/** How long a peer that broke the rules may take to read the close frame that says so. */
const FAULT_LINGER_MS = 2_000;

/** What all links of a dialer or listener have in common; shared, to keep the single link small. */
export interface LinkSettings {
  /** Clients mask what they send. */
  readonly client: boolean;
  readonly highWaterBytes: number;
  readonly maxUnitBytes: number;
  /** Messages of this size and above are deflated, where that was agreed on. */
  readonly deflateFromBytes: number;
}

const LINK = Symbol('link');
type Data = (this: Duplex, chunk: Buffer) => void;

/**
 * A link over a WebSocket of `ws`. The units of a turn leave in one write, framed here, and plain messages are
 * read here; the upgrade, control frames, closing, deflate and every fault are left to `ws`.
 */
export class WsLink implements MessageLink, FrameSink {
  readonly kind = 'message';
  readonly canPause = true;
  readonly hello: Hello | undefined;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #settings: LinkSettings;
  /** Present when we read frames; `#ofWs` then takes those that we do not. */
  #reader: FrameReader | undefined;
  #ofWs: Data | undefined;
  #peer: LinkPeer | undefined;
  #handler: LinkHandler<Unit> | undefined;
  /** True from the turn after `start` on. */
  #live = false;
  #early: Unit[] | undefined;
  /** The units of this turn, and the bytes of their frames. */
  #first: Unit | undefined;
  #more: Unit[] | undefined;
  #pendingBytes = 0;
  #onWritten: (() => void) | undefined;
  #wantsDrain = false;
  #paused = false;
  #closing = false;
  /** What comes in is of no interest any more. */
  #mute = false;
  #ended = false;
  #reason: StmpError | undefined;
  #cause: Error | undefined;
  #closed: Promise<void> | undefined;
  #resolveClosed: (() => void) | undefined;

  /**
   * @param ws open, and without listeners.
   * @param socket below `ws`, on which we write and read frames ourselves.
   * @param hello what the client said; on the server an {@link UpgradeRecord}.
   */
  constructor(ws: WebSocket, socket: Duplex, settings: LinkSettings, hello: Hello | undefined) {
    this.hello = hello;
    this.#ws = ws;
    this.#socket = socket;
    this.#settings = settings;
    // Shared listeners and a reference back: closures of its own would be most of a link's memory.
    (ws as { [LINK]?: WsLink })[LINK] = this;
    (socket as { [LINK]?: WsLink })[LINK] = this;
    ws.on('message', onMessage);
    ws.on('close', onClose);
    ws.on('error', onError);
    socket.on('error', onSocketError);
    rememberPeer(socket);
    const readers = socket.listeners('data');
    if (!this.#deflates && readers.length === 1) {
      this.#ofWs = readers[0] as Data;
      this.#reader = new FrameReader(!settings.client, settings.maxUnitBytes, this);
      socket.on('data', onData);
      socket.off('data', this.#ofWs);
    }
  }

  get peer(): LinkPeer {
    this.#peer ??= peerOf(this.#socket, this.hello instanceof UpgradeRecord ? this.hello : undefined);
    return this.#peer;
  }

  get secure(): boolean {
    return (this.#socket as { encrypted?: boolean }).encrypted === true;
  }

  get queuedBytes(): number {
    return this.#ended ? 0 : this.#pendingBytes + this.#ws.bufferedAmount;
  }

  defer(fn: () => void): void {
    process.nextTick(fn);
  }

  start(handler: LinkHandler<Unit>): void {
    if (this.#handler) throw startedTwice();
    this.#handler = handler;
    process.nextTick(goLive, this);
    if (!this.#paused) this.#ws.resume();
  }

  /** Holds input back, unless `start` has been called. */
  hold(): void {
    if (!this.#handler && !this.#closing) this.#ws.pause();
  }

  /** Delivers what came before `start`. */
  goLive(): void {
    const early = this.#early;
    this.#early = undefined;
    this.#live = true;
    for (const unit of early ?? []) if (!this.#mute) this.#handler?.onData(unit);
    if (this.#ended) this.#finish();
  }

  send(unit: Unit): boolean {
    if (this.#closing || this.#ended) throw linkClosed();
    const bytes = unitBytes(unit);
    if (this.#reader === undefined && this.#deflates) return this.#sendDeflated(unit, bytes);
    if (this.#first === undefined) {
      this.#first = unit;
      flushSoon(this);
    } else if (this.#more === undefined) {
      this.#more = [unit];
    } else {
      this.#more.push(unit);
    }
    this.#pendingBytes += frameBytes(bytes, this.#settings.client);
    return this.#belowMark();
  }

  get #deflates(): boolean {
    return this.#ws.extensions !== '';
  }

  /** `ws` orders messages that wait for the compressor among the others. */
  #sendDeflated(unit: Unit, bytes: number): boolean {
    if (this.#ws.readyState !== OPEN) return true;
    const compress = bytes >= this.#settings.deflateFromBytes;
    this.#ws.send(unit, { compress }, this.#written());
    return this.#belowMark();
  }

  #belowMark(): boolean {
    if (this.queuedBytes <= this.#settings.highWaterBytes) return true;
    // What the socket was not offered yet, it has not refused.
    this.#wantsDrain = true;
    this.flush();
    this.#wantsDrain = this.queuedBytes > this.#settings.highWaterBytes;
    return !this.#wantsDrain;
  }

  /** Writes the units of this turn. Units that come after the peer's close frame have nowhere to go. */
  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const more = this.#more;
    const bytes = this.#pendingBytes;
    this.#first = undefined;
    this.#more = undefined;
    this.#pendingBytes = 0;
    if (this.#ws.readyState !== OPEN) return;
    writeUnits(this.#socket, this.#settings.client, first, more, bytes, this.#wantsDrain ? this.#written() : undefined);
  }

  #written(): () => void {
    this.#onWritten ??= () => {
      if (!this.#wantsDrain || this.#ended || this.queuedBytes > this.#settings.highWaterBytes) return;
      this.#wantsDrain = false;
      this.#handler?.onDrain();
    };
    return this.#onWritten;
  }

  pause(): void {
    this.#paused = true;
    // The peer's close frame must get through.
    if (this.#closing) this.#mute = true;
    else this.#ws.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handler) this.#ws.resume();
  }

  close(): Promise<void> {
    if (!this.#closing && !this.#ended) {
      this.flush();
      this.#closing = true;
      this.#ws.close(1000);
      if (this.#paused || !this.#handler) {
        this.#mute = true;
        this.#ws.resume();
      }
    }
    if (this.#ended && (this.#live || !this.#handler)) return Promise.resolve();
    this.#closed ??= new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  abort(reason: StmpError): void {
    if (this.#ended || this.#reason) return;
    this.#first = undefined;
    this.#more = undefined;
    this.#pendingBytes = 0;
    this.#closing = true;
    this.#mute = true;
    this.#reason = reason;
    this.#ws.terminate();
    process.nextTick(endLink, this);
  }

  onFrame(unit: Unit): void {
    if (this.#mute) return;
    if (this.#live) this.#handler?.onData(unit);
    else if (this.#early) this.#early.push(unit);
    else this.#early = [unit];
  }

  onOther(chunk: Buffer): void {
    this.#ofWs?.call(this.#socket, chunk);
  }

  onCloseFrame(): void {
    // What is queued goes before the answer of `ws`.
    this.flush();
  }

  onChunk(chunk: Buffer): void {
    this.#reader?.read(chunk);
  }

  onFault(error: Error): void {
    this.#mute = true;
    this.#reader = undefined;
    if (!this.#closing) this.#reason ??= faultOf(error, this.#settings.maxUnitBytes);
    setTimeout(() => this.#ws.terminate(), FAULT_LINGER_MS).unref();
    this.end();
  }

  onSocketError(error: Error): void {
    this.#cause = error;
  }

  onWsClose(code: number): void {
    if (!this.#closing) this.#reason ??= closeReason(code, this.#cause);
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#first = undefined;
    this.#more = undefined;
    if (this.#live || !this.#handler) this.#finish();
  }

  #finish(): void {
    this.#handler?.onClose(this.#reason);
    this.#resolveClosed?.();
  }
}

function linkOf(of: object): WsLink {
  return (of as { [LINK]: WsLink })[LINK];
}
function goLive(link: WsLink): void {
  link.goLive();
}
function endLink(link: WsLink): void {
  link.end();
}
function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  const buffer = data as Buffer;
  linkOf(this).onFrame(
    isBinary ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length) : buffer.toString('utf8'),
  );
}
function onClose(this: WebSocket, code: number): void {
  linkOf(this).onWsClose(code);
}
function onError(this: WebSocket, error: Error): void {
  linkOf(this).onFault(error);
}
function onSocketError(this: Duplex, error: Error): void {
  linkOf(this).onSocketError(error);
}
function onData(this: Duplex, chunk: Buffer): void {
  linkOf(this).onChunk(chunk);
}
