import { type Case, type ListenerFixture, listenerCases } from '@stmp/conformance';
import { type Acceptor, type Dialer, type Link, type Listener, type Listening, StmpError } from '@stmp/contract';
import { memoryPair, memoryTransport } from '@stmp/transport-memory';
import { keepTimer, stopTimers } from './memory-links.js';
import type { Saboteur } from './saboteur.js';

/** What a saboteur replaces, given the sound parts. */
interface Sabotage {
  /** Of a listener, and of what it does when it listens. */
  listen?(sound: Listener, address: string, acceptor: Acceptor): Promise<Listening>;
  schemes?: readonly string[];
  dial?(sound: Dialer, address: string): Promise<Link>;
  kind?: 'stream' | 'message';
  breakDown?(acceptor: Acceptor): void;
  beRefused?(acceptor: Acceptor): void;
}

/** A listener in memory that can break down and refuse, as those of networks can. */
export function listenerFixture(sabotage: Sabotage = {}): ListenerFixture {
  const { kind = 'stream' } = sabotage;
  const sound = memoryTransport({ kind });
  const acceptors = new Map<string, Acceptor>();
  let next = 0;
  const tell = sabotage.breakDown ?? ((acceptor) => acceptor.onError?.(new Error('the network is down')));
  const refuse =
    sabotage.beRefused ?? ((acceptor) => acceptor.onRefuse?.({ reason: 'limit', message: 'one more than the limit' }));
  return {
    kind,
    timeoutMs: 2_000,
    listener: {
      schemes: sabotage.schemes ?? sound.listener.schemes,
      async listen(address, acceptor) {
        const listening = await (sabotage.listen?.(sound.listener, address, acceptor) ??
          sound.listener.listen(address, acceptor));
        acceptors.set(listening.address, acceptor);
        return listening;
      },
    },
    dialer: {
      schemes: sound.dialer.schemes,
      dial: (address) => sabotage.dial?.(sound.dialer, address) ?? sound.dialer.dial(address),
    },
    address: () => `memory://stand-${next++}`,
    async breakDown({ address, close }) {
      await close();
      tell(acceptors.get(address)!);
    },
    beRefused: (address) => refuse(acceptors.get(address)!),
  };
}

/** Each case has a listener of its own, since some are broken by what others listen on. */
const listener = (does: string, caughtBy: string, also: readonly string[], sabotage: () => Sabotage): Saboteur => {
  const make = (): Case[] => listenerCases(listenerFixture(sabotage()));
  return { does, caughtBy, also, cases: () => make().map((_, i) => make()[i] as Case) };
};

const NOBODY = 'after close nobody listens';
const FREE = 'after close the address is free';
const LATE = 'a late close does not touch who listens there next';
const REFUSED = 'an attempt that is refused is told once, and the next one is taken';
const FAILS = 'a listener that fails tells onError once and is closed';
const EACH = 'each dial gives one link, and links do not mix';
const SEVERAL = 'one listener listens on several addresses, each with its own acceptor';
const OPEN = 'open links stay open when listening ends';

/** Passes links on to `acceptor`, changed. */
const through = (acceptor: Acceptor, onLink: (link: Link) => void): Acceptor => ({ ...acceptor, onLink });

