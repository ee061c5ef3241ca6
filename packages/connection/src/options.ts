import { type Compression, DEFAULT_MAX_PACKET_BYTES, type PayloadCodec } from '@stmp/contract';
import { checkNumber, type ResolvedEngineOptions, resolveEngineOptions, resolveNumbers } from '@stmp/engine';
import type { SlowReaderPolicy } from './api.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import type { ConnectionOptions, Hooks, Logger } from './types.js';

/** What servers take, unless they say otherwise; clients take 16 MiB. */
export const DEFAULT_SERVER_MAX_PACKET_BYTES = 4_194_304;
export const DEFAULT_CALL_TIMEOUT_MS = 60_000;
export const DEFAULT_MAX_PENDING_CALLS = 65_535;
export const DEFAULT_MAX_CONCURRENT_HANDLERS = 64;
export const DEFAULT_MAX_INBOX_BYTES = 1_048_576;
export const DEFAULT_MAX_INBOX_COUNT = 1_024;
export const DEFAULT_MAX_QUEUED_BYTES = 1_048_576;
export const DEFAULT_HANDLER_TIMEOUT_MS = 300_000;
export const DEFAULT_STALL_TIMEOUT_MS = 2_000;

export interface ResolvedConnectionOptions {
  readonly engine: ResolvedEngineOptions;
  readonly codecs: readonly PayloadCodec[];
  readonly compressions: readonly Compression[];
  readonly callTimeoutMs: number;
  readonly methodTimeoutsMs: Readonly<Record<string, number>>;
  readonly methodMaxPacketBytes: Readonly<Record<string, number>>;
  /** Of methods without a limit of their own. */
  readonly maxPacketBytes: number;
  readonly maxPendingCalls: number;
  readonly maxConcurrentHandlers: number;
  readonly maxInboxBytes: number;
  readonly maxInboxCount: number;
  readonly inboxOverflow: 'close' | 'drop';
  readonly stallTimeoutMs: number;
  readonly maxQueuedBytes: number;
  readonly slowReader: Exclude<SlowReaderPolicy, 'wait'>;
  readonly methodPolicies: Readonly<Record<string, Exclude<SlowReaderPolicy, 'wait'>>>;
  readonly handlerTimeoutMs: number;
  readonly exposeErrors: boolean;
  readonly hooks: Hooks;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** @param maxPacketBytes The default of this side. */
export function resolveConnectionOptions(
  options: ConnectionOptions,
  maxPacketBytes: number = DEFAULT_MAX_PACKET_BYTES,
): ResolvedConnectionOptions {
  if (!Array.isArray(options.codecs) || options.codecs.length === 0) {
    throw new TypeError('codecs must be a list of at least one payload codec');
  }
  for (const [name, ms] of Object.entries(options.methodTimeoutsMs ?? {}))
    checkNumber(`methodTimeoutsMs.${name}`, ms, 0);
  const { methodMaxPacketBytes = {} } = options;
  for (const [name, bytes] of Object.entries(methodMaxPacketBytes))
    checkNumber(`methodMaxPacketBytes.${name}`, bytes, 1);
  const own = options.maxPacketBytes ?? maxPacketBytes;
  const linkBytes = Math.max(own, ...Object.values(methodMaxPacketBytes));
  const engine = resolveEngineOptions({ ...options, maxPacketBytes: linkBytes });
  const isDefault = options.maxPacketBytes === undefined && linkBytes === own;
  return {
    engine: isDefault ? { ...engine, maxSendBytes: undefined } : engine,
    maxPacketBytes: own,
    methodMaxPacketBytes,
    codecs: options.codecs,
    compressions: options.compressions ?? [],
    methodTimeoutsMs: options.methodTimeoutsMs ?? {},
    slowReader: options.slowReader ?? 'disconnect',
    methodPolicies: options.methodPolicies ?? {},
    inboxOverflow: oneOf('inboxOverflow', options.inboxOverflow ?? 'close', ['close', 'drop']),
    exposeErrors: options.exposeErrors ?? false,
    hooks: options.hooks ?? {},
    logger: options.logger,
    clock: options.clock ?? SYSTEM_CLOCK,
    ...resolveNumbers(options, {
      callTimeoutMs: [DEFAULT_CALL_TIMEOUT_MS, 0],
      maxPendingCalls: [DEFAULT_MAX_PENDING_CALLS, 1, 65_535],
      maxConcurrentHandlers: [DEFAULT_MAX_CONCURRENT_HANDLERS, 1],
      maxInboxBytes: [DEFAULT_MAX_INBOX_BYTES, 0],
      maxInboxCount: [DEFAULT_MAX_INBOX_COUNT, 0],
      stallTimeoutMs: [DEFAULT_STALL_TIMEOUT_MS, 0],
      maxQueuedBytes: [DEFAULT_MAX_QUEUED_BYTES, 0],
      handlerTimeoutMs: [DEFAULT_HANDLER_TIMEOUT_MS, 0],
    }),
  };
}

function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) throw new TypeError(`${name} must be ${known.join(' or ')}, got ${value}`);
  return value;
}
