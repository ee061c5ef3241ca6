import type { Case } from './case.js';
import { createBench } from './transport/bench.js';
import { closeCases } from './transport/close-cases.js';
import { dataCases } from './transport/data-cases.js';
import { dialCases } from './transport/dial-cases.js';
import type { TransportFixture } from './transport/fixture.js';
import { flowCases } from './transport/flow-cases.js';
import { leakCases, leftoverCases } from './transport/leak-cases.js';
import { serviceCases } from './transport/service-cases.js';
import { stateCases } from './transport/state-cases.js';
import { writeCases } from './transport/write-cases.js';

/** What every transport must do: the rules of `Link`, `LinkHandler` and `Dialer` in `@stmp/contract`, each as a case. */
export function transportCases(fixture: TransportFixture): Case[] {
  const bench = createBench(fixture);
  return [
    ...stateCases(bench),
    ...dataCases(bench),
    ...writeCases(bench),
    ...flowCases(bench),
    ...closeCases(bench),
    ...dialCases(bench),
    ...leakCases(bench),
    ...serviceCases(bench),
    ...leftoverCases(bench),
  ];
}
