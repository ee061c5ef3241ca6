import { HEADER_BYTES } from './segment.js';

/** How segments are timed, resent and bounded. Both ends may differ, except in `conv`. */
export interface KcpTuning {
  /** True: minimum retransmission timeout 30 ms instead of 100 ms, and a slower backoff. Default false. */
  readonly nodelay?: boolean | undefined;
  /**
   * Least time between two looks for lost segments, and a part of the retransmission timeout.
   * Default 100, from 1 to 5_000. Data and acknowledgements never wait for it.
   */
  readonly intervalMs?: number | undefined;
  /** Resend once this many later segments were acknowledged; 0 waits for the timeout. Default 0. */
  readonly resend?: number | undefined;
  /** Whether loss shrinks what may be in flight. Default true. */
  readonly congestionWindow?: boolean | undefined;
  /** Largest datagram, headers of IP and UDP not counted. Default 1_400, from 50 to 65_507. */
  readonly mtuBytes?: number | undefined;
  /** Segments in flight at most. Default 32, from 1 to 32_768. */
  readonly sendWindow?: number | undefined;
  /** Segments kept for the reader at most. Default 32, from 32 to 32_768. */
  readonly receiveWindow?: number | undefined;
  /**
   * `message`: each `send` is one message of at most 32 fragments, or several when it is longer.
   * `stream`: waiting writes share segments, and borders are lost. Default `message`.
   */
  readonly mode?: 'message' | 'stream' | undefined;
  /** Transmissions of one segment after which the link counts as dead. Default 20, at least 1. */
  readonly deadLink?: number | undefined;
  /** Least retransmission timeout. Default 100, or 30 with `nodelay`; from 1 to 60_000. */
  readonly minRtoMs?: number | undefined;
}

export interface KcpOptions extends KcpTuning {
  /** Conversation id, 0 to 0xFFFFFFFF: equal at both ends. */
  readonly conv: number;
  /**
   * Receives every datagram, from inside `update`. The array is the receiver's to keep: it is never written again.
   * Must not call the session.
   */
  readonly output: (datagram: Uint8Array) => void;
  /**
   * Say nothing but {@link greeting}, as an answer to data, and with IP and UDP no more bytes than have arrived, until
   * the peer has echoed a timestamp of ours, which a forged source address cannot. What is sent meanwhile waits.
   * Meant for the accepting end, and worth something only with a random `clockOffset`. Default false.
   */
  readonly limitUntilProven?: boolean | undefined;
  /**
   * With `limitUntilProven`: what the first bytes sent begin with, known in advance. It goes ahead as the first fragment
   * of their message, whose second holds as much as one segment can. Default: no bytes, so an empty fragment.
   */
  readonly greeting?: Uint8Array | undefined;
  /**
   * Pads datagrams with window announcements to this size until the peer is first heard, so that a server
   * that sends no more than it received can answer at once. Default 0: no padding.
   */
  readonly openingBytes?: number | undefined;
  /** Added to the clock on the wire, 0 to 0xFFFFFFFF. Default 0. */
  readonly clockOffset?: number | undefined;
  /** Number of the first segment sent, 0 to 0xFFFFFFFF. Default 0, which is what every peer expects. */
  readonly firstSent?: number | undefined;
  /** Number of the first segment expected. Default 0. */
  readonly firstReceived?: number | undefined;
}

/** Options with every default filled in. */
export type ResolvedKcpOptions = { readonly [K in keyof KcpOptions]-?: Exclude<KcpOptions[K], undefined> };

/** Fragments in a message at most: the window of a peer with default settings. */
export const MAX_FRAGMENTS = 32;

const NO_BYTES = new Uint8Array(0);

