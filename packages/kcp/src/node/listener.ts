import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { createKcp } from '../create.js';
import { type KcpOptions, MAX_FRAGMENTS, resolveKcpOptions } from '../options.js';
import { openingConv } from '../segment.js';
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
import { addressGroup, resolveHost } from './resolve-host.js';
import { KcpDuplex, type SessionOwner } from './session.js';
import type { KcpListener, KcpListenerHandler } from './types.js';

/** Ended conversations that are remembered, so that a datagram that was late does not begin them anew. */
const MAX_ENDED = 4_096;
const ENDED_MS = 30_000;

/** The sessions of one address and port: one, or for a moment two while the younger is unproven. */
interface Peers {
  current: KcpDuplex;
  rival: KcpDuplex | undefined;
}

class Acceptor implements KcpListener, SessionOwner {
  readonly #endpoint: Endpoint;
  readonly #handler: KcpListenerHandler;
  readonly #options: KcpListenOptions;
  readonly #make: KcpFactory;
  readonly #settings: SessionSettings;
  readonly #limits: ListenLimits;
  readonly #peers = new Map<string, Peers>();
  readonly #groups = new Map<string, number>();
  readonly #unproven = new Set<KcpDuplex>();
  readonly #ended = new Map<string, { conv: number; untilMs: number }>();
  readonly #bound: { address: string; port: number };
  #sessions = 0;
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
    this.#limits = limits;
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
    const key = `${from.address} ${from.port}`;
    const conv = datagram.readUInt32LE(0);
    const peers = this.#peers.get(key);
    if (peers !== undefined) {
      const session = peers.rival?.conv === conv ? peers.rival : peers.current;
      if (session.conv === conv) {
        session.accept(datagram, this.#endpoint.now);
        return;
      }
    }
    if (this.#accepting) this.#open(key, peers, datagram, from);
  }

  /** Only a datagram that can begin a conversation does; any other has cost a look-up. */
  #open(key: string, peers: Peers | undefined, datagram: Buffer, from: RemoteInfo): void {
    const conv = openingConv(datagram, this.#options.receiveWindow ?? MAX_FRAGMENTS);
    if (conv === undefined) return;
    const now = this.#endpoint.now;
    const ended = this.#ended.get(key);
    if (ended !== undefined && ended.conv === conv && now < ended.untilMs) return;
    // An unproven conversation gives way; a proven one stays until the new one is proven.
    if (peers?.rival !== undefined) this.#replace(peers.rival);
    else if (peers !== undefined && this.#unproven.has(peers.current)) this.#replace(peers.current);
    if (!this.#admit(from.address)) return;

    const session = this.#create(conv, from);
    const known = this.#peers.get(key);
    if (known === undefined) this.#peers.set(key, { current: session, rival: undefined });
    else known.rival = session;
    session.accept(datagram, now);
    this.#handler.onSession(session);
  }

  #admit(address: string): boolean {
    const { maxSessionsCount, maxSessionsPerAddressCount, maxUnprovenCount } = this.#limits;
    if (this.#unproven.size >= maxUnprovenCount) {
      for (const oldest of this.#unproven) {
        oldest.destroy(kcpError('KCP_UNPROVEN', `made room: ${maxUnprovenCount} peers are unproven`));
        break;
      }
    }
    const group = addressGroup(address);
    const count = this.#groups.get(group) ?? 0;
    if (this.#sessions >= maxSessionsCount) this.#handler.onRefuse?.('maxSessionsCount', address);
    else if (count >= maxSessionsPerAddressCount) this.#handler.onRefuse?.('maxSessionsPerAddressCount', address);
    else {
      this.#sessions++;
      this.#groups.set(group, count + 1);
      return true;
    }
    return false;
  }

  #create(conv: number, from: RemoteInfo): KcpDuplex {
    const { address, port } = from;
    const endpoint = this.#endpoint;
    const kcp = this.#make(tuning(this.#options, conv, (datagram) => endpoint.send(datagram, port, address)));
    const bound = this.#bound;
    const session = new KcpDuplex(
      kcp,
      endpoint,
      {
        remoteAddress: address,
        remotePort: port,
        localAddress: bound.address === '0.0.0.0' || bound.address === '::' ? undefined : bound.address,
        localPort: bound.port,
      },
      this.#settings,
      this,
    );
    this.#unproven.add(session);
    return session;
  }

  #replace(session: KcpDuplex): void {
    session.destroy(kcpError('KCP_REPLACED', 'its address began another conversation'));
  }

  proven(session: KcpDuplex): void {
    this.#unproven.delete(session);
    const peers = this.#peers.get(keyOf(session));
    if (peers?.rival !== session) return;
    const old = peers.current;
    peers.current = session;
    peers.rival = undefined;
    this.#replace(old);
  }

  gone(session: KcpDuplex): void {
    this.#unproven.delete(session);
    this.#sessions--;
    const group = addressGroup(session.remoteAddress);
    const count = (this.#groups.get(group) ?? 0) - 1;
    if (count > 0) this.#groups.set(group, count);
    else this.#groups.delete(group);

    const key = keyOf(session);
    const peers = this.#peers.get(key);
    if (peers?.rival === session) peers.rival = undefined;
    else if (peers?.current === session) {
      if (peers.rival === undefined) this.#peers.delete(key);
      else this.#peers.set(key, { current: peers.rival, rival: undefined });
    }
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

function keyOf(session: KcpDuplex): string {
  return `${session.remoteAddress} ${session.remotePort}`;
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
