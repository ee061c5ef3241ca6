import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { createKcp } from '../create.js';
import { type KcpOptions, MAX_FRAGMENTS, resolveKcpOptions } from '../options.js';
import { openingConv } from '../segment.js';
import { type Beginning, Beginnings } from './beginnings.js';
import { Crowd } from './crowd.js';
import { Endpoint } from './endpoint.js';
import { kcpError } from './errors.js';
import {
  checkPlace,
  type KcpFactory,
  type KcpListenOptions,
  type ListenLimits,
  resolveLimits,
  resolveSession,
  type SessionSettings,
} from './options.js';
import { resolveHost } from './resolve-host.js';
import { KcpDuplex, type SessionOwner } from './session.js';
import type { KcpListener, KcpListenerHandler } from './types.js';

/** Ended conversations that are remembered, so that a datagram that was late does not begin them anew. */
const MAX_ENDED = 4_096;
const ENDED_MS = 30_000;

class Acceptor implements KcpListener, SessionOwner {
  readonly #endpoint: Endpoint;
  readonly #handler: KcpListenerHandler;
  readonly #options: KcpListenOptions;
  readonly #make: KcpFactory;
  readonly #settings: SessionSettings;
  readonly #beginnings: Beginnings;
  readonly #crowd: Crowd;
  /** By address and port. */
  readonly #sessions = new Map<string, KcpDuplex>();
  readonly #ended = new Map<string, { conv: number; untilMs: number }>();
  readonly #bound: { address: string; port: number };
  #accepting = true;
  #closed: Promise<void> | undefined;

  constructor(
    endpoint: Endpoint,
    handler: KcpListenerHandler,
    options: KcpListenOptions,
    settings: SessionSettings,
    limits: ListenLimits,
  ) {
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#options = options;
    this.#make = options.createKcp ?? createKcp;
    this.#settings = settings;
    this.#beginnings = new Beginnings(limits.maxUnprovenCount, limits.provenTimeoutMs);
    this.#crowd = new Crowd(limits);
    this.#bound = endpoint.socket.address();
    endpoint.hold();
    endpoint.socket.on('message', (datagram, from) => this.#take(datagram, from));
    endpoint.socket.on('error', (error) => {
      void this.close();
      endpoint.close();
      handler.onError?.(error);
    });
  }

  get address(): string {
    return this.#bound.address;
  }

  get port(): number {
    return this.#bound.port;
  }

  get sessionCount(): number {
    // The listener itself holds the endpoint until the socket is closed, so that lingering sessions have their time.
    return this.#endpoint.holderCount - 1;
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#accepting = false;
      this.#beginnings.clear();
      this.#closed = new Promise((resolve) => this.#endpoint.socket.once('close', () => resolve()));
      this.#closeIfEmpty();
    }
    return this.#closed;
  }

  #closeIfEmpty(): void {
    if (!this.#accepting && this.#endpoint.memberCount === 0) this.#endpoint.close();
  }

  #take(datagram: Buffer, from: RemoteInfo): void {
    if (datagram.length < 24) return;
    const key = keyOf(from.address, from.port);
    const conv = datagram.readUInt32LE(0);
    const now = this.#endpoint.now;
    const session = this.#sessions.get(key);
    if (session?.conv === conv) {
      session.accept(datagram, now);
      return;
    }
    if (!this.#accepting) return;
    const beginning = this.#beginnings.find(`${key} ${conv}`, now) ?? this.#begin(key, datagram, from, now);
    if (beginning === undefined) return;
    const { kcp } = beginning;
    kcp.input(datagram, now);
    if (kcp.failure !== undefined) this.#beginnings.remove(beginning);
    else if (kcp.proven) this.#open(beginning, key, from);
    else kcp.update(now);
  }

  /** Only a datagram that can begin a conversation does; any other has cost a look-up. */
  #begin(key: string, datagram: Buffer, from: RemoteInfo, now: number): Beginning | undefined {
    const conv = openingConv(datagram, this.#options.receiveWindow ?? MAX_FRAGMENTS);
    if (conv === undefined) return undefined;
    const ended = this.#ended.get(key);
    if (ended !== undefined && ended.conv === conv && now < ended.untilMs) return undefined;
    const { address, port } = from;
    const endpoint = this.#endpoint;
    const kcp = this.#make(tuning(this.#options, conv, (bytes) => endpoint.send(bytes, port, address)));
    return this.#beginnings.add(`${key} ${conv}`, kcp, now);
  }

  /** The peer receives at its address, so the conversation is its own, and takes the place of an older one. */
  #open(beginning: Beginning, key: string, from: RemoteInfo): void {
    this.#beginnings.remove(beginning);
    const old = this.#sessions.get(key);
    if (old !== undefined) this.#replace(old, 'its address began another conversation');
    if (!this.#admit(from.address)) return;
    const bound = this.#bound;
    const session = new KcpDuplex(
      beginning.kcp,
      this.#endpoint,
      {
        remoteAddress: from.address,
        remotePort: from.port,
        localAddress: bound.address === '0.0.0.0' || bound.address === '::' ? undefined : bound.address,
        localPort: bound.port,
      },
      this.#settings,
      this,
    );
    this.#sessions.set(key, session);
    this.#crowd.add(session);
    this.#handler.onSession(session);
  }

  #admit(address: string): boolean {
    for (let limit = this.#crowd.limitFor(address); limit !== undefined; limit = this.#crowd.limitFor(address)) {
      const quiet = this.#crowd.oldestQuiet(limit, address);
      if (quiet === undefined) {
        this.#handler.onRefuse?.(limit, address);
        return false;
      }
      this.#replace(quiet, `made room: ${limit} is reached`);
    }
    return true;
  }

  #replace(session: KcpDuplex, why: string): void {
    session.destroy(kcpError('KCP_REPLACED', why));
  }

  answered(session: KcpDuplex): void {
    this.#crowd.answered(session);
  }

  gone(session: KcpDuplex): void {
    this.#crowd.remove(session);
    const key = keyOf(session.remoteAddress, session.remotePort);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    this.#remember(key, session.conv);
    this.#closeIfEmpty();
  }

  #remember(key: string, conv: number): void {
    this.#ended.delete(key);
    this.#ended.set(key, { conv, untilMs: this.#endpoint.now + ENDED_MS });
    if (this.#ended.size <= MAX_ENDED) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}

/** The window must hold a message of the peer; the clock is random, so that its echo proves something. */
function tuning(options: KcpListenOptions, conv: number, output: KcpOptions['output']): KcpOptions {
  return { ...options, conv, output, limitUntilProven: true, clockOffset: randomBytes(4).readUInt32LE(0) };
}

/**
 * Binds a UDP socket and accepts conversations on it.
 *
 * @throws TypeError, RangeError for wrong options; system errors.
 */
export async function listenKcp(options: KcpListenOptions, handler: KcpListenerHandler): Promise<KcpListener> {
  checkPlace(options.host, options.port, 0);
  const settings = resolveSession(options);
  const limits = resolveLimits(options);
  resolveKcpOptions(tuning(options, 0, () => {}));
  const { address, family } = await resolveHost(options.host, undefined);
  const bufferBytes = options.socketBufferBytes ?? 1_048_576;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: options.ipv6Only ?? false,
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    // Peers are known by their numbers: the answer is at hand, and sending stays synchronous.
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    // Workers of node:cluster would share the socket, and each datagram would reach any of them.
    socket.bind({ port: options.port, address, exclusive: true }, () => {
      socket.removeListener('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  socket.unref();
  return new Acceptor(new Endpoint(socket), handler, options, settings, limits);
}
