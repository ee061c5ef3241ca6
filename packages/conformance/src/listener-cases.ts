import type { Case } from './case.js';
import { acceptCases } from './listener/accept-cases.js';
import { addressCases } from './listener/address-cases.js';
import { createListenerBench } from './listener/bench.js';
import { endCases } from './listener/end-cases.js';
import type { ListenerFixture } from './listener/fixture.js';

/** What every listener must do: the rules of `Listener`, `Listening` and `Acceptor` in `@stmp/contract`, each as a case. */
export function listenerCases(fixture: ListenerFixture): Case[] {
  const bench = createListenerBench(fixture);
  return [...addressCases(bench), ...acceptCases(bench), ...endCases(bench)];
}
