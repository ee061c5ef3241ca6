import { listenerCases, transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { kcpFixture, kcpListenerFixture, makeCertificate } from './fixture.js';

const certificate = await makeCertificate();

for (const [name, links, listening] of [
  ['kcp', kcpFixture({}), kcpListenerFixture({})],
  ['kcp, fast', kcpFixture({ preset: 'fast' }), kcpListenerFixture({ preset: 'fast' })],
  ['kcps', kcpFixture({}, certificate), kcpListenerFixture({}, certificate)],
] as const) {
  describe.concurrent(name, () => {
    for (const c of [...transportCases(links), ...listenerCases(listening)])
      it(c.name, { skip: c.skip !== false }, c.run);
  });
}
