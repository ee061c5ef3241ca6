import { transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { kcpFixture, makeCertificate } from './fixture.js';

const certificate = await makeCertificate();

for (const [name, fixture] of [
  ['kcp', kcpFixture({})],
  ['kcp, fast', kcpFixture({ preset: 'fast' })],
  ['kcps', kcpFixture({}, certificate)],
] as const) {
  describe.concurrent(name, () => {
    for (const c of transportCases(fixture)) it(c.name, { skip: c.skip !== false }, c.run);
  });
}
