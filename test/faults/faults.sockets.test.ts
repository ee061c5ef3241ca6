import { expect, it } from 'vitest';
import { FAULT_CASES } from './cases.js';
import { print, runCase, SHORT } from './kit.js';

for (const fault of FAULT_CASES) {
  it(fault.name, async () => {
    const row = await runCase(fault, SHORT);
    console.log(print(row));
    expect({ broken: row.broken, handles: row.handles, unhandled: row.unhandled }).toEqual({
      broken: { unsettled: 0, settledTwice: 0, wrong: 0, ranTwice: 0, fulfilledWithoutEnd: 0 },
      handles: {},
      unhandled: 0,
    });
  });
}