/** The defaults, equal to those of kcp-go. */
export const KCP_DEFAULTS: Omit<Pick<ResolvedKcpOptions, keyof KcpTuning>, 'minRtoMs'> = {
  nodelay: false,
  intervalMs: 100,
  resend: 0,
  congestionWindow: true,
  mtuBytes: 1400,
  sendWindow: 32,
  receiveWindow: 32,
  mode: 'message',
  deadLink: 20,
};

/**
 * Named settings. `upstream` is what the original uses (the defaults); `normal` retransmits sooner and
 * has room for more; `fast` spends bandwidth on latency: it retransmits early and does not yield to loss.
 */
export const kcpPresets: {
  readonly upstream: KcpTuning;
  readonly normal: KcpTuning;
  readonly fast: KcpTuning;
} = {
  upstream: KCP_DEFAULTS,
  normal: { nodelay: false, intervalMs: 40, resend: 2, congestionWindow: true, sendWindow: 128, receiveWindow: 128 },
  fast: {
    nodelay: true,
    // A timeout of the round trip and 5 ms: a lone call has nothing behind it that would tell of its loss sooner.
    intervalMs: 5,
    minRtoMs: 20,
    resend: 2,
    congestionWindow: false,
    sendWindow: 128,
    receiveWindow: 128,
    deadLink: 50,
  },
};

/**
 * Fills in the defaults and checks every range.
 *
 * @throws TypeError, RangeError naming the option and its value.
 */
export function resolveKcpOptions(options: KcpOptions): ResolvedKcpOptions {
  const { conv, output, mode = KCP_DEFAULTS.mode } = options;
  const nodelay = flag('nodelay', options.nodelay, KCP_DEFAULTS.nodelay);
  if (typeof output !== 'function') throw new TypeError(`output must be a function, not ${typeof output}`);
  if (mode !== 'message' && mode !== 'stream') {
    throw new TypeError(`mode must be 'message' or 'stream', not ${String(mode)}`);
  }
  const mtuBytes = integer('mtuBytes', options.mtuBytes, KCP_DEFAULTS.mtuBytes, HEADER_BYTES + 26, 65507);
  return {
    conv: integer('conv', conv, undefined, 0, 0xffffffff),
    output,
    nodelay,
    intervalMs: integer('intervalMs', options.intervalMs, KCP_DEFAULTS.intervalMs, 1, 5000),
    resend: integer('resend', options.resend, KCP_DEFAULTS.resend, 0, 32768),
    congestionWindow: flag('congestionWindow', options.congestionWindow, KCP_DEFAULTS.congestionWindow),
    mtuBytes,
    sendWindow: integer('sendWindow', options.sendWindow, KCP_DEFAULTS.sendWindow, 1, 32768),
    receiveWindow: integer('receiveWindow', options.receiveWindow, KCP_DEFAULTS.receiveWindow, MAX_FRAGMENTS, 32768),
    mode,
    deadLink: integer('deadLink', options.deadLink, KCP_DEFAULTS.deadLink, 1, 1e6),
    minRtoMs: integer('minRtoMs', options.minRtoMs, nodelay ? 30 : 100, 1, 60000),
    limitUntilProven: flag('limitUntilProven', options.limitUntilProven, false),
    greeting: bytes('greeting', options.greeting, mtuBytes - HEADER_BYTES),
    openingBytes: integer('openingBytes', options.openingBytes, 0, 0, mtuBytes),
    clockOffset: integer('clockOffset', options.clockOffset, 0, 0, 0xffffffff),
    firstSent: integer('firstSent', options.firstSent, 0, 0, 0xffffffff),
    firstReceived: integer('firstReceived', options.firstReceived, 0, 0, 0xffffffff),
  };
}

function bytes(name: string, value: Uint8Array | undefined, most: number): Uint8Array {
  if (value === undefined) return NO_BYTES;
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array, not ${typeof value}`);
  if (value.length > most) throw new RangeError(`${name} must have at most ${most} bytes, not ${value.length}`);
  return value;
}

function flag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean, not ${String(value)}`);
  return value;
}

function integer(
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
