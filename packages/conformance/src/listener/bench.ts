import { type Acceptor, type Link, type Listening, StmpError } from '@stmp/contract';
import { check, fail, show } from '../assert.js';
import { within } from '../time.js';
import { DEFAULT_TIMEOUT_MS } from '../transport/fixture.js';
import { Probe } from '../transport/probe.js';
import type { ListenerFixture } from './fixture.js';

/** One address that is listened on, and the links that came. Each is started as it comes. */
export interface Stand {
  readonly listening: Listening;
  readonly links: readonly Probe[];
  /** Waits for the link of this number, from 0. */
  link(number: number): Promise<Probe>;
}

export interface ListenerBench {
  readonly fixture: ListenerFixture;
  readonly timeoutMs: number;
  readonly isStream: boolean;
  readonly endTravels: boolean;
  readonly dialNeedsListener: boolean;
  step<T>(what: string, promise: Promise<T>): Promise<T>;
  /** Runs the body; whatever it listened on and dialed is freed at the end. */
  run(body: (hall: Hall) => Promise<void>): Promise<void>;
}

/** What a case opens. */
export interface Hall {
  listen(address?: string, acceptor?: Partial<Acceptor>): Promise<Stand>;
  /** Dials, starts the link, and sends one byte: with its first data every link is accepted. */
  dial(address: string): Promise<Probe>;
  /** As {@link dial}; with the accepted end, when it has the byte. */
  meet(stand: Stand): Promise<readonly [dialed: Probe, accepted: Probe]>;
}

export function createListenerBench(fixture: ListenerFixture): ListenerBench {
  const timeoutMs = fixture.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const step = <T>(what: string, promise: Promise<T>): Promise<T> => within(timeoutMs, what, promise);
  return {
    fixture,
    timeoutMs,
    step,
    isStream: fixture.kind === 'stream',
    endTravels: fixture.endTravels ?? true,
    dialNeedsListener: fixture.dialNeedsListener ?? true,
    async run(body) {
      const probes: Probe[] = [];
      const listenings: Listening[] = [];
      let failed = true;
      const started = (name: string, link: Link): Probe => {
        const probe = new Probe(name, link, timeoutMs);
        probes.push(probe);
        probe.start();
        return probe;
      };
      const hall: Hall = {
        async listen(address, acceptor) {
          const where = address ?? (await step("the fixture's address()", Promise.resolve(fixture.address())));
          const stand = await standAt(where, acceptor);
          listenings.push(stand.listening);
          return stand;
        },
        async dial(address) {
          const probe = started('the dialed end', await step(`dial of ${address}`, fixture.dialer.dial(address)));
          probe.send(Uint8Array.of(0));
          return probe;
        },
        async meet(stand) {
          const number = stand.links.length;
          const dialed = await hall.dial(stand.listening.address);
          const accepted = await stand.link(number);
          await accepted.received(1);
          return [dialed, accepted];
        },
      };
      const standAt = async (address: string, acceptor: Partial<Acceptor> = {}): Promise<Stand> => {
        const links: Probe[] = [];
        const watchers = new Set<() => void>();
        const onLink = (link: Link): void => {
          if (acceptor.onLink !== undefined) acceptor.onLink(link);
          else links.push(started(`the accepted end ${links.length}`, link));
          for (const watcher of watchers) watcher();
        };
        const listening = await step(`listen on ${address}`, fixture.listener.listen(address, { ...acceptor, onLink }));
        check(typeof listening?.close === 'function', `listen must give { address, close }, got ${show(listening)}`);
        return {
          listening,
          links,
          async link(number) {
            const came = new Promise<void>((resolve) => {
              watchers.add(() => links.length > number && resolve());
              if (links.length > number) resolve();
            });
            await step(`link ${number} at ${listening.address}`, came);
            return links[number] as Probe;
          },
        };
      };
      try {
        await body(hall);
        failed = false;
      } finally {
        for (const probe of probes) probe.end();
        const closing = step('close() of what was listened on', Promise.all(listenings.map((one) => one.close())));
        await (failed ? closing.catch(() => {}) : closing);
      }
      for (const probe of probes) probe.verify();
    },
  };
}

/** A dial that must fail, since nobody listens. */
export async function dialFails(bench: ListenerBench, address: string, what: string): Promise<void> {
  let link: Link;
  try {
    link = await bench.step(what, bench.fixture.dialer.dial(address));
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'dial_failed') return;
    fail(`${what}: expected dial_failed, got ${show(error)}`);
  }
  link.abort(new StmpError('connection_closed', 'the case is over'));
  fail(`${what}: expected dial_failed, got a link`);
}

/** One unit each way. */
export async function exchange([one, other]: readonly [Probe, Probe]): Promise<void> {
  const before = [one.byteLength, other.byteLength] as const;
  one.send(Uint8Array.of(1, 2, 3));
  await other.received(before[1] + 3);
  other.send(Uint8Array.of(4, 5));
  await one.received(before[0] + 2);
}
