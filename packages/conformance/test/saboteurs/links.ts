import { type RecordedPair, transportCases } from '@stmp/conformance';
import type { Link } from '@stmp/contract';
import { type End, fixture, type Handler, link, pair, recorded, send, type Unit } from './memory-links.js';
import type { Saboteur } from './saboteur.js';

const WAITING = 'units that wait for a full path are written one by one, never merged';
const STATES = 'a link states its kind, flags and peer';
const inside = new Set<End>();

/** Those that break what a link says of itself, its data and its flow. */
export const LINKS: readonly Saboteur[] = [
  link('stream', 'has an empty address', STATES, [], { link: () => ({ peer: { address: '' } }) }),
  link('stream', 'may have no unread bytes', STATES, [], { link: () => ({ safeUnreadBytes: 0 }) }),
  link('stream', 'says that it cannot pause', STATES, [], { link: () => ({ canPause: false }) }),
  link('stream', 'can be started twice', 'start does not call the handler, and a second start throws bad_state', [], {
    link: ({ link, own }) => ({
      start(handler: Handler) {
        if (own.started) return;
        own.started = true;
        link.start(handler);
      },
    }),
  }),
  link(
    'stream',
    'has queueMicrotask itself as defer',
    'defer runs each function once, in order, at the end of the turn',
    [],
    {
      link: () => ({ defer: queueMicrotask }),
    },
  ),
  link('stream', 'defers to a later turn', 'defer runs each function once, in order, at the end of the turn', [], {
    link: () => ({ defer: (fn: () => void) => setTimeout(fn, 1) }),
  }),
  link(
    'stream',
    'delivers twice from the 101st unit on',
    'a long run of units arrives once, and nothing after it',
    ['small units arrive in order, both ways at once', 'nothing is lost before start'],
    {
      handler(handler) {
        let count = 0;
        return {
          onData(unit) {
            handler.onData(unit);
            if (++count > 100) handler.onData(unit);
          },
        };
      },
    },
  ),
  link('stream', 'loses the last byte of a unit just above 64 KiB', 'units of all sizes arrive whole', [], {
    handler: (handler) => ({ onData: (unit) => handler.onData(unit.length === 65_537 ? unit.slice(1) : unit) }),
  }),
  link('stream', 'uses its buffer again for units of one size', 'what arrived stays as it was while more arrives', [], {
    handler(handler) {
      const buffer = new Uint8Array(700);
      return {
        onData(unit) {
          if (unit.length !== 700) return handler.onData(unit);
          buffer.set(unit as Uint8Array);
          handler.onData(buffer);
        },
      };
    },
  }),
  link('stream', 'sends the whole buffer behind a view', 'a view into a larger array sends the view alone', [], {
    link: ({ link }) => ({
      send: (unit: Uint8Array) => send(link, unit.length === 777 ? new Uint8Array(unit.buffer) : unit),
    }),
  }),
  link('stream', 'wipes what it has sent', 'one array can be sent on many links and is left as it was', [], {
    link: ({ link }) => ({
      send(unit: Uint8Array) {
        if (unit.length !== 5_000) return send(link, unit);
        const more = send(link, unit.slice());
        unit.fill(0);
        return more;
      },
    }),
  }),
  link('message', 'gives text as bytes', 'messages keep their boundaries, text stays text, empty ones arrive', [], {
    handler: (handler) => ({
      onData: (unit) => handler.onData(unit === 'plain' ? new TextEncoder().encode(unit) : unit),
    }),
  }),
  link('message', 'loses empty messages', 'messages keep their boundaries, text stays text, empty ones arrive', [], {
    handler: (handler) => ({ onData: (unit) => void (unit.length > 0 && handler.onData(unit)) }),
  }),
  link('stream', 'loses one of many units that came before start', 'nothing is lost before start', [], {
    handler(handler, { other }) {
      let lose = other.sent > 200;
      return {
        onData(unit) {
          if (!lose) handler.onData(unit);
          lose = false;
        },
      };
    },
  }),
  {
    ...link(
      'stream',
      'merges the units of a turn into one write',
      'units of one turn are written one by one, never merged',
      [WAITING],
      {},
    ),
    cases: () => transportCases(fixture('stream', {}, { openRecorded: recordedThrough(merging) })),
  },
  {
    ...link('stream', 'merges the units that wait', WAITING, [], {}),
    cases: () => transportCases(fixture('stream', {}, { openRecorded: recordedThrough(mergingWaiting) })),
  },
  link(
    'stream',
    'never drains',
    'send returns false while the reader has paused, and onDrain follows when it reads again',
    [
      'a writer that waits for onDrain moves a large amount in bounded memory',
      'a service is called over the links, both ways',
    ],
    {
      handler: () => ({ onDrain() {} }),
    },
  ),
  link('stream', 'drains unasked', 'onDrain comes only after send has returned false', [], {
    handler: (handler) => ({
      onData(unit) {
        handler.onData(unit);
        if (unit.length === 1 && unit[0] === 19) handler.onDrain();
      },
    }),
  }),
  link('stream', 'says that it is full before it is', 'onDrain comes only after send has returned false', [], {
    link: ({ link }) => ({ send: (unit: Unit) => send(link, unit) && !(unit.length === 1 && unit[0] === 19) }),
  }),
  link('stream', 'counts its queue in kilobytes', 'queuedBytes counts bytes', [], {
    link: ({ link }) => ({
      get queuedBytes() {
        return Math.ceil(link.queuedBytes / 1024);
      },
    }),
  }),
  link(
    'stream',
    'counts nothing as queued',
    'send returns false while the reader has paused, and onDrain follows when it reads again',
    ['queuedBytes counts bytes'],
    {
      link: () => ({ queuedBytes: 0 }),
    },
  ),
  link(
    'stream',
    'has a dropQueued that does nothing',
    'dropQueued, if there is one, drops whole units, the last ones',
    [],
    {
      link: () => ({ dropQueued() {} }),
    },
  ),
  link('stream', 'does not pause from inside onData', 'pause and resume inside onData are obeyed', [], {
    link: (end) => ({ pause: () => void (inside.has(end) || end.link.pause()) }),
    handler: (handler, end) => ({
      onData(unit) {
        inside.add(end);
        handler.onData(unit);
        inside.delete(end);
      },
    }),
  }),
  link('stream', 'forgets a pause from before start', 'pause before start holds everything back', [], {
    link: ({ link, own }) => ({ pause: () => void (own.started && link.pause()) }),
  }),
  link('stream', 'holds its own data back while paused', 'a paused link can still send', [], {
    link({ link }) {
      let paused = false;
      return {
        pause() {
          paused = true;
          link.pause();
        },
        resume() {
          paused = false;
          link.resume();
        },
        send: (unit: Unit) => (paused && unit.length === 1 && unit[0] === 7 ? true : send(link, unit)),
      };
    },
  }),
];

