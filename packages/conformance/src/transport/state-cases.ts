import { StmpError } from '@stmp/contract';
import { check, equal, throwsCode } from '../assert.js';
import { randomBytes } from '../bytes.js';
import { type Case, defineCase } from '../case.js';
import { rest, within } from '../time.js';
import type { Bench } from './bench.js';
import type { Probe } from './probe.js';

/** What a link says of itself, the order of calls, and that the handler is never called from inside a call. */
export function stateCases(bench: Bench): Case[] {
  return [
    defineCase('a link states its kind, flags and peer', false, () =>
      bench.pair(async (a, b, pair) => {
        a.start();
        b.start();
        for (const link of [pair.a, pair.b]) {
          equal(link.kind, bench.fixture.kind, 'kind');
          equal(typeof link.secure, 'boolean', 'type of secure');
          equal(link.canPause, bench.canPause, 'canPause');
          equal(link.queuedBytes, 0, 'queuedBytes of an idle link');
          check(typeof link.peer === 'object' && link.peer !== null, 'peer must be an object');
          for (const name of ['address', 'localAddress'] as const) {
            const value = link.peer[name];
            check(value === undefined || (typeof value === 'string' && value !== ''), `peer.${name} must be text`);
            equal(link.peer[name], value, `peer.${name} read again`);
          }
          for (const name of ['port', 'localPort'] as const) {
            const value = link.peer[name];
            check(value === undefined || (Number.isInteger(value) && value >= 0), `peer.${name} must be a number`);
          }
          if (link.kind === 'stream') {
            check(Number.isInteger(link.safeWriteBytes) && link.safeWriteBytes > 0, 'safeWriteBytes must be above 0');
            const { safeUnreadBytes = 1 } = link;
            check(
              Number.isInteger(safeUnreadBytes) && safeUnreadBytes > 0,
              'safeUnreadBytes must be above 0 or absent',
            );
          }
        }
        equal(pair.a.secure, pair.b.secure, 'secure at both ends');
        const { address, port } = pair.b.peer;
        await within(bench.timeoutMs, 'close() of a', a.close());
        await within(bench.timeoutMs, 'close() of b', b.close());
        equal(pair.b.peer.address, address, 'peer.address after the end');
        equal(pair.b.peer.port, port, 'peer.port after the end');
      }),
    ),
    defineCase('start does not call the handler, and a second start throws bad_state', false, () =>
      bench.pair(async (a, b) => {
        a.start();
        a.send(Uint8Array.of(1));
        await rest();
        b.start();
        equal(b.units.length, 0, 'units when start returned');
        throwsCode(() => b.start(), ['bad_state'], 'second start');
        await b.received(1);
        equal(b.units.length, 1, 'units');
        throwsCode(() => b.start(), ['bad_state'], 'third start');
      }),
    ),
    defineCase('every call may be made from inside the handler', false, () =>
      bench.pair(async (a, b) => {
        let left = 50;
        const answer = (probe: Probe) => (): void => {
          probe.pause();
          probe.resume();
          if (left-- > 0) probe.send(Uint8Array.of(left));
          else void probe.close();
        };
        a.onUnit = answer(a);
        b.onUnit = answer(b);
        b.onClose = () => {
          b.pause();
          b.resume();
          void b.close();
          throwsCode(() => b.send(Uint8Array.of(1)), ['link_closed'], 'send inside onClose');
        };
        a.start();
        b.start();
        a.send(Uint8Array.of(0));
        await b.until('the last unit', () => left < 0);
        if (!bench.endTravels) void Promise.all([a.close(), b.close()]);
        await a.closed();
        await b.closed();
      }),
    ),
    defineCase('after an abort from inside onData only onClose follows', false, () =>
      bench.pair(async (a, b) => {
        const reason = new StmpError('protocol_error', 'enough');
        b.onUnit = () => b.abort(reason);
        a.start();
        for (let i = 0; i < 20; i++) a.send(randomBytes(1000, i));
        await rest();
        b.start();
        equal(await b.closed(), reason, 'reason');
        await rest();
        equal(b.units.length, 1, 'units');
        equal(b.closes.length, 1, 'calls of onClose');
      }),
    ),
    defineCase('defer runs each function once, in order, at the end of the turn', false, () =>
      bench.pair(async (a) => {
        // Without its `this` it works in Node.js, and throws "Illegal invocation" in a page.
        check((a.link.defer as unknown) !== queueMicrotask, 'defer must call queueMicrotask, not be it');
        const log: string[] = [];
        setTimeout(() => log.push('later turn'), 0);
        a.link.defer(() => log.push('first'));
        a.link.defer(() => {
          log.push('second');
          a.link.defer(() => log.push('from inside'));
        });
        log.push('now');
        await rest(20);
        equal(log.join(', '), 'now, first, second, from inside, later turn', 'order');
      }),
    ),
  ];
}
