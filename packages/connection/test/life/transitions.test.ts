import { Status, StmpError } from '@stmp/contract';
import { encodeServerHandshake } from '@stmp/packet';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Backoff } from '../../src/index.js';
import { implementLife, LifeService, stateNames, testServer, type World, world } from './harness.js';

/** Rows of the table that some life went through. */
const walked = new Set<string>();

vi.mock('../../src/client/client-state.js', async (original) => {
  const real = await original<typeof import('../../src/client/client-state.js')>();
  return {
    ...real,
    transitionOf: (...[place, event]: Parameters<typeof real.transitionOf>) => {
      const transition = real.transitionOf(place, event);
      if (transition !== undefined) walked.add(`${place} + ${event} = ${transition.to}`);
      return transition;
    },
  };
});

const REFUSED = new StmpError('dial_failed', 'nobody listens');
const STEP: Backoff = { delayMs: (attempt) => attempt * 100, longestMs: 1_000 };

/** A server that refuses with a status that is final. */
const forbids = (link: Parameters<Extract<World['dialer']['fate'], (link: never) => void>>[0]): void => {
  link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
  link.send(encodeServerHandshake({ status: Status.Forbidden, header: [], message: 'no' }) as Uint8Array & string);
  void link.close();
};

/** A server that says nothing. */
const silent: typeof forbids = (link) => link.start({ onData: () => {}, onDrain: () => {}, onClose: () => {} });

/** Drains for so long that only what the client does ends it. */
const drain = (w: World): void => void w.server.drain({ withinMs: 3_600_000 });

/** A ready client with a call that keeps its server from leaving, asked to move while `fate` is what it finds elsewhere. */
async function moves(w: World, fate: World['dialer']['fate']): Promise<void> {
  implementLife(w.server);
  await w.ready();
  w.client
    .service(LifeService)
    .work({ n: 1 })
    .catch(() => {});
  await w.clock.advance(1_000);
  w.dialer.fate = fate;
  drain(w);
  await w.clock.advance(0);
}

async function fails(w: World, fate: World['dialer']['fate']): Promise<void> {
  w.dialer.fate = fate;
  w.client.connect().catch(() => {});
  await w.clock.advance(0);
}

