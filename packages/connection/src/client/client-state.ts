import type { StmpError } from '@stmp/contract';
import type { ConnectionEnd } from '../types.js';

/** Where a client stands. */
export type ClientState =
  | { readonly name: 'idle' }
  /** Attempt number `attempt` is opening a link; counted since a connection last held. */
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'handshaking' }
  /** `stale`: the server has been silent for too long to be well. */
  | { readonly name: 'ready'; readonly stale?: boolean }
  /** The server asked us to move: calls go on here until the next connection is ready. */
  | { readonly name: 'draining'; readonly stale?: boolean }
  /** The next attempt comes in `delayMs`; `reason` is why the last one failed, or why the connection ended. */
  | { readonly name: 'waiting'; readonly attempt: number; readonly delayMs: number; readonly reason: StmpError }
  | { readonly name: 'closed'; readonly reason: ConnectionEnd };

/** A state with what `draining` hides: while the client moves, the next connection is on its way as the first was. */
export type Place =
  | 'idle'
  | 'connecting'
  | 'handshaking'
  | 'ready'
  | 'moving: connecting'
  | 'moving: handshaking'
  | 'moving: waiting'
  | 'waiting'
  | 'closed';

/** What moves a client on. */
export type ClientEvent =
  /** `connect()` was called. */
  | 'connect'
  /** The link of the next connection is open. */
  | 'linked'
  /** The next connection has agreed, and its session hooks have run. */
  | 'joined'
  /** The server asks to be left for another connection. */
  | 'asked'
  /** The attempt failed, and another one may fare better. */
  | 'failed'
  /** The present connection ended, and another one may follow. */
  | 'lost'
  /** The present connection has become stale, or is heard again. */
  | 'silence'
  /** The wait is over. */
  | 'due'
  /** The end: one's own, a status that is final, or no more attempts. */
  | 'ended';

/** Fields and timers; all are set before anybody is told. */
export type Setting =
  /** A life begins: counts are zero, the end is a new promise, the platform's waking is watched. */
  | 'begin'
  /** Failures do not count any more. */
  | 'fresh'
  /** One more attempt, and the timer that bounds it. */
  | 'dial'
  /** The next connection becomes the present one. */
  | 'adopt'
  /** The request to move is kept until the next connection is ready. */
  | 'note'
  /** There is no present connection. */
  | 'drop'
  /** The timer of the next attempt. */
  | 'wait'
  /** All timers, the attempt and both connections are let go. */
  | 'stop';

export type Telling =
  /** Listeners of the state. */
  | 'state'
  /** The hook `onAttemptFailed`, and the logger. */
  | 'reason'
  /** Calls and `connect()` that wait for a connection. */
  | 'waiters'
  /** The connection before: it may go when its calls are done. */
  | 'former'
  /** The server that asked: there is no other place yet, so it need not wait for us. */
  | 'server'
  /** All connections: they close. */
  | 'connections';

export interface Transition {
  readonly to: Place;
  readonly sets: readonly Setting[];
  readonly tells: readonly Telling[];
}

type Row = readonly [from: Place, event: ClientEvent, to: Place, sets: readonly Setting[], tells: readonly Telling[]];

const END = ['state', 'reason', 'waiters', 'connections'] as const;

