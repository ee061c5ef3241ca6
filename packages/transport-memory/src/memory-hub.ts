import {
  type Acceptor,
  type Dialer,
  type DialOptions,
  type Link,
  type Listener,
  type Listening,
  StmpError,
} from '@stmp/contract';
import { joinPair } from './memory-pair.js';
import { type MemoryOptions, resolveMaxUnitBytes, resolveMemoryOptions } from './options.js';

/** A space of names, `memory://name`. Dialers and listeners of one hub find each other. */
export interface MemoryHub {
  /** What is listened on now. */
  readonly addresses: readonly string[];
}

class Hub implements MemoryHub {
  readonly names = new Map<string, Acceptor>();
  /** Number of the next link; its dialing end shows it as port. */
  nextPort = 1;

  get addresses(): readonly string[] {
    return [...this.names.keys()].map((name) => `memory://${name}`);
  }
}

export function createMemoryHub(): MemoryHub {
  return new Hub();
}

function checkHub(hub: MemoryHub): Hub {
  if (!(hub instanceof Hub)) throw new TypeError('hub must come from createMemoryHub()');
  return hub;
}

function nameOf(address: string): string {
  const match = /^memory:\/\/([^/?#@:]+)\/?$/i.exec(address);
  if (match?.[1] === undefined) throw new TypeError(`address must be memory://name, got ${JSON.stringify(address)}`);
  return match[1];
}

/** Dials `memory://name` on a hub. Both ends of a link follow the dialer's options. */
export function memoryDialer(hub: MemoryHub, options: MemoryOptions = {}): Dialer {
  const space = checkHub(hub);
  const resolved = resolveMemoryOptions(options);
  return {
    schemes: ['memory'],
    async dial(address: string, { signal, hello, maxUnitBytes }: DialOptions = {}): Promise<Link> {
      const name = nameOf(address);
      const limit = resolveMaxUnitBytes(maxUnitBytes);
      // As on a network, the answer does not come in the same turn.
      await undefined;
      if (signal?.aborted) throw new StmpError('aborted', `dialing ${address} was aborted`, { cause: signal.reason });
      const acceptor = space.names.get(name);
      if (acceptor === undefined) throw new StmpError('dial_failed', `cannot dial ${address}: nobody listens`);
      const [a, b] = joinPair(resolved, space.nextPort++, hello, limit, resolveMaxUnitBytes(acceptor.maxUnitBytes));
      acceptor.onLink(b);
      return a;
    },
  };
}

/** Listens on `memory://name` on a hub. */
export function memoryListener(hub: MemoryHub): Listener {
  const { names } = checkHub(hub);
  return {
    schemes: ['memory'],
    async listen(address: string, acceptor: Acceptor): Promise<Listening> {
      const name = nameOf(address);
      if (names.has(name)) throw new StmpError('listen_failed', `cannot listen on ${address}: the name is taken`);
      names.set(name, acceptor);
      return {
        address: `memory://${name}`,
        async close(): Promise<void> {
          if (names.get(name) === acceptor) names.delete(name);
        },
      };
    },
  };
}

export interface MemoryTransport {
  readonly dialer: Dialer;
  readonly listener: Listener;
}

/** A dialer and a listener with a hub of their own. */
export function memoryTransport(options: MemoryOptions = {}): MemoryTransport {
  const hub = createMemoryHub();
  return { dialer: memoryDialer(hub, options), listener: memoryListener(hub) };
}
