import type { Kcp } from '../kcp.js';
import type { KcpOptions, KcpTuning } from '../options.js';

/** Default of `idleTimeoutMs`. */
export const DEFAULT_IDLE_TIMEOUT_MS = 120_000;
/** Default of `lingerMs`. */
export const DEFAULT_LINGER_MS = 1_000;
/** Default of `maxSessionsCount`. */
export const DEFAULT_MAX_SESSIONS = 16_384;
/** Default of `maxSessionsPerAddressCount`. */
export const DEFAULT_MAX_SESSIONS_PER_ADDRESS = 1_024;
/** Default of `maxUnprovenCount`. */
export const DEFAULT_MAX_UNPROVEN = 1_024;

const MAX_TIMER_MS = 0x7fffffff;

/** Makes the protocol's end of a session: `createKcp`, or an engine of your own with the same interface. */
export type KcpFactory = (options: KcpOptions) => Kcp;

/** Options of every session, dialed or accepted. */
export interface KcpSessionOptions extends KcpTuning {
  /** `write` returns false above this many bytes that wait for the send window. Default 65_536, at least 1. */
  readonly highWaterBytes?: number | undefined;
  /** Silence of the peer after which the session ends with `KCP_IDLE`. Default 120_000; 0 disables. */
  readonly idleTimeoutMs?: number | undefined;
  /** Time after the end in which the last data is still repeated. Default 1_000. */
  readonly lingerMs?: number | undefined;
  /**
   * How the last data is repeated after `end()`. `resend`: by timeouts, until it is acknowledged. `answer`: only when
   * the peer repeats its own, and without any data left nothing at all is sent, not even an acknowledgement.
   * Default `resend`.
   */
  readonly linger?: 'resend' | 'answer' | undefined;
  /** Size of the system's buffers to ask for, in each direction; the system may give less. Default 1_048_576. */
  readonly socketBufferBytes?: number | undefined;
  /** Default `createKcp`. */
  readonly createKcp?: KcpFactory | undefined;
}

/** Finds the address of a host, as `dns.lookup` does. */
export type KcpLookup = (
  hostname: string,
  // biome-ignore lint/suspicious/noExplicitAny: as in node:dns, whose types stay out of this interface
  options: any,
  // biome-ignore lint/suspicious/noExplicitAny: as in node:dns
  callback: (error: any, address: any, family?: number) => void,
) => void;

export interface KcpDialOptions extends KcpSessionOptions {
  readonly host: string;
  readonly port: number;
  /** Conversation id, 0 to 0xFFFFFFFF. Default: random. */
  readonly conv?: number | undefined;
  /**
   * Size to which the first datagrams are padded, for servers that answer an unproven address with data, but with no
   * more than it sent. Default 400; 0 disables.
   */
  readonly openingBytes?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Replaces `dns.lookup`. */
  readonly lookup?: KcpLookup | undefined;
  /** Ends the attempt; the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface KcpListenOptions extends KcpSessionOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Do not accept IPv4 on an IPv6 address. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Sessions at most. Default 16_384. */
  readonly maxSessionsCount?: number | undefined;
  /**
   * Sessions of one IP address (of one /64 with IPv6) at most. Default 1_024. At either limit a further one replaces the
   * oldest, there, that nothing was sent to; when there is none it is refused.
   */
  readonly maxSessionsPerAddressCount?: number | undefined;
  /** Beginnings at most whose peer is unproven; a further one replaces the oldest. Default 1_024. */
  readonly maxUnprovenCount?: number | undefined;
  /** A peer that has not shown by then that it receives at its address is forgotten. Default 30_000. */
  readonly provenTimeoutMs?: number | undefined;
  /** See `KcpOptions`: what the first bytes written to every session begin with. Default: nothing is known of them. */
  readonly greeting?: Uint8Array | undefined;
}

/** What a session itself needs. */
export interface SessionSettings {
  readonly highWaterBytes: number;
  readonly idleTimeoutMs: number;
  readonly lingerMs: number;
  readonly linger: 'resend' | 'answer';
}

export function resolveSession(options: KcpSessionOptions): SessionSettings {
  const { linger = 'resend', createKcp } = options;
  if (linger !== 'resend' && linger !== 'answer') {
    throw new TypeError(`linger must be 'resend' or 'answer', not ${String(linger)}`);
  }
  if (createKcp !== undefined && typeof createKcp !== 'function') {
    throw new TypeError(`createKcp must be a function, not ${typeof createKcp}`);
  }
  integer('socketBufferBytes', options.socketBufferBytes, 1_048_576, 1, 0x7fffffff);
  return {
    highWaterBytes: integer('highWaterBytes', options.highWaterBytes, 65_536, 1, Number.MAX_SAFE_INTEGER),
    idleTimeoutMs: integer('idleTimeoutMs', options.idleTimeoutMs, DEFAULT_IDLE_TIMEOUT_MS, 0, MAX_TIMER_MS),
    lingerMs: integer('lingerMs', options.lingerMs, DEFAULT_LINGER_MS, 0, MAX_TIMER_MS),
    linger,
  };
}

export interface ListenLimits {
  readonly maxSessionsCount: number;
  readonly maxSessionsPerAddressCount: number;
  readonly maxUnprovenCount: number;
  readonly provenTimeoutMs: number;
}

export function resolveLimits(options: KcpListenOptions): ListenLimits {
  const count = (name: string, value: number | undefined, fallback: number): number =>
    integer(name, value, fallback, 1, Number.MAX_SAFE_INTEGER);
  return {
    maxSessionsCount: count('maxSessionsCount', options.maxSessionsCount, DEFAULT_MAX_SESSIONS),
    maxSessionsPerAddressCount: count(
      'maxSessionsPerAddressCount',
      options.maxSessionsPerAddressCount,
      DEFAULT_MAX_SESSIONS_PER_ADDRESS,
    ),
    maxUnprovenCount: count('maxUnprovenCount', options.maxUnprovenCount, DEFAULT_MAX_UNPROVEN),
    provenTimeoutMs: integer('provenTimeoutMs', options.provenTimeoutMs, 30_000, 1, MAX_TIMER_MS),
  };
}

export function checkPlace(host: unknown, port: unknown, leastPort: number): void {
  if (typeof host !== 'string') throw new TypeError(`host must be a string, not ${typeof host}`);
  integer('port', port as number, undefined, leastPort, 65_535);
}

export function integer(
  name: string,
  value: number | undefined,
  fallback: number | undefined,
  low: number,
  high: number,
): number {
  const number = value ?? fallback;
  if (typeof number !== 'number') throw new TypeError(`${name} must be a number, not ${String(number)}`);
  if (!Number.isInteger(number) || number < low || number > high) {
    throw new RangeError(`${name} must be an integer from ${low} to ${high}, not ${number}`);
  }
  return number;
}
