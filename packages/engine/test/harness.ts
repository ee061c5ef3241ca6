import { type Compression, type Compressor, type Decompressor, type Headers, StmpError } from '@stmp/contract';
import { decodeHeaderBlock, decodeHeaderBytes, decodePacket, decodeTextPacket, type Packet } from '@stmp/packet';
import {
  type ClientHandshakeOptions,
  clientHandshake as clientHandshakeOf,
  clientHeaders as clientHeadersOf,
  createInbound,
  createMessageEngine,
  createStreamEngine,
  type Engine,
  EngineEvent,
  type EngineOptions,
  type Handshake,
  type ServerHandshakeOptions,
  serverHandshake as serverHandshakeOf,
  textPackets,
} from '../src/index.js';

export const JSON_TYPE = { contentType: 'application/json', text: true };
export const PROTOBUF = { contentType: 'application/protobuf', text: false };
export const MSGPACK = { contentType: 'application/msgpack', text: false };
export const ALL_TYPES = [JSON_TYPE, PROTOBUF, MSGPACK];

export function hex(digits: string): Uint8Array {
  const clean = digits.replace(/\s/g, '');
  return Uint8Array.from({ length: clean.length / 2 }, (_, i) => Number.parseInt(clean.slice(i * 2, i * 2 + 2), 16));
}

