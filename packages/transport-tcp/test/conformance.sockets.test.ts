import { listenerCases, transportCases } from '@stmp/conformance';
import { describe, it } from 'vitest';
import { makeCertificate, tcpFixture, tcpListenerFixture } from './fixture.js';

const certificate = await makeCertificate();

describe.concurrent('tcp', () => {
  const cases = [...transportCases(tcpFixture()), ...listenerCases(tcpListenerFixture())];
  for (const c of cases) it(c.name, { skip: c.skip !== false }, c.run);
});

describe.concurrent('tls', () => {
  const cases = [...transportCases(tcpFixture(certificate)), ...listenerCases(tcpListenerFixture(certificate))];
  for (const c of cases) it(c.name, { skip: c.skip !== false }, c.run);
});