const lives: [name: string, states: string, live: (w: World) => Promise<void>][] = [
  ['idle, closed', 'closed', async (w) => void w.client.close()],
  [
    'closed, opened again, and closed while it connects',
    'connecting(1) closed connecting(1) closed',
    async (w) => {
      w.dialer.fate = 'silence';
      for (let i = 0; i < 2; i++) {
        w.client.connect().catch(() => {});
        await w.clock.advance(0);
        void w.client.close();
      }
    },
  ],
  [
    'refused, waits, and connects',
    'connecting(1) waiting(1,100) connecting(2) handshaking ready',
    async (w) => {
      await fails(w, REFUSED);
      w.dialer.fate = w.server;
      await w.clock.advance(100);
    },
  ],
  [
    'closed while it waits',
    'connecting(1) waiting(1,100) closed',
    async (w) => {
      await fails(w, REFUSED);
      void w.client.close();
    },
  ],
  ['refused for good', 'connecting(1) handshaking closed', (w) => fails(w, forbids)],
  [
    'a handshake that fails',
    'connecting(1) handshaking waiting(1,100)',
    async (w) => {
      await fails(w, silent);
      await w.clock.advance(12_000);
    },
  ],
  [
    'ready, and lost',
    'connecting(1) handshaking ready waiting(1,100)',
    async (w) => {
      (await w.ready()).abort();
      await w.clock.advance(0);
    },
  ],
  [
    'ready, and told to stay away',
    'connecting(1) handshaking ready closed',
    async (w) => {
      void (await w.ready()).close({ status: Status.Forbidden });
      await w.clock.advance(0);
    },
  ],
  [
    'moved',
    'connecting(1) handshaking ready draining ready',
    async (w) => {
      await moves(w, testServer(w.clock));
    },
  ],
  [
    'asked to move on during the handshake, and again while it moves',
    'connecting(1) handshaking ready draining ready draining ready',
    async (w) => {
      const go: (() => void)[] = [];
      w.client.onSession((_, { number }) =>
        number > 2 ? undefined : new Promise<void>((resolve) => go.push(resolve)),
      );
      const [second, third] = [testServer(w.clock), testServer(w.clock)];
      w.client.connect().catch(() => {});
      await w.clock.advance(0);
      w.dialer.fate = second;
      drain(w);
      await w.clock.advance(0);
      go.shift()!();
      await w.clock.advance(0);
      w.dialer.fate = third;
      void second.drain({ withinMs: 3_600_000 });
      await w.clock.advance(0);
      go.shift()!();
      await w.clock.advance(0);
    },
  ],
  [
    'asked to move, and lost while it connects',
    'connecting(1) handshaking ready draining connecting(1)',
    async (w) => {
      await moves(w, 'silence');
      w.connections[0]!.abort();
      await w.clock.advance(0);
    },
  ],
  [
    'asked to move, and lost in the next handshake',
    'connecting(1) handshaking ready draining handshaking',
    async (w) => {
      await moves(w, silent);
      w.connections[0]!.abort();
      await w.clock.advance(0);
    },
  ],
  [
    'asked to move, and lost while it waits',
    'connecting(1) handshaking ready draining waiting(1,100)',
    async (w) => {
      await moves(w, REFUSED);
      w.connections[0]!.abort();
      await w.clock.advance(0);
    },
  ],
  [
    'asked to move, and tries until somebody is there',
    'connecting(1) handshaking ready draining ready',
    async (w) => {
      await moves(w, REFUSED);
      w.dialer.fate = silent;
      await w.clock.advance(100);
      expect(w.client.state.name).toBe('draining');
      await w.clock.advance(12_000);
      w.dialer.fate = testServer(w.clock);
      await w.clock.advance(200);
    },
  ],
  [
    'silent, and heard again',
    'connecting(1) handshaking ready ready ready',
    async (w) => {
      await w.ready();
      w.dialer.links[0]!.pause();
      await w.clock.advance(35_000);
      expect(w.client.state).toEqual({ name: 'ready', stale: true });
      w.dialer.links[0]!.resume();
      await w.clock.advance(0);
    },
  ],
  ...(
    [
      ['connects', 'silence'],
      ['shakes hands', silent],
      ['waits', REFUSED],
    ] as const
  ).map(([what, fate]): (typeof lives)[number] => [
    `silent while it moves and ${what}`,
    'connecting(1) handshaking ready draining draining',
    async (w) => {
      await moves(w, fate);
      w.dialer.links[0]!.pause();
      await w.clock.advance(10_000);
      expect(w.client.state).toEqual({ name: 'draining', stale: true });
    },
  ]),
  ...(
    [
      ['connects', 'silence'],
      ['shakes hands', silent],
      ['waits', REFUSED],
    ] as const
  ).map(([what, fate]): (typeof lives)[number] => [
    `closed while it moves and ${what}`,
    'connecting(1) handshaking ready draining closed',
    async (w) => {
      await moves(w, fate);
      void w.client.close();
    },
  ]),
];

describe('the table of transitions', () => {
  for (const [name, states, live] of lives) {
    it(name, async () => {
      const w = world({ client: { reconnect: STEP, handshakeTimeoutMs: 12_000 } });
      await live(w);
      expect(stateNames(w.states)).toBe(states);
      void w.client.close();
      expect(w.client.state.name).toBe('closed');
      await w.end();
    });
  }

  afterAll(async () => {
    const { TRANSITIONS } = await import('../../src/client/client-state.js');
    expect([...walked].sort()).toEqual(TRANSITIONS.map(([from, event, to]) => `${from} + ${event} = ${to}`).sort());
  });

  it('has one row for an event at a place, and no way but connect() out of the end', async () => {
    const { TRANSITIONS } = await import('../../src/client/client-state.js');
    const keys = TRANSITIONS.map(([from, event]) => `${from} ${event}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key.startsWith('closed'))).toEqual(['closed connect']);
  });
});
