import type { Compression, PayloadCodec } from '@stmp/contract';
import { checkNumber, type ResolvedEngineOptions, resolveEngineOptions, resolveNumbers } from '@stmp/engine';
import type { SlowReaderPolicy } from './api.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import type { ConnectionOptions, Hooks, Logger } from './types.js';

export const DEFAULT_CALL_TIMEOUT_MS = 60_000;
export const DEFAULT_MAX_PENDING_CALLS = 65_535;
export const DEFAULT_MAX_CONCURRENT_HANDLERS = 64;
export const DEFAULT_MAX_INBOX_BYTES = 1_048_576;
export const DEFAULT_MAX_INBOX_COUNT = 1_024;
export const DEFAULT_MAX_QUEUED_BYTES = 1_048_576;
export const DEFAULT_STALL_TIMEOUT_MS = 2_000;

export interface ResolvedConnectionOptions {
  readonly engine: ResolvedEngineOptions;
  readonly codecs: readonly PayloadCodec[];
  readonly compressions: readonly Compression[];
  readonly callTimeoutMs: number;
  readonly methodTimeoutsMs: Readonly<Record<string, number>>;
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

export function resolveConnectionOptions(options: ConnectionOptions): ResolvedConnectionOptions {
  if (!Array.isArray(options.codecs) || options.codecs.length === 0) {
    throw new TypeError('codecs must be a list of at least one payload codec');
  }
  for (const [name, ms] of Object.entries(options.methodTimeoutsMs ?? {}))
    checkNumber(`methodTimeoutsMs.${name}`, ms, 0);
  return {
    engine: resolveEngineOptions(options),
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
      handlerTimeoutMs: [0, 0],
    }),
  };
}

function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) throw new TypeError(`${name} must be ${known.join(' or ')}, got ${value}`);
  return value;
}