export function toHex(unit: Uint8Array | string | undefined): string {
  if (unit === undefined) return '';
  return [...bytesOf(unit)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

export function join(units: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(units.flatMap((unit) => [...bytesOf(unit)]));
}

/** What one poll found, copied. */
export interface Seen {
  readonly event: string;
  readonly mid?: number;
  readonly status?: number;
  readonly action?: number | bigint | string;
  readonly token?: unknown;
  readonly header?: Headers;
  readonly payload?: string;
}

const NAMES = Object.fromEntries(Object.entries(EngineEvent).map(([name, value]) => [value, name]));

/** An engine with what a connection does around it: polls until there is nothing more, takes all output. */
export class Driver {
  readonly engine: Engine;
  readonly inbound = createInbound();
  readonly seen: Seen[] = [];
  now: number;

  constructor(engine: Engine, now = 0) {
    this.engine = engine;
    this.now = now;
  }

  feed(...units: (Uint8Array | string)[]): Seen[] {
    const before = this.seen.length;
    for (const unit of units) {
      this.engine.receive(unit, this.now);
      this.poll();
    }
    return this.seen.slice(before);
  }

  end(): Seen[] {
    const before = this.seen.length;
    this.engine.receiveEnd(this.now);
    this.poll();
    return this.seen.slice(before);
  }

  /** Moves the clock to `at`, calling `tick` at each deadline on the way. */
  at(at: number): Seen[] {
    const before = this.seen.length;
    for (let turns = 0; this.engine.deadlineMs <= at; turns++) {
      if (turns > 100_000) throw new Error('the deadline does not move');
      this.now = Math.max(this.now, this.engine.deadlineMs);
      this.engine.tick(this.now);
      this.poll();
    }
    this.now = at;
    return this.seen.slice(before);
  }

  poll(): Seen[] {
    const before = this.seen.length;
    for (let turns = 0; ; turns++) {
      if (turns > 1_000_000) throw new Error('poll does not end');
      const event = this.engine.poll(this.inbound);
      if (event === EngineEvent.None) return this.seen.slice(before);
      this.seen.push(this.#copy(event));
    }
  }

  #copy(event: EngineEvent): Seen {
    const { mid, status, action, token, headerStart, headerEnd, start, end, bytes, text } = this.inbound;
    const name = NAMES[event]!;
    if (event === EngineEvent.Expired) return { event: name, mid, token };
    if (event === EngineEvent.Cancel) return { event: name, mid };
    if (event !== EngineEvent.Request && event !== EngineEvent.Notify && event !== EngineEvent.Response) {
      return { event: name };
    }
    const header =
      text === undefined
        ? decodeHeaderBytes(bytes, headerStart, Math.max(headerStart, headerEnd))
        : decodeHeaderBlock(text.slice(headerStart, Math.max(headerStart, headerEnd)));
    return {
      event: name,
      ...(event !== EngineEvent.Notify && { mid }),
      ...(event === EngineEvent.Response ? { status, token } : { action }),
      ...(header.length > 0 && { header }),
      ...(end >= 0 && { payload: text === undefined ? textOf(bytes.subarray(start, end)) : text.slice(start, end) }),
    };
  }

  /** All output, unit by unit. */
  take(maxBytes = Number.POSITIVE_INFINITY): (Uint8Array | string)[] {
    const units: (Uint8Array | string)[] = [];
    for (;;) {
      const unit = this.engine.takeOutput(maxBytes);
      if (unit === undefined) return units;
      units.push(unit);
    }
  }

  takeHex(): string {
    return this.take().map(toHex).join(' ');
  }
}

/** Runs `work` and gives the lengths of the arrays that it made by `new Uint8Array(length)`, as they come. */
export function watchAllocations(work: (made: readonly number[]) => void): void {
  const made: number[] = [];
  const original = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, args: [unknown], newTarget) {
      if (typeof args[0] === 'number') made.push(args[0]);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  try {
    work(made);
  } finally {
    globalThis.Uint8Array = original;
  }
}

/** Reads packets off the front of a byte stream by trying every length: slow and independent of the engine's reader. */
export function packetsOf(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1;
    let packet: Packet | undefined;
    for (; packet === undefined; end++) {
      if (end > bytes.length) throw new Error(`unfinished packet at ${start}`);
      try {
        packet = decodePacket(bytes.subarray(start, end), 'stream');
      } catch {}
    }
    packets.push(packet);
    start = end - 1;
  }
  return packets;
}

export function packetOf(unit: Uint8Array | string): Packet {
  return typeof unit === 'string' ? decodeTextPacket(unit) : decodePacket(unit, 'message');
}

/** What a client says, with text as a switch. */
export interface ClientSays extends Omit<ClientHandshakeOptions, 'text'> {
  readonly text?: boolean | undefined;
}

const withText = ({ text, ...offer }: ClientSays): ClientHandshakeOptions => ({
  ...offer,
  text: text ? textPackets() : undefined,
});

export const clientHandshake = (says: ClientSays): Handshake => clientHandshakeOf(withText(says));
export const clientHeaders = (says: ClientSays, kind: 'stream' | 'message'): [string, string][] =>
  clientHeadersOf(withText(says), kind);
/** A server that takes text. */
export const serverHandshake = (options: ServerHandshakeOptions): Handshake =>
  serverHandshakeOf({ text: textPackets(), ...options });

export interface PairOptions {
  readonly client?: Partial<ClientSays>;
  readonly server?: Partial<ServerHandshakeOptions>;
  readonly options?: EngineOptions;
  readonly serverOptions?: EngineOptions;
  /** False: the client does not offer extensions, as the original. Messages only. */
  readonly ours?: boolean;
}

export function streamClient(offer: Partial<ClientSays> = {}, options?: EngineOptions): Driver {
  return new Driver(
    createStreamEngine({ handshake: clientHandshake({ content: [JSON_TYPE], ...offer }), options, nowMs: 0 }),
  );
}

export function streamServer(offer: Partial<ServerHandshakeOptions> = {}, options?: EngineOptions): Driver {
  return new Driver(
    createStreamEngine({ handshake: serverHandshake({ content: ALL_TYPES, ...offer }), options, nowMs: 0 }),
  );
}

/** What a client of the original says. */
export const PLAIN_HELLO: Uint8Array = hex('53544d5010174163636570743a6170706c69636174696f6e2f6a736f6e00');
/** What a server of the original answers. */
export const PLAIN_REPLY: Uint8Array = hex('53544d50001d436f6e74656e742d547970653a6170706c69636174696f6e2f6a736f6e00');

/** A server that is ready, for a client that is not one of ours unless asked. */
export function readyServer(options?: EngineOptions, ours = false): Driver {
  const server = streamServer({}, options);
  server.feed(ours ? join(streamClient().take()) : PLAIN_HELLO);
  server.engine.answerHello({}, server.now);
  server.poll();
  server.take();
  server.seen.length = 0;
  return server;
}

/** A client that is ready, with a server that is not one of ours unless asked. */
export function readyClient(options?: EngineOptions, ours = false): Driver {
  if (ours) return streamPair(options === undefined ? {} : { options }).client;
  const client = streamClient({}, options);
  client.take();
  client.feed(PLAIN_REPLY);
  client.seen.length = 0;
  return client;
}

export interface Pair {
  readonly client: Driver;
  readonly server: Driver;
}

/** Both ready over a byte stream. */
export function streamPair(pair: PairOptions = {}): Pair {
  const client = streamClient(pair.client, pair.options);
  const server = streamServer(pair.server, pair.serverOptions ?? pair.options);
  settle({ client, server });
  client.seen.length = server.seen.length = 0;
  return { client, server };
}

/** Both ready over messages, with the hello out of band. */
export function messagePair(pair: PairOptions = {}): Pair {
  const offer = { content: [JSON_TYPE], outOfBand: true, ...pair.client };
  const client = new Driver(
    createMessageEngine({ handshake: clientHandshake(offer), options: pair.options, nowMs: 0 }),
  );
  const hello = clientHeaders(offer, 'message').filter(([name]) => pair.ours !== false || name !== 'Stmp-Extensions');
  const server = new Driver(
    createMessageEngine({
      handshake: serverHandshake({ content: ALL_TYPES, hello, ...pair.server }),
      options: pair.serverOptions ?? pair.options,
      nowMs: 0,
    }),
  );
  settle({ client, server });
  client.seen.length = server.seen.length = 0;
  return { client, server };
}

/** Carries output to the other side until both are silent. A Hello is accepted. */
export function settle({ client, server }: Pair): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.poll();
      if (from.engine.phase === 'authenticating') {
        from.engine.answerHello({}, from.now);
        from.poll();
      }
      for (const unit of from.take()) {
        moved = true;
        to.feed(unit);
      }
    }
  }
}

