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

/** The names that are listened on, `memory://name`. Dialers and listeners of one hub find each other. */
export interface MemoryHub {
  /** @internal */
  readonly names: Map<string, Acceptor>;
  /** Number of the next link; its dialing end shows it as port. @internal */
  nextPort: number;
}

export function createMemoryHub(): MemoryHub {
  return { names: new Map(), nextPort: 1 };
}

function nameOf(address: string): string {
  const match = /^memory:\/\/([^/?#@:]+)\/?$/i.exec(address);
  if (match?.[1] === undefined) throw new TypeError(`address must be memory://name, got ${JSON.stringify(address)}`);
  return match[1];
}

/** Dials `memory://name` on a hub. Both ends of a link follow the dialer's options. */
export function memoryDialer(hub: MemoryHub, options: MemoryOptions = {}): Dialer {
  const resolved = resolveMemoryOptions(options);
  return {
    schemes: ['memory'],
    async dial(address: string, { signal, hello, maxUnitBytes }: DialOptions = {}): Promise<Link> {
      const name = nameOf(address);
      const limit = resolveMaxUnitBytes(maxUnitBytes);
      // As on a network, the answer does not come in the same turn.
      await undefined;
      if (signal?.aborted) throw new StmpError('aborted', `dialing ${address} was aborted`, { cause: signal.reason });
      const acceptor = hub.names.get(name);
      if (acceptor === undefined) throw new StmpError('dial_failed', `cannot dial ${address}: nobody listens`);
      const [a, b] = joinPair(resolved, hub.nextPort++, hello, limit, resolveMaxUnitBytes(acceptor.maxUnitBytes));
      acceptor.onLink(b);
      return a;
    },
  };
}

/** Listens on `memory://name` on a hub. */
export function memoryListener(hub: MemoryHub): Listener {
  return {
    schemes: ['memory'],
    async listen(address: string, acceptor: Acceptor): Promise<Listening> {
      const name = nameOf(address);
      if (hub.names.has(name)) throw new StmpError('listen_failed', `cannot listen on ${address}: the name is taken`);
      hub.names.set(name, acceptor);
      return {
        address: `memory://${name}`,
        async close(): Promise<void> {
          if (hub.names.get(name) === acceptor) hub.names.delete(name);
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
