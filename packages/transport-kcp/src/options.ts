import { type KcpTuning, kcpPresets, MAX_FRAGMENTS, resolveKcpOptions } from '@stmp/kcp';
import type { KcpFactory, KcpLookup, KcpSessionOptions } from '@stmp/kcp/node';
import { TLS_SAFE_WRITE_BYTES, type TlsClientOptions, type TlsServerOptions } from '@stmp/link-duplex';

/** Default of `connectTimeoutMs`. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** Default of `highWaterBytes`: what the system's socket would take, if it spoke KCP. */
export const DEFAULT_KCP_HIGH_WATER_BYTES = 1_048_576;
/** Largest write that is one KCP message with the default mtu. Source: STMP 1.0, section 8. */
export const KCP_SAFE_WRITE_BYTES = 44_032;

/** Options of every KCP link, at either end. The ends may differ. */
export interface KcpLinkOptions extends KcpTuning {
  /**
   * Where to start from: `upstream` (that of the original: gentle and slow), `normal`, or `fast` (for calls over bad
   * networks). Single options override it. Default `upstream`.
   */
  readonly preset?: 'upstream' | 'normal' | 'fast' | undefined;
  /**
   * `send` returns false above this many bytes that were never sent. Default 1_048_576, at least 1: no system holds
   * them, as it does for TCP, so a burst must find its place here.
   */
  readonly highWaterBytes?: number | undefined;
  /** Silence of the peer after which the link fails. Default 120_000; 0 disables. */
  readonly idleTimeoutMs?: number | undefined;
  /** Time after the end in which the last data may still be repeated. Default 1_000. */
  readonly lingerMs?: number | undefined;
  /** Size of the system's buffers to ask for, in each direction; the system may give less. Default 1_048_576. */
  readonly socketBufferBytes?: number | undefined;
  /** Another engine with the interface of `Kcp`. Default `createKcp` of `@stmp/kcp`. */
  readonly createKcp?: KcpFactory | undefined;
}

export interface KcpDialerOptions extends KcpLinkOptions {
  /** Time for the look-up and the TLS handshake together. Default 10_000; 0 disables. */
  readonly connectTimeoutMs?: number | undefined;
  /** For `kcps://` addresses; others take no notice of it. Default: the authorities of Node.js, and the host of the address as the name to check. */
  readonly tls?: TlsClientOptions | undefined;
  /** Conversation id of every link of this dialer, 0 to 0xFFFFFFFF. Default: random for each. */
  readonly conv?: number | undefined;
  /** Size to which the first datagrams are padded, see `@stmp/kcp`. Default 400. */
  readonly openingBytes?: number | undefined;
  /** The own address to dial from. */
  readonly localAddress?: string | undefined;
  /** Replaces `dns.lookup`. */
  readonly lookup?: KcpLookup | undefined;
}

export interface KcpListenerOptions extends KcpLinkOptions {
  /** Needed for `kcps://` addresses: `cert` and `key`, or `pfx`. Others take no notice of it. */
  readonly tls?: TlsServerOptions | undefined;
  /** Do not accept IPv4 on an IPv6 address. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Links at most. Default 16_384. */
  readonly maxSessionsCount?: number | undefined;
  /**
   * Links of one IP address (of one /64 with IPv6) at most. Default 1_024. At either limit a further one replaces the
   * oldest, there, that nothing was sent on; when there is none it is refused.
   */
  readonly maxSessionsPerAddressCount?: number | undefined;
  /** Peers at most that have not shown that they receive at their address; a further one replaces the oldest. Default 1_024. */
  readonly maxUnprovenCount?: number | undefined;
  /** A peer that has not shown it by then is forgotten. Default 30_000. */
  readonly provenTimeoutMs?: number | undefined;
}

/** What both ends hand down. */
export interface ResolvedKcpLinkOptions {
  readonly session: KcpSessionOptions;
  readonly highWaterBytes: number;
  /** Largest write that is one KCP message. */
  readonly safeWriteBytes: number;
  /** The same inside TLS: one record, in one message. */
  readonly tlsSafeWriteBytes: number;
  readonly mtuBytes: number;
}

const TUNING = [
  'nodelay',
  'intervalMs',
  'resend',
  'congestionWindow',
  'mtuBytes',
  'sendWindow',
  'receiveWindow',
  'mode',
  'deadLink',
  'minRtoMs',
] as const;
/** More than what TLS adds to a record. */
const RECORD_BYTES = 256;

/**
 * Fills in the preset and the defaults, and checks the ranges.
 * @throws TypeError, RangeError naming option and value.
 */
export function resolveKcpLinkOptions(options: KcpLinkOptions = {}): ResolvedKcpLinkOptions {
  const { preset = 'upstream', highWaterBytes = DEFAULT_KCP_HIGH_WATER_BYTES } = options;
  if (!Object.hasOwn(kcpPresets, preset)) {
    throw new TypeError(`preset must be 'upstream', 'normal' or 'fast', got ${String(preset)}`);
  }
  const tuning: Record<string, unknown> = { ...kcpPresets[preset] };
  for (const name of TUNING) if (options[name] !== undefined) tuning[name] = options[name];
  const { mtuBytes } = resolveKcpOptions({ ...(tuning as KcpTuning), conv: 0, output() {} });
  const safeWriteBytes = MAX_FRAGMENTS * (mtuBytes - 24);
  const { idleTimeoutMs, lingerMs, socketBufferBytes, createKcp } = options;
  return {
    session: { ...(tuning as KcpTuning), idleTimeoutMs, lingerMs, socketBufferBytes, createKcp },
    highWaterBytes,
    safeWriteBytes,
    tlsSafeWriteBytes: Math.max(1, Math.min(TLS_SAFE_WRITE_BYTES, safeWriteBytes - RECORD_BYTES)),
    mtuBytes,
  };
}

/** @throws RangeError, TypeError for what is no time in milliseconds. */
export function resolveConnectTimeout(value: number | undefined): number {
  const timeoutMs = value ?? DEFAULT_CONNECT_TIMEOUT_MS;
  if (typeof timeoutMs !== 'number') throw new TypeError(`connectTimeoutMs must be a number, got ${typeof timeoutMs}`);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 0 || timeoutMs > 0x7fffffff) {
    throw new RangeError(`connectTimeoutMs must be an integer from 0 to 2147483647, got ${timeoutMs}`);
  }
  return timeoutMs;
}

declare module '@stmp/contract' {
  interface ListenOptionsByScheme {
    readonly kcp: KcpListenerOptions;
    readonly kcps: KcpListenerOptions;
  }
}