/** A compression that can be read by eye: `<` begins a member, each run is `length:bytes^0x55`, `!` is a flush, `>` ends a member. */
export class FakeCompression implements Compression {
  readonly encoding = 'fake';
  readonly log: string[] = [];
  /** Largest piece that pull gives. */
  pieceBytes = 64 * 1024;
  broken = false;

  createCompressor(options: { readonly memberBytes?: number | undefined } = {}): Compressor {
    this.log.push(`compressor ${options.memberBytes ?? 'endless'}`);
    let out: number[] = [];
    let began = false;
    let closed = false;
    return {
      add: (bytes, start, end) => {
        if (closed || this.broken) throw new Error('no compression any more');
        if (!began) out.push(0x3c);
        began = true;
        this.log.push(`add ${end - start}`);
        out.push((end - start) & 0xff, (end - start) >> 8, ...bytes.slice(start, end).map((byte) => byte ^ 0x55));
      },
      flush: () => {
        if (out.length > 0) out.push(0, 0);
        const unit = Uint8Array.from(out);
        out = [];
        return unit;
      },
      close: () => {
        if (closed) throw new Error('closed twice');
        closed = true;
        this.log.push('compressor closed');
      },
    };
  }

  createDecompressor(): Decompressor {
    this.log.push('decompressor');
    const input: number[] = [];
    let began = false;
    let left = 0;
    let wants = true;
    return {
      push: (bytes) => {
        if (!wants) throw new Error('pushed before pull returned undefined');
        wants = false;
        input.push(...bytes);
      },
      pull: () => {
        for (;;) {
          if (!began && input.length > 0) {
            if (input.shift() !== 0x3c) throw new StmpError('compression_failed', 'no magic', { status: 3 });
            began = true;
          }
          if (left > 0 && input.length > 0) {
            const piece = Uint8Array.from(input.splice(0, Math.min(left, this.pieceBytes)), (byte) => byte ^ 0x55);
            left -= piece.length;
            return piece;
          }
          if (left > 0 || input.length < 2) {
            wants = true;
            return undefined;
          }
          const [low, high] = input.splice(0, 2);
          left = low! | (high! << 8);
        }
      },
      close: () => {
        this.log.push('decompressor closed');
      },
    };
  }
}
