import { type LinkPair, type OpenOptions, type TransportFixture, transportCases } from '@stmp/conformance';
import { type Link, type LinkHandler, StmpError } from '@stmp/contract';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';
import * as stmp from 'stmp';
import type { Saboteur } from './saboteur.js';

export type Unit = Uint8Array | string;
export type Handler = LinkHandler<Unit>;
type Parts = Partial<Record<keyof Link | 'safeUnreadBytes', unknown>>;

/** What one end knows of itself and of the other. */
export interface End {
  readonly link: Link;
  readonly other: { sent: number; started: boolean; aborted: boolean };
  readonly own: { sent: number; started: boolean; aborted: boolean };
  handler: Handler | undefined;
}

interface Sabotage {
  /** Members that replace those of the link. */
  link?(end: End): Parts;
  /** What is put between the link and its handler. */
  handler?(handler: Handler, end: End): Partial<Handler>;
}

export const send = (link: Link, unit: Unit): boolean => (link.send as (unit: Unit) => boolean)(unit);

function sabotaged(end: End, { link: change, handler: between }: Sabotage): Link {
  const { link, own } = end;
  const parts: Parts = {
    start(handler: Handler) {
      end.handler = handler;
      own.started = true;
      const plain: Handler = {
        onData: (unit) => handler.onData(unit),
        onDrain: () => handler.onDrain(),
        onClose: (reason) => handler.onClose(reason),
      };
      link.start({ ...plain, ...between?.(plain, end) });
    },
    send(unit: Unit) {
      own.sent++;
      return send(link, unit);
    },
    abort(reason: StmpError) {
      own.aborted = true;
      link.abort(reason);
    },
  };
  Object.defineProperties(parts, Object.getOwnPropertyDescriptors(change?.(end) ?? {}));
  return new Proxy(link, {
    get(target, name) {
      if (Object.hasOwn(parts, name))
        return (Object.getOwnPropertyDescriptor(parts, name)?.get ?? (() => Reflect.get(parts, name)))();
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (target, name) => Object.hasOwn(parts, name) || name in target,
  });
}

export function pair(kind: 'stream' | 'message', sabotage: Sabotage, options: OpenOptions = {}): LinkPair {
  const [a, b] = memoryPair({ kind, ...options });
  const marks = [a, b].map(() => ({ sent: 0, started: false, aborted: false }));
  const ends = [a, b].map((link, i) => ({ link, own: marks[i]!, other: marks[1 - i]!, handler: undefined }) as End);
  return { a: sabotaged(ends[0]!, sabotage), b: sabotaged(ends[1]!, sabotage), async close() {} };
}

/** A fixture over links in memory; time enough for a busy machine, since only a few cases wait in vain. */
export function fixture(
  kind: 'stream' | 'message',
  sabotage: Sabotage = {},
  change: Partial<TransportFixture> = {},
): TransportFixture {
  return {
    kind,
    bulkBytes: 500_000,
    stallBytes: 1_000_000,
    timeoutMs: 2_000,
    stack: stmp,
    open: async (options) => pair(kind, sabotage, options),
    async openRecorded() {
      const writes: number[] = [];
      const opened = pair(kind, sabotage);
      const { a } = opened;
      return { ...opened, a: recorded(a, writes), writes };
    },
    async dial(signal) {
      const { dialer, listener } = memoryTransport({ kind });
      await listener.listen('memory://x', {
        onLink: (link) => link.start({ onData() {}, onDrain() {}, onClose() {} }),
      });
      return dialer.dial('memory://x', { signal });
    },
    dialSlow: (signal) =>
      new Promise((_, reject) => {
        const stop = (): void => reject(new StmpError('aborted', 'stopped', { cause: signal.reason }));
        signal.addEventListener('abort', stop, { once: true });
      }),
    dialNobody: () => memoryTransport({ kind }).dialer.dial('memory://nobody'),
    ...change,
  };
}

/** Each unit that reaches the memory is a write. */
export function recorded(link: Link, writes: number[]): Link {
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return (unit: Unit) => {
        writes.push(unit.length);
        return value.call(target, unit);
      };
    },
  });
}

export const link = (
  kind: 'stream' | 'message',
  does: string,
  caughtBy: string,
  also: readonly string[],
  sabotage: Sabotage,
): Saboteur => ({
  does,
  caughtBy,
  also,
  cases: () => transportCases(fixture(kind, sabotage)),
});
export const dial = (
  does: string,
  caughtBy: string,
  also: readonly string[],
  change: Partial<TransportFixture>,
): Saboteur => ({
  does,
  caughtBy,
  also,
  cases: () => transportCases(fixture('stream', {}, change)),
});

const timers: NodeJS.Timeout[] = [];
export const stopTimers = (): void => {
  for (const timer of timers.splice(0)) clearInterval(timer);
};
export const keepTimer = (): void => {
  timers.push(setInterval(() => {}, 10_000));
};

export const LEFT = 'nothing is left when all cases are over';

export function openEnd(): Link {
  const [a, b] = memoryPair();
  b.start({ onData() {}, onDrain() {}, onClose() {} });
  return a;
}