export const LISTENERS: readonly Saboteur[] = [
  listener('writes its scheme with a colon', 'schemes are lower-case names without a colon', [], () => ({
    schemes: ['memory', 'memory:'],
  })),
  listener(
    'fails with an Error on a foreign address',
    'an address of another scheme is a TypeError of listen',
    [],
    () => ({
      async listen(sound, address, acceptor) {
        if (!address.startsWith('memory:')) throw new StmpError('listen_failed', 'what is that?');
        return sound.listen(address, acceptor);
      },
    }),
  ),
  listener(
    'fails with dial_failed on a foreign address',
    'an address of another scheme is a TypeError of dial',
    [],
    () => ({
      async dial(sound, address) {
        if (!address.startsWith('memory:')) throw new StmpError('dial_failed', 'what is that?');
        return sound.dial(address);
      },
    }),
  ),
  listener('tells port 0 as its address', 'the address that is told can be dialed', [], () => ({
    async listen(sound, address, acceptor) {
      const listening = await sound.listen(address.replace(/:0$/, ''), acceptor);
      return { ...listening, address: `${listening.address}:0` };
    },
    dial: (sound, address) => sound.dial(address.replace(/:0$/, '')),
  })),
  listener(
    'shares an address',
    'an address that is taken is refused with listen_failed, and stays as it was',
    [],
    () => {
      const open = new Map<string, Listening>();
      return {
        async listen(sound, address, acceptor) {
          await open.get(address)?.close();
          const listening = await sound.listen(address, acceptor);
          open.set(address, listening);
          return listening;
        },
      };
    },
  ),
  listener(
    'knows only its last acceptor',
    SEVERAL,
    ['an address that is taken is refused with listen_failed, and stays as it was'],
    () => {
      let last: Acceptor | undefined;
      return {
        listen(sound, address, acceptor) {
          last = acceptor;
          return sound.listen(
            address,
            through(acceptor, (link) => last?.onLink(link)),
          );
        },
      };
    },
  ),
  listener('goes on listening after close', NOBODY, [FREE, LATE, FAILS], () => ({
    listen: async (sound, address, acceptor) => ({ ...(await sound.listen(address, acceptor)), async close() {} }),
  })),
  listener('does not listen at one address twice', FREE, [LATE], () => {
    const used = new Set<string>();
    return {
      async listen(sound, address, acceptor) {
        if (used.has(address)) throw new StmpError('listen_failed', 'still in use');
        const listening = await sound.listen(address, acceptor);
        used.add(address);
        return listening;
      },
    };
  }),
  listener('closes whoever listens at its address', LATE, [], () => {
    const open = new Map<string, Listening>();
    return {
      async listen(sound, address, acceptor) {
        const listening = await sound.listen(address, acceptor);
        open.set(address, listening);
        return { ...listening, close: async () => open.get(address)?.close() };
      },
    };
  }),
  listener('fails when it is closed twice at once', 'close may be called again, at once and later', [], () => ({
    async listen(sound, address, acceptor) {
      const listening = await sound.listen(address, acceptor);
      let closing = false;
      return {
        ...listening,
        async close() {
          if (closing) throw new Error('is closing');
          closing = true;
          await listening.close();
          closing = false;
        },
      };
    },
  })),
  listener('ends the links that it gave', OPEN, [], () => ({
    async listen(sound, address, acceptor) {
      const links: Link[] = [];
      const listening = await sound.listen(
        address,
        through(acceptor, (link) => {
          links.push(link);
          acceptor.onLink(link);
        }),
      );
      return {
        ...listening,
        async close() {
          for (const link of links) void link.close();
          await listening.close();
        },
      };
    },
  })),
  listener('waits for the links that it gave', OPEN, [SEVERAL], () => ({
    async listen(sound, address, acceptor) {
      const ends: Promise<void>[] = [];
      const listening = await sound.listen(
        address,
        through(acceptor, (link) => {
          acceptor.onLink(watched(link, ends));
        }),
      );
      return { ...listening, close: async () => void (await Promise.all([...ends, listening.close()])) };
    },
  })),
  listener('leaves a dial hanging when it is closed', 'close with a dial under way leaves neither hanging', [], () => {
    let isOpen = false;
    return {
      async listen(sound, address, acceptor) {
        isOpen = true;
        const listening = await sound.listen(address, acceptor);
        return {
          ...listening,
          close() {
            isOpen = false;
            return listening.close();
          },
        };
      },
      async dial(sound, address) {
        const wasOpen = isOpen;
        await undefined;
        return wasOpen && !isOpen ? new Promise<Link>(() => {}) : sound.dial(address);
      },
    };
  }),
  listener(
    'gives a second link for nobody',
    EACH,
    [SEVERAL, 'a link that is closed as it comes ends at the other side'],
    () => ({
      listen: (sound, address, acceptor) =>
        sound.listen(
          address,
          through(acceptor, (link) => {
            acceptor.onLink(link);
            acceptor.onLink(memoryPair()[0]);
          }),
        ),
    }),
  ),
  listener(
    'does not pass the end of an unstarted link on',
    'a link that is closed as it comes ends at the other side',
    [],
    () => ({
      listen: (sound, address, acceptor) =>
        sound.listen(
          address,
          through(acceptor, (link) => acceptor.onLink(deaf(link))),
        ),
    }),
  ),
  listener('forgets maxUnitBytes', 'maxUnitBytes of the acceptor is kept', [], () => ({
    kind: 'message',
    listen: (sound, address, { onLink }) => sound.listen(address, { onLink }),
  })),
  listener('sends the greeting ahead and once more', 'a greeting that is known ahead arrives once', [], () => ({
    listen: (sound, address, acceptor) =>
      sound.listen(
        address,
        through(acceptor, (link) => {
          if (acceptor.greeting !== undefined)
            (link.send as (unit: Uint8Array) => boolean).call(link, acceptor.greeting);
          acceptor.onLink(link);
        }),
      ),
  })),
  listener('does not tell that it failed', FAILS, [], () => ({ breakDown() {} })),
  listener('tells twice that it failed', FAILS, [], () => ({
    breakDown(acceptor) {
      acceptor.onError?.(new Error('one'));
      acceptor.onError?.(new Error('two'));
    },
  })),
  listener('does not tell whom it refused', REFUSED, [], () => ({ beRefused() {} })),
  listener('gives a sentence as reason', REFUSED, [], () => ({
    beRefused: (acceptor) => acceptor.onRefuse?.({ reason: 'Too many of them!', message: 'too many' }),
  })),
  listener(
    'counts on somebody who hears of refusals',
    'an attempt that is refused is no matter where nobody wants to know',
    [],
    () => ({
      beRefused: (acceptor) =>
        (acceptor.onRefuse as NonNullable<Acceptor['onRefuse']>)({ reason: 'limit', message: 'full' }),
    }),
  ),
  {
    ...listener('keeps a timer for each address', 'listeners that were closed leave nothing behind', [], () => ({
      listen(sound, address, acceptor) {
        keepTimer();
        return sound.listen(address, acceptor);
      },
    })),
    cleanUp: stopTimers,
  },
];

/** The link, and in `ends` a promise for its end. */
function watched(link: Link, ends: Promise<void>[]): Link {
  let ended: () => void = () => {};
  ends.push(
    new Promise((resolve) => {
      ended = resolve;
    }),
  );
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === 'abort' || name === 'close') {
        return (reason: StmpError) => {
          ended();
          return value.call(target, reason);
        };
      }
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A link whose close does nothing before it is started. */
function deaf(link: Link): Link {
  let started = false;
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === 'start') {
        return (handler: never) => {
          started = true;
          value.call(target, handler);
        };
      }
      if (name === 'close' && !started) return async () => {};
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
