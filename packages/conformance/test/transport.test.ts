import { transportCases } from '@stmp/conformance';
import { type Link, type LinkHandler, StmpError } from '@stmp/contract';
import { memoryPair } from '@stmp/transport-memory';
import { describe, expect, it } from 'vitest';
import { expectNoticed, failures } from './faults.js';

type Handler = LinkHandler<Uint8Array | string>;
/** The methods of a sound link that a faulty one replaces, given the link and its started handler. */
type Fault = (link: Link, handler: () => Handler) => Partial<Record<keyof Link, unknown>>;

/** A link like `link`, but for some methods. Its handler can be wrapped, too. */
function broken(link: Link, fault: Fault): Link {
  let handler: Handler | undefined;
  const parts = fault(link, () => handler as Handler);
  return new Proxy(link, {
    get(target, name) {
      if (name === 'start' && parts.start === undefined) {
        return (given: Handler) => {
          handler = given;
          target.start(given);
        };
      }
      const value = name in parts ? parts[name as keyof Link] : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const wrapHandler =
  (wrap: (handler: Handler) => Partial<Handler>): Fault =>
  (link) => ({
    start: (handler: Handler) => {
      const bound: Handler = {
        onData: (unit) => handler.onData(unit),
        onDrain: () => handler.onDrain(),
        onClose: (reason) => handler.onClose(reason),
      };
      link.start({ ...bound, ...wrap(bound) });
    },
  });

const SHARED = new Uint8Array(1_000_000);

type Send = (unit: Uint8Array | string) => boolean;
const sendOf = (link: Link): Send => link.send.bind(link) as Send;

const run = (kind: 'stream' | 'message', fault?: Fault): Promise<Map<string, string>> =>
  failures(
    transportCases({
      kind,
      bulkBytes: 500_000,
      stallBytes: 1_000_000,
      timeoutMs: 300,
      async open(options = {}) {
        const [a, b] = memoryPair({ kind, ...options });
        if (fault === undefined) return { a, b, async close() {} };
        return { a: broken(a, fault), b: broken(b, fault), async close() {} };
      },
      async dial(signal) {
        await undefined;
        if (signal.aborted) throw new StmpError('aborted', 'stopped', { cause: signal.reason });
        const [a, b] = memoryPair();
        b.start({ onData() {}, onDrain() {}, onClose() {} });
        return a;
      },
    }),
  );

const faults: [what: string, kind: 'stream' | 'message', fault: Fault, reason: RegExp][] = [
  [
    'loses a byte',
    'stream',
    wrapHandler((h) => ({ onData: (unit) => h.onData(unit.length > 100 ? unit.slice(1) : unit) })),
    /length: expected \d+, got \d+|in vain: \d+ bytes/,
  ],
  [
    'reuses its buffer',
    'stream',
    wrapHandler((h) => ({
      onData(unit) {
        SHARED.set(unit as Uint8Array);
        h.onData(SHARED.subarray(0, unit.length));
      },
    })),
    /units looked at again: byte \d+ should be/,
  ],
  [
    'changes what was sent',
    'stream',
    (link) => ({
      send: (unit: Uint8Array) => {
        const more = sendOf(link)(unit.slice());
        unit.fill(0);
        return more;
      },
    }),
    /byte 0 should be \d+, is \d+/,
  ],
  [
    'merges messages',
    'message',
    (link) => {
      let held: Uint8Array | undefined;
      return {
        send: (unit: Uint8Array | string) => {
          const send = sendOf(link);
          if (typeof unit === 'string' || unit.length < 50) return send(unit);
          if (held === undefined) {
            held = unit;
            return true;
          }
          const both = new Uint8Array([...held, ...unit]);
          held = undefined;
          return send(both);
        },
      };
    },
    /number of messages|in vain/,
  ],
  [
    'sends text as bytes',
    'message',
    wrapHandler((h) => ({
      onData: (unit) => h.onData(typeof unit === 'string' ? new TextEncoder().encode(unit) : unit),
    })),
    /message 0: expected "plain"/,
  ],
  [
    'calls its handler from inside send',
    'stream',
    (link, handler) => ({
      send: (unit: Uint8Array) => {
        if (unit.length === 1 && unit[0] === 7) handler().onDrain();
        return sendOf(link)(unit);
      },
    }),
    /onDrain from inside a call on the link/,
  ],
  [
    'closes from inside abort',
    'stream',
    (link, handler) => ({
      abort: (reason: StmpError) => {
        handler()?.onClose(reason);
        link.abort(reason);
      },
    }),
    /onClose from inside a call on the link/,
  ],
  [
    'closes twice',
    'stream',
    wrapHandler((h) => ({
      onClose(reason) {
        h.onClose(reason);
        queueMicrotask(() => h.onClose(reason));
      },
    })),
    /onClose after onClose|calls of onClose: expected 1, got 2/,
  ],
  ['swallows the reason', 'stream', wrapHandler((h) => ({ onClose: () => h.onClose() })), /reason: expected/],
  [
    'invents a reason',
    'stream',
    wrapHandler((h) => ({ onClose: (reason) => h.onClose(reason ?? new StmpError('link_failed', 'x')) })),
    /reason at a: expected undefined/,
  ],
  ['never drains', 'stream', wrapHandler(() => ({ onDrain() {} })), /in vain: onDrain/],
  [
    'drains unasked',
    'stream',
    wrapHandler((h) => ({
      onData(unit) {
        h.onData(unit);
        h.onDrain();
      },
    })),
    /calls of onDrain/,
  ],
  ['does not pause', 'stream', () => ({ pause: () => {} }), /bytes while paused|did not return false for good/],
  ['does not count', 'stream', () => ({ queuedBytes: 0 }), /queuedBytes must be above 0/],
  [
    'takes everything',
    'stream',
    // The seeded fault: a link that never says that it is full. The kit has to find it.
    (link) => ({
      send: (unit: Uint8Array) => {
        sendOf(link)(unit);
        return true;
      },
    }),
    /did not return false for good/,
  ],
  [
    'drops the queue on close',
    'stream',
    (link) => ({
      close: () => {
        link.abort(new StmpError('link_failed', 'dropped'));
        return link.close();
      },
    }),
    /reason at b: expected undefined|bytes received before onClose/,
  ],
  [
    'takes what comes after close',
    'stream',
    (link) => ({
      send: (u: Uint8Array) => {
        try {
          return sendOf(link)(u);
        } catch {
          return true;
        }
      },
    }),
    /expected an error link_closed/,
  ],
  [
    'can be started twice',
    'stream',
    (link) => {
      let n = 0;
      return { start: (h: Handler) => (n++ === 0 ? link.start(h) : undefined) };
    },
    /expected an error bad_state/,
  ],
  ['defers too late', 'stream', () => ({ defer: (fn: () => void) => setTimeout(fn, 2) }), /order: expected/],
  ['defers at once', 'stream', () => ({ defer: (fn: () => void) => fn() }), /order: expected/],
  [
    'resolves close too early',
    'stream',
    (link) => ({ close: async () => void link.close() }),
    /when close\(\) was done|done while the reader/,
  ],
  [
    'takes messages of any size',
    'message',
    wrapHandler((h) => ({ onClose: (r) => h.onClose(r?.code === 'too_large' ? undefined : r) })),
    /too_large/,
  ],
];

describe('transportCases', () => {
  it('passes a sound link', async () => {
    expect(await run('stream')).toEqual(new Map());
    expect(await run('message')).toEqual(new Map());
  });

  it.concurrent.each(faults)('notices a link that %s', async (_, kind, fault, reason) => {
    expectNoticed(await run(kind, fault), reason);
  });

  it('says why a case is skipped', () => {
    const open = () => Promise.reject(new Error('not needed'));
    const skips = (fixture: object) =>
      transportCases({ kind: 'stream', open, ...fixture })
        .map((c) => c.skip)
        .filter((skip) => skip !== false);
    expect(new Set(skips({}))).toEqual(
      new Set([
        'a stream has no boundaries and no text',
        'the fixture has no dial',
        'the fixture has no dialSlow',
        'the fixture has no dialNobody',
        'the fixture has no stack',
      ]),
    );
    expect(skips({ canPause: false }).length).toBeGreaterThan(skips({}).length);
    expect(skips({ endTravels: false })).toContain('the end of one side does not reach the other here');
    expect(skips({ abortTravels: false })).toContain('an abort of one side does not reach the other here');
  });

  it('notices a dial that ignores its signal', async () => {
    const cases = transportCases({
      kind: 'stream',
      timeoutMs: 100,
      open: () => Promise.reject(new Error('not needed')),
      dial: async () => memoryPair()[0],
      dialNobody: async () => memoryPair()[0],
    }).filter((c) => c.name.includes('dial '));
    const failed = await failures(cases);
    expectNoticed(failed, /expected an error aborted/);
    expectNoticed(failed, /expected an error dial_failed/);
  });
});
