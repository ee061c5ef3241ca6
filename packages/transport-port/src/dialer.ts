import { type Dialer, type DialOptions, type Link, StmpError } from '@stmp/contract';
import { type Dial, locks, nameOf, onMessage, type PortLike, type PortTarget } from './port.js';
import { type PortLinkOptions, portEnd } from './port-link.js';

export interface PortDialerOptions extends Pick<PortLinkOptions, 'highWaterBytes' | 'windowBytes'> {
  /** How long the other side may take to answer, the start of a worker included. Default 10_000; 0: for ever. */
  readonly connectTimeoutMs?: number | undefined;
}

interface Channel {
  readonly port1: PortLike;
  readonly port2: PortLike;
}

/** Dials `port:name` at a worker, or at whatever {@link portListener} listens on at its other side. */
export function portDialer(target: PortTarget, options: PortDialerOptions = {}): Dialer {
  const { connectTimeoutMs = 10_000 } = options;
  if (!Number.isInteger(connectTimeoutMs) || connectTimeoutMs < 0 || connectTimeoutMs > 0x7fffffff) {
    throw new RangeError(`connectTimeoutMs must be an integer from 0 to ${0x7fffffff}, got ${connectTimeoutMs}`);
  }
  return {
    schemes: ['port'],
    async dial(address: string, { signal, maxUnitBytes }: DialOptions = {}): Promise<Link> {
      const name = nameOf(address);
      const { port1, port2 } = new (MessageChannel as unknown as new () => Channel)();
      const life = await holdLock();
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          stop();
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
        };
        const fail = (code: 'dial_failed' | 'aborted', why: string, cause?: unknown): void => {
          settle();
          port1.close();
          life?.end();
          const origin = code === 'aborted' ? 'local' : 'link';
          reject(new StmpError(code, `cannot dial ${address}: ${why}`, { origin, cause }));
        };
        const onAbort = (): void => fail('aborted', 'aborted', signal?.reason);
        const stop = onMessage(port1, (first) => {
          // Each end begins with what it has room for; nothing else says that somebody is there.
          if (typeof first !== 'string' || first[0] !== 'r') return fail('dial_failed', 'nobody listens');
          settle();
          const end = portEnd(port1, { ...options, maxUnitBytes }, life?.end);
          end.receive(first);
          resolve(end.link);
        });
        const timer =
          connectTimeoutMs > 0
            ? setTimeout(() => fail('dial_failed', `no answer in ${connectTimeoutMs} ms`), connectTimeoutMs)
            : undefined;
        if (signal?.aborted) return onAbort();
        signal?.addEventListener('abort', onAbort, { once: true });
        const dial: Dial = { stmp: 'dial', name, port: port2, lock: life?.lock };
        try {
          target.postMessage(dial, [port2]);
        } catch (cause) {
          fail('dial_failed', 'the message could not be posted', cause);
        }
      });
    },
  };
}

interface Life {
  readonly lock: string;
  readonly end: () => void;
}

/** Holds a lock that goes with this page or worker, so that the other side hears of its death. */
async function holdLock(): Promise<Life | undefined> {
  const manager = locks();
  if (manager === undefined) return undefined;
  const lock = `stmp-${Math.random()}-${performance.now()}`;
  return new Promise((resolve) => {
    const held = manager.request(lock, () => new Promise<void>((end) => resolve({ lock, end })));
    // Where locks are forbidden there is none.
    held.catch(() => resolve(undefined));
  });
}
