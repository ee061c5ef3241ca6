import { describe, expect, it } from 'vitest';
import { failures } from './faults.js';
import { CODECS } from './saboteurs/codecs.js';
import { COMPRESSIONS } from './saboteurs/compressions.js';
import { DIALS } from './saboteurs/dials.js';
import { LINK_ENDS } from './saboteurs/link-ends.js';
import { LINKS } from './saboteurs/links.js';
import { LISTENERS } from './saboteurs/listeners.js';
import type { Saboteur } from './saboteurs/saboteur.js';

const SABOTEURS: readonly [kind: string, saboteurs: readonly Saboteur[]][] = [
  ['link', [...LINKS, ...LINK_ENDS]],
  ['dialer', DIALS],
  ['listener', LISTENERS],
  ['codec', CODECS],
  ['compression', COMPRESSIONS],
];

async function expectCaught({ caughtBy, also = [], cases, cleanUp }: Saboteur): Promise<void> {
  expect(also.length).toBeLessThanOrEqual(3);
  try {
    const made = cases();
    const names = made.filter((c) => c.skip === false).map((c) => c.name);
    expect(names).toEqual(expect.arrayContaining([caughtBy, ...also]));
    const failed = await failures(made);
    expect(Object.fromEntries([...failed].filter(([name]) => name !== caughtBy && !also.includes(name)))).toEqual({});
    expect(failed.has(caughtBy), `"${caughtBy}" must fail`).toBe(true);
  } finally {
    cleanUp?.();
  }
}

for (const [kind, saboteurs] of SABOTEURS) {
  // What one leaves in the process on purpose, the cases of another would find.
  const careful = saboteurs.filter(({ cleanUp }) => cleanUp === undefined);
  const careless = saboteurs.filter(({ cleanUp }) => cleanUp !== undefined);
  describe.concurrent(`a ${kind} is caught`, () => {
    for (const saboteur of careful) it(`that ${saboteur.does}`, () => expectCaught(saboteur));
  });
  for (const saboteur of careless) it(`a ${kind} is caught that ${saboteur.does}`, () => expectCaught(saboteur));
}

it('keeps at least 40 saboteurs', () => {
  expect(SABOTEURS.flatMap(([, saboteurs]) => saboteurs).length).toBeGreaterThanOrEqual(40);
});