/** Writes at the end of the turn what was sent in it, as a corked socket does. */
function merging(link: Link): Link {
  let held: Uint8Array[] = [];
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return (unit: Uint8Array) => {
        held.push(unit);
        if (held.length > 1) return true;
        queueMicrotask(() => {
          const all = held;
          held = [];
          value.call(target, new Uint8Array(Buffer.concat(all)));
        });
        return true;
      };
    },
  });
}

/** Puts what is sent while the path is full into one write, as a socket does with what waits for it. */
function mergingWaiting(link: Link): Link {
  let held: Uint8Array[] = [];
  let isFull = false;
  return new Proxy(link, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === 'start') {
        return (handler: Handler) => {
          const onDrain = (): void => {
            isFull = false;
            const all = held;
            held = [];
            if (all.length > 0) send(target, new Uint8Array(Buffer.concat(all)));
            handler.onDrain();
          };
          value.call(target, { onData: handler.onData, onDrain, onClose: handler.onClose });
        };
      }
      if (name !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return (unit: Uint8Array) => {
        if (isFull) held.push(unit);
        else isFull = !value.call(target, unit);
        return !isFull;
      };
    },
  });
}

/** Opens a pair whose end `a` sends through `change`, and writes down what comes out of it. */
function recordedThrough(change: (link: Link) => Link): () => Promise<RecordedPair> {
  return async () => {
    const writes: number[] = [];
    const opened = pair('stream', {});
    return { ...opened, a: change(recorded(opened.a, writes)), writes };
  };
}