/** The life of a client. An event that a place does not have changes nothing there. */
// biome-ignore format: a table
export const TRANSITIONS: readonly Row[] = [
  // at                   event      next place             what is set          what is told afterwards
  ['idle',                'connect', 'connecting',          ['begin', 'dial'],   ['state']],
  ['idle',                'ended',   'closed',              ['stop'],            END],

  ['connecting',          'linked',  'handshaking',         [],                  ['state']],
  ['connecting',          'failed',  'waiting',             ['wait'],            ['state', 'reason']],
  ['connecting',          'ended',   'closed',              ['stop'],            END],

  ['handshaking',         'joined',  'ready',               ['adopt'],           ['state', 'waiters']],
  ['handshaking',         'asked',   'handshaking',         ['note'],            []],
  ['handshaking',         'failed',  'waiting',             ['wait'],            ['state', 'reason']],
  ['handshaking',         'ended',   'closed',              ['stop'],            END],

  ['ready',               'asked',   'moving: connecting',  ['fresh', 'dial'],   ['state']],
  ['ready',               'silence', 'ready',               [],                  ['state']],
  ['ready',               'lost',    'waiting',             ['drop', 'wait'],    ['state', 'reason']],
  ['ready',               'ended',   'closed',              ['stop'],            END],

  ['moving: connecting',  'linked',  'moving: handshaking', [],                  []],
  ['moving: connecting',  'failed',  'moving: waiting',     ['wait'],            ['reason', 'server']],
  ['moving: connecting',  'silence', 'moving: connecting',  [],                  ['state']],
  ['moving: connecting',  'lost',    'connecting',          ['drop'],            ['state']],
  ['moving: connecting',  'ended',   'closed',              ['stop'],            END],

  ['moving: handshaking', 'joined',  'ready',               ['adopt'],           ['state', 'waiters', 'former']],
  ['moving: handshaking', 'asked',   'moving: handshaking', ['note'],            []],
  ['moving: handshaking', 'failed',  'moving: waiting',     ['wait'],            ['reason']],
  ['moving: handshaking', 'silence', 'moving: handshaking', [],                  ['state']],
  ['moving: handshaking', 'lost',    'handshaking',         ['drop'],            ['state']],
  ['moving: handshaking', 'ended',   'closed',              ['stop'],            END],

  ['moving: waiting',     'due',     'moving: connecting',  ['dial'],            []],
  ['moving: waiting',     'silence', 'moving: waiting',     [],                  ['state']],
  ['moving: waiting',     'lost',    'waiting',             ['drop', 'wait'],    ['state', 'reason']],
  ['moving: waiting',     'ended',   'closed',              ['stop'],            END],

  ['waiting',             'due',     'connecting',          ['dial'],            ['state']],
  ['waiting',             'ended',   'closed',              ['stop'],            END],

  ['closed',              'connect', 'connecting',          ['begin', 'dial'],   ['state']],
];

/** What an event does at a place; undefined: nothing. */
export function transitionOf(place: Place, event: ClientEvent): Transition | undefined {
  for (const [from, on, to, sets, tells] of TRANSITIONS) if (from === place && on === event) return { to, sets, tells };
  return undefined;
}

/** What the states show. */
interface Facts {
  readonly attempt: number;
  readonly failures: number;
  readonly delayMs: number;
  readonly isStale: boolean;
  readonly reason: StmpError | undefined;
  readonly end: ConnectionEnd | undefined;
}

/** What everybody sees of a place. */
export function stateAt(place: Place, facts: Facts): ClientState {
  switch (place) {
    case 'connecting':
      return { name: 'connecting', attempt: facts.attempt };
    case 'waiting':
      return { name: 'waiting', attempt: facts.failures, delayMs: facts.delayMs, reason: facts.reason! };
    case 'closed':
      return { name: 'closed', reason: facts.end! };
    case 'idle':
    case 'handshaking':
      return { name: place };
    default: {
      const name = place === 'ready' ? 'ready' : 'draining';
      return facts.isStale ? { name, stale: true } : { name };
    }
  }
}

type Listener = (state: ClientState) => void;

/** A value that can be watched: by listeners, and as an async iterator. */
export class StateCell {
  #value: ClientState = { name: 'idle' };
  readonly #listeners = new Set<Listener>();
  /** States that are still to be told: a listener that moves the client on is not overtaken by what it did. */
  readonly #untold: ClientState[] = [];

  get value(): ClientState {
    return this.#value;
  }

  set(state: ClientState): void {
    this.#value = state;
    this.#untold.push(state);
  }

  /** Tells what was set, unless somebody is telling already. */
  tell(guard: (fn: () => void) => void): void {
    if (this.#untold.length > 1) return;
    for (let [state] = this.#untold; state !== undefined; [state] = this.#untold) {
      for (const listener of [...this.#listeners]) guard(() => listener(state!));
      this.#untold.shift();
    }
  }

  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The present state, then each further one, in order; ends after `closed`. */
  async *iterate(): AsyncGenerator<ClientState, void, undefined> {
    const queue: ClientState[] = [this.#value];
    let wake: (() => void) | undefined;
    const remove = this.on((state) => {
      queue.push(state);
      wake?.();
    });
    try {
      for (;;) {
        const state = queue.shift();
        if (state === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        yield state;
        if (state.name === 'closed') return;
      }
    } finally {
      remove();
    }
  }
}
