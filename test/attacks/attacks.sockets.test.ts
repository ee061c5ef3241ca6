import { expect, it } from 'vitest';
import { ATTACKS } from './attacks.js';
import { harmless, printAttack, runAttack, SHORT } from './run.js';

// The same with larger numbers: npm run soak.
it.each(ATTACKS)('$name: nobody else is hurt', { timeout: 120_000 }, async (attack) => {
  const row = await runAttack(attack, SHORT);
  console.log(printAttack(row));
  expect(row).toMatchObject({ failed: 0, handlesLeft: 0 });
  expect(harmless(row)).toBe(true);
});
