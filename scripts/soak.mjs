// The fault table and the attacks with large numbers: `npm run soak`, or `node scripts/soak.mjs --minutes 30 --only kill`.
// It runs all cases, again and again until the time is up, and fails when a promise was broken; `--only attacks` runs those alone. Build first.
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '0' }, only: { type: 'string' } } });
const minutes = Number(values.minutes);
if (!(minutes >= 0)) throw new RangeError(`--minutes must be a number of at least 0, got ${values.minutes}`);

const unregister = register();
const { FAULT_CASES } = await import('../test/faults/cases.ts');
const { kept, LONG, print, runCase } = await import('../test/faults/kit.ts');
const { ATTACKS } = await import('../test/attacks/attacks.ts');
const attacks = await import('../test/attacks/run.ts');

const isAsked = ({ name }) => values.only === undefined || name.includes(values.only);
const cases = FAULT_CASES.filter(isAsked);
const asked = values.only === 'attacks' ? ATTACKS : ATTACKS.filter(isAsked);
if (cases.length + asked.length === 0) throw new RangeError(`--only ${values.only}: no case has that in its name`);
const endMs = performance.now() + minutes * 60_000;
let broken = 0;
do {
  for (const fault of cases) {
    try {
      const row = await runCase(fault, LONG);
      console.log(print(row));
      if (!kept(row)) broken++;
    } catch (error) {
      broken++;
      console.log(`${fault.name}: FAILED`, error);
    }
  }
  if (asked.length > 0) console.log(attacks.HEAD);
  for (const attack of asked) {
    try {
      const row = await attacks.runAttack(attack, attacks.LONG);
      console.log(attacks.printAttack(row));
      if (!attacks.harmless(row)) broken++;
    } catch (error) {
      broken++;
      console.log(`${attack.name}: FAILED`, error);
    }
  }
} while (performance.now() < endMs);
await unregister();
console.log(broken === 0 ? 'all promises kept' : `${broken} runs broke a promise`);
process.exitCode = broken === 0 ? 0 : 1;
