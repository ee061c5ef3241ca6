import { check, equal, fail, rejectsCode, show } from '../assert.js';
import { type Case, defineCase } from '../case.js';
import { dialFails, exchange, type ListenerBench } from './bench.js';

const FOREIGN = ['nobody-speaks-this://x', 'no address', ''];

/** Addresses: those of others, the one that is told, taken ones, free ones, several. */
export function addressCases(bench: ListenerBench): Case[] {
  const { listener, dialer } = bench.fixture;
  const isTypeError = async (what: string, attempt: () => Promise<unknown>): Promise<void> => {
    let result: unknown;
    try {
      result = await bench.step(what, attempt());
    } catch (error) {
      if (error instanceof TypeError) return;
      fail(`${what}: expected a TypeError, got ${show(error)}`);
    }
    fail(`${what}: expected a TypeError, got ${show(result)}`);
  };
  const anyDial = !bench.dialNeedsListener && 'a dial succeeds here whether somebody listens or not';
  return [
    defineCase('schemes are lower-case names without a colon', false, async () => {
      for (const scheme of [...listener.schemes, ...dialer.schemes]) {
        check(/^[a-z][a-z0-9+.-]*$/.test(scheme), `scheme: got ${show(scheme)}`);
      }
    }),
    defineCase('an address of another scheme is a TypeError of listen', false, async () => {
      for (const address of FOREIGN) {
        await isTypeError(`listen on ${show(address)}`, () => listener.listen(address, { onLink() {} }));
      }
    }),
    defineCase('an address of another scheme is a TypeError of dial', false, async () => {
      for (const address of FOREIGN) await isTypeError(`dial of ${show(address)}`, () => dialer.dial(address));
    }),
    defineCase('the address that is told can be dialed', false, () =>
      bench.run(async ({ listen, meet }) => {
        const stand = await listen();
        const { address } = stand.listening;
        const scheme = listener.schemes.find((one) => address.startsWith(`${one}:`));
        check(scheme !== undefined, `address: expected one of ${listener.schemes.join(', ')}, got ${show(address)}`);
        check(!/:0(\/|$)/.test(address), `address: expected the port that was chosen, got ${show(address)}`);
        await exchange(await meet(stand));
      }),
    ),
    defineCase('an address that is taken is refused with listen_failed, and stays as it was', false, () =>
      bench.run(async ({ listen, meet }) => {
        const stand = await listen();
        const { address } = stand.listening;
        await rejectsCode(listen(address), ['listen_failed'], `a second listen on ${address}`);
        await exchange(await meet(stand));
      }),
    ),
    defineCase('one listener listens on several addresses, each with its own acceptor', false, () =>
      bench.run(async ({ listen, meet }) => {
        const stands = [await listen(), await listen(), await listen()] as const;
        for (const stand of stands) await exchange(await meet(stand));
        await bench.step('close()', stands[0].listening.close());
        await exchange(await meet(stands[1]));
        equal(stands.map((stand) => stand.links.length).join(), '1,2,1', 'links at each address');
      }),
    ),
    defineCase('after close nobody listens', anyDial, () =>
      bench.run(async ({ listen }) => {
        const { listening } = await listen();
        await bench.step('close()', listening.close());
        await dialFails(bench, listening.address, `a dial of ${listening.address} after close()`);
      }),
    ),
    defineCase('after close the address is free', false, () =>
      bench.run(async ({ listen, meet }) => {
        const { listening } = await listen();
        await bench.step('close()', listening.close());
        const stand = await listen(listening.address);
        await exchange(await meet(stand));
      }),
    ),
  ];
}
