import { StmpError } from '@stmp/contract';
import { dial, keepTimer, LEFT, openEnd, stopTimers } from './memory-links.js';
import type { Saboteur } from './saboteur.js';

/** Those that break how a dial ends. */
export const DIALS: readonly Saboteur[] = [
  {
    ...dial('keeps a handle when its dial is aborted', 'dials that were aborted leave nothing behind', [LEFT], {
      async dial(signal) {
        await undefined;
        if (signal.aborted) {
          keepTimer();
          throw new StmpError('aborted', 'stopped', { cause: signal.reason });
        }
        return openEnd();
      },
    }),
    cleanUp: stopTimers,
  },
  {
    ...dial('keeps a timer after a dial that failed', 'dials that failed leave nothing behind', [LEFT], {
      async dialNobody() {
        keepTimer();
        throw new StmpError('dial_failed', 'nobody');
      },
    }),
    cleanUp: stopTimers,
  },
  dial('leaves a listener on the signal', 'a dial that is over has no listener on its signal', [], {
    async dial(signal) {
      await undefined;
      if (signal.aborted) throw new StmpError('aborted', 'stopped', { cause: signal.reason });
      signal.addEventListener('abort', () => {});
      return openEnd();
    },
  }),
  dial(
    'does not look at a signal that has aborted before',
    'a dial whose signal has aborted before rejects with aborted',
    [],
    {
      async dial(signal) {
        if (signal.aborted) return openEnd();
        await undefined;
        if (signal.aborted) throw new StmpError('aborted', 'stopped', { cause: signal.reason });
        return openEnd();
      },
    },
  ),
  dial('does not say why a dial was aborted', 'a dial that is aborted rejects with aborted', [], {
    async dial(signal) {
      if (signal.aborted) throw new StmpError('aborted', 'stopped', { cause: signal.reason });
      await undefined;
      if (signal.aborted) throw new StmpError('aborted', 'stopped');
      return openEnd();
    },
  }),
  dial(
    'cannot be stopped while a dial is under way',
    'a dial that is aborted while it is under way rejects with aborted',
    [],
    {
      dialSlow: () => new Promise(() => {}),
    },
  ),
  dial(
    'ends the link when the signal of its dial aborts later',
    'an abort after the dial does not touch the link',
    ['a dial that is over has no listener on its signal'],
    {
      async dial(signal) {
        await undefined;
        if (signal.aborted) throw new StmpError('aborted', 'stopped', { cause: signal.reason });
        const end = openEnd();
        signal.addEventListener('abort', () => end.abort(new StmpError('aborted', 'stopped')));
        return end;
      },
    },
  ),
  dial(
    'fails a dial with an error of its own',
    'a dial to an address where nobody listens rejects with dial_failed',
    [],
    {
      dialNobody: () => Promise.reject(new Error('ECONNREFUSED')),
    },
  ),
];
