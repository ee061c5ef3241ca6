import { transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { kcpFixture, makeCertificate } from './fixture.js';

const certificate = await makeCertificate();

// The case waits at the side that dialed for what the accepted side sees last, which needs an end that travels.
const NEEDS_END = 'every call may be made from inside the handler';

for (const [name, fixture] of [
  ['kcp', kcpFixture({})],
  ['kcp, fast', kcpFixture({ preset: 'fast' })],
  ['kcps', kcpFixture({}, certificate)],
] as const) {
  describe.concurrent(name, () => {
    for (const c of transportCases(fixture)) it(c.name, { skip: c.skip !== false || c.name === NEEDS_END }, c.run);
  });
}
