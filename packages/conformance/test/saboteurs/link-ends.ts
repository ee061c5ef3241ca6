import { transportCases } from '@stmp/conformance';
import { StmpError } from '@stmp/contract';
import { type End, fixture, keepTimer, LEFT, link, pair, send, stopTimers, type Unit } from './memory-links.js';
import type { Saboteur } from './saboteur.js';

const closed = new WeakSet<End>();
const reasons = new WeakMap<End, StmpError>();
const kept: unknown[] = [];

/** Those that break how a link ends, or leave something behind. */
export const LINK_ENDS: readonly Saboteur[] = [
  link(
    'stream',
    'is done with close before onClose',
    'close ends both sides in order, without a reason',
    [
      'close waits for a reader that has stalled, and abort ends the wait',
      'close sends everything that is queued first',
      'close may be called again and by both sides at once',
    ],
    {
      link: ({ link }) => ({ close: async () => void link.close() }),
    },
  ),
  link('stream', 'closes a second time, a quarter of a second late', 'nothing follows onClose, however late', [], {
    handler: (handler) => ({
      onClose(reason) {
        handler.onClose(reason);
        setTimeout(() => handler.onClose(reason), 250).unref();
      },
    }),
  }),
  link(
    'stream',
    'swallows what is sent after the end',
    'send throws link_closed once closing has begun',
    [
      'every call may be made from inside the handler',
      'abort closes at once, with its reason, and drops what is queued',
      'a peer that aborts ends the link once; a reason, if any, is link_failed',
    ],
    {
      link: ({ link }) => ({
        send(unit: Unit) {
          try {
            return send(link, unit);
          } catch {
            return true;
          }
        },
      }),
    },
  ),
  link(
    'stream',
    'throws when it is paused after the end',
    'calls on a closed link are harmless',
    ['every call may be made from inside the handler'],
    {
      link(end) {
        return {
          pause() {
            if (closed.has(end)) throw new Error('paused after the end');
            end.link.pause();
          },
        };
      },
      handler: (handler, end) => ({
        onClose(reason) {
          closed.add(end);
          handler.onClose(reason);
        },
      }),
    },
  ),
  link(
    'stream',
    'tells the last reason of an abort',
    'abort closes at once, with its reason, and drops what is queued',
    [],
    {
      link: (end) => ({
        abort(reason: StmpError) {
          if (!closed.has(end)) reasons.set(end, reason);
          end.link.abort(reason);
        },
      }),
      handler: (handler, end) => ({
        onClose(reason) {
          closed.add(end);
          handler.onClose(reasons.get(end) ?? reason);
        },
      }),
    },
  ),
  link('stream', 'forgets the reason of an early abort', 'abort before start is told after start', [], {
    handler: (handler, { own }) => {
      const early = own.aborted;
      return { onClose: (reason) => handler.onClose(early ? undefined : reason) };
    },
  }),
  link(
    'stream',
    'blames the protocol when the path breaks',
    'a peer that aborts ends the link once; a reason, if any, is link_failed',
    [],
    {
      handler: (handler) => ({
        onClose: (reason) =>
          handler.onClose(reason?.code === 'link_failed' ? new StmpError('protocol_error', 'x') : reason),
      }),
    },
  ),
  link(
    'stream',
    'takes a break of the path for its own',
    'a peer that aborts ends the link once; a reason, if any, is link_failed',
    [],
    {
      handler: (handler) => ({
        onClose: (reason) =>
          handler.onClose(reason?.code === 'link_failed' ? new StmpError('link_failed', 'x') : reason),
      }),
    },
  ),
  link(
    'stream',
    'does not tell of a peer that vanished before start',
    'a peer that vanishes before start is told after start',
    [],
    {
      handler: (handler, { other, own }) => {
        const early = other.aborted && !own.aborted;
        return { onClose: (reason) => void (early || handler.onClose(reason)) };
      },
    },
  ),
  {
    does: 'takes messages of any size',
    caughtBy: 'a larger message than maxUnitBytes closes with too_large',
    cases: () =>
      transportCases(
        fixture('message', {}, { open: async ({ highWaterBytes } = {}) => pair('message', {}, { highWaterBytes }) }),
      ),
  },
  {
    ...link('stream', 'keeps an interval for each link', 'links that have ended leave nothing behind', [LEFT], {
      handler() {
        keepTimer();
        return {};
      },
    }),
    cleanUp: stopTimers,
  },
  {
    ...link('stream', 'keeps every unit', 'units that were sent and read are let go', [], {
      handler: (handler) => ({
        onData(unit) {
          kept.push(unit);
          handler.onData(unit);
        },
      }),
    }),
    cleanUp: () => void kept.splice(0),
  },
  link('message', 'invents a hello from outside the data', 'a service is called over the links, both ways', [], {
    link: () => ({ hello: { headers: [] } }),
  }),
];
